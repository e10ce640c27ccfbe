"""What happened: the audit entry that every change of state carries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """The events of a verification's life."""

    OPENED = "opened"
    UNABLE = "unable"
    SENT = "sent"
    RESENT = "resent"
    UNDELIVERED = "undelivered"
    CODE_RENEWED = "code_renewed"
    WRONG_VALUE = "wrong_value"
    STARTED = "started"
    AGREED = "agreed"
    ASKED = "asked"
    PROVEN = "proven"
    ANSWERED = "answered"
    MISSED = "missed"
    VOUCHED = "vouched"
    VOUCH_REFUSED = "vouch_refused"
    APPROVED = "approved"
    HELD = "held"
    RELEASED = "released"
    RESUMED = "resumed"
    ENROL_OPENED = "enrol_opened"
    ENROL_APPROVED = "enrol_approved"
    ENROL_DECLINED = "enrol_declined"
    ENROL_BEGUN = "enrol_begun"
    ENROLLED = "enrolled"
    MEANS_REMOVED = "means_removed"
    PASSED = "passed"
    REVIEW = "review"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    ACTING = "acting"
    ACTION_REFUSED = "action_refused"
    ACTION_UNKNOWN = "action_unknown"
    DONE = "done"
    CLOSED = "closed"
    CLOSE_BY_HAND = "close_by_hand"
    DISPUTED = "disputed"
    REVOKED = "revoked"
    UPHELD = "upheld"
    LIFT_ASKED = "lift_asked"
    LIFTED = "lifted"
    REPLAYED = "replayed"
    ADDRESS_ASKED = "address_asked"
    ADDRESS_CONFIRMED = "address_confirmed"
    MARKED = "marked"
    GLASS_ASKED = "glass_asked"
    GLASS_REFUSED = "glass_refused"
    GLASS_CONFIRMED = "glass_confirmed"
    GLASS_REVIEWED = "glass_reviewed"
    LET_THROUGH = "let_through"
    RECEIVED = "received"
    ACCESS_ENDED = "access_ended"


NOTED = frozenset(EventKind) - {
    EventKind.CODE_RENEWED,
    EventKind.WRONG_VALUE,
    EventKind.AGREED,
    EventKind.ASKED,
    EventKind.PROVEN,
    EventKind.ANSWERED,
    EventKind.MISSED,
    EventKind.RESUMED,
    EventKind.ENROL_BEGUN,
    EventKind.ACTING,
    EventKind.ACTION_REFUSED,
    EventKind.CLOSED,
    EventKind.LIFT_ASKED,
    EventKind.REPLAYED,
    EventKind.ADDRESS_ASKED,
    EventKind.MARKED,
}


@dataclass(frozen=True)
class Event:
    """One audit entry; `actor` is “agent:ID”, “requester”, “owner”, “system” or “ticket”.

    `fields` hold no secret.
    """

    verification_id: str
    kind: EventKind
    at: datetime
    actor: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0

    @property
    def marker(self) -> str:
        """Name the event in the ticket: its note carries this, so that it is written once."""
        return f"{self.verification_id}-{self.seq}"


def in_doubt(events: Iterable[Event]) -> bool:
    """Tell whether the newest action that began is recorded as unknown; events are given oldest first."""
    told = [e.kind for e in events if e.kind in {EventKind.ACTING, EventKind.ACTION_UNKNOWN}]
    return bool(told) and told[-1] is EventKind.ACTION_UNKNOWN
