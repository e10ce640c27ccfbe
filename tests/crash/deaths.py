"""When and how Deskward dies: at a call that the outside sees, or within a form that a person sends."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2
from sqlalchemy import text

from deskward.core.verification import State
from tests.crash.effects import Ledger
from tests.crash.machine import Machine
from tests.crash.outside import Outside
from tests.crash.persons import Browser, Story
from tests.store.samples import until

ONCE = ("authenticate", "Intake", "Person", "IncidentRequestType/", "Messages", "mail")


@dataclass
class AtEveryCall:
    """Kills at each call of one story once: “before” its effect, or “after” it and before its answer.

    A call is told from the same call later by the version of the ticket.
    """

    machine: Machine
    story: Story
    moment: str
    struck: set[str] = field(default_factory=set)

    def __call__(self, moment: str, call: str) -> bool:
        """Kill, unless this call was struck already."""
        if moment != self.moment or (moment == "after" and call.startswith("GET")):
            return False
        ticket = self.story.outside.site.ticket(self.story.ticket)
        once = any(word in call for word in ONCE)
        label = call if once else f"{call} at {ticket.etag if ticket else 0}"
        if label in self.struck:
            return False
        self.struck.add(label)
        self.machine.kill()
        return True


@contextmanager
def frozen(ledger: Ledger) -> Iterator[None]:
    """Let nobody else commit a change of a verification."""
    with ledger.database.write() as connection:
        if ledger.database.dialect == "postgresql":
            connection.execute(text("LOCK TABLE verifications IN EXCLUSIVE MODE"))
        yield


@dataclass
class DyingPress:
    """Sends every form of a story; Deskward dies within the first try of each.

    “before”: nothing is committed. “after”: it is committed, and the browser never gets the answer. Only the
    answer to the code is not lost, since it brings the cookie that stands for the requester.
    """

    machine: Machine
    ledger: Ledger
    story: Story
    moment: str
    died: set[str] = field(default_factory=set)

    def __call__(self, browser: Browser, path: str, form: Mapping[str, str]) -> httpx2.Response | None:
        """Send it when all is quiet."""
        self.ledger.wait(self.story)
        if path in self.died or (path, self.moment) == ("/v/start", "after"):
            return browser.post(path, form)
        self.died.add(path)
        if path == "/v/act":
            self._act(browser, path, form)
        elif self.moment == "before":
            with frozen(self.ledger):
                browser.post(path, form, timeout=0.5)
                self.machine.kill()
        else:
            lose(self.machine, self.ledger, self.story, path, form)
        return None

    def _act(self, browser: Browser, path: str, form: Mapping[str, str]) -> None:
        with _directory_held(self.story.outside) as let_go:
            thread = posted(browser, path, form)
            until(lambda: self.ledger.get(self.story).state is State.ACTING)
            if self.moment == "before":
                self.machine.kill()
            else:
                with frozen(self.ledger):
                    let_go()
                    until(lambda: f'"p-{self.story.person}"' in _directory(self.story.outside))
                    self.machine.kill()
        thread.join()


def lose(machine: Machine, ledger: Ledger, story: Story, path: str, form: Mapping[str, str]) -> None:
    """Send a form and kill as soon as it is committed; the browser gets no answer."""
    version = ledger.get(story).version
    thread = posted(story.portal if path.startswith("/v/") else story.desk, path, form)
    until(lambda: ledger.get(story).version > version)
    machine.kill()
    thread.join()


def posted(browser: Browser, path: str, form: Mapping[str, str]) -> threading.Thread:
    """Send a form from a tab of its own, which nobody waits for."""
    other = Browser(browser.url, cookies=dict(browser.cookies))
    thread = threading.Thread(target=other.post, args=(path, form), daemon=True)
    thread.start()
    return thread


def _directory(outside: Outside) -> str:
    kept = outside.folder / "people.toml.state.json"
    return kept.read_text() if kept.exists() else ""


@contextmanager
def _directory_held(outside: Outside) -> Iterator[Callable[[], None]]:
    """Keep the roster from changing until the block ends or lets go."""
    gate = os.open(outside.folder / "people.toml.state.lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(gate, fcntl.LOCK_EX)
    try:
        yield lambda: fcntl.flock(gate, fcntl.LOCK_UN)
    finally:
        os.close(gate)
