"""What the story needs from the outside: one protocol per folder of plugins, and the store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from deskward.core.destinations import Kind, Provenance
from deskward.core.events import Event
from deskward.core.people import Person
from deskward.core.secret import Secret
from deskward.core.tickets import Check, Closing, Ticket, TicketPerson
from deskward.core.verification import Verification


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Give the time now, in UTC and aware."""
        ...


class Delivery(StrEnum):
    """How far a message has come."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Message:
    """One message to one person; `id` is the same at every try, so that the channel can find it again."""

    id: str
    to: str
    subject: str
    text: str
    html: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the channel's other side said; `ref` names the message there, `text` is fit for agents."""

    delivery: Delivery
    ref: str = ""
    text: str = ""


@dataclass(frozen=True)
class Posted:
    """A request that an outside system made to `hooks`: its full URL, headers in lower case, raw body."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Connector(Protocol):
    """A ticketing system. Calls raise UnreachableError, UncertainError or RejectedError.

    `poll_seconds` is the time between two polls of the named view.
    """

    name: str
    poll_seconds: float

    def accepts(self, posted: Posted) -> bool:
        """Check the credentials of a webhook in constant time."""
        ...

    def hinted(self, posted: Posted) -> str | None:
        """Take the ticket's id from a webhook; None where there is nothing to look at (SR-100)."""
        ...

    def read(self, ticket_id: str) -> Ticket | None:
        """Read one ticket; None when it is gone or not visible."""
        ...

    def person(self, person_id: str) -> TicketPerson | None:
        """Read the person that a ticket names as requester."""
        ...

    def waiting(self) -> Sequence[Ticket] | None:
        """Read the named view completely; None where no poll is configured."""
        ...

    def add_note(self, ticket_id: str, marker: str, text: str, html: str) -> None:
        """Write the internal note once: nothing happens when a note with this marker is there."""
        ...

    def close(self, ticket_id: str, comment: str) -> Closing:
        """Resolve, read again, close if it is not closed; `comment` is public."""
        ...

    def show_status(self, ticket_id: str, text: str) -> None:
        """Write the optional field with the live status; nothing where none is configured."""
        ...

    def doctor(self) -> Iterable[Check]:
        """Check every setting and right, changing nothing."""
        ...

    def log_out(self) -> None:
        """End what is open there; called once, at the end."""
        ...


class Channel(Protocol):
    """A way to reach people."""

    name: str
    kind: Kind

    def normalised(self, typed: str) -> str:
        """Give the one spelling of a typed address; InvalidError says what is wrong with it."""
        ...

    def country(self, value: str) -> str:
        """Give the ISO country of a number, empty where there is none."""
        ...

    def send(self, message: Message, *, again: bool) -> Receipt:
        """Send; `again` tells that an earlier try may have gone out, so look before sending."""
        ...

    def reported(self, posted: Posted) -> tuple[str, Receipt] | None:
        """Read a signed status callback as (message id or ref, receipt); None when it is not genuine."""
        ...

    def doctor(self) -> Iterable[Check]:
        """Check settings and connection without sending anything."""
        ...

    def log_out(self) -> None:
        """End what is open there; called once, at the end."""
        ...


class People(Protocol):
    """The reading side of a directory: all that the story itself may have."""

    name: str

    def find(self, person: TicketPerson) -> Sequence[Person]:
        """Find the accounts that the ticket's requester may be, by the configured unique key."""
        ...

    def get(self, person_id: str) -> Person | None:
        """Read one account by its object id, with its change stamp."""
        ...


class Directory(People, Protocol):
    """Where accounts live. Calls raise UnreachableError, UncertainError or RejectedError."""

    def set_password(self, person_id: str, password: Secret) -> None:
        """Set a new password; RejectedError carries the directory's reason in words."""
        ...

    def unlock(self, person_id: str) -> None:
        """Lift a lock-out."""
        ...

    def doctor(self) -> Iterable[Check]:
        """Check reach, rights and content."""
        ...


@dataclass(frozen=True)
class Field:
    """One field of an action's form: `kind` is “new-password” or “none”, with its hint for people."""

    name: str
    label: str
    kind: str
    hint: str = ""
    min_length: int = 0


class Action(Protocol):
    """What a requester may do once the proof is enough."""

    name: str
    title: str
    fields: tuple[Field, ...]
    button: str
    done: str

    def problem(self, person: Person, answers: Mapping[str, Secret]) -> str:
        """Say in words what is wrong with the answers; empty when they will do."""
        ...

    def perform(self, directory: Directory, person: Person, answers: Mapping[str, Secret]) -> None:
        """Do it, once."""
        ...

    def achieved(self, before: Person, after: Person) -> bool:
        """Tell from a read-back whether it is done (SR-59)."""
        ...


class ErrandKind(StrEnum):
    """What may have to happen outside."""

    INTAKE = "intake"
    NOTE = "note"
    STATUS = "status"
    SEND = "send"
    CLOSE = "close"
    SETTLE = "settle"


class ErrandState(StrEnum):
    """Where an errand stands; `parked` waits for a person."""

    DUE = "due"
    SENDING = "sending"
    DONE = "done"
    PARKED = "parked"


@dataclass(frozen=True)
class Errand:
    """Something that must happen outside, once; a row. `about` holds ids only.

    Errands of one `lane` run in order; `key` is unique, so that the same errand is never written twice.
    """

    kind: ErrandKind
    lane: str
    key: str
    about: Mapping[str, str]
    due_at: datetime
    verification_id: str = ""
    id: int = 0
    state: ErrandState = ErrandState.DUE
    attempts: int = 0
    last_error: str = ""
    done_at: datetime | None = None


