"""What a fence stops, and what the story does under one (SR-47 to SR-51)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deskward.core.errors import RefusedError
from deskward.core.events import EventKind
from deskward.core.ports import Change, Errand, ErrandKind
from deskward.core.records import Address, Fence
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle.house import Actor, House, ended

OWNER = Actor("owner", name="the account's owner")
UNDO_FOR = timedelta(hours=24)
LIFTERS = 2
OBJECTED = "The account's owner said: this is not me."


@dataclass(frozen=True)
class FenceView:
    """A fence as the desk shows it; `asked` of `needed` approvers want to lift it."""

    fence: Fence
    verification: Verification
    stands: bool
    asked: int
    needed: int


def fences_of(house: House, verification: Verification) -> tuple[FenceView, ...]:
    """List what stops this verification: fences that stand for the person, and unlifted ones of its ticket.

    One that ended by itself still keeps its ticket from being sent again: the subject has refused (SR-51).
    """
    if not verification.subject_id:
        return ()
    found = house.store.fences(verification.directory, verification.subject_id)
    seen = (_view(house, fence) for fence in found)
    return tuple(v for v in seen if v.stands or _same_ticket(v.verification, verification))


def _view(house: House, fence: Fence) -> FenceView:
    raised_by = house.store.get(fence.verification_id)
    assert raised_by is not None, "the row names it"
    stands = fence.stands(house.clock.now())
    return FenceView(fence, raised_by, stands, len(fence.lifters), lifters_needed(fence, house.clock.now()))


def _same_ticket(one: Verification, other: Verification) -> bool:
    return (one.connector, one.ticket_id) == (other.connector, other.ticket_id)


def lifters_needed(fence: Fence, now: datetime) -> int:
    """Two while it stands (SR-49); one to open the ticket again after it ended by itself (SR-51)."""
    return LIFTERS if fence.stands(now) else 1


def refuse_fenced(house: House, verification: Verification) -> None:
    """Raise RefusedError while the owner's objection stops this verification."""
    if fences_of(house, verification):
        raise fenced_off()


def refuse_disputed(house: House, verification: Verification) -> None:
    """Raise RefusedError under a fence, and for ever on a run that its owner objected to."""
    if stops(house, verification):
        raise fenced_off()


def stops(house: House, verification: Verification) -> bool:
    """Tell whether nothing may be set up: the owner objected to this run, or a fence stops it."""
    return verification.disputed or bool(fences_of(house, verification))


def fenced_off() -> RefusedError:
    """Say what an objection stops, and what to do."""
    return RefusedError(
        f"Nothing can be sent or done for this person. {OBJECTED}",
        "Call the owner on a number on file. Approvers can lift the fence on the details page.",
    )


def fence_over(house: House, one: Verification | Address) -> Fence | None:
    """Find the fence that stands now for the person of a verification or an address."""
    now, found = house.clock.now(), house.store.fences(one.directory, one.subject_id)
    return next((f for f in found if f.stands(now)), None)


def taken_back(house: House, verification: Verification) -> Change:
    """Give what undoes the set-ups after this verification: its means and its owner's new addresses."""
    events = house.store.events(verification.id)
    means = [i for e in events if e.kind is EventKind.ENROLLED for i in e.fields["ids"]]
    asked = {e.fields["address"] for e in events if e.kind is EventKind.ADDRESS_ASKED}
    rows = (house.store.address(i) for i in sorted(asked))
    mine = [row for row in rows if row and row.own and not row.removed_at]
    gone = tuple(replace(row, removed_at=house.clock.now()) for row in mine)
    return Change(removed=tuple(means), addresses=gone)


def undoing(verification: Verification, now: datetime) -> tuple[Errand, ...]:
    """Give the errand that takes back an action of the last 24 hours."""
    if verification.state is not State.DONE or verification.ended_at is None:
        return ()
    if now - verification.ended_at > UNDO_FOR:
        return ()
    name, about = f"revoke:{verification.id}", {"verification": verification.id}
    return (Errand(ErrandKind.REVOKE, name, name, about, now, verification.id),)


def done_under(house: House, verification: Verification) -> tuple[Verification, Change]:
    """Give what is written when an action is done: under a fence it counts as failed and is taken back."""
    fence = fence_over(house, verification)
    if fence is None:
        return verification, Change()
    errands = undoing(verification, house.clock.now()) if fence.verification_id == verification.id else ()
    return replace(verification, outcome=Outcome.FAILED, reason=OBJECTED), Change(errands=errands)


def stopped(house: House, verification: Verification) -> Verification:
    """End an action that did not happen and that the owner objected to meanwhile."""
    reason = f"{OBJECTED} The action had not happened, and is not done any more."
    moved = verification.moved(State.PASSED).moved(State.DISPUTED, outcome=Outcome.FAILED, reason=reason)
    fields = {"by": OWNER.name, "reason": reason}
    return house.record(ended(moved, house.clock.now()), EventKind.CANCELLED, OWNER, fields)
