"""What stands in for the outside in the tests: small, in memory, true to the ports."""

# ruff: noqa: ARG002 - the ports name the arguments

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from deskward.core.authenticators import Used
from deskward.core.challenges import Asked, Asking, Checked, Enrolled, Option
from deskward.core.destinations import Destination, Kind
from deskward.core.errors import InvalidError, OutsideError, RejectedError, UnreachableError
from deskward.core.people import Person
from deskward.core.ports import Delivery, Directory, Field, Message, Posted, Receipt
from deskward.core.proof import ActionClass, Evidence, ProofLevel
from deskward.core.questions import Fact
from deskward.core.resets import ResetKind
from deskward.core.risk import Finding
from deskward.core.secret import Secret
from deskward.core.tickets import Check, Closing, Ticket, TicketPerson
from deskward.core.vouching import colleagues_of

START = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


@dataclass
class FakeClock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def forward(self, **parts: float) -> None:
        self.at += timedelta(**parts)


def ticket(number: str = "1001", **changes: object) -> Ticket:
    made = Ticket(
        connector="changegear",
        id=f"id-{number}",
        number=f"IR-{number}",
        subject="I cannot sign in",
        description="Forgot my password after the holidays.",
        url=f"https://changegear.example.com/ticket/{number}",
        category_id="7",
        category_name="Password Reset",
        requester_id="p-anna",
        status="New",
        created_at=None,
        version="1",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class FakeConnector:
    name: str = "changegear"
    poll_seconds: float = 60.0
    tickets: dict[str, Ticket] = field(default_factory=dict)
    people: dict[str, TicketPerson] = field(default_factory=dict)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    handed_over: list[str] = field(default_factory=list)

    def accepts(self, posted: Posted) -> bool:
        return posted.headers.get("authorization") == "Basic aG9vazpzZXNhbWU="

    def hinted(self, posted: Posted) -> str | None:
        text = posted.body.decode("utf-8", "replace")
        return text.split('"id": "')[1].split('"')[0] if '"id": "' in text else None

    def read(self, ticket_id: str) -> Ticket | None:
        return self.tickets.get(ticket_id)

    def person(self, person_id: str) -> TicketPerson | None:
        return self.people.get(person_id)

    def waiting(self) -> Sequence[Ticket] | None:
        return None

    def add_note(self, ticket_id: str, marker: str, text: str, html: str) -> None:
        self.notes.append((ticket_id, marker, text))

    def close(self, ticket_id: str, comment: str) -> Closing:
        return Closing("Closed", closed=True)

    def show_status(self, ticket_id: str, text: str) -> None:
        return

    def hand_over(self, ticket_id: str) -> None:
        self.handed_over.append(ticket_id)

    def log_out(self) -> None:
        return

    def doctor(self) -> Iterable[Check]:
        return ()


@dataclass
class FakeChannel:
    name: str
    kind: Kind
    sent: list[Message] = field(default_factory=list)

    def normalised(self, typed: str) -> str:
        value = typed.strip().replace(" ", "")
        if (self.kind is Kind.EMAIL) != ("@" in value) or len(value) < 5:
            raise InvalidError("This is not an address that can be used.", "Check it letter by letter.", "typed")
        return value

    def country(self, value: str) -> str:
        return "DE" if self.kind is Kind.SMS else ""

    def send(self, message: Message, *, again: bool) -> Receipt:
        self.sent.append(message)
        return Receipt(Delivery.ACCEPTED, f"ref-{message.id}", "250 OK")

    def reported(self, posted: Posted) -> tuple[str, Receipt] | None:
        if posted.headers.get("x-signature") != "genuine":
            return None
        return posted.body.decode(), Receipt(Delivery.DELIVERED, text=posted.url)

    def log_out(self) -> None:
        return

    def doctor(self) -> Iterable[Check]:
        return ()


@dataclass
class FakeDirectory:
    name: str = "roster"
    people: dict[str, Person] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    refuses: str = ""
    down: OutsideError | None = None
    changes: int = 0
    revoked: list[tuple[str, bool]] = field(default_factory=list)

    def find(self, person: TicketPerson) -> Sequence[Person]:
        return [p for p in self.people.values() if p.email == person.email]

    def get(self, person_id: str) -> Person | None:
        if self.down:
            raise self.down
        return self.people.get(person_id)

    def colleagues(self, person: Person) -> Sequence[Person]:
        return colleagues_of(person, self.people.values())

    def everyone(self) -> Iterable[Person]:
        if self.down:
            raise self.down
        return tuple(self.people.values())

    def set_password(self, person_id: str, password: Secret) -> None:
        self._changed(person_id)
        self.passwords[person_id] = password.reveal()

    def unlock(self, person_id: str) -> None:
        self._changed(person_id, locked=False)

    def revoke(self, person_id: str, *, password: bool) -> str:
        self._changed(person_id)
        self.revoked.append((person_id, password))
        self.passwords.pop(person_id, None)
        return "The password set last was taken back."

    def doctor(self) -> Iterable[Check]:
        return ()

    def _changed(self, person_id: str, **changes: bool) -> None:
        if self.refuses:
            raise RejectedError(self.refuses)
        self.changes += 1
        changed = replace(self.people[person_id], stamp=f"s{self.changes}", **changes)  # type: ignore[arg-type]
        self.people[person_id] = changed


@dataclass
class SignedInDirectory(FakeDirectory):
    """A directory that people are signed in to; `stuck` is why their sessions cannot be ended."""

    ended: list[str] = field(default_factory=list)
    stuck: OutsideError | None = None

    def end_sessions(self, person_id: str) -> str:
        if self.stuck:
            raise self.stuck
        self.ended.append(person_id)
        return "All sessions were ended."


@dataclass
class GivingDirectory(SignedInDirectory):
    """A directory that gives temporary access; `given` holds what nobody has used yet."""

    access_class: ActionClass = ActionClass.C2
    given: dict[str, Secret] = field(default_factory=dict)

    def give_access(self, person_id: str, minutes: int) -> Secret:
        self._changed(person_id)
        self.given[person_id] = Secret(f"given once {self.changes} for {minutes}")
        return self.given[person_id]

    def end_access(self, person_id: str) -> str:
        if self.down:
            raise self.down
        return "It was ended." if self.given.pop(person_id, None) else ""


@dataclass
class FactorDirectory(SignedInDirectory):
    """A directory that keeps factors; `breaks` after so many are removed, `unread` when they are."""

    kept: list[str] = field(default_factory=list)
    breaks: tuple[int, OutsideError] | None = None
    unread: bool = False

    def factors(self, person_id: str) -> Sequence[str]:
        if self.unread and not self.kept:
            raise UnreachableError("It is down.")
        return tuple(self.kept)

    def reset_factors(self, person_id: str) -> None:
        for number in range(len(self.kept)):
            if self.breaks and self.breaks[0] == number:
                raise self.breaks[1]
            self.kept.pop(0)
        self.people[person_id] = replace(self.people[person_id], aal=1)


@dataclass
class FakeReset:
    name: str = "reset_password"
    title: str = "Reset the password"
    button: str = "Set the new password"
    done: str = "A new password was set."
    resets: frozenset[ResetKind] = frozenset({ResetKind.PASSWORD, ResetKind.UNLOCK})
    fields: tuple[Field, ...] = (Field("password", "New password", "new-password", "At least 15 characters.", 15),)

    def problem(self, person: Person, answers: Mapping[str, Secret]) -> str:
        return "" if len(answers["password"].reveal()) >= 15 else "The new password needs 15 characters."

    def perform(self, directory: Directory, person: Person, answers: Mapping[str, Secret]) -> None:
        directory.set_password(person.id, answers["password"])

    def achieved(self, before: Person, after: Person) -> bool:
        return before.stamp != after.stamp


@dataclass
class FakeChallenge:
    """Right is `value`; usable with something enrolled for it, or by everybody where `free`."""

    name: str
    evidence: Evidence
    ease: int = 1
    free: bool = False
    value: str = "right"
    tries: int = 5
    script: str = ""
    findings: tuple[Finding, ...] = ()
    enough: bool = True

    @property
    def title(self) -> str:
        return f"Prove it by {self.name}"

    def options(self, asking: Asking) -> Sequence[Option]:
        return [Option("one", self.title)] if self.free or asking.authenticators else []

    def ask(self, asking: Asking) -> Asked:
        return Asked("Type it.", (Field("value", "Value", "text"),), shown={"nonce": asking.nonce})

    def check(self, asking: Asking, asked: Mapping[str, object], answers: Mapping[str, Secret]) -> Checked:
        typed = answers["value"].reveal()
        if not typed:
            raise InvalidError("Type something.", field="answer")
        mine = asking.authenticators[0] if asking.authenticators else None
        used = Used(mine.id, spends=self.evidence is Evidence.SAVED) if mine else None
        ceiling = mine.ceiling if mine else ProofLevel.P4
        return Checked(
            typed == self.value,
            f"{self.name}:{mine.id if mine else 'free'}",
            ceiling,
            used=used,
            findings=self.findings,
            transcript=({"question": "?", "answer": typed},) if self.evidence is Evidence.NOTHING else (),
            enough=self.enough,
        )


@dataclass
class FakeCode:
    """A code to a second address, as the real one does it."""

    name: str = "one_time_code"
    title: str = "A code to another address"
    evidence: Evidence = Evidence.ISSUED
    ease: int = 2
    tries: int = 5
    script: str = ""

    def options(self, asking: Asking) -> Sequence[Option]:
        return [Option(d.id, d.label) for d in asking.destinations]

    def ask(self, asking: Asking) -> Asked:
        return Asked("Type the code.", (Field("code", "Code", "code"),), send_to=asking.option)

    def check(self, asking: Asking, asked: Mapping[str, object], answers: Mapping[str, Secret]) -> Checked:
        return Checked(answers["code"].reveal() == asking.issued.reveal(), f"sms:{asking.option}")


@dataclass
class FakeUnlock:
    name: str = "unlock_account"
    title: str = "Unlock the account"
    button: str = "Unlock my account"
    done: str = "The account was unlocked."
    resets: frozenset[ResetKind] = frozenset({ResetKind.UNLOCK})
    fields: tuple[Field, ...] = ()

    def problem(self, person: Person, answers: Mapping[str, Secret]) -> str:
        return ""

    def perform(self, directory: Directory, person: Person, answers: Mapping[str, Secret]) -> None:
        directory.unlock(person.id)

    def achieved(self, before: Person, after: Person) -> bool:
        return not after.locked


ANNA = Person(
    id="o-anna",
    login="anna.berg",
    name="Anna Berg",
    email="anna.berg@acme.example",
    destinations=(
        Destination("d-mail", Kind.EMAIL, "anna@private.example", "private e-mail", "HR", changed_at=None),
        Destination("d-phone", Kind.SMS, "+4915112345678", "private phone", "HR", changed_at=None),
    ),
    manager="Ben Vogel",
    groups=("Sales",),
    stamp="s0",
    first_name="Anna",
)
BEN = Person(
    id="o-ben",
    login="ben.vogel",
    name="Ben Vogel",
    email="ben.vogel@acme.example",
    destinations=(Destination("d-ben", Kind.EMAIL, "ben@home.example", "private e-mail", "HR"),),
    stamp="s0",
    first_name="Ben",
)


@dataclass
class FakeFactor:
    """A second factor whose code is always “123456”; each counter is used once, as an authenticator app's is."""

    name: str = "totp"
    title: str = "Authenticator app"
    evidence: Evidence = Evidence.AUTHENTICATOR
    ease: int = 20
    tries: int = 5
    script: str = ""
    about: str = "An app on your phone."
    replaces: bool = False
    code: str = "123456"
    turn: int = 0
    field = Field("code", "Code from your app", "code", "6 digits.")

    def options(self, asking: Asking) -> Sequence[Option]:
        return [Option(self.name, "Use your authenticator app")] if asking.authenticators else []

    def ask(self, asking: Asking) -> Asked:
        return Asked("Open your app.", (self.field,), kept={"nonce": asking.nonce})

    def check(self, asking: Asking, asked: Mapping[str, Any], answers: Mapping[str, Secret]) -> Checked:
        assert asked["nonce"] == asking.nonce
        typed, own = answers["code"].reveal(), asking.authenticators[0]
        if len(typed) != len(self.code):
            raise InvalidError("The code has 6 digits.", "Type what the app shows.", "code")
        self.turn += 1
        return Checked(right=typed == self.code, used=Used(own.id, own.counter + 1))

    def enrol_ask(self, asking: Asking) -> Asked:
        shown = {"qr": "data:image/svg+xml,%3Csvg/%3E", "uri": "otpauth://totp/x", "secret": asking.nonce[:16]}
        return Asked("Scan this picture.", (self.field,), shown=shown)

    def enrol_check(self, asking: Asking, answers: Mapping[str, Secret]) -> tuple[Enrolled, ...]:
        if answers["code"].reveal() != self.code:
            raise InvalidError("This is not the code.", "Wait for the next one.", "code")
        return (Enrolled("Authenticator app", Secret(asking.nonce), counter=0),)


@dataclass
class FakeSource:
    """Knows facts about everybody, or does not answer."""

    name: str
    known: tuple[Fact, ...]
    down: bool = False

    def facts(self, person: Person) -> Sequence[Fact]:
        if self.down:
            raise UnreachableError(f"The calendar of {person.login} does not answer.")
        return self.known