@dataclass(frozen=True)
class Sending:
    """One message on its way to a requester; `address` is the full value and never shown to an agent."""

    id: str
    verification_id: str
    purpose: str
    channel: str
    address: str
    masked: str
    provenance: Provenance
    label: str
    root: str
    form_key: str
    at: datetime
    reason: str = ""
    expires_at: datetime | None = None
    delivery: Delivery = Delivery.QUEUED
    ref: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Grant:
    """The permission for exactly one action (SR-56)."""

    id: str
    verification_id: str
    subject_id: str
    login: str
    directory: str
    action: str
    parameters: str
    ticket_id: str
    agent_id: str
    policy_version: str
    expires_at: datetime


@dataclass(frozen=True)
class Spent:
    """How an action ended: done, not done with the reason in words, or unknown.

    `stop` tells that it can never be done (the account changed); else the requester may try again.
    """

    done: bool
    text: str = ""
    unknown: bool = False
    stop: bool = False


class Gateway(Protocol):
    """Spends a grant; the only way to a directory's credentials."""

    def spend(self, verification: Verification, answers: Mapping[str, Secret]) -> Spent:
        """Move to `acting` with the consumed grant and the account's stamp, do the action, read it back.

        Raises RefusedError or ConflictError when the grant is spent; never an outside error.
        """
        ...

    def settle(self, verification: Verification) -> Spent:
        """Find out by the change stamp how an interrupted action ended (DESIGN 6)."""
        ...


@dataclass(frozen=True)
class Count:
    """One budget to count against: dimension and keyed digest of its value (SR-136)."""

    dimension: str
    key: str


@dataclass(frozen=True)
class KnownTicket:
    """What the house remembers of a ticket it has seen: in which category, whose, and at which version."""

    connector: str
    ticket_id: str
    category: str
    requester_id: str


@dataclass(frozen=True)
class Change:
    """Everything that one transaction writes beside the verification itself."""

    event: Event | None = None
    errands: tuple[Errand, ...] = ()
    sendings: tuple[Sending, ...] = ()
    counts: tuple[Count, ...] = ()
    grant: Grant | None = None
    consume: str = ""
    known: KnownTicket | None = None


class Store(Protocol):
    """The database. `save` is the one door through which a verification changes."""

    def save(self, verification: Verification, change: Change) -> Verification:
        """Write new state, event, errands and the rest in one transaction; give the stored verification.

        Inserts when `version` is 0, else updates where the version still matches and raises ConflictError
        when it moved. A second open verification of the ticket, a form key or an errand key that is already
        there raise ConflictError too. `change.consume` names a grant that must be unspent and unexpired:
        exactly one caller succeeds, the others get RefusedError (SR-57). The event's seq is given here.
        """
        ...

    def get(self, verification_id: str) -> Verification | None:
        """Read one verification."""
        ...

    def open_for(self, connector: str, ticket_id: str) -> Verification | None:
        """Read the open verification of a ticket."""
        ...

    def by_link(self, digest: str) -> Verification | None:
        """Find the verification whose newest link has this digest."""
        ...

    def by_fallback(self, digest: str) -> Verification | None:
        """Find the one verification whose newest link has this hand-typed code."""
        ...

    def by_pin(self, digest: str) -> Verification | None:
        """Find the verification pinned to this portal session."""
        ...

    def overdue(self, now: datetime, limit: int) -> Sequence[Verification]:
        """List verifications that have not ended and whose deadline is over."""
        ...

    def known(self, connector: str, ticket_id: str) -> KnownTicket | None:
        """Recall a ticket."""
        ...

    def remember(self, known: Iterable[KnownTicket]) -> None:
        """Remember tickets without doing anything about them."""
        ...

    def counted(self, counts: Sequence[Count], since: datetime) -> Mapping[Count, int]:
        """Count the marks of each budget since then."""
        ...

    def earlier(self, directory: str, subject_id: str, since: datetime) -> Sequence[Verification]:
        """List the verifications of a person opened since then."""
        ...

    def count_open(self, verification_id: str) -> None:
        """Add one to the counter of opens; no event, no version (DESIGN 9.4)."""
        ...

    def add_counts(self, counts: Sequence[Count], at: datetime) -> None:
        """Add one mark to each budget."""
        ...

    def sending(self, sending_id: str) -> Sending | None:
        """Read one sending by its id or by the other side's ref."""
        ...

    def sending_of_form(self, form_key: str) -> Sending | None:
        """Find what this very form has sent already."""
        ...

    def sendings(self, verification_id: str) -> Sequence[Sending]:
        """List the sendings of a verification, oldest first."""
        ...

    def update_sending(self, sending_id: str, receipt: Receipt) -> None:
        """Note how far a message has come; a final state is never taken back."""
        ...

    def events(self, verification_id: str) -> Sequence[Event]:
        """List the events of a verification, oldest first."""
        ...

    def grant(self, grant_id: str) -> Grant | None:
        """Read a grant."""
        ...

    def enqueue(self, errands: Iterable[Errand]) -> None:
        """Write errands that belong to no change of state; a key that is already there is left alone."""
        ...

    def first_start(self) -> datetime:
        """Give the time of this installation's first start."""
        ...


class Bell(Protocol):
    """Wakes whatever runs the errands; a lost ring costs time only."""

    def ring(self, lanes: Iterable[str]) -> None:
        """Tell that these lanes have due errands."""
        ...
