"""The second person: approve or reject a review, wait out a hold, and let the requester come back."""

from dataclasses import replace
from datetime import timedelta

from deskward.core.decision import RAISED, Verdict, decide
from deskward.core.errors import NotFoundError, RefusedError, SecondPersonError
from deskward.core.events import EventKind
from deskward.core.ports import Change
from deskward.core.risk import finding_of, kept, suspicion_finding
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle.duties import duties, is_subject
from deskward.lifecycle.fencing import OBJECTED, OWNER, fence_over, refuse_fenced
from deskward.lifecycle.house import REQUESTER, SYSTEM, Actor, ended, when
from deskward.lifecycle.judging import suspected
from deskward.lifecycle.lately import since
from deskward.lifecycle.proving import Proving
from deskward.lifecycle.second_look import judges_of_ticket
from deskward.lifecycle.steps import NEUTRAL, NEUTRAL_HINT
from deskward.lifecycle.vouchers import has_vouched

NO_HOLD = timedelta(0)


def may_hand_over(verification: Verification) -> bool:
    """Tell whether an approver can be asked: there is something to judge, and it is not decided for good."""
    agreed = verification.state is State.STARTED and verification.agreed_at is not None
    return not verification.ended and (agreed or verification.state in {State.HELD, State.PASSED})


