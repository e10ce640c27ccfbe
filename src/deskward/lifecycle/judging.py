"""How far a run has come, and what the verdict says to that."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from deskward.core.decision import Standing, Verdict, decide, story_findings
from deskward.core.people import Person
from deskward.core.policy import Category
from deskward.core.proof import ActionClass, Evidence, fresh_of, independent, level_of, window_of
from deskward.core.risk import HANDED_OVER, finding_of, provenance_finding, sharing_finding
from deskward.core.verification import Run, State, Verification
from deskward.lifecycle.lately import DAY, since
from deskward.lifecycle.looking import Looked
from deskward.lifecycle.steps import Steps


def suspected(verification: Verification) -> bool:
    """Tell whether an agent handed it to an approver."""
    return any(row["signal"] == HANDED_OVER for row in verification.signalled)


class Judging(Steps):
    """Reads and weighs; writes nothing."""

    def unbroken(self, verification: Verification) -> Verification:
        """Give it without the approval by break-glass where its time is over (SR-69)."""
        until = self.house.glass_until(verification)
        if until is None or until > self.house.clock.now():
            return verification
        return replace(verification, approver_id="", approver_name="", approved_at=None, hold_until=None)

    def standing(
        self, verification: Verification, category: Category, earlier: Sequence[Run], *, raised: bool = False
    ) -> Standing:
        """Tell how far the run has come; an approved one keeps the level it was approved at.

        `earlier` are the other verifications of this person; `raised` tells that the threat level is. What
        break-glass let through is judged by what is proven now (SR-69).
        """
        verification = self.unbroken(verification)
        now, window = self.house.clock.now(), self.house.proof_window(category)
        fresh = fresh_of(verification.proofs, verification.subject_id, now, window)
        level = level_of(fresh, verification.subject_id, now, window)
        use, approved = verification.let_through, verification.approved_at is not None
        kept = approved and use is None
        return Standing(
            level=verification.proof_level if kept else level,
            roots=independent(fresh),
            missing="" if kept else self.missing(verification, category),
            exception=verification.exception,
            suspected=suspected(verification),
            again=self._again(category, earlier),
            approved=approved,
            waited=verification.hold_until is not None and verification.hold_until <= now,
            raised=raised,
            glass=use.said if use else "",
        )

    def verdict(
        self, verification: Verification, person: Person, *, raised: bool = False, looked: Looked | None = None
    ) -> Verdict:
        """Weigh proof and risk as they are now; the threat level counts where it is `raised` (SR-67).

        `looked` is what was just seen of this very verification; without it, the time before is read here.
        """
        category, now = self.house.category_of(verification), self.house.clock.now()
        lately = (looked and looked.lately) or self.house.store.lately(verification, since(self.house))
        findings = story_findings(
            provenance_finding(established=all(p.established for p in verification.proofs)),
            verification.wrong_total,
            sum(1 for v in lately.runs if v.started_at and v.opened_at >= now - DAY),
        )
        signalled = map(finding_of, verification.signalled)
        observed = looked.findings if looked else map(finding_of, verification.observed)
        standing = self.standing(verification, category, lately.runs, raised=raised)
        return decide(
            category, person, standing, (*findings, sharing_finding(lately.others), *signalled, *observed)
        )

    def next_step(
        self, verification: Verification, category: Category, at: datetime | None = None
    ) -> tuple[str, ...]:
        """Give the first step that is not done at a time, now unless told; what proves nothing is done once."""
        now, window = at or self.house.clock.now(), self.house.proof_window(category)
        counting = (
            p for p in verification.proofs if p.evidence is Evidence.NOTHING or now - p.at <= window_of(p, window)
        )
        return category.next_step({p.method for p in counting})

    def missing(self, verification: Verification, category: Category, at: datetime | None = None) -> str:
        """Say which step of the policy is not done, now or when it was decided; empty when all are."""
        step = self.next_step(verification, category, at)
        titles = [self.house.challenges[n].title for n in step if n in self.house.challenges]
        return f"The policy asks for one of these: {', '.join(titles)}." if step else ""

    def _again(self, category: Category, earlier: Sequence[Run]) -> bool:
        """Tell whether an action of class C2 or higher was done within 24 hours, or may be now (SR-65)."""
        since = self.house.clock.now() - DAY
        light = {c.name for c in self.house.policy.categories if c.action_class is ActionClass.C1}
        under_way = {State.PASSED, State.ACTING}
        done = (
            v
            for v in earlier
            if (v.state is State.DONE and v.ended_at is not None and v.ended_at > since)
            or (v.state in under_way and not v.ended)
        )
        return bool(category.action) and any(v.category not in light for v in done)
