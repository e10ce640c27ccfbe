"""How the desk says what the story records."""

from collections.abc import Mapping
from typing import Any

from deskward.core.answers import Grading
from deskward.core.audit import VISITOR, Deed, Recorded
from deskward.core.events import Event, EventKind
from deskward.core.notices import Copy, Purpose
from deskward.core.ports import Delivery, Errand, ErrandKind, ErrandState, Sending
from deskward.core.proof import ProofLevel
from deskward.core.verification import Mark

EVENTS: Mapping[EventKind, str] = {
    EventKind.OPENED: "Opened",
    EventKind.UNABLE: "Opened, but nothing can be sent",
    EventKind.SENT: "Link sent",
    EventKind.RESENT: "Link sent again",
    EventKind.UNDELIVERED: "Message not delivered",
    EventKind.CODE_RENEWED: "New call code",
    EventKind.WRONG_VALUE: "Wrong code entered",
    EventKind.STARTED: "Started: the right code was entered",
    EventKind.AGREED: "The requester agreed",
    EventKind.ASKED: "Asked for more proof",
    EventKind.PROVEN: "More proof given",
    EventKind.ANSWERED: "Questions answered",
    EventKind.MISSED: "A way to prove it was used up",
    EventKind.VOUCHED: "A colleague vouched",
    EventKind.VOUCH_REFUSED: "A colleague did not vouch",
    EventKind.APPROVED: "Approved by a second person",
    EventKind.HELD: "Waiting before the action",
    EventKind.RELEASED: "Waiting time is over",
    EventKind.RESUMED: "The requester came back",
    EventKind.ENROL_OPENED: "Set-up of means asked for, in person",
    EventKind.ENROL_APPROVED: "Set-up of means approved by a second person",
    EventKind.ENROL_DECLINED: "Set-up of means declined",
    EventKind.ENROL_BEGUN: "Page for setting up means opened",
    EventKind.ENROLLED: "Means of proof set up",
    EventKind.MEANS_REMOVED: "Means of proof removed",
    EventKind.PASSED: "Passed",
    EventKind.REVIEW: "In review",
    EventKind.FAILED: "Failed",
    EventKind.TIMED_OUT: "Timed Out",
    EventKind.CANCELLED: "Cancelled",
    EventKind.ACTING: "Action begun",
    EventKind.ACTION_REFUSED: "Action refused by the directory",
    EventKind.ACTION_UNKNOWN: "Action unknown, check",
    EventKind.DONE: "Action completed",
    EventKind.CLOSED: "Ticket closed",
    EventKind.CLOSE_BY_HAND: "Done, not closed: close the ticket by hand",
    EventKind.DISPUTED: "The account’s owner said: this was not me",
    EventKind.REVOKED: "What the action set is taken back",
    EventKind.UPHELD: "Objection confirmed with the owner",
    EventKind.LIFT_ASKED: "Asked to lift the fence, 1 of 2",
    EventKind.LIFTED: "Fence lifted",
    EventKind.REPLAYED: "Errand tried again by hand",
    EventKind.ADDRESS_ASKED: "Code sent to a new address",
    EventKind.ADDRESS_CONFIRMED: "New address confirmed by the requester",
    EventKind.MARKED: "Result marked by an analyst",
    EventKind.RECEIVED: "The requester has the temporary access",
    EventKind.ACCESS_ENDED: "Temporary access ended unused",
    EventKind.GLASS_ASKED: "Break-glass asked for",
    EventKind.GLASS_REFUSED: "Break-glass refused or taken back",
    EventKind.GLASS_CONFIRMED: "Break-glass confirmed: let through without enough proof",
    EventKind.GLASS_REVIEWED: "Break-glass reviewed",
    EventKind.LET_THROUGH: "Let through by break-glass",
}
DEEDS: Mapping[Deed, str] = {
    Deed.SIGNED_IN: "Signed in",
    Deed.SIGN_IN_REFUSED: "Was not let in",
    Deed.DENIED: "Was refused a page",
    Deed.SIGNED_OUT: "Signed out",
    Deed.DETAILS: "Looked at the details",
    Deed.SEND_PAGE: "Looked at the Send page",
    Deed.REPORT: "Took the report as a PDF",
    Deed.SEARCHED: "Searched for people or tickets",
    Deed.EXPORT_BEGUN: "Exported the table",
    Deed.AUDIT: "Read the audit log",
    Deed.AUDIT_EXPORT_BEGUN: "Exported the audit log",
    Deed.INVITED: "Invited somebody",
    Deed.INVITATION_USED: "Joined by an invitation",
    Deed.ROLES_CHANGED: "Changed roles",
    Deed.DEACTIVATED: "Deactivated an account",
    Deed.ACTIVATED: "Activated an account",
    Deed.SIGNED_OUT_BY: "Signed somebody out",
    Deed.FACTOR_ENROLLED: "Set up a second factor",
    Deed.FACTOR_REMOVED: "Removed a second factor",
    Deed.FACTORS_REMOVED: "Removed somebody’s second factors",
    Deed.TESTED: "Tested an integration",
    Deed.NOTE_JUDGED: "Said what a test note looks like",
    Deed.ADDRESS_MADE: "Made a new webhook address",
    Deed.INCIDENT_SETTLED: "Settled a reset without a grant",
    Deed.THREAT_RAISED: "Raised the threat level",
    Deed.THREAT_LOWERING_ASKED: "Asked to lower the threat level",
    Deed.THREAT_LOWERED: "Lowered the threat level, asked for by another person",
    Deed.RESULTS_DELETED: "Deleted results whose time was over",
    Deed.ENTRIES_DELETED: "Deleted entries of the log whose time was over",
}
ERRANDS: Mapping[ErrandKind, str] = {
    ErrandKind.INTAKE: "Read the ticket",
    ErrandKind.NOTE: "Note in the ticket",
    ErrandKind.STATUS: "Status field of the ticket",
    ErrandKind.SEND: "Message to the requester",
    ErrandKind.CLOSE: "Close the ticket",
    ErrandKind.HAND_OVER: "Assign the ticket to whoever goes on with it",
    ErrandKind.CONFIRM: "Question whether an address is right",
    ErrandKind.SETTLE: "Find out how the action ended",
    ErrandKind.REVOKE: "Take back what the action set",
    ErrandKind.CHECK: "Test of an integration",
    ErrandKind.END_ACCESS: "End temporary access that was not used",
}
ERRAND_STATES: Mapping[ErrandState, tuple[str, str]] = {
    ErrandState.DUE: ("Waiting", "blue"),
    ErrandState.SENDING: ("Under way", "blue"),
    ErrandState.DONE: ("Done", "green"),
    ErrandState.PARKED: ("Stopped", "red"),
}
PROOFS: Mapping[ProofLevel, str] = {
    ProofLevel.P0: "nothing is proven",
    ProofLevel.P1: "link and code, at an address that is not established",
    ProofLevel.P2: "link and code, at an established address",
    ProofLevel.P3: "an independent second proof",
    ProofLevel.P4: "identified in person",
}
PURPOSES: Mapping[str, str] = {
    "link": "Link",
    "code": "Code",
    "vouch": "Request to vouch",
    Purpose.START: "Notice of the request",
    Purpose.DONE: "Notice of the action",
    Purpose.FAILED: "Notice of failed attempts",
    Purpose.PASSED: "Notice of a pass after failed attempts",
    Purpose.ADDRESS: "Notice of a new address",
    Purpose.MEANS: "Notice of a new way to prove it",
    Purpose.GLASS: "Notice of break-glass",
    Copy.START: "Copy of the notice of the request",
    Copy.DONE: "Copy of the notice of the action",
    Copy.GLASS: "Copy of the notice of break-glass",
}
METHODS: Mapping[str, str] = {
    "one_time_code": "code to a second address",
    "saved_code": "printed recovery code",
    "questions": "questions about work",
    "totp": "authenticator app",
    "vouch": "colleagues vouched",
}
ACTORS = {
    "requester": "Requester",
    "owner": "The account’s owner",
    "system": "Deskward",
    "ticket": "Ticket",
    VISITOR: "Somebody not signed in",
}
_FACTS = (
    "way", "met", "masked", "second_masked", "label", "address_reason", "status", "detail", "text", "proof",
    "reason",
)  # fmt: skip

