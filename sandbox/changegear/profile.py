"""Profiles: each unknown of a real ChangeGear server as one switch (changegear-api.md section 20)."""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints


@dataclass(frozen=True)
class Profile:
    """One way a server may behave; the defaults are the sandbox's way.

    The last four fields are faults, not rows of section 20: ``fault_500_after_commit`` is the share
    (0 to 1) of writes that are recorded and then answered 500, ``session_expires_after`` counts calls.
    """

    etag_conflict: Literal[409, 400, 412, 500] = 409
    auth_failure: Literal["401_json", "401_html", "403"] = "401_json"
    login_answer: Literal["plain", "privileges"] = "plain"
    create_status: Literal[200, 201] = 200
    create_number: Literal["with", "without"] = "with"
    first_state: Literal["New", "Unsubmitted"] = "New"
    put_answer: Literal["object", "array", "empty"] = "object"
    error_body: Literal["message", "string", "html", "empty"] = "message"
    get_one: Literal["array", "object"] = "array"
    unknown_field: Literal["ignored", "error"] = "ignored"
    columns: Literal["base_set", "strict"] = "base_set"
    webhook_body: Literal["entity", "bare"] = "entity"
    webhook_delivery: Literal["once", "duplicated", "reordered", "lost"] = "once"
    action: Literal["honoured", "ignored", "refused"] = "honoured"
    allowed_actions: Literal["privileges", "by_state"] = "privileges"
    note_action: Literal["accepted", "dropped"] = "accepted"
    history_records: Literal["appended", "replaces"] = "appended"
    history_relation: Literal["readable", "unreadable"] = "readable"
    session: Literal["stable", "expires"] = "stable"
    timing: Literal["fast", "slow", "timeout_after_commit"] = "fast"
    fault_500_after_commit: float = 0.0
    down: bool = False
    session_expires_after: int | None = None
    status_writable: bool = False

    @property
    def session_calls(self) -> int | None:
        """Tell how many calls a session serves before it is refused, or None for any number."""
        if self.session_expires_after is not None:
            return self.session_expires_after
        return 5 if self.session == "expires" else None


def _rows() -> dict[str, tuple[Any, ...]]:
    hints = get_type_hints(Profile)
    named = {field.name: get_args(hints[field.name]) for field in fields(Profile)}
    return {name: values for name, values in named.items() if values and type(None) not in values}


PROFILE_VALUES: dict[str, tuple[Any, ...]] = _rows()
"""Every row of section 20 with all its values, the default first."""
