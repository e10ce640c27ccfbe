"""A whole house in memory around a real store, and the short ways through its story."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from deskward.core.authenticators import Authenticator, person_owner
from deskward.core.challenges import Challenge
from deskward.core.destinations import Coded, Kind
from deskward.core.familiarity import month_of
from deskward.core.links import Keyring, new_id
from deskward.core.messages import Portal
from deskward.core.notes import NoteWords
from deskward.core.notices import NOTICES
from deskward.core.policy import Category, Limits, Policy
from deskward.core.ports import Errand, Sending
from deskward.core.proof import ActionClass, ProofLevel
from deskward.core.secret import Secret
from deskward.core.surroundings import Lesson
from deskward.core.tickets import TicketPerson
from deskward.core.verification import Verification
from deskward.errands import Errands
from deskward.gateway import Gateway
from deskward.lifecycle import Actor, House, Lifecycle, Reading, Request
from deskward.lifecycle.familiar import FEWEST_PEOPLE, habits_in
from deskward.store.opening import Opened, open_store
from tests.fakes import (
    ANNA,
    BEN,
    FakeChannel,
    FakeClock,
    FakeConnector,
    FakeDirectory,
    FakeReset,
    FakeUnlock,
    ticket,
)

AGENT = Actor("agent", "a-kim", "Kim Agent")
PASSWORD = {"password": Secret("correct horse battery")}
CATEGORIES = (
    Category("Password Reset", ("Password Reset",), "roster", "reset_password"),
    Category("Account Unlock", ("Account Unlock",), "roster", "unlock_account", ActionClass.C1),
    Category("Identity check", ("Identity check",), "roster"),
)


def at_choice(**changes: Any) -> Request:
    """Make the request of an agent whose caller is on the phone."""
    fields: dict[str, Any] = {"form_key": "f1", "seen_version": 1, "on_phone": True, "choice": "d-mail"}
    fields |= {"code": Coded.OUT_OF_DATE, "again": changes.get("typed", "")}
    return Request(**(fields | changes))


@dataclass
class Household:
    """Everything one test may want to look at or to break."""

    url: str
    clock: FakeClock = field(default_factory=FakeClock)
    connector: FakeConnector = field(default_factory=FakeConnector)
    directory: FakeDirectory = field(default_factory=lambda: FakeDirectory(people={p.id: p for p in (ANNA, BEN)}))
    mail: FakeChannel = field(default_factory=lambda: FakeChannel("smtp", Kind.EMAIL))
    sms: FakeChannel = field(default_factory=lambda: FakeChannel("sms", Kind.SMS))
    limits: Limits = field(default_factory=Limits)
    categories: tuple[Category, ...] = CATEGORIES
    challenges: dict[str, Challenge] = field(default_factory=dict)
    forms: int = 0

    def __post_init__(self) -> None:
        known = (("p-anna", ANNA), ("p-ben", BEN))
        self.connector.people = {i: TicketPerson(i, p.name, p.email, p.login) for i, p in known}
        self.start()

    def start(self) -> None:
        """Put the house together on the database."""
        self.opened: Opened = open_store(self.url, self.clock)
        self.store = self.opened.store
        actions = {a.name: a for a in (FakeReset(), FakeUnlock())}
        people = {"roster": self.directory}
        self.house = House(
            store=self.store,
            clock=self.clock,
            policy=Policy(self.categories, self.limits, "1"),
            keyring=Keyring(b"k" * 32),
            words=NoteWords("imper.ai", "https://desk.acme.example", {a.name: a.title for a in actions.values()}),
            portal=Portal("Acme", "https://portal.acme.example"),
            connectors={"changegear": self.connector},
            channels={"smtp": self.mail, "sms": self.sms},
            people=people,
            actions=actions,
            gateway=Gateway(self.store, self.clock, people, actions, "1"),
            authenticators=self.opened.authenticators(b"s" * 32),
            challenges=self.challenges,
            accounts=self.opened.accounts,
        )
        self.lifecycle = Lifecycle(self.house)
        self.reading = Reading(self.house)
        self.errands = Errands(self.house, self.lifecycle, self.opened.rows, "here")

    def restart(self) -> None:
        """Close everything and start again on the same database."""
        self.opened.close()
        self.start()

    def change(self, **changes: Any) -> None:
        """Replace parts of the house, as other settings would."""
        self.house = replace(self.house, **changes)
        self.lifecycle, self.reading = Lifecycle(self.house), Reading(self.house)
        self.errands = Errands(self.house, self.lifecycle, self.opened.rows, "here")

    def open(self, number: str = "1001", **changes: Any) -> Verification:
        """Take a ticket in that needs a verification."""
        made = ticket(number, **changes)
        self.connector.tickets[made.id] = made
        opened = self.lifecycle.open(made)
        assert opened is not None
        return opened

    def send(self, verification: Verification, **changes: Any) -> Verification:
        """Send once more, from a form of its own unless told otherwise."""
        self.forms += 1
        own = {"form_key": f"form-{self.forms}", "seen_version": verification.version}
        return self.lifecycle.send(verification.id, at_choice(**(own | changes)), AGENT)

    def sent(self, number: str = "1001", **changes: Any) -> Verification:
        """Open and send."""
        return self.send(self.open(number, **changes))

    def token(self, verification: Verification) -> str:
        """Derive the newest link's token."""
        return self.house.keyring.token(verification.id, verification.link_nonce).reveal()

    def code(self, verification: Verification) -> str:
        """Derive the newest code."""
        return self.house.keyring.code(verification.id, verification.code_nonce).reveal()

    def wrong(self, verification: Verification) -> str:
        """Give a code that is not the right one."""
        return f"{(int(self.code(verification)) + 1) % 10**6:06}"

    def enter(self, token: str, value: str, address: str = "192.0.2.7") -> tuple[Verification, str]:
        """Type a value on the first screen; gives the portal session's secret in the clear."""
        started, pin = self.lifecycle.start(token, value, address=address, pin_key="key")
        return started, pin.reveal()

    def started(self, number: str = "1001", **changes: Any) -> tuple[Verification, str]:
        """Open, send and enter the right value."""
        sent = self.sent(number, **changes)
        return self.enter(self.token(sent), self.code(sent))

    def passed(self, number: str = "1001", **changes: Any) -> tuple[Verification, str]:
        """Go on to a verification that passed."""
        started, pin = self.started(number, **changes)
        return self.lifecycle.answer(pin, started.version), pin

    def enrol(self, kind: str, ceiling: ProofLevel = ProofLevel.P3, subject: str = "o-anna") -> Authenticator:
        """Enrol something long enough ago."""
        before = self.clock.now() - timedelta(days=100)
        mine = Authenticator(
            id=new_id("AU"),
            owner=person_owner("roster", subject),
            kind=kind,
            label=kind,
            sealed=Secret("seed"),
            enrolled_at=before,
            counts_from=before,
            ceiling=ceiling,
        )
        self.house.authenticators.enrol([mine])
        return mine

    def prove(self, pin: str, challenge: str, value: str = "right", option: str = "one") -> Verification:
        """Choose a way and answer it."""
        asked = self.lifecycle.ask(pin, self.lifecycle.pinned(pin).version, challenge, option)
        return self.lifecycle.prove(pin, asked.version, {"value": Secret(value), "code": Secret(value)})

    def typed(self, number: str = "1001", **changes: Any) -> tuple[Verification, str]:
        """Send to an address that the caller supplied, and agree on the card."""
        choice = {"choice": "typed", "kind": Kind.EMAIL, "typed": "new@p.example", "reason": "Lost the phone."}
        sent = self.send(self.open(number, **changes), **choice)
        started, pin = self.enter(self.token(sent), self.code(sent))
        return self.lifecycle.answer(pin, started.version), pin

    def kinds(self, verification: Verification) -> list[str]:
        """List the kinds of events so far."""
        return [e.kind.value for e in self.store.events(verification.id)]

    def asked(self, verification: Verification) -> list[Sending]:
        """List the sendings that are no notices."""
        return [s for s in self.store.sendings(verification.id) if s.purpose not in NOTICES]

    def told(self, verification: Verification, purpose: str) -> list[str]:
        """List who gets a notice, sorted."""
        return sorted(s.address for s in self.store.sendings(verification.id) if s.purpose == purpose)

    def objection(self, sending: Sending) -> str:
        """Derive the token under which somebody with this message objects."""
        return self.house.keyring.own_token("objection", sending.id).reveal()

    def objected(self, verification: Verification, purpose: str = "link") -> Verification:
        """Say “This is not me” by the first message of this purpose, with the word of its page."""
        told = next(s for s in self.store.sendings(verification.id) if s.purpose == purpose)
        token = self.objection(told)
        return self.lifecycle.dispute(token, self.lifecycle.disputable(token).word)

    def learn_of_others(self) -> None:
        """Let as many other people have a history as familiarity needs to compare with."""
        now = self.clock.now()
        month, names = month_of(now), [f"other-{number}" for number in range(FEWEST_PEOPLE)]
        lessons = [Lesson(habits_in(self.house, n, {"agent": n}, now), {"agent": n}, month) for n in names]
        self.store.sightings.follow("others", None, now, lessons)

    def waiting(self, verification: Verification) -> list[Errand]:
        """List the verification's errands."""
        return list(self.opened.console.errands(verification.id))

    def drain(self, *, hours: float = 0) -> None:
        """Run errands until none is due; with `hours` the clock moves on by minutes and they go on."""
        for _ in range(1 + round(hours * 60)):
            while lanes := self.opened.rows.due_lanes(self.clock.now(), 100):
                for lane in lanes:
                    self.errands.drain(lane)
            if hours:
                self.clock.at += timedelta(minutes=1)
