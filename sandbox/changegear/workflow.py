"""The factory incident workflow ``Incident_V3`` (changegear-api.md section 10.1)."""

from dataclasses import dataclass

from sandbox.changegear.records import Refused

UNSUBMITTED, NEW, IN_PROGRESS, WAITING = "Unsubmitted", "New", "In-Progress", "Waiting for Details"
PENDING_RESOLUTION, PENDING_CLOSE, CLOSED = "Pending Resolution", "Pending Close", "Closed"

BUTTONS: dict[str, tuple[str, ...]] = {
    UNSUBMITTED: ("Submit", "Accept", "Resolve"),
    NEW: ("Accept", "Resolve", "Promote"),
    IN_PROGRESS: ("Resolve", "Promote", "More Info", "Requeue"),
    WAITING: ("Resubmit",),
    PENDING_RESOLUTION: ("Resolve Promotion", "Requeue"),
    PENDING_CLOSE: ("Resolution Failed", "Close"),
    CLOSED: ("Reopen",),
}
END_STATES = frozenset({CLOSED})

PRIVILEGES = (
    "Add,AdministerModule,Edit,Edit Own,View,ViewOwn,ViewTeam,Email,Print,View Audit Trail,Close,Resubmit,"
    "Requeue,More Info,Delete,Reopen,Promote,EmailReq,Submit,Handle Owner Change,Resolve Promotion,Accept,"
    "Resolution Failed,Send,Copy,Resolve"
)


@dataclass(frozen=True)
class Transition:
    """Where an action leads, and what it does on the way."""

    sources: frozenset[str]
    target: str
    mail_requester: bool = False
    mail_assignee: bool = False
    assign: bool = False
    unassign: bool = False
    stamps: tuple[str, ...] = ()


def _from(*states: str) -> frozenset[str]:
    return frozenset(states)


TRANSITIONS: dict[str, Transition] = {
    "Submit": Transition(_from(UNSUBMITTED), NEW, mail_requester=True, mail_assignee=True, stamps=("SubmitDate",)),
    "Accept": Transition(_from(UNSUBMITTED, NEW), IN_PROGRESS, assign=True),
    "Resolve": Transition(_from(UNSUBMITTED, NEW, IN_PROGRESS), PENDING_CLOSE, mail_requester=True),
    "Promote": Transition(_from(NEW, IN_PROGRESS), PENDING_RESOLUTION, assign=True),
    "Requeue": Transition(_from(IN_PROGRESS, PENDING_RESOLUTION), NEW, unassign=True),
    "More Info": Transition(_from(IN_PROGRESS), WAITING, mail_requester=True),
    "Resubmit": Transition(_from(WAITING), IN_PROGRESS),
    "Resolve Promotion": Transition(_from(PENDING_RESOLUTION), IN_PROGRESS),
    "Resolution Failed": Transition(_from(PENDING_CLOSE), IN_PROGRESS),
    "Close": Transition(
        frozenset(BUTTONS) - END_STATES,
        CLOSED,
        mail_requester=True,
        mail_assignee=True,
        stamps=("ClosedDateTime", "CompletedDate"),
    ),
    "Reopen": Transition(_from(CLOSED), NEW),
}


def transition(state: str, action: str) -> Transition:
    """Find what an action does in a state; Refused where the workflow does not offer it."""
    found = TRANSITIONS.get(action)
    if found is None or state not in found.sources:
        raise Refused(f"The action '{action}' cannot be performed on a ticket in state '{state}'.")
    return found


def allowed_from(state: str) -> str:
    """List the actions that lead out of a state, in the form of ``AllowedActions``."""
    leading = [name for name, found in TRANSITIONS.items() if state in found.sources]
    return ",".join(["View", "Edit", *leading])