class Approving(Proving):
    """The arrows of review and hold."""

    def approve(self, verification_id: str, seen_version: int, actor: Actor, reason: str) -> Verification:
        """Say yes to a review whose proof is enough: review → held, or passed where there is no action.

        Raises RefusedError for the agent of the run themselves, for a proof that is missing (no approval
        replaces it), and for a review that changed meanwhile (SR-38, SR-64 to SR-66).
        """
        verification = self.get(verification_id)
        self._may_approve(verification, seen_version, actor)
        category, now = self.house.category_of(verification), self.house.clock.now()
        verdict = self._reviewed(verification)
        if verdict.state not in {State.HELD, State.PASSED}:
            raise RefusedError(verdict.reason, "No approval replaces a missing proof. Send again, or reject.")
        waits = self.house.hold_of(category) if verdict.state is State.HELD else NO_HOLD
        until = now + waits
        moved = verification.moved(
            State.HELD,
            outcome=Outcome.PASSED,
            approver_id=actor.id,
            approver_name=actor.name,
            approved_at=now,
            hold_until=until,
            deadline=until if waits else until + self.house.policy.limits.to_return,
        )
        after = f"The requester may go on after {when(until)}." if waits else "The requester may go on."
        fields = {"by": actor.name, "reason": reason, "next": after}
        approved = self.house.record(moved, EventKind.APPROVED, actor, fields)
        return approved if category.action or waits else self._let_pass(approved)

    def hand_over(self, verification_id: str, seen_version: int, actor: Actor, reason: str) -> Verification:
        """Give what an agent finds suspicious to an approver: started, held or passed → review.

        A grant that was not begun is gone, and from then on nothing but an approval lets it pass. ConflictError
        when it changed since the page was read; RefusedError before the requester agreed, for there is nothing to
        judge yet, and for what is decided for good.
        """
        verification = self.get(verification_id)
        self.refuse_changed(verification, seen_version, "hand it over")
        if not may_hand_over(verification):
            hint = "Cancel it, or mark the result once it is decided for good."
            raise RefusedError("This verification cannot be handed to an approver now.", hint)
        told = f"{actor.name} handed it to an approver: {reason}"
        return self.result(self._suspected(verification, told), actor)

    def approvable(self, verification: Verification) -> bool:
        """Tell whether nothing but a second person is missing."""
        done = {State.HELD, State.PASSED}
        return verification.state is State.REVIEW and self._reviewed(verification).state in done

    def reject(self, verification_id: str, actor: Actor, reason: str) -> Verification:
        """End a review with a no: review → failed."""
        verification = self.get(verification_id)
        if verification.state is not State.REVIEW:
            raise RefusedError("Only a verification in review can be rejected.", "Cancel it instead.")
        moved = verification.moved(State.FAILED, outcome=Outcome.FAILED, reason=reason)
        return self.result(ended(moved, self.house.clock.now()), actor)

    def release(self, verification: Verification) -> Verification:
        """End the waiting: the requester may come back, or the agent proceeds where there is no action."""
        if not verification.action:
            return self._let_pass(verification)
        free = replace(verification, deadline=self.house.clock.now() + self.house.policy.limits.to_return)
        return self.house.record(free, EventKind.RELEASED, SYSTEM, {})

    def resume(self, pin: str | Verification, seen_version: int) -> Verification:
        """Take “Continue” after the hold: held → passed, and the life of the grant starts now (SR-31)."""
        verification, now = self.pinned(pin), self.house.clock.now()
        if verification.state is not State.HELD or verification.version != seen_version:
            return verification
        if verification.hold_until is None or verification.hold_until > now:
            raise RefusedError("The waiting time is not over yet.", "Come back when it is.")
        if verification.deadline <= now:
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        refuse_fenced(self.house, verification)
        grant = self.house.grant(verification, self.account(verification))
        moved = verification.moved(State.PASSED, grant_id=grant.id, deadline=grant.expires_at)
        try:
            return self.result(moved, REQUESTER, Change(grant=grant, calm=not verification.approved_at))
        except SecondPersonError:
            return self.to_second_person(verification)

    def to_second_person(self, verification: Verification) -> Verification:
        """Put what passed, or waited, before the threat level was raised into review: its action has not begun.

        Nothing is lost: an approval lets it go on (SR-67).
        """
        verdict = self._reviewed(verification, raised=True)
        reason = (
            f"The proof reaches {verdict.proof_level.name}, which is enough for the requested action. {RAISED}"
        )
        return self.result(self._into_review(verification, verdict, reason), SYSTEM)

    def _suspected(self, verification: Verification, reason: str) -> Verification:
        """Put it into review: judged as it is now while the requester is proving, else as it was judged."""
        doubt = () if suspected(verification) else (kept(suspicion_finding()),)
        heavier = replace(
            verification,
            signalled=(*verification.signalled, *doubt),
            findings=(*verification.findings, *doubt),
        )
        proving = verification.state is State.STARTED
        verdict = self.verdict(heavier, self.account(heavier)) if proving else self._reviewed(heavier)
        return self._into_review(heavier, verdict, reason)

    def _into_review(self, verification: Verification, verdict: Verdict, reason: str) -> Verification:
        """Take the grant and every earlier yes away; what was seen stays."""
        seen = replace(verdict, state=State.REVIEW, outcome=Outcome.NONE, reason=reason)
        moved = self.decided(verification, seen)
        return replace(
            moved,
            decided_at=verification.decided_at or moved.decided_at,
            standing={**moved.standing, "approved": False, "waited": False},
            grant_id="",
            approver_id="",
            approver_name="",
            approved_at=None,
            hold_until=None,
        )

    def _let_pass(self, verification: Verification) -> Verification:
        if fence_over(self.house, verification):
            return self._stopped(verification)
        passed = verification.moved(State.PASSED, decided_at=self.house.clock.now())
        return self.result(ended(passed, self.house.clock.now()), SYSTEM)

    def _stopped(self, verification: Verification) -> Verification:
        """End what waited while the owner objected, whichever ticket they objected to (SR-47)."""
        moved = verification.moved(State.DISPUTED, outcome=Outcome.FAILED, reason=OBJECTED)
        fields = {"by": OWNER.name, "reason": OBJECTED}
        return self.house.record(ended(moved, self.house.clock.now()), EventKind.CANCELLED, OWNER, fields)

    def _may_approve(self, verification: Verification, seen_version: int, actor: Actor) -> None:
        if verification.state is not State.REVIEW:
            raise RefusedError("Only a verification in review can be approved.", "Reload the page.")
        if verification.version != seen_version:
            raise RefusedError("This verification changed since you opened the page.", "Look again, then decide.")
        if text := self.bars(verification, actor):
            raise RefusedError(text, "Ask another person with the role approver.")
        refuse_fenced(self.house, verification)

    def bars(self, verification: Verification, actor: Actor, verb: str = "approve") -> str:
        """Say why it takes another person to approve than this one; empty where it does not (SR-64, SR-124)."""
        if not actor.id or actor.id in duties(self.house, verification):
            return f"Who sent the link cannot {verb} it."
        return self.bars_beside(verification, actor, verb)

    def bars_beside(self, verification: Verification, actor: Actor, verb: str) -> str:
        """Say the same of what whoever sent the link may do, too."""
        if is_subject(self.house, verification, actor.id):
            return f"Nobody can {verb} a request for their own account."
        if has_vouched(self.house, verification, actor.id):
            return f"Who vouched for the requester cannot {verb} it."
        if actor.id in judges_of_ticket(self.house, verification):
            return f"Who rejected this request, or handed it to an approver, cannot {verb} it."
        return ""

    def _reviewed(self, verification: Verification, *, raised: bool = False) -> Verdict:
        """Judge again what the review saw: its level, roots and findings, now with a second person's yes."""
        category = self.house.category_of(verification)
        approved = replace(verification, approved_at=self.house.clock.now(), glass=())
        lately = self.house.store.lately(verification, since(self.house))
        standing = self.standing(approved, category, lately.runs, raised=raised)
        missing = self.missing(verification, category, verification.decided_at)
        whole = replace(standing, missing=missing, waited=False)
        seen = (finding_of(f) for f in verification.findings)
        return decide(category, self.account(verification), whole, seen)
