"""The audit log as people read it: every event of every verification, and what was done and seen at the desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from deskward.core.console import PAGE
from deskward.core.events import EventKind


class Deed(StrEnum):
    """What somebody did or looked at at the desk, beside the life of a verification (SR-112)."""

    SIGNED_IN = "signed in"
    SIGN_IN_REFUSED = "sign-in refused"
    DENIED = "page refused"
    SIGNED_OUT = "signed out"
    DETAILS = "details opened"
    SEND_PAGE = "send page opened"
    REPORT = "report taken"
    SEARCHED = "searched"
    EXPORT_BEGUN = "export begun"
    AUDIT = "log read"
    AUDIT_EXPORT_BEGUN = "export of the log begun"
    INVITED = "invited"
    INVITATION_USED = "invitation used"
    ROLES_CHANGED = "roles changed"
    DEACTIVATED = "deactivated"
    ACTIVATED = "activated"
    SIGNED_OUT_BY = "sessions ended"
    FACTOR_ENROLLED = "second factor enrolled"
    FACTOR_REMOVED = "second factor removed"
    FACTORS_REMOVED = "second factors removed"
    TESTED = "integration tested"
    NOTE_JUDGED = "test note looked at"
    ADDRESS_MADE = "webhook address changed"
    INCIDENT_SETTLED = "incident settled"
    THREAT_RAISED = "threat level raised"
    THREAT_LOWERING_ASKED = "lowering of the threat level asked for"
    THREAT_LOWERED = "threat level lowered"
    RESULTS_DELETED = "results deleted"
    ENTRIES_DELETED = "log entries deleted"


VISITOR, SYSTEM = "visitor", "system"
LOOKS = frozenset(
    {
        Deed.DETAILS,
        Deed.SEND_PAGE,
        Deed.REPORT,
        Deed.SEARCHED,
        Deed.EXPORT_BEGUN,
        Deed.AUDIT,
        Deed.AUDIT_EXPORT_BEGUN,
    }
)


@dataclass(frozen=True)
class Entry:
    """One entry of the desk; `actor` is “agent:ID”, VISITOR, who is not signed in, or SYSTEM, which is Deskward.

    `fields` hold no secret and no full address.
    """

    kind: Deed
    at: datetime
    actor: str
    verification_id: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Deleted:
    """What is left of a verification whose time was over: enough to read what the log says of it (SR-121).

    Of the person it has the directory's own id only. It goes with the last entry about it, of `last_entry_at`.
    """

    id: str
    ticket_number: str
    directory: str
    subject_id: str
    ended_at: datetime
    deleted_at: datetime
    last_entry_at: datetime


@dataclass(frozen=True)
class Place:
    """Where a line of the log stands: by time; of one time events by id and number, then entries of the desk."""

    at: datetime
    verification_id: str
    number: int


@dataclass(frozen=True)
class Recorded:
    """One line of the log; `ticket_number` is empty where it is about no verification."""

    kind: EventKind | Deed
    at: datetime
    actor: str
    verification_id: str
    ticket_number: str
    fields: Mapping[str, Any]
    place: Place


@dataclass(frozen=True)
class Sought:
    """Which lines to show, newest first; empty means all.

    `actor` is as in the entries, `kinds` are values of EventKind and Deed, `about` is a verification's id or the
    number of a ticket. `after` and `before`: lines older or newer than that place.
    """

    actor: str = ""
    kinds: tuple[str, ...] = ()
    about: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: Place | None = None
    before: Place | None = None


@dataclass(frozen=True)
class AuditPage:
    """One page of the log; `after` and `before` lead on."""

    rows: tuple[Recorded, ...]
    after: Place | None = None
    before: Place | None = None


class AuditLog(Protocol):
    """Where entries are added and all lines are read; nothing is changed, and taken out by age only (SR-121)."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Add entries, all or none."""
        ...

    def page(self, sought: Sought, size: int = PAGE) -> AuditPage:
        """Read one page by keyset."""
        ...
