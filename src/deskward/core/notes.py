"""Internal notes: written from templates with allow-listed values, in two profiles (SR-103, DESIGN 9.7)."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from deskward.core.events import Event, EventKind
from deskward.core.glass_notes import GLASS_NOTES
from deskward.core.lines import Line, Note, NoteWords, clean
from deskward.core.risk import RiskLevel
from deskward.core.verification import Outcome, State, Verification

__all__ = [
    "RECOMMEND_GLASS",
    "RECOMMEND_MORE",
    "RECOMMEND_PROCEED",
    "RECOMMEND_REJECT",
    "RECOMMEND_STOP",
    "Line",
    "Note",
    "NoteWords",
    "clean",
    "note_of",
    "recommendation",
]


RECOMMEND_PROCEED = "User verified successfully - Proceed with action"
RECOMMEND_REJECT = "High risk detected - Reject this request"
RECOMMEND_STOP = "Not verified - Do not proceed"
RECOMMEND_GLASS = "Let through by break-glass - Not verified"
RECOMMEND_MORE = "Not decided - Ask for stronger proof before any action"


def recommendation(verification: Verification) -> str:
    """Give the recommendation's exact words (SR-93).

    “Proceed” only after a pass that still holds; “High risk” only where one was found, or the owner objected.
    """
    outcome, state = verification.outcome, verification.state
    if verification.disputed:
        return RECOMMEND_REJECT
    if outcome is Outcome.FAILED:
        return RECOMMEND_REJECT if verification.risk_level is RiskLevel.HIGH else RECOMMEND_STOP
    if outcome is Outcome.BREAK_GLASS and state not in {State.CANCELLED, State.TIMED_OUT}:
        return RECOMMEND_GLASS
    stopped = state in {State.CANCELLED, State.TIMED_OUT, State.HELD}
    return RECOMMEND_PROCEED if outcome is Outcome.PASSED and not stopped else RECOMMEND_MORE


def note_of(event: Event, verification: Verification, words: NoteWords) -> Note:
    """Write the note of an event from what the event itself recorded, so that a retry writes the same."""
    title, lines = _WRITERS[event.kind](event.fields, verification, words)
    return Note(_plain(title), tuple(Line(x.label, _plain(x.value), x.url) for x in lines), event.marker)


def _plain(value: object) -> str:
    """Clean, and break addresses: no URL but the console's own is in a note (SR-104)."""
    return re.sub(r":/{2,}", ":", clean(value))


COMPLETED, UNSEEN = "Action completed by the requester", "Done, but perhaps not seen by the requester"
_Written = tuple[str, list[Line]]


