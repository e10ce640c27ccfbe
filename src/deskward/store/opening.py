"""Opens the store that a database address names; the wiring calls this and nothing else."""

from dataclasses import dataclass

from deskward.core.console import Runner
from deskward.core.ports import Clock
from deskward.store.accounts import SqlAccounts
from deskward.store.audit import SqlAuditLog
from deskward.store.authenticators import SqlAuthenticators
from deskward.store.console import SqlConsole
from deskward.store.database import Database, connect
from deskward.store.errand_rows import SqlErrandRows
from deskward.store.migrating import migrate
from deskward.store.runner_embedded import EmbeddedRunner
from deskward.store.sealing import Sealer
from deskward.store.sql import SqlStore


@dataclass(frozen=True)
class Opened:
    """An open store, by its protocols of `core`."""

    database: Database
    clock: Clock
    store: SqlStore
    console: SqlConsole
    accounts: SqlAccounts
    rows: SqlErrandRows
    audit: SqlAuditLog

    def authenticators(self, sealing_key: bytes) -> SqlAuthenticators:
        """Give the enrolled means, and let the store seal under this key of 32 bytes."""
        self.store.sealer = Sealer(sealing_key)
        return SqlAuthenticators(self.database, self.store.sealer)

    def runner(self, threads: int = 4) -> Runner:
        """Make what runs the errands, and let it be the bell; a process without `start` only rings."""
        runner = self._runner(threads)
        self.store.bell = self.console.bell = runner
        return runner

    def skew(self) -> float:
        """Give clock minus database time, in seconds (SR-17)."""
        return self.clock.now().timestamp() - self.database.seconds()

    def close(self) -> None:
        """Close the connections."""
        self.database.close()

    def _runner(self, threads: int) -> Runner:
        if self.database.dialect == "sqlite":
            return EmbeddedRunner(self.rows, self.clock, threads=threads)
        # Imported late: whoever runs on SQLite starts faster without the engine.
        from deskward.store.runner_procrastinate import ProcrastinateRunner  # noqa: PLC0415

        return ProcrastinateRunner(self.database.url, self.rows, self.clock, concurrency=threads)


def open_store(url: str, clock: Clock) -> Opened:
    """Migrate, fix the first start, and open; SettingsError when the address cannot be used."""
    database = connect(url)
    migrate(database)
    store = SqlStore(database, clock)
    store.first_start()
    console = SqlConsole(database, store.bell)
    return Opened(
        database, clock, store, console, SqlAccounts(database), SqlErrandRows(database), SqlAuditLog(database)
    )
