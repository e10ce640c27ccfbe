"""The ChangeGear connector's settings as values, and what follows from them (changegear-api.md section 17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deskward.core.errors import SettingsError
from deskward.core.secret import Secret

FIELDS: dict[str, Any] = {
    "id": "ID",
    "number": ["ItemID", "ItemIDPIT"],
    "summary": "Summary",
    "description": "Description",
    "status": "Status",
    "ended": "EndState",
    "requester": "Requester",
    "category": "IncidentRequestType",
    "created": "CreatedDateTime",
    "modified_by": "LastModifiedBy",
}
PERSON_FIELDS: dict[str, str] = {"name": "Name", "email": "Email", "login": ""}
TRANSITIONS: dict[str, str] = {"resolve": "Resolve", "close": "Close"}
RESOLVED: list[str] = ["Pending Close"]
CLOSED: list[str] = ["Closed"]
NO_FIELDS: dict[str, dict[str, Any]] = {}
NO_SECRET = Secret("")
RIGHTS = (
    "an account of its own with view and edit on the one module, view on Person and on the categories, and "
    "each workflow action in use (Resolve, Close). Nothing more; Deskward never deletes."
)
MODES = ("none", "action_field", "status_field", "field_set")


def merged(setting: str, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Put given names over the defaults; SettingsError for a key that is not known."""
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise SettingsError(f"{setting} has no {', '.join(unknown)}.", f"Known are {', '.join(defaults)}.")
    result = {**defaults, **given}
    if str(result.get("requester", "")).endswith("PIT"):
        raise SettingsError(f"{setting}.requester must be the person's id, not a form field.", "Use Requester.")
    return result


@dataclass(frozen=True)
class Moves:
    """How a ticket is resolved and closed; states are compared without case."""

    mode: str
    map: Mapping[str, str]
    extra_fields: Mapping[str, Mapping[str, Any]]
    comment_field: str
    resolved_states: frozenset[str]
    closed_states: frozenset[str]

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise SettingsError(f"transition_mode is {self.mode!r}.", f"Use one of {', '.join(MODES)}.")
        unknown = sorted((set(self.map) | set(self.extra_fields)) - set(TRANSITIONS))
        if unknown:
            raise SettingsError(f"There is no transition {', '.join(unknown)}.", "Use resolve and close.")

    def closed(self, status: str) -> bool:
        """Tell whether this is a closed state."""
        return status.casefold() in self.closed_states

    def done(self, status: str) -> bool:
        """Tell whether this is a resolved or closed state."""
        return self.closed(status) or status.casefold() in self.resolved_states

    def reached(self, step: str, status: str) -> bool:
        """Tell whether a ticket in this state needs this step no more."""
        return self.done(status) if step == "resolve" else self.closed(status)

    def names(self, step: str) -> bool:
        """Tell whether there is anything to send for a step."""
        return bool(self.extra_fields.get(step) if self.mode == "field_set" else self.map.get(step))

    def body(self, step: str, comment: str, status_field: str) -> dict[str, Any]:
        """Give the members of the PUT for a step."""
        extra = dict(self.extra_fields.get(step, {}))
        if self.mode == "field_set":
            return extra
        member = "Action" if self.mode == "action_field" else status_field
        told = {self.comment_field: comment} if self.comment_field else {}
        return {**extra, **told, member: self.map[step]}


@dataclass(frozen=True)
class Poll:
    """Which tickets the reconciling poll reads: a named view, or a filter; `interval` is in seconds."""

    view: str
    filter: str
    sort: str
    pagesize: int
    interval: float

    def __post_init__(self) -> None:
        if self.view and self.filter:
            raise SettingsError("poll_view and poll_filter are both set.", "Keep poll_view.")
        if self.pagesize < 1 or self.interval <= 0:
            raise SettingsError("poll_pagesize and poll_interval must be above zero.")

    @property
    def there(self) -> bool:
        """Tell whether a poll is configured."""
        return bool(self.view or self.filter)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Give filter and sort as the query says them."""
        return [(name, value) for name, value in (("filter", self.filter), ("sort", self.sort)) if value]