def _opened(_: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "Identity verification needed", [
        Line(f"Send Verification via {w.brand} Portal", url=f"{w.desk_url}/send/{v.id}"),
        Line("Requested action", w.action(v.action)),
        Line("", "Do nothing on this request before the result is noted here."),
    ]


def _unable(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "Identity verification cannot be sent", [
        Line("Requested action", w.action(v.action)),
        Line("Reason", f["reason"]),
        Line("Details", url=f"{w.desk_url}/send/{v.id}"),
    ]


def _sent(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    second = (
        [Line("Code sent to", f"{f['second_masked']} ({f['second_label']})")] if f.get("second_masked") else []
    )
    reason = [Line("Reason for this address", f["address_reason"])] if f.get("address_reason") else []
    return "Verification link sent" if not f.get("again") else "Verification link sent again", [
        Line("Sent to", f"{f['masked']} ({f['label']})"),
        Line("Kind of address", f["provenance"]),
        Line("Channel", f["channel"]),
        *second,
        *reason,
        Line("Initiated by", f["agent_name"]),
        Line("Link valid until", f["expires_at"]),
        *([Line("Code that the requester sees too", f["reverse_code"])] if f.get("reverse_code") else []),
    ]


def _undelivered(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "Verification message not delivered", [
        Line("Sent to", f["masked"]),
        Line("What the other side said", f["detail"]),
        Line("Send to another address", url=f"{w.desk_url}/send/{v.id}"),
    ]


def _started(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return "Verification started", [
        Line("", "The requester opened the link and entered the right code."),
        Line("Timestamp", f["at"]),
    ]


def _result(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "Verification result", [
        Line("Verification Outcome", f["outcome"]),
        Line("Verification ID & Link", v.id, f"{w.desk_url}/verifications/{v.id}"),
        Line("Risk Level", f["risk_level"]),
        Line("Recommendation", f["recommendation"]),
        Line("Requested action", w.action(v.action)),
        Line("Initiated by", f["agent_name"]),
        Line("Channel", f["channel"]),
        Line("Proof level", f["proof_level"]),
        Line("Timestamp", f["at"]),
        Line("Reason", f["reason"]),
    ]


def _cancelled(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return "Verification cancelled", [Line("Cancelled by", f["by"]), Line("Reason", f["reason"])]


def _approved(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "Verification approved by a second person", [
        Line("Approved by", f["by"]),
        Line("Reason", f["reason"]),
        Line("Requested action", w.action(v.action)),
        Line("Next", f["next"]),
    ]


def _vouched(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "A colleague vouched for the requester", [
        Line("Vouched by", f["by"]),
        Line("How they reached the requester", f["met"]),
        Line("Signed with", f["way"]),
        Line("So far", f["text"]),
        Line("Requested action", w.action(v.action)),
    ]


def _vouch_refused(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "A colleague did not vouch for the requester", [
        Line("Asked", f["by"]),
        Line("What they said", f["reason"]),
        Line("Verification ID & Link", v.id, f"{w.desk_url}/verifications/{v.id}"),
    ]


def _released(_: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "Waiting time is over", [
        Line("", "Nobody objected. The requester may go on; send the link again if their page is closed."),
        Line("Send the link again", url=f"{w.desk_url}/send/{v.id}"),
    ]


def _enrol_opened(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "Identified in person, set-up of means asked for", [
        Line("Identified by", f["agent_name"]),
        Line("How", f["reason"]),
        Line("Next", "Another person with the role approver says yes or no."),
        Line("Approve or decline", url=f"{w.desk_url}/verifications/{v.id}"),
    ]


def _enrol_approved(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return "Set-up of means approved by a second person", [
        Line("Approved by", f["by"]),
        Line("Link valid until", f["expires_at"]),
    ]


def _enrol_declined(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return "Set-up of means declined", [Line("Declined by", f["by"])]


def _enrolled(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return f"{f['label']} set up", [
        Line("Set up by", f["by"]),
        Line("Counts from", f["counts_from"]),
        Line("Proves at most", f["ceiling"]),
    ]


def _means_removed(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return f"{f['label']} removed", [Line("Removed by", f["by"])]


def _unknown(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "Action unknown, check", [
        Line("Requested action", w.action(v.action)),
        Line("Reason", f["reason"]),
        Line("Verification ID & Link", v.id, f"{w.desk_url}/verifications/{v.id}"),
    ]


def _done(f: Mapping[str, Any], v: Verification, w: NoteWords, title: str = COMPLETED) -> _Written:
    return UNSEEN if f.get("unseen") else title, [
        Line("Action", w.action(v.action)),
        Line("Result", f["text"]),
        *([Line("Next", f["next"])] if f.get("next") else []),
        Line("Timestamp", f["at"]),
        Line("Verification ID & Link", v.id, f"{w.desk_url}/verifications/{v.id}"),
    ]


def _by_hand(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return "Please close this ticket", [
        Line("", "Everything is done. Deskward is not allowed to close tickets here, so please close it."),
        Line("Ticket status", f["status"]),
    ]


def _added(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return "New address confirmed by the requester", [
        Line("Address", f"{f['masked']} ({f['label']})"),
        Line("", "It counts as established when it has been unchanged for long enough."),
        Line("Timestamp", f["at"]),
    ]


def _disputed(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    return "The account's owner says: this was not me", [
        Line("", "Do nothing on this request. Call the owner on a number on file, and report it as an incident."),
        Line("Requested action", w.action(v.action)),
        Line("Said", f["way"]),
        Line("Timestamp", f["at"]),
        Line("What happens now", f["now"]),
        Line("Verification ID & Link", v.id, f"{w.desk_url}/verifications/{v.id}"),
    ]


def _revoked(f: Mapping[str, Any], v: Verification, w: NoteWords) -> _Written:
    title = "What the action set was taken back" if f["done"] else "What the action set was not taken back"
    return title, [Line("Requested action", w.action(v.action)), Line("Result", f["text"])]


def _upheld(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    stays = Line("", "The fence stays until two approvers lift it.")
    return "Objection confirmed with the account's owner", [Line("Confirmed by", f["agent_name"]), stays]


def _lifted(f: Mapping[str, Any], _: Verification, __: NoteWords) -> _Written:
    return "Fence lifted", [Line("Lifted by", f["by"]), Line("", "Links can be sent for this person again.")]


_WRITERS: Mapping[EventKind, Callable[[Mapping[str, Any], Verification, NoteWords], _Written]] = {
    EventKind.OPENED: _opened,
    EventKind.UNABLE: _unable,
    EventKind.SENT: _sent,
    EventKind.RESENT: _sent,
    EventKind.UNDELIVERED: _undelivered,
    EventKind.STARTED: _started,
    EventKind.PASSED: _result,
    EventKind.REVIEW: _result,
    EventKind.HELD: _result,
    EventKind.FAILED: _result,
    EventKind.VOUCHED: _vouched,
    EventKind.VOUCH_REFUSED: _vouch_refused,
    EventKind.APPROVED: _approved,
    EventKind.ENROL_OPENED: _enrol_opened,
    EventKind.ENROL_APPROVED: _enrol_approved,
    EventKind.ENROL_DECLINED: _enrol_declined,
    EventKind.ENROLLED: _enrolled,
    EventKind.MEANS_REMOVED: _means_removed,
    EventKind.RELEASED: _released,
    EventKind.TIMED_OUT: _result,
    EventKind.CANCELLED: _cancelled,
    EventKind.ACTION_UNKNOWN: _unknown,
    EventKind.DONE: _done,
    EventKind.CLOSE_BY_HAND: _by_hand,
    EventKind.ADDRESS_CONFIRMED: _added,
    EventKind.DISPUTED: _disputed,
    EventKind.REVOKED: _revoked,
    EventKind.UPHELD: _upheld,
    EventKind.LIFTED: _lifted,
    EventKind.RECEIVED: partial(_done, title="The requester has the temporary access"),
    EventKind.ACCESS_ENDED: partial(_done, title="Temporary access ended unused"),
    EventKind.LET_THROUGH: _result,
    **GLASS_NOTES,
}
