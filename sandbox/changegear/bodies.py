"""Reading the JSON body of a create or an update into a change, or refusing it."""

from typing import TYPE_CHECKING, Any

from sandbox.changegear.records import Attachment, Change, Refused
from sandbox.changegear.wire import PRIORITIES, WRITABLE
from sandbox.changegear.workflow import BUTTONS

if TYPE_CHECKING:
    from sandbox.changegear.site import Site

_BESIDE = frozenset(
    {"eTag", "HistoryRecords", "AttachmentRecords", "Action", "Comment", "CloseType", "PriorityName"}
)
_PRIORITY_BY_NAME = {name.casefold(): number for number, name in PRIORITIES.items()}


def read_change(site: "Site", body: dict[str, Any]) -> Change:
    """Read a write's body; Refused where a value does not fit or the profile refuses an unknown member."""
    if site.profile.unknown_field == "error":
        _refuse_unknown(site, body)
    records, kept = _records(site, body)
    return Change(
        fields=_fields(site, body),
        records=records,
        kept_records=kept,
        attachments=_attachments(body),
        **_action(site, body),
    )


def _refuse_unknown(site: "Site", body: dict[str, Any]) -> None:
    known = {*_BESIDE, *site.ticket_columns}
    for name in body:
        if name not in known:
            raise Refused(f"Could not find member '{name}'.")


def _fields(site: "Site", body: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in body.items() if name in WRITABLE or name in site.udf_fields}
    for name, value in fields.items():
        expected = WRITABLE.get(name, (str, int, float, bool, type(None)))
        if not isinstance(value, expected) or (name in WRITABLE and isinstance(value, bool)):
            raise Refused(f"The value of '{name}' has the wrong type.")
    if "PriorityName" in body:
        fields["Priority"] = _priority(body["PriorityName"])
    if site.profile.status_writable and "Status" in body:
        fields["Status"] = _status(body["Status"])
    _refuse_dangling(site, fields)
    return fields


def _priority(name: Any) -> int:
    found = _PRIORITY_BY_NAME.get(str(name).casefold())
    if found is None:
        raise Refused(f"There is no priority '{name}'.")
    return found


def _status(name: Any) -> str:
    if name not in BUTTONS:
        raise Refused(f"There is no state '{name}'.")
    return str(name)


def _refuse_dangling(site: "Site", fields: dict[str, Any]) -> None:
    for name, known in (("Requester", site.people), ("IncidentRequestType", site.categories)):
        value = fields.get(name)
        if value is not None and value not in known:
            raise Refused(f"{name}: there is no row with the id {value}.")


def _children(body: dict[str, Any], name: str) -> list[dict[str, Any]] | None:
    children = body.get(name)
    if children is None:
        return None
    if not isinstance(children, list) or not all(isinstance(child, dict) for child in children):
        raise Refused(f"{name} must be an array of records.")
    return children


def _records(site: "Site", body: dict[str, Any]) -> tuple[tuple[tuple[str, str], ...] | None, tuple[int, ...]]:
    children = _children(body, "HistoryRecords")
    if children is None:
        return None, ()
    kept = tuple(child["ID"] for child in children if isinstance(child.get("ID"), int))
    new = [
        (str(child.get("Action", "")), str(child.get("Comment", ""))) for child in children if "ID" not in child
    ]
    if site.profile.note_action == "dropped":
        new = [(action, comment) for action, comment in new if action == "Description"]
    return tuple(new), kept


def _attachments(body: dict[str, Any]) -> tuple[Attachment, ...]:
    children = _children(body, "AttachmentRecords") or []
    return tuple(
        Attachment(
            id=0,
            file=str(child.get("File", "")),
            type=str(child.get("Type", "")),
            content=str(child.get("FileContent", "")),
        )
        for child in children
    )


def _action(site: "Site", body: dict[str, Any]) -> dict[str, str]:
    action = body.get("Action") or ""
    if not action or site.profile.action == "ignored":
        return {}
    if site.profile.action == "refused":
        raise Refused("Actions cannot be performed through this address.")
    comment, close_type = str(body.get("Comment") or ""), str(body.get("CloseType") or "")
    return {"action": str(action), "comment": comment, "close_type": close_type}