MARKS: Mapping[Mark, tuple[str, str]] = {
    Mark.RIGHT: ("Right", "The result was right."),
    Mark.FALSE_ALARM: ("False alarm", "It was the right person, and the risk was overstated."),
    Mark.MISSED: ("Missed", "It was somebody else, and they were let through."),
}
GRADINGS: Mapping[str, str] = {
    Grading.CORRECT: "green",
    Grading.PARTIAL: "amber",
    Grading.INVALID: "red",
    Grading.SKIPPED: "grey",
}


def by_mail(sending: Sending) -> bool:
    """Tell whether a message went by e-mail, from its masked address."""
    return "@" in sending.masked


def delivery(sending: Sending) -> tuple[str, str]:
    """Say how far a message has come, with its colour."""
    carrier = "the mail server" if by_mail(sending) else "the SMS provider"
    words = {
        Delivery.QUEUED: ("Waiting to go out", "blue"),
        Delivery.ACCEPTED: (f"Accepted by {carrier}", "green"),
        Delivery.DELIVERED: ("Delivered", "green"),
        Delivery.REFUSED: ("Not delivered", "red"),
        Delivery.UNKNOWN: ("Not known whether it went out", "amber"),
    }
    return words[sending.delivery]


def deed_text(fields: Mapping[str, Any], agents: Mapping[str, str], *, personal: bool) -> str:
    """Say in one line what an entry of the desk recorded; what was searched for only where `personal`."""
    searched = {**fields, **fields.get("filters", {})}.get("text", "")
    filters = {name: value for name, value in fields.get("filters", {}).items() if name != "text"}
    before, after = fields.get("before"), fields.get("after", fields.get("roles"))
    said = [
        *([agents.get(fields["agent"], "an account")] if "agent" in fields else []),
        *([f"from {', '.join(before) or 'none'}"] if before is not None else []),
        *([f"{'to ' if before is not None else ''}{', '.join(after) or 'none'}"] if after is not None else []),
        *([f"with {' and '.join(fields['shown'])}"] if fields.get("shown") else []),
        *([f"“{searched}”" if personal else "words not shown to your role"] if searched else []),
        *(f"{name}: {value}" for name, value in filters.items()),
        *([f"until {fields['ends']}"] if "ends" in fields else []),
        *([f"{fields['number']} from before {fields['until']}"] if "until" in fields else []),
        *(
            str(fields[name])
            for name in ("factor", "page", "incident", "reason", "browser", "origin")
            if fields.get(name)
        ),
    ]
    return " · ".join(said)


def actor_name(event: Event | Recorded, agents: Mapping[str, str]) -> str:
    """Name who did something, from “agent:ID”, “voucher:ID”, “requester”, “system” or “ticket”."""
    kind, _, agent_id = event.actor.partition(":")
    if kind == "voucher":
        return str(event.fields["by"])
    recorded = str(event.fields.get("agent_name", "An agent"))
    return agents.get(agent_id, recorded) if kind == "agent" else ACTORS.get(kind, kind)


def event_text(fields: Mapping[str, Any]) -> str:
    """Say in one line what an event recorded; masked values and words only."""
    said = dict.fromkeys(METHODS.get(str(fields[name]), str(fields[name])) for name in _FACTS if fields.get(name))
    if "mark" in fields:
        return MARKS[Mark(fields["mark"])][0] if fields["mark"] else "The mark was taken back."
    errand = [ERRANDS[ErrandKind(fields["errand"])]] if "errand" in fields else []
    return " · ".join([*errand, *said])


def can_replay(errand: Errand) -> bool:
    """Tell whether “Try again” helps: it is stopped, or it waits after a failure."""
    return errand.state is ErrandState.PARKED or (errand.state is ErrandState.DUE and bool(errand.last_error))
