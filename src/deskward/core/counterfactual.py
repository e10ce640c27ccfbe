"""What would have changed a result: the smallest change of the findings, and of the proof."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from deskward.core.decision import Case, read_case, verdict_of
from deskward.core.proof import ProofLevel
from deskward.core.replay import Thresholds
from deskward.core.risk import Assessment, Direction, Finding, RiskLevel, assess
from deskward.core.verification import State, Verification

MOST_TOGETHER, MOST_TRIED = 3, 12
_RANK = {RiskLevel.NOT_ASSESSED: 0, RiskLevel.VERIFIED: 0, RiskLevel.MEDIUM: 1, RiskLevel.HIGH: 2}
_SAID = {State.FAILED: "a refusal", State.REVIEW: "a review", State.HELD: "a pass that waits first"}
LASTS = "No proof would have changed this: high risk is refused whatever is proven."


def by_risk(findings: Sequence[Finding], thresholds: Thresholds, level: RiskLevel) -> tuple[str, ...]:
    """Say which findings the level hangs on, and how far it is from the next one."""
    lowering = _lowering(findings, thresholds, level) if _RANK[level] else None
    return (*([lowering] if lowering else []), *_margin(findings, thresholds, level))


def by_proof(verification: Verification) -> tuple[str, ...]:
    """Say what proof or other thing would have changed the decision, and what would have stopped a pass."""
    if not verification.standing or verification.approved_at:
        return ()
    case, level = read_case(verification.standing), verification.risk_level
    state = _judged(case, level)
    if state is State.PASSED:
        worse = _judged(case, RiskLevel.MEDIUM)
        return (f"At Medium risk the result would have been {_SAID[worse]}.",) if worse in _SAID else ()
    if level is RiskLevel.HIGH:
        return (LASTS,)
    wanted = _wanted(case, level)
    return (f"It would have passed with {_listed(wanted)}.",) if wanted else ()


def _lowering(findings: Sequence[Finding], thresholds: Thresholds, level: RiskLevel) -> str | None:
    for without in _fewest(findings):
        rest = [_nothing(f) if f in without else f for f in findings]
        other = assess(rest, thresholds.medium_from, thresholds.high_from).level
        if _RANK[other] < _RANK[level]:
            names = _listed([f"“{f.text.rstrip('.')}”" for f in without])
            return f"Without {names} the level would be {other.value}."
    return None


def _fewest(findings: Sequence[Finding]) -> Iterator[tuple[Finding, ...]]:
    """Give what could be taken away: few before many, small before large."""
    raising = [f for f in findings if f.critical or f.direction is Direction.RAISES]
    largest = sorted(raising, key=lambda f: (f.critical, f.weight), reverse=True)[:MOST_TRIED]
    for count in range(1, MOST_TOGETHER + 1):
        yield from sorted(combinations(largest, count), key=lambda some: sum(f.weight for f in some))
    yield tuple(raising)


def _listed(words: Sequence[str]) -> str:
    """Join with commas and one “and”."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _nothing(finding: Finding) -> Finding:
    """Give the finding as if its signal had looked and seen nothing."""
    return replace(finding, weight=0.0, critical=False)


def _margin(findings: Sequence[Finding], thresholds: Thresholds, level: RiskLevel) -> Iterator[str]:
    if level is RiskLevel.HIGH:
        return
    score = assess(findings, thresholds.medium_from, thresholds.high_from).score
    above = RiskLevel.HIGH if level is RiskLevel.MEDIUM else RiskLevel.MEDIUM
    limit = thresholds.high_from if level is RiskLevel.MEDIUM else thresholds.medium_from
    yield f"{max(0.1, round(limit - score, 1)):.1f} points more would make the level {above.value}."


def _wanted(case: Case, level: RiskLevel) -> tuple[str, ...]:
    """Name the least that would have led to a pass, all of it together."""
    needs: dict[str, dict[str, Any]] = {
        "the missing step of the policy": {"missing": ""},
        f"proof level {ProofLevel(case.asked).name}": {"level": case.asked},
        "a second independent proof": {"roots": 2},
        "a second person’s approval": {"approved": True},
        "the end of the waiting time": {"waited": True},
    }
    chosen = dict(needs)
    # Twice: without the approval there may be no waiting time either.
    for words in [*reversed(needs)] * 2:
        fewer = {w: c for w, c in chosen.items() if w != words}
        if _judged(_changed(case, fewer), level) is State.PASSED:
            chosen = fewer
    return tuple(chosen)


def _changed(case: Case, changes: Mapping[str, Mapping[str, Any]]) -> Case:
    return replace(case, **{name: value for change in changes.values() for name, value in change.items()})


def _judged(case: Case, level: RiskLevel) -> State:
    return verdict_of(case, Assessment((), 0.0, level)).state
