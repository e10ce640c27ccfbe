"""Break-glass: two people let one request go on without enough proof, and a third one reviews it (SR-69)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deskward.core.break_glass import GlassKind, GlassStep, GlassUse, unreviewed, uses_of
from deskward.core.decision import Verdict, let_through, obstacle, read_case
from deskward.core.errors import DeskwardError, RefusedError
from deskward.core.events import EventKind
from deskward.core.lines import clean
from deskward.core.proof import ActionClass, ProofLevel
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle.approving import Approving
from deskward.lifecycle.fencing import OBJECTED, fences_of
from deskward.lifecycle.house import Actor, reason_given, when
from deskward.lifecycle.judging import suspected


@dataclass(frozen=True)
class GlassView:
    """Break-glass as one person at the desk sees it.

    `hindered` says why it cannot be used, empty where it can; `asked` waits for its confirmation until
    `lapses_at`, `own` tells that this person asked. `bars` says why this person can neither ask nor confirm,
    `bars_review` why they cannot review. The last of the `uses` ends or ended at `until`; `over`: it can be
    reviewed. `minutes` is how long a use lasts.
    """

    hindered: str
    asked: GlassStep | None
    lapses_at: datetime | None
    own: bool
    bars: str
    bars_review: str
    uses: tuple[GlassUse, ...]
    until: datetime | None
    over: bool
    minutes: int


class Breaking(Approving):
    """The arrows of break-glass; it goes around the proof rule, and around nothing else."""

    def glass_ask(self, verification_id: str, seen_version: int, actor: Actor, reason: str) -> Verification:
        """Ask that a request in review goes on without enough proof; it lapses by itself.

        A second press changes nothing. InvalidError without a reason, ConflictError when it changed since the page
        was read, RefusedError where break-glass is not for this request or not for this person to ask.
        """
        verification = self.get(verification_id)
        said = clean(reason_given(reason, "why this cannot wait for more proof"))
        if _pressed(verification, GlassKind.ASKED, actor, seen_version):
            return verification
        self.refuse_changed(verification, seen_version, "decide")
        self._refuse_hindered(verification)
        if asked := self._asked_now(verification):
            raise RefusedError(f"{asked.agent_name} asked for it already.", "Confirm it, or refuse it.")
        _refuse(self.bars_beside(verification, actor, "ask for"))
        step = self._by(actor, GlassKind.ASKED, said)
        return self._step(verification, step, actor, EventKind.GLASS_ASKED, reason=said)

    def glass_refuse(self, verification_id: str, seen_version: int, actor: Actor) -> Verification:
        """Take back what was asked, or refuse it; the review goes on as before."""
        verification = self.get(verification_id)
        if _pressed(verification, GlassKind.REFUSED, actor, seen_version):
            return verification
        self.refuse_changed(verification, seen_version, "decide")
        asked = self._needs_asked(verification)
        other = asked.agent_id != actor.id
        if other:
            _refuse(self.bars(verification, actor, "refuse"))
        step = self._by(actor, GlassKind.REFUSED)
        return self._step(verification, step, actor, EventKind.GLASS_REFUSED, other=other)

    def glass_confirm(self, verification_id: str, seen_version: int, actor: Actor) -> Verification:
        """Let through what another person asked for: review → held, and the requester goes on at once.

        It counts as the approval of a second person, and ends `[limits] break_glass_minutes` later.
        """
        verification = self.get(verification_id)
        if _pressed(verification, GlassKind.CONFIRMED, actor, seen_version):
            return verification
        self.refuse_changed(verification, seen_version, "decide")
        asked = self._needs_asked(verification)
        verdict = self._refuse_hindered(verification)
        _refuse(self._bars(verification, actor, asked))
        step, short = self._by(actor, GlassKind.CONFIRMED), let_through(read_case(verdict.standing))
        until = step.at + self.house.policy.limits.break_glass
        moved = verification.moved(
            State.HELD,
            outcome=Outcome.BREAK_GLASS,
            reason=f"{short} {GlassUse(asked, step, None).said}",
            approver_id=actor.id,
            approver_name=actor.name,
            approved_at=step.at,
            hold_until=step.at,
            deadline=until,
        )
        told = {"asked_by": asked.agent_name, "reason": asked.reason, "proof": short, "expires_at": when(until)}
        return self._step(moved, step, actor, EventKind.GLASS_CONFIRMED, **told)

    def glass_review(self, verification_id: str, seen_version: int, actor: Actor, reason: str) -> Verification:
        """Settle a use that is over, by somebody who had no part in it."""
        verification = self.get(verification_id)
        said = clean(reason_given(reason, "what the review found"))
        if _pressed(verification, GlassKind.REVIEWED, actor, seen_version):
            return verification
        self.refuse_changed(verification, seen_version, "decide")
        if not unreviewed(verification.glass):
            raise RefusedError("No use of break-glass waits for a review here.", "Reload the page.")
        if not self._over(verification):
            raise RefusedError(
                "This use is not over yet.", "Review it when the action is done or its time is over."
            )
        _refuse(self._bars_review(verification, actor))
        step = self._by(actor, GlassKind.REVIEWED, said)
        return self._step(verification, step, actor, EventKind.GLASS_REVIEWED, reason=said)

    def glass_view(self, verification: Verification, actor: Actor) -> GlassView:
        """Read what the details page shows to this person."""
        asked, lives = self._asked_now(verification), self.house.policy.limits.break_glass
        uses, hindered = uses_of(verification.glass), self._hindered(verification)
        return GlassView(
            hindered=hindered,
            asked=asked,
            lapses_at=asked.at + lives if asked else None,
            own=asked is not None and asked.agent_id == actor.id,
            bars="" if hindered else self._said(verification, lambda: self._bars(verification, actor, asked)),
            bars_review=self._said(verification, lambda: self._bars_review(verification, actor)),
            uses=uses,
            until=uses[-1].confirmed.at + lives if uses else None,
            over=self._over(verification),
            minutes=round(lives / timedelta(minutes=1)),
        )

    def _by(self, actor: Actor, kind: GlassKind, reason: str = "") -> GlassStep:
        return GlassStep(kind, self.house.clock.now(), actor.id, actor.name, reason)

    def _step(
        self, verification: Verification, step: GlassStep, actor: Actor, event: EventKind, **fields: object
    ) -> Verification:
        """Write a step with its event."""
        stepped = replace(verification, glass=(*verification.glass, step))
        return self.house.record(stepped, event, actor, {"by": actor.name, **fields})

    def _asked_now(self, verification: Verification) -> GlassStep | None:
        """Give what was asked about this very review and has not lapsed."""
        last, decided_at = verification.glass[-1] if verification.glass else None, verification.decided_at
        if verification.state is not State.REVIEW or last is None or last.kind is not GlassKind.ASKED:
            return None
        stands = last.at + self.house.policy.limits.break_glass > self.house.clock.now()
        return last if stands and (decided_at is None or last.at >= decided_at) else None

    def _needs_asked(self, verification: Verification) -> GlassStep:
        if asked := self._asked_now(verification):
            return asked
        raise RefusedError("Nobody asks for break-glass here any more.", "Ask for it anew.")

    def _over(self, verification: Verification) -> bool:
        """Tell whether nothing goes on by break-glass any more."""
        until = self.house.glass_until(verification)
        if verification.ended or until is None:
            return True
        return until <= self.house.clock.now() and verification.state is not State.ACTING

    def _bars(self, verification: Verification, actor: Actor, asked: GlassStep | None) -> str:
        """Say why not this person: who asks may have sent the link, who confirms may not (SR-64, SR-69)."""
        if asked is None:
            return self.bars_beside(verification, actor, "ask for")
        if asked.agent_id == actor.id:
            return "You asked for it."
        return self.bars(verification, actor, "confirm")

    def _bars_review(self, verification: Verification, actor: Actor) -> str:
        """Say why not this person; empty where nothing waits for a review, too."""
        waiting = unreviewed(verification.glass)
        if not waiting:
            return ""
        if any(actor.id in use.people for use in waiting):
            return "Nobody reviews what they let through."
        return self.bars(verification, actor, "review")

    def _refuse_hindered(self, verification: Verification) -> Verdict:
        if text := self._hindered(verification):
            raise RefusedError(text, "Ask for more proof, or identify the person in person.")
        return self._reviewed(verification)

    def _hindered(self, verification: Verification) -> str:
        """Say why break-glass is not for this request; what cannot be read just now hinders it too."""
        if verification.state is not State.REVIEW:
            return "Break-glass is for a request in review only."
        return self._said(
            verification, lambda: self._stands_against(verification) or self._nothing_missing(verification)
        )

    def _stands_against(self, verification: Verification) -> str:
        """Say what break-glass does not go around."""
        category, person = self.house.category_of(verification), self.account(verification)
        against = {
            "Break-glass is switched off here.": not self.house.policy.limits.break_glass,
            "Break-glass is for actions of class C1 to C3 only.": not category.action
            or category.action_class is ActionClass.C4,
            "The link went to an address that the caller supplied. Send it to another.": verification.exception,
            "A colleague found it suspicious.": suspected(verification),
            "Nothing at all is proven.": verification.proof_level is ProofLevel.P0,
            OBJECTED: bool(fences_of(self.house, verification)),
        }
        named = next((text for text, holds in against.items() if holds), "")
        return named or obstacle(category, person, ProofLevel.P4)

    def _said(self, verification: Verification, said: Callable[[], str]) -> str:
        """Say what stands against it; what cannot be read just now does, too."""
        if verification.directory not in self.house.people:
            return f"The directory “{verification.directory}” is not set up any more."
        try:
            return said()
        except DeskwardError as error:
            return error.text

    def _nothing_missing(self, verification: Verification) -> str:
        verdict = self._reviewed(verification)
        if verdict.state is State.FAILED:
            return verdict.reason
        return "" if verdict.short else "The proof is enough; what is missing is an approval."


def _pressed(verification: Verification, kind: GlassKind, actor: Actor, seen_version: int) -> bool:
    """Tell whether this person did it already by this very form."""
    last = verification.glass[-1] if verification.glass else None
    mine = last is not None and (last.kind, last.agent_id) == (kind, actor.id)
    return mine and verification.version > seen_version


def _refuse(bar: str) -> None:
    if bar:
        raise RefusedError(bar, "Ask another approver or administrator.")
