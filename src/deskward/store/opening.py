"""Opens the store that a database address names; the wiring calls this and nothing else."""

from contextlib import ExitStack
from dataclasses import dataclass

from deskward.core.console import Runner
from deskward.core.errors import SettingsError
from deskward.core.ports import Clock
from deskward.store.accounts import SqlAccounts
from deskward.store.audit import SqlAuditLog
from deskward.store.authenticators import SqlAuthenticators
from deskward.store.console import SqlConsole
from deskward.store.database import Database, connect
from deskward.store.errand_rows import SqlErrandRows
from deskward.store.migrating import check_current, migrate
from deskward.store.runner_embedded import EmbeddedRunner
from deskward.store.sealing import Sealer
from deskward.store.sql import SqlStore

MOST_SKEW = 5.0


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

    def check_clock(self) -> None:
        """Raise SettingsError where clock and database are further apart than links and codes allow."""
        skew = self.skew()
        if abs(skew) > MOST_SKEW:
            raise SettingsError(
                f"This machine's clock and the database's are {skew:.0f} seconds apart.",
                "Set both by NTP; links and codes expire by the clock (SR-17).",
            )

    def close(self) -> None:
        """Close the connections."""
        self.database.close()

    def _runner(self, threads: int) -> Runner:
        if self.database.dialect == "sqlite":
            return EmbeddedRunner(self.rows, self.clock, threads=threads)
        # Imported late: whoever runs on SQLite starts faster without the engine.
        from deskward.store.runner_procrastinate import ProcrastinateRunner  # noqa: PLC0415

        return ProcrastinateRunner(self.database.url, self.rows, self.clock, concurrency=threads)


def open_store(url: str, clock: Clock, *, changes_tables: bool = True) -> Opened:
    """Migrate, fix the first start, and open; SettingsError when the address cannot be used.

    Who may not change tables (the gateway's own role) gets a SettingsError where they are not up to date.
    """
    database = connect(url)
    store = SqlStore(database, clock)
    with ExitStack() as undo:
        undo.callback(database.close)
        if changes_tables:
            migrate(database)
            store.first_start()
        else:
            check_current(database)
        undo.pop_all()
    console = SqlConsole(database, store.bell)
    return Opened(
        database, clock, store, console, SqlAccounts(database), SqlErrandRows(database), SqlAuditLog(database)
    )
