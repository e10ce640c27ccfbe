"""What other thresholds and weights would have decided, over the findings and the standing that were kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from deskward.core.decision import read_case, verdict_of
from deskward.core.risk import HIGH_FROM, MEDIUM_FROM, Assessment, Finding, RiskLevel, assess, finding_of
from deskward.core.verification import State, Verification

Weights = Mapping[str, float | None]


@dataclass(frozen=True)
class Thresholds:
    """The scores from which a level is Medium and High."""

    medium_from: float = MEDIUM_FROM
    high_from: float = HIGH_FROM


@dataclass(frozen=True)
class Replayed:
    """A level with its score and the state it leads to; None where the standing was not kept."""

    level: RiskLevel
    score: float
    state: State | None

    @property
    def words(self) -> str:
        """Say it in short, such as “Medium, review”."""
        return f"{self.level.value}, {self.state.value}" if self.state else self.level.value


@dataclass(frozen=True)
class Shadow:
    """A second policy that decides beside the first: thresholds by category, weights by signal, its version."""

    thresholds: Mapping[str, Thresholds]
    weights: Weights = field(default_factory=dict)
    version: str = ""

    def decided(self, verification: Verification) -> Replayed | None:
        """Give what it would have decided; None where it does not know the category."""
        limits = self.thresholds.get(verification.category)
        return replayed(verification, limits, self.weights) if limits else None

    def kept(self, verification: Verification) -> dict[str, Any]:
        """Give what it would have decided as rows keep it; {} where it does not know the category."""
        other = self.decided(verification)
        if other is None:
            return {}
        state = other.state.value if other.state else ""
        return {"state": state, "level": other.level.value, "score": other.score, "version": self.version}


def replayed(verification: Verification, thresholds: Thresholds, weights: Weights) -> Replayed:
    """Decide again with these; a signal without a weight counts once, one that is off (None) is left out."""
    findings = reweighed(verification, weights)
    other = assess(findings, thresholds.medium_from, thresholds.high_from)
    return Replayed(other.level, other.score, _state(verification, other))


def decided_as(verification: Verification) -> Replayed:
    """Give what was decided at the time, by the level that is kept."""
    score = verification.risk_score or 0.0
    then = Assessment((), score, verification.risk_level)
    return Replayed(verification.risk_level, score, _state(verification, then))


def shadow_of(verification: Verification) -> Replayed | None:
    """Read what the shadow policy would have decided; None where none was looked at."""
    row = verification.shadow
    if not row:
        return None
    return Replayed(RiskLevel(row["level"]), row["score"], State(row["state"]) if row["state"] else None)


def differ(one: Replayed, other: Replayed) -> bool:
    """Tell whether two decisions are different to people: another level or another state."""
    return (one.level, one.state) != (other.level, other.state)


def reweighed(verification: Verification, weights: Weights) -> tuple[Finding, ...]:
    """Give the findings under other weights; those of a signal that is off (None) are left out.

    What is kept was multiplied by the weight in force, the `factor`; a factor of 0 cannot be taken back.
    """
    factors = _factors((*verification.observed, *verification.findings))
    told = (finding_of(row) for row in verification.findings)
    pairs = ((f, weights.get(f.signal, 1.0)) for f in told)
    return tuple(
        replace(f, weight=_raw(f.weight, factors.get(f.signal, 1.0)) * by) for f, by in pairs if by is not None
    )


def _factors(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, float]:
    return {row["signal"]: row["factor"] for row in rows if "factor" in row}


def _raw(weight: float, factor: float) -> float:
    return weight / factor if factor else 0.0


def _state(verification: Verification, assessment: Assessment) -> State | None:
    if not verification.standing:
        return None
    return verdict_of(read_case(verification.standing), assessment).state
