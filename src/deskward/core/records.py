"""What is written and what goes out: errands, sendings, grants, messages, and the change that holds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deskward.core.destinations import Provenance
from deskward.core.events import Event


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


@dataclass(frozen=True)
class Field:
    """One field of an action's form: `kind` is “new-password” or “none”, with its hint for people."""

    name: str
    label: str
    kind: str
    hint: str = ""
    min_length: int = 0


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
class Change:
    """Everything that one transaction writes beside the verification itself.

    Nothing is written where `counts` would rise above one of the `ceilings`.
    """

    event: Event | None = None
    errands: tuple[Errand, ...] = ()
    sendings: tuple[Sending, ...] = ()
    counts: tuple[Count, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    grant: Grant | None = None
    consume: str = ""
    known: KnownTicket | None = None
