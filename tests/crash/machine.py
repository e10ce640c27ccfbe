"""Deskward as processes of its own that are killed and come back, as a service manager brings them back."""

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from sqlalchemy import Update, text, update
from sqlalchemy.exc import OperationalError

from deskward.cli import main
from deskward.core.accounts import WebSession
from deskward.core.links import digest
from deskward.core.ports import ErrandKind, ErrandState
from deskward.settings import read
from deskward.staff import put_agent
from deskward.store.database import Database, connect
from deskward.store.tables import errands
from deskward.wiring import build
from tests.servers.forks import forked

AGENT, PASSWORD, SIGNED_IN = "alex", "correct horse desk battery", "the-cookie-of-the-one-agent"


class Machine:
    """One `deskward ARGUMENTS`: started, killed, and started again until it is left dead.

    `alone` says that no other process works on the database: then nobody but it can hold anything. `acts` says
    that it serves the portal: then nobody but it acts on accounts.
    """

    def __init__(
        self, settings: Path, database: str, *arguments: str, alone: bool = True, acts: bool = True
    ) -> None:
        self._arguments = (*arguments, "--settings", str(settings))
        self._log = settings.with_name("deskward.log")
        self._database = connect(database)
        self._alone, self._acts = alone, acts
        self._stays = False
        self.kills = 0
        self._changing = threading.Lock()
        self._living = self._started()
        self._watch = threading.Thread(target=self._watched, name="machine", daemon=True)
        self._watch.start()

    def kill(self) -> None:
        """Kill it as `kill -9` does, and wait until it is dead."""
        with self._changing:
            victim, self.kills = self._living, self.kills + 1
        with suppress(ProcessLookupError):
            victim.kill()
        assert wait([victim.sentinel], timeout=20)

    def stay_dead(self) -> None:
        """Kill it for good."""
        self._stays = True
        self.kill()
        self._watch.join()

    def close(self) -> None:
        """Kill it for good, and leave the database."""
        self.stay_dead()
        self._database.close()

    def _started(self) -> ForkServerProcess:
        return forked(main, ("deskward", *self._arguments), self._log, self._log)

    def _watched(self) -> None:
        while True:
            wait([self._living.sentinel])
            self._living.join()
            pid = self._living.pid or 0
            self._clear_up(pid)
            if self._stays:
                return
            with self._changing:
                self._living = self._started()

    def _clear_up(self, dead: int) -> None:
        """Let time pass; when the database is dead too, as soon as it is back."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(OperationalError):
                let_time_pass(self._database, dead, alone=self._alone, acts=self._acts)
                return
            time.sleep(0.1)


def let_time_pass(database: Database, dead: int, *, alone: bool, acts: bool) -> None:
    """Make it be minutes after a death: leases of the dead end, what waits is due, its heartbeat is old.

    Whoever acts on an account is given its time, unless it was the dead.
    """
    now, grown = datetime.now(UTC), database.dialect == "postgresql"
    e = errands.c
    leased = update(errands).where(e.state == ErrandState.SENDING)
    leased = leased if alone else leased.where(e.holder.contains(f":{dead}:"))
    waiting = update(errands).where(e.state == ErrandState.DUE, e.due_at > now)
    if not acts:
        waiting = waiting.where(e.kind != ErrandKind.SETTLE)
    _run(database, leased.values(lease_until=now), waiting.values(due_at=now))
    if grown and alone:
        with database.write() as connection:
            late = "UPDATE procrastinate.procrastinate_workers SET last_heartbeat = now() - interval '5 minutes'"
            connection.execute(text(late))


def _run(database: Database, *changes: Update) -> None:
    with database.write() as connection:
        for change in changes:
            connection.execute(change)


def add_agent(settings: Path) -> None:
    """Make the database and its one agent, who is logged in with both factors."""
    house = build(read(settings))
    agent, now = put_agent(house, AGENT, "Alex Agent", PASSWORD), datetime.now(UTC)
    house.opened.accounts.put_web_session(WebSession(digest(SIGNED_IN), agent.id, "csrf" * 8, now, now, now))
    house.close()
