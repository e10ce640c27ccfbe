"""What is written and what goes out: errands, sendings, grants, messages, and the change that holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from deskward.core.authenticators import Authenticator, Enrolment, Used
from deskward.core.destinations import Kind, Provenance
from deskward.core.events import Event
from deskward.core.exchange import Delivery
from deskward.core.secret import Secret


class ErrandKind(StrEnum):
    """What may have to happen outside."""

    INTAKE = "intake"
    NOTE = "note"
    STATUS = "status"
    SEND = "send"
    CLOSE = "close"
    HAND_OVER = "hand_over"
    SETTLE = "settle"
    REVOKE = "revoke"
    CONFIRM = "confirm"
    CHECK = "check"
    END_ACCESS = "end_access"


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
    """One message on its way; `address` is the full value and never shown to an agent.

    `token_digest` finds the sending by the token of its own that its message carries; `person_id` is whom it
    goes to where that is not the subject.
    """

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
    token_digest: str = ""
    person_id: str = ""


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

    `stop` tells that it can never be done (the account changed); else the requester may try again. `sessions` says
    for the ticket what became of what was open, empty where nothing had to be ended. `secret` is shown to the
    requester once, and is good for `minutes`; nobody keeps it.
    """

    done: bool
    text: str = ""
    unknown: bool = False
    stop: bool = False
    sessions: str = ""
    secret: Secret = field(default_factory=lambda: Secret(""))
    minutes: int = 0


def send_errand(sending: Sending, after: str) -> Errand:
    """Give the errand that sends a message; those of one channel `after` the same thing go out in order."""
    about = {"sending": sending.id, "verification": sending.verification_id}
    lane, key = f"{sending.channel}:{after}", f"send:{sending.id}"
    return Errand(ErrandKind.SEND, lane, key, about, sending.at, sending.verification_id)


@dataclass(frozen=True)
class Count:
    """One budget to count against: dimension and keyed digest of its value (SR-136)."""

    dimension: str
    key: str


@dataclass(frozen=True)
class Ceiling:
    """At most so many marks of a count since a time; `text`, `hint`, `retry_after` (seconds) refuse one more."""

    count: Count
    since: datetime
    most: int
    text: str
    hint: str
    retry_after: int


@dataclass(frozen=True)
class KnownTicket:
    """What the house remembers of a ticket it has seen: in which category, whose, and at which version."""

    connector: str
    ticket_id: str
    category: str
    requester_id: str


@dataclass(frozen=True)
class Address:
    """What the house itself knows of one address of a person, beside what a directory says (SR-33).

    `root` is its keyed trust root; `value` is kept, sealed, only where no directory has it (`own`). `baseline`
    tells that it was there when the directory was first imported (DESIGN 9.6).
    """

    id: str
    directory: str
    subject_id: str
    kind: Kind
    root: str
    source: str
    label: str
    first_seen_at: datetime
    own: bool = False
    baseline: bool = False
    value: Secret = field(default_factory=lambda: Secret(""))
    confirmed_at: datetime | None = None
    changed_at: datetime | None = None
    used_at: datetime | None = None
    removed_at: datetime | None = None


@dataclass(frozen=True)
class Fence:
    """A stop on all grants for one person, raised by “This is not me” (SR-47 to SR-50).

    It ends at `ends_at` (None: only by being lifted); `lifters` are the agents who asked to lift it.
    """

    id: str
    directory: str
    subject_id: str
    verification_id: str
    raised_at: datetime
    ends_at: datetime | None
    pinned: bool
    lifters: tuple[str, ...] = ()
    lifted_at: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Tell whether it stops anything now."""
        return self.lifted_at is None and (self.ends_at is None or self.ends_at > now)


@dataclass(frozen=True)
class Vouch:
    """One person's word for another, asked for or given (SR-29); `signed_by` says how it was signed."""

    id: str
    verification_id: str
    directory: str
    subject_id: str
    voucher_id: str
    asked_at: datetime
    signed_at: datetime | None = None
    signed_by: str = ""
    refused_at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """Everything that one transaction writes beside the verification itself.

    Nothing is written where `counts` would rise above one of the `ceilings`.
    `used` must find its authenticators unused, or nothing is written (SR-11). `addresses` replace those with
    the same id; `vouches` and `enrolments` too. `removed` are ids of authenticators. `fence` is raised, or
    replaces the one with the same id; a grant is never consumed while one stands (SR-48). `calm`: nothing is
    written while the threat level is raised (SR-67).
    """

    event: Event | None = None
    errands: tuple[Errand, ...] = ()
    sendings: tuple[Sending, ...] = ()
    counts: tuple[Count, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    grant: Grant | None = None
    consume: str = ""
    known: KnownTicket | None = None
    used: tuple[Used, ...] = ()
    enrolled: tuple[Authenticator, ...] = ()
    removed: tuple[str, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    addresses: tuple[Address, ...] = ()
    vouches: tuple[Vouch, ...] = ()
    fence: Fence | None = None
    calm: bool = False
