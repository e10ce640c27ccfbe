"""“This is not me”: the owner's objection, what it stops, and how two people lift it (SR-46 to SR-51)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from deskward.core.errors import ConflictError, InvalidError, NotFoundError, RefusedError, RejectedError
from deskward.core.events import EventKind
from deskward.core.links import TOKEN_LENGTH, digest, new_id
from deskward.core.notices import OBJECTION_FOR, word_of
from deskward.core.ports import Change
from deskward.core.records import Fence, Sending
from deskward.core.verification import MOVES, Outcome, Run, State, Verification
from deskward.lifecycle.duties import duties
from deskward.lifecycle.fencing import LIFTERS, OBJECTED, OWNER, UNDO_FOR, lifters_needed, taken_back, undoing
from deskward.lifecycle.house import SYSTEM, Actor, ended, when
from deskward.lifecycle.steps import NEUTRAL, NEUTRAL_HINT, Steps

FENCE_FOR = timedelta(hours=24)
TRIES = 3
SAME_PRESS = timedelta(hours=1)


@dataclass(frozen=True)
class Disputable:
    """What somebody with a message may object to; `word` is typed back unless `pinned`.

    `objected` tells that this was said already, and that saying it again would stop no more.
    """

    verification: Verification
    sending: Sending
    word: str
    pinned: bool
    objected: bool


class Objecting(Steps):
    """The arrows of an objection, from any state."""

    def disputable(self, token: str, pin: str = "") -> Disputable:
        """Find what a message's own token stands for, for 72 hours after it was written; else the neutral error.

        Reads only: whatever opens the page, nothing changes (SR-46).
        """
        known = len(token) == TOKEN_LENGTH and token.isascii()
        sending = self.house.store.sending_by_token(digest(token)) if known else None
        if sending is None or sending.person_id or sending.at + OBJECTION_FOR <= self.house.clock.now():
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        verification = self.get(sending.verification_id)
        run = self.house.store.by_pin(digest(pin)) if pin else None
        pinned = run is not None and run.id == verification.id
        word = word_of(self.house.keyring.own_token("word", sending.id).reveal())
        return Disputable(verification, sending, word, pinned, self._stops(verification, pinned=pinned))

    def dispute(self, token: str, word: str, pin: str = "") -> Verification:
        """Take “This is not me” from a message: one press, and the word where no pinned run speaks (SR-46)."""
        asked = self.disputable(token, pin)
        if not asked.pinned and "".join(word.split()).casefold() != asked.word:
            raise InvalidError("That is not the word.", f"Type “{asked.word}” into the field.", "word")
        way = "on the page of the pinned run" if asked.pinned else f"by the message to {asked.sending.masked}"
        return self._objected(asked.verification.id, way, pinned=asked.pinned)

    def dispute_run(self, pin: str) -> Verification:
        """Take “This is not me” from the page of a run, by one press."""
        return self._objected(self.pinned(pin).id, "on the page of the pinned run", pinned=True)

    def lift(self, fence_id: str, actor: Actor) -> Verification:
        """Lift a fence with two different people, neither of them an agent of the ticket (SR-49)."""
        verification = self.get(self._fence(fence_id).verification_id)
        # Read after the verification, whose version then guards it.
        fence, now = self._fence(fence_id), self.house.clock.now()
        if fence.lifted_at:
            return verification
        if actor.id in self._agents(verification):
            raise RefusedError(
                "You worked on this ticket, so you cannot lift its fence.", "Ask two other approvers."
            )
        if actor.id in fence.lifters:
            raise RefusedError("You said so already.", "A second approver has to lift it too.")
        lifters = (*fence.lifters, actor.id)
        lifts = len(lifters) >= lifters_needed(fence, now)
        changed = replace(fence, lifters=lifters, lifted_at=now if lifts else None)
        by = actor.name if len(lifters) < LIFTERS else f"{actor.name} and another approver"
        fields = {"agent_name": actor.name, "by": by, "fence": fence.id}
        kind = EventKind.LIFTED if lifts else EventKind.LIFT_ASKED
        return self.house.record(verification, kind, actor, fields, Change(fence=changed))

    def uphold(self, fence_id: str, actor: Actor) -> Verification:
        """Confirm an objection with the owner: the fence does not end by itself any more (SR-50)."""
        verification = self.get(self._fence(fence_id).verification_id)
        fence = self._fence(fence_id)
        if not fence.stands(self.house.clock.now()):
            raise RefusedError("This fence has ended.", "A new objection raises it again.")
        if fence.ends_at is None:
            return verification
        fields = {"agent_name": actor.name, "fence": fence.id}
        change = Change(fence=replace(fence, ends_at=None, lifters=()))
        return self.house.record(verification, EventKind.UPHELD, actor, fields, change)

    def revoke(self, verification_id: str) -> None:
        """Take back what an action set after its owner objected, once (SR-47); outside errors but a no pass."""
        verification = self.get(verification_id)
        if any(e.kind is EventKind.REVOKED for e in self.house.store.events(verification.id)):
            return
        self.house.record(verification, EventKind.REVOKED, SYSTEM, self._revoked(verification))

    def _done_again(self, verification: Verification) -> bool:
        """Tell whether the same action was done for the same person later."""
        same = self.house.store.runs(
            verification.directory, verification.subject_id, verification.opened_at - UNDO_FOR
        )
        ends = [
            v.ended_at for v in same if v.state is State.DONE and v.action == verification.action and v.ended_at
        ]
        return bool(verification.ended_at and any(at > verification.ended_at for at in ends))

    def _revoked(self, verification: Verification) -> dict[str, Any]:
        if self._done_again(verification):
            return {"done": False, "text": "The same was done again later. Check the account by hand."}
        try:
            return {"done": True, "text": self.house.gateway.revoke(verification)}
        except RejectedError as error:
            return {"done": False, "text": f"{error.text} Do it by hand."}

    def _objected(self, verification_id: str, way: str, *, pinned: bool) -> Verification:
        """Raise the fence, whatever else happens to the verification at the same time."""
        for _ in range(TRIES):
            verification = self.get(verification_id)
            if self._stops(verification, pinned=pinned):
                return verification
            try:
                return self._raised(verification, way, pinned=pinned)
            except ConflictError:
                continue
        raise ConflictError("Your words could not be kept just now.", "Press the button again.")

    def _raised(self, verification: Verification, way: str, *, pinned: bool) -> Verification:
        """Write state, event, fence, errands and what is taken away in one transaction."""
        now = self.house.clock.now()
        fence = self._raising(verification, pinned=pinned)
        undo, gone = undoing(verification, now), taken_back(self.house, verification)
        until = (
            f"{when(now + FENCE_FOR)}, or longer if confirmed" if fence.ends_at else "two approvers lift the fence"
        )
        said = [f"Nothing is sent or done for this person until {until}."]
        said += ["What the action set is being taken back."] if undo else []
        said += ["Means and addresses set up or added after it are removed."] if gone != Change() else []
        fields = {"way": way, "at": when(now), "fence": fence.id, "now": " ".join(said)}
        change = replace(gone, fence=fence, errands=undo)
        return self.house.record(_stopped(verification, now), EventKind.DISPUTED, OWNER, fields, change)

    def _raising(self, verification: Verification, *, pinned: bool) -> Fence:
        """Make the run's fence, or raise the one it has again, never to a weaker one."""
        v, now, lasting = verification, self.house.clock.now(), self._lasting(verification, pinned=pinned)
        ends_at = None if lasting else now + FENCE_FOR
        before = self._objection(v)
        return Fence(before.id if before else new_id("FE"), v.directory, v.subject_id, v.id, now, ends_at, lasting)

    def _lasting(self, verification: Verification, *, pinned: bool) -> bool:
        """Tell whether the fence has no end: an address of the caller's choice speaks for nobody (SR-50)."""
        return pinned and self.link_proof(verification).established

    def _stops(self, verification: Verification, *, pinned: bool) -> bool:
        """Tell whether the run's fence stops all that an objection would stop now.

        One that began within the hour does: whoever presses twice says one thing.
        """
        fence, now = self._objection(verification), self.house.clock.now()
        if fence is None or not fence.stands(now):
            return False
        fresh = now - fence.raised_at < SAME_PRESS and not self._lasting(verification, pinned=pinned)
        return fence.ends_at is None or fresh

    def _objection(self, verification: Verification) -> Fence | None:
        """Find the fence of this run that nobody lifted; it may have ended by itself."""
        found = self.house.store.fences(verification.directory, verification.subject_id)
        return next((f for f in found if f.verification_id == verification.id), None)

    def _fence(self, fence_id: str) -> Fence:
        found = self.house.store.fence(fence_id)
        if found is None:
            raise NotFoundError("There is no such fence.", "Look at the page again.")
        return found

    def _agents(self, verification: Verification) -> set[str]:
        """Name every agent who sent something for this ticket."""
        same = self.house.store.runs(
            verification.directory, verification.subject_id, verification.opened_at - OBJECTION_FOR
        )
        runs: dict[str, Verification | Run] = {run.id: run for run in same}
        runs[verification.id] = verification
        of_ticket = (run for run in runs.values() if run.ticket_id == verification.ticket_id)
        return {agent for run in of_ticket for agent in duties(self.house, run)}


def _stopped(verification: Verification, now: datetime) -> Verification:
    """Give the verification as it is after the objection; an action under way is settled truthfully first."""
    if not verification.ended and State.DISPUTED in MOVES[verification.state]:
        return ended(verification.moved(State.DISPUTED, outcome=Outcome.FAILED, reason=OBJECTED), now)
    if verification.ended and verification.outcome in {Outcome.PASSED, Outcome.BREAK_GLASS}:
        return replace(verification, outcome=Outcome.FAILED, reason=OBJECTED)
    return verification
