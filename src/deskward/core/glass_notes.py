"""The notes of break-glass: asked for, refused, confirmed, reviewed (SR-69)."""

from collections.abc import Callable, Mapping
from typing import Any

from deskward.core.events import EventKind
from deskward.core.lines import Line, NoteWords
from deskward.core.verification import Verification

_Written = tuple[str, list[Line]]


def _asked(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "Break-glass asked for", [
        Line("Asked by", f["by"]),
        Line("Why it cannot wait", f["reason"]),
        Line("Requested action", w.action(v.action)),
        Line("Next", "Another approver or administrator confirms or refuses it."),
        Line("Confirm or refuse", url=f"{w.desk_url}/verifications/{v.id}"),
    ]


def _refused(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return "Break-glass refused" if f["other"] else "Break-glass taken back", [Line("By", f["by"])]


def _confirmed(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "Break-glass: let through without enough proof", [
        Line("Asked by", f["asked_by"]),
        Line("Confirmed by", f["by"]),
        Line("Why it cannot wait", f["reason"]),
        Line("Proof", f["proof"]),
        Line("Requested action", w.action(v.action)),
        Line("Ends", f["expires_at"]),
        Line("Next", "The requester may go on. Afterwards a third person has to review this."),
        Line("Verification ID & Link", v.id, f"{w.desk_url}/verifications/{v.id}"),
    ]


def _reviewed(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return "Break-glass reviewed", [Line("Reviewed by", f["by"]), Line("What the review found", f["reason"])]


GLASS_NOTES: Mapping[EventKind, Callable[[Mapping[str, Any], Verification, NoteWords], _Written]] = {
    EventKind.GLASS_ASKED: _asked,
    EventKind.GLASS_REFUSED: _refused,
    EventKind.GLASS_CONFIRMED: _confirmed,
    EventKind.GLASS_REVIEWED: _reviewed,
}
