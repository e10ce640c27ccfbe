"""The score is the sum of the contributions, and unknown is never good."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.risk import (
    Direction,
    Finding,
    RiskLevel,
    Section,
    assess,
    blind,
    finding_of,
    kept,
    unknown,
    velocity_finding,
    wrong_codes_finding,
)

WEIGHTS = st.floats(-10, 10, allow_nan=False).map(lambda w: round(w, 3))
FINDINGS = st.builds(
    Finding,
    signal=st.sampled_from("abcdef"),
    section=st.sampled_from(Section),
    weight=WEIGHTS,
    text=st.sampled_from(["one", "two", "three"]),
    source=st.just("s"),
    critical=st.sampled_from([False, False, False, True]),
    unknown=st.sampled_from([False, False, True]),
)
SEVERAL = st.lists(FINDINGS, max_size=12)
ORDER = [RiskLevel.VERIFIED, RiskLevel.NOT_ASSESSED, RiskLevel.MEDIUM, RiskLevel.HIGH]
SEEN = [Finding("n", Section.NETWORK, 0, "why", "s"), Finding("e", Section.ENDPOINT, 0, "why", "s")]


def weighing(*weights: float) -> list[Finding]:
    return [Finding("x", Section.NETWORK, w, "why", "s") for w in weights]


@pytest.mark.parametrize(
    ("weights", "score", "level"),
    [
        ((), 0, RiskLevel.NOT_ASSESSED),
        ((3.9,), 3.9, RiskLevel.NOT_ASSESSED),
        ((2.0, 2.0), 4, RiskLevel.MEDIUM),
        ((6.99,), 6.99, RiskLevel.MEDIUM),
        ((7.0,), 7, RiskLevel.HIGH),
        ((9.0, 9.0), 10, RiskLevel.HIGH),
        ((7.0, -1.0), 6, RiskLevel.MEDIUM),
        ((7.0, -9.0), 3.5, RiskLevel.NOT_ASSESSED),
        ((-9.0,), 0, RiskLevel.NOT_ASSESSED),
    ],
)
def test_the_level_follows_from_the_sum(weights: tuple[float, ...], score: float, level: RiskLevel) -> None:
    assessment = assess(weighing(*weights))
    assert assessment.score == pytest.approx(score)
    assert assessment.level is level


@given(SEVERAL)
def test_sr_92_the_contributions_add_up_to_the_score(findings: list[Finding]) -> None:
    assessment = assess(findings)
    assert sum(c.points for c in assessment.contributions) == pytest.approx(assessment.score, abs=1e-5)
    assert sum(assessment.sections.values()) == pytest.approx(assessment.score, abs=1e-5)
    assert 0 <= assessment.score <= 10
    assert len(assessment.findings) == len(findings)


@given(SEVERAL, st.randoms(use_true_random=False))
def test_the_order_of_the_findings_changes_nothing(findings: list[Finding], random: object) -> None:
    mixed = list(findings)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert assess(mixed).score == pytest.approx(assess(findings).score)
    assert assess(mixed).level is assess(findings).level


@given(SEVERAL, FINDINGS)
def test_sr_18_one_more_finding_that_raises_never_lowers_the_risk(findings: list[Finding], more: Finding) -> None:
    before, after = assess(findings), assess([*findings, more])
    if more.direction is Direction.RAISES or more.critical:
        assert after.score >= before.score - 1e-9
        assert ORDER.index(after.level) >= ORDER.index(before.level) or before.level is RiskLevel.NOT_ASSESSED


@given(SEVERAL, st.sampled_from(Section))
def test_sr_28_an_unknown_finding_never_lowers_the_risk(findings: list[Finding], section: Section) -> None:
    before, after = assess(findings), assess([*findings, unknown("u", section, "No answer.", "s")])
    assert after.score == pytest.approx(before.score)
    assert ORDER.index(after.level) >= ORDER.index(before.level)


def test_sr_28_what_could_not_be_seen_reads_not_assessed_and_never_verified() -> None:
    assert assess(SEEN).level is RiskLevel.VERIFIED
    dark = [unknown("u", Section.NETWORK, "No file.", "s")]
    assert assess([*SEEN, *dark]).level is RiskLevel.NOT_ASSESSED
    assert blind([*SEEN, *dark]) == (Section.NETWORK,)
    assert blind([]) == (Section.NETWORK, Section.ENDPOINT)
    assert assess(SEEN[:1]).level is RiskLevel.NOT_ASSESSED


def test_an_unknown_finding_has_no_weight_whatever_it_says() -> None:
    assert assess([Finding("u", Section.NETWORK, 9, "why", "s", unknown=True)]).score == 0


def test_what_calms_excuses_nothing_in_another_section() -> None:
    familiar = Finding("known", Section.ENDPOINT, -5, "why", "s")
    assert assess([*weighing(5), familiar]).score == 5


def test_a_critical_finding_is_high_by_itself_and_the_sum_still_holds() -> None:
    assessment = assess([Finding("c", Section.PERSONA, 1, "why", "s", critical=True), *weighing(2)])
    assert (assessment.score, assessment.level) == (7, RiskLevel.HIGH)
    assert sum(c.points for c in assessment.contributions) == pytest.approx(7)


def test_only_what_raises_is_told_as_the_reason() -> None:
    calm = Finding("known", Section.NETWORK, -1, "A known network.", "s")
    assert assess([*weighing(5), calm]).words == "why"


def test_the_reason_names_the_three_largest_and_counts_the_rest() -> None:
    told = [Finding(str(n), Section.NETWORK, n, f"No. {n}.", "s") for n in (1, 2, 0.5, 1.5)]
    small = Finding("c", Section.PERSONA, 0.1, "A copy.", "s", critical=True)
    assert assess(told[:3]).words == "No. 2. No. 1. No. 0.5."
    assert assess([*told, small]).words == "A copy. No. 2. No. 1.5. And 2 more."


def test_wrong_codes_alone_never_reach_medium() -> None:
    texts = {n: f for n in range(1, 20) if (f := wrong_codes_finding(n))}
    assert all(assess([f]).level is RiskLevel.NOT_ASSESSED for f in texts.values())
    assert "once" in texts[1].text
    assert "twice" in texts[2].text
    assert "3 times" in texts[3].text


def test_the_third_earlier_verification_of_a_day_is_medium() -> None:
    found = [velocity_finding(n) for n in (1, 2, 3)]
    assert [assess([f]).level for f in found if f] == [
        RiskLevel.NOT_ASSESSED,
        RiskLevel.NOT_ASSESSED,
        RiskLevel.MEDIUM,
    ]


def test_a_finding_comes_back_from_its_row_whole() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    whole = Finding("c", Section.PERSONA, 1, "why", "s", critical=True, as_of=at, raw={"country": "DE"})
    assert finding_of(kept(whole, 1.0)) == whole
    assert kept(whole, 1.0)["points"] == 1.0
    assert finding_of(kept(weighing(2)[0])) == weighing(2)[0]
    gone = unknown("u", Section.NETWORK, "No file.", "s")
    assert finding_of(kept(gone)) == gone
