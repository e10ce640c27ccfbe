"""Deskward is killed at every step of an action on a real directory; it happens once, and is told truly."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from deskward.core.ports import ErrandKind, ErrandState
from deskward.core.verification import State
from sandbox.changegear.records import ACCOUNT_UNLOCK, PASSWORD_RESET
from sandbox.changegear.workflow import CLOSED, PENDING_CLOSE
from tests.crash import accounts
from tests.crash.accounts import FIRST, Accounts, Row, serve_from
from tests.crash.conftest import PERSONS, Starter
from tests.crash.deaths import posted
from tests.crash.effects import Ledger, check_told
from tests.crash.machine import Machine
from tests.crash.outside import Outside
from tests.crash.persons import NEW_PASSWORD, Browser, Story
from tests.servers.gateway import written_for_gateway
from tests.servers.relay import Relay
from tests.store.samples import until

RESET_PERSON, UNLOCK_PERSON, GATEWAY_PERSON, LOCKED_PERSON = range(4)
Press = Callable[[Browser, Mapping[str, str]], None]


@pytest.fixture(scope="module")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    with accounts.openldap(tmp_path_factory.mktemp("openldap"), PERSONS) as made:
        yield made


@pytest.fixture(scope="module")
def domain() -> Accounts:
    return accounts.domain(PERSONS)


@pytest.fixture
def there(request: pytest.FixtureRequest) -> Accounts:
    """Give the directory of that name."""
    found: Accounts = request.getfixturevalue(request.param)
    return found


@dataclass
class Act:
    """One action of one person: its machine, its relay, and what the directory kept before.

    `unlocks` says that the action keeps the password, `locked` that the account is locked out before it.
    """

    accounts: Accounts
    relay: Relay
    machine: Machine
    ledger: Ledger
    story: Story
    unlocks: bool = False
    locked: bool = False
    presses: list[Press] = field(default_factory=list)
    before: Row = field(default_factory=dict)
    after: Row = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.story.press = self.press

    @property
    def state(self) -> State:
        """Read the state."""
        return self.ledger.get(self.story).state

    @property
    def row(self) -> Row:
        """Read what the directory keeps now."""
        return self.accounts.row(self.story.person)

    def press(self, browser: Browser, path: str, form: Mapping[str, str]) -> httpx2.Response | None:
        """Send a form; the next of `presses` does it where the action is asked for."""
        if path != "/v/act":
            return browser.post(path, form)
        self.check_not_done()
        assert self.presses, "the requester was asked once more than anything went wrong"
        self.presses.pop(0)(browser, form)
        return None

    def die_before_it_is_asked(self, browser: Browser, form: Mapping[str, str]) -> None:
        """Kill when the press is committed, and nothing of it has reached the directory."""
        self.relay.hold_question = lambda: self.state is State.ACTING
        with self._held(browser, form):
            self.machine.kill()

    def die_before_it_is_recorded(self, browser: Browser, form: Mapping[str, str]) -> None:
        """Kill when the directory has changed the account, and its answer is still under way."""
        self.relay.hold_answer = lambda: self.row != self.before
        with self._held(browser, form):
            self.after = self.row
            assert self.state is State.ACTING
            self.machine.kill()

    @contextmanager
    def _held(self, browser: Browser, form: Mapping[str, str]) -> Iterator[None]:
        thread = posted(browser, "/v/act", form)
        assert self.relay.held.wait(300)
        self.relay.let_go()
        yield
        thread.join()

    def check_not_done(self) -> None:
        """Check that the account is as it was, as whoever is asked for the action must find it."""
        assert self.state is State.PASSED
        assert self.row == self.before or not self.before
        assert self._opens() == (not self.locked, False)
        self.before = self.row

    def check_done(self) -> None:
        """Check that the account was changed by one change, and that the ticket says so once and is closed."""
        row = self.row
        assert row == self.after
        assert (self.accounts.sets(row), self.accounts.is_locked(row)) == (int(not self.unlocks), False)
        assert self._opens() == ((True, False) if self.unlocks else (False, True))
        check_told(self.story, self.ledger)

    def _opens(self) -> tuple[bool, bool]:
        """Tell whether the first password opens the account, and whether the new one does."""
        person = self.story.person
        new = self.accounts.signs_in(person, NEW_PASSWORD.format(n=person))
        return self.accounts.signs_in(person, FIRST), new


@dataclass
class AtTheEnd:
    """Kills before anything is told of what is recorded as done, when the ticket is resolved, and when it is
    closed.
    """

    act: Act
    struck: list[str] = field(default_factory=list)
    _one: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, moment: str, _call: str) -> bool:
        """Kill, unless this was struck already."""
        with self._one:
            now = self._before() if moment == "before" else self._after()
            if not now or now in self.struck:
                return False
            self.struck.append(now)
            self.act.machine.kill()
            return True

    def _before(self) -> str:
        return "recorded" if self.act.state is State.DONE else ""

    def _after(self) -> str:
        ticket = self.act.story.outside.site.ticket(self.act.story.ticket)
        return ticket.status if ticket and ticket.status in {PENDING_CLOSE, CLOSED} else ""


def lead_to_the_form(story: Story, category: int) -> None:
    """Live the story up to the action."""
    story.ticket = story.outside.open_ticket(story.person, category)
    story.open()
    story.send()
    story.start()
    story.agree()


def end(act: Act) -> None:
    """Live the rest of the story, and wait until all of it is told."""
    act.story.act()
    act.story.wait_closed()
    act.ledger.wait(act.story)


@pytest.mark.parametrize(
    ("there", "person", "database_url"),
    [
        ("openldap", RESET_PERSON, "postgresql"),
        ("openldap", UNLOCK_PERSON, "sqlite"),
        ("openldap", LOCKED_PERSON, "sqlite"),
        ("domain", RESET_PERSON, "sqlite"),
        ("domain", UNLOCK_PERSON, "postgresql"),
        ("domain", LOCKED_PERSON, "sqlite"),
    ],
    indirect=["there", "database_url"],
)
def test_sr_58_a_15_a_kill_at_every_step_of_an_action_changes_an_account_once_and_closes_its_ticket_once(
    there: Accounts, person: int, outside: Outside, start: Starter, ledger: Ledger
) -> None:
    unlocks, locked = person == UNLOCK_PERSON, person != RESET_PERSON
    if locked:
        there.lock_out(person)
    with there.relayed() as (relay, section):
        serve_from(outside.settings, there.name, section)
        act = Act(there, relay, start("run"), ledger, Story(outside, person), unlocks, locked)
        act.presses = [act.die_before_it_is_asked, act.die_before_it_is_recorded]
        lead_to_the_form(act.story, ACCOUNT_UNLOCK if unlocks else PASSWORD_RESET)
        outside.strike = deaths = AtTheEnd(act)
        end(act)
        assert (act.machine.kills, deaths.struck) == (5, ["recorded", PENDING_CLOSE, CLOSED])
        act.check_done()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sr_53_sr_58_a_gateway_of_its_own_that_is_killed_with_the_answer_under_way_has_changed_an_account_once(
    openldap: Accounts, outside: Outside, start: Starter, ledger: Ledger
) -> None:
    with openldap.relayed() as (relay, section):
        parted = '[gateway]\nsocket = "gateway.sock"\nfile = "gateway.toml"\n\n[directories.ldap]\n'
        serve_from(outside.settings, "ldap", parted)
        written_for_gateway(outside.settings, section)
        gateway = start("serve", "gateway", alone=False, acts=False)
        others = start("run", alone=False)
        act = Act(openldap, relay, gateway, ledger, Story(outside, GATEWAY_PERSON))

        def press(browser: Browser, form: Mapping[str, str]) -> None:
            act.die_before_it_is_recorded(browser, form)
            until(lambda: listens(outside.settings.with_name("gateway.sock")))
            settle_now(act)

        act.presses = [press]
        lead_to_the_form(act.story, PASSWORD_RESET)
        end(act)
        assert (gateway.kills, others.kills) == (1, 0)
        act.check_done()


def settle_now(act: Act) -> None:
    """Have the look after the action be due, as a person does in the console."""
    errands = act.ledger.console.errands(act.story.id)
    waiting = [e for e in errands if e.kind is ErrandKind.SETTLE and e.state is not ErrandState.DONE]
    assert waiting
    for errand in waiting:
        act.ledger.console.replay(errand.id, datetime.now(UTC), "agent:crash")


def listens(path: Path) -> bool:
    """Tell whether somebody answers at a socket."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as knock:
        knock.connect(str(path))
        return True
    return False
