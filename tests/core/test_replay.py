"""Other thresholds and weights decide again what was decided."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.decision import Standing, decide
from deskward.core.policy import Category
from deskward.core.proof import ProofLevel
from deskward.core.replay import Replayed, Shadow, Thresholds, decided_as, differ, replayed, shadow_of
from deskward.core.risk import Finding, RiskLevel, Section, kept
from deskward.core.verification import State, Verification
from tests.core.samples import NOON, a_person, a_verification

RESET = Category("Password Reset", ("Password Reset",), "roster", "reset_password")
HOSTED = Finding("hosting", Section.NETWORK, 3.0, "The address belongs to a hosting company.", "network file")
ROBOT = Finding("automation", Section.ENDPOINT, 2.0, "The browser says that a program drives it.", "browser")
weights = st.floats(-5, 10)
names = st.sampled_from(("hosting", "automation", "clock"))
ordinary = st.builds(Finding, names, st.sampled_from(Section), weights, st.just("why"), st.just("s"))
findings = st.lists(ordinary | ordinary.map(lambda f: replace(f, weight=abs(f.weight), critical=True)))


def decided(*findings: Finding, level: ProofLevel = ProofLevel.P2, **changes: Any) -> Verification:
    """Decide as the house does, and keep what it keeps."""
    verdict = decide(RESET, a_person(), Standing(level), findings)
    rows = {
        "state": verdict.state,
        "outcome": verdict.outcome,
        "findings": tuple(kept(c.finding, c.points) for c in verdict.assessment.contributions),
        "risk_score": verdict.assessment.score,
        "risk_level": verdict.assessment.level,
        "standing": verdict.standing,
        "proof_level": verdict.proof_level,
        "reason": verdict.reason,
        "decided_at": NOON,
    }
    return a_verification(**(rows | changes))


@given(findings, st.sampled_from(ProofLevel))
def test_the_same_rules_decide_the_same_again(some: list[Finding], level: ProofLevel) -> None:
    verification = decided(*some, level=level)
    again = replayed(verification, Thresholds(), {})
    assert not differ(again, decided_as(verification))
    assert again.score == pytest.approx(verification.risk_score)
    assert again.state is verification.state


@given(findings, st.floats(0, 10), st.floats(0, 10))
def test_higher_thresholds_never_raise_the_level(some: list[Finding], one: float, other: float) -> None:
    low, high = sorted((one, other))
    rank = {RiskLevel.NOT_ASSESSED: 0, RiskLevel.VERIFIED: 0, RiskLevel.MEDIUM: 1, RiskLevel.HIGH: 2}
    verification = decided(*some)
    strict, mild = (replayed(verification, Thresholds(t, 10.0), {}) for t in (low, high))
    assert rank[mild.level] <= rank[strict.level]


def test_a_lower_threshold_turns_a_pass_into_a_review() -> None:
    verification = decided(HOSTED)
    assert verification.state is State.PASSED
    other = replayed(verification, Thresholds(2.5, 7.0), {})
    assert other == Replayed(RiskLevel.MEDIUM, 3.0, State.REVIEW)
    assert other.words == "Medium, review"
    assert differ(other, decided_as(verification))


def test_weights_replace_the_factor_that_was_in_force() -> None:
    doubled = Finding("hosting", Section.NETWORK, 6.0, HOSTED.text, HOSTED.source)
    observed = (kept(doubled) | {"factor": 2.0},)
    verification = decided(doubled, observed=observed)
    assert replayed(verification, Thresholds(), {}).score == 3.0
    assert replayed(verification, Thresholds(), {"hosting": 2.0}).score == 6.0
    assert replayed(verification, Thresholds(), {"automation": 9.0}).score == 3.0


def test_a_signal_that_is_off_is_left_out_and_one_of_weight_0_stays_critical() -> None:
    critical = Finding("hosting", Section.NETWORK, 3.0, "x", "s", critical=True)
    verification = decided(critical, ROBOT)
    assert decided_as(verification).state is State.FAILED
    assert replayed(verification, Thresholds(), {"hosting": None}).score == 2.0
    assert replayed(verification, Thresholds(), {"hosting": 0.0}).level is RiskLevel.HIGH


def test_a_factor_of_0_cannot_be_taken_back() -> None:
    silent = Finding("hosting", Section.NETWORK, 0.0, "x", "s")
    verification = decided(silent, observed=(kept(silent) | {"factor": 0.0},))
    assert replayed(verification, Thresholds(), {"hosting": 3.0}).score == 0.0


def test_without_a_standing_only_the_level_is_told() -> None:
    other = replayed(decided(HOSTED, standing={}), Thresholds(2.0, 2.5), {})
    assert (other.level, other.state, other.words) == (RiskLevel.HIGH, None, "High")


def test_a_shadow_keeps_what_it_would_have_decided() -> None:
    shadow = Shadow({"Password Reset": Thresholds(2.5, 7.0)}, version="v2")
    verification = decided(HOSTED)
    row = shadow.kept(verification)
    assert row == {"state": "review", "level": "Medium", "score": 3.0, "version": "v2"}
    assert shadow_of(decided(HOSTED, shadow=row)) == shadow.decided(verification)
    bare = shadow.kept(decided(HOSTED, standing={}))
    assert shadow_of(decided(HOSTED, shadow=bare)) == Replayed(RiskLevel.MEDIUM, 3.0, None)


def test_a_shadow_that_does_not_know_the_category_says_nothing() -> None:
    assert Shadow({}).kept(decided(HOSTED)) == {}
    assert shadow_of(decided(HOSTED)) is None
