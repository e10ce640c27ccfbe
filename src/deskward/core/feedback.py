"""What analysts say of results afterwards, and how well scores foretold it."""

from dataclasses import dataclass, field

from deskward.core.risk import TOP, RiskLevel
from deskward.core.verification import Mark, Outcome, State, Verification

BINS = int(TOP)
_STOPPED = frozenset({Outcome.FAILED, Outcome.NOT_ENOUGH_QUESTIONS})
_WARNED = frozenset({RiskLevel.MEDIUM, RiskLevel.HIGH})


def markable(verification: Verification) -> tuple[Mark, ...]:
    """List what can be said of this result; nothing before its end, nor where nothing was decided.

    Missed: somebody else was let through. False alarm: the right person was stopped or met more suspicion. What
    two people let through says nothing of the score; it is reviewed instead (SR-69).
    """
    if verification.outcome is Outcome.BREAK_GLASS:
        return ()
    if not verification.ended or not (verification.decided_at or verification.outcome in _STOPPED):
        return ()
    let_in = verification.outcome is Outcome.PASSED or verification.state in {State.PASSED, State.DONE}
    alarm = not let_in or verification.risk_level in _WARNED
    return (Mark.RIGHT, *((Mark.FALSE_ALARM,) if alarm else ()), *((Mark.MISSED,) if let_in else ()))


def is_bad(verification: Verification) -> bool | None:
    """Tell whether it was somebody else, as its mark says; None where the mark does not tell."""
    if verification.mark is Mark.RIGHT:
        told = {Outcome.PASSED: False} | dict.fromkeys(_STOPPED, True)
        return told.get(verification.outcome)
    return {Mark.MISSED: True, Mark.FALSE_ALARM: False}.get(verification.mark)


@dataclass(frozen=True)
class Bin:
    """The verifications whose score is at least `lower` and less than one more: how many, labelled, and bad."""

    lower: int
    count: int = 0
    labelled: int = 0
    bad: int = 0

    @property
    def share(self) -> float | None:
        """Give the share of bad ones among the labelled; None without any."""
        return self.bad / self.labelled if self.labelled else None


@dataclass
class Calibration:
    """Counts verifications one after the other, so that their number does not matter."""

    bins: list[Bin] = field(default_factory=lambda: [Bin(n) for n in range(BINS)])
    marks: dict[Mark, int] = field(default_factory=lambda: dict.fromkeys(Mark, 0))
    squares: float = 0.0

    def add(self, verification: Verification) -> None:
        """Count one; what has no score is not counted."""
        score = verification.risk_score
        if score is None:
            return
        bad, old = is_bad(verification), self.bins[min(BINS - 1, int(score))]
        self.marks[verification.mark] += 1
        known = bad is not None
        self.bins[old.lower] = Bin(old.lower, old.count + 1, old.labelled + known, old.bad + bool(bad))
        self.squares += (score / TOP - bad) ** 2 if bad is not None else 0.0

    @property
    def count(self) -> int:
        """Give how many were counted."""
        return sum(b.count for b in self.bins)

    @property
    def labelled(self) -> int:
        """Give how many of them are labelled."""
        return sum(b.labelled for b in self.bins)

    @property
    def brier(self) -> float | None:
        """Give the Brier score of “score divided by 10” as a chance; None without labels."""
        return self.squares / self.labelled if self.labelled else None
