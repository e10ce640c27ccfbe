"""The score is the sum of the contributions, and unknown is never good."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

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
    provenance_finding,
    repeats_finding,
    sharing_finding,
    unknown,
    without_raw,
    wrong_codes_finding,
)

WEIGHTS = st.floats(-10, 10, allow_nan=False).map(lambda w: round(w, 3))
KINDS = {"critical": st.just(False), "unknown": st.just(False)}


def finding_with(
    weights: st.SearchStrategy[float], **kinds: st.SearchStrategy[bool]
) -> st.SearchStrategy[Finding]:
    """Draw findings of these weights, in any section."""
    return st.builds(
        Finding,
        signal=st.sampled_from("abcdef"),
        section=st.sampled_from(Section),
        weight=weights,
        text=st.sampled_from(["one", "two", "three"]),
        source=st.just("s"),
        **(KINDS | kinds),
    )


RAISING = finding_with(WEIGHTS.map(abs).filter(bool))
CALMING = finding_with(WEIGHTS.map(abs).filter(bool).map(lambda w: -w))
CRITICAL = finding_with(WEIGHTS.map(abs), critical=st.just(True))
UNKNOWN = finding_with(WEIGHTS, unknown=st.just(True))
FINDINGS = st.one_of(RAISING, CALMING, CRITICAL, UNKNOWN, finding_with(st.just(0.0)))
SEVERAL = st.lists(FINDINGS, max_size=12)
MIXED = st.lists(FINDINGS, min_size=2, max_size=8).flatmap(lambda f: st.tuples(st.just(f), st.permutations(f)))
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


@given(SEVERAL)
def test_sr_92_each_contribution_has_the_sign_of_what_its_finding_does(findings: list[Finding]) -> None:
    for told in assess(findings).contributions:
        if told.finding.direction is Direction.RAISES:
            assert told.points >= 0
        if told.finding.direction is Direction.CALMS:
            assert -abs(told.finding.weight) <= told.points <= 0
        if told.finding.direction in {Direction.NEUTRAL, Direction.UNKNOWN}:
            assert told.points == 0


@given(MIXED)
def test_the_order_of_the_findings_changes_nothing(pair: tuple[list[Finding], list[Finding]]) -> None:
    one, other = map(assess, pair)
    assert other.score == pytest.approx(one.score)
    assert other.level is one.level
    assert [(f.section, f.signal, f.text) for f in one.findings] == [
        (f.section, f.signal, f.text) for f in other.findings
    ]
    assert {s: pytest.approx(points) for s, points in one.sections.items()} == other.sections


@given(SEVERAL, st.one_of(RAISING, CRITICAL))
def test_sr_18_one_more_finding_that_raises_never_lowers_the_risk(findings: list[Finding], more: Finding) -> None:
    before, after = assess(findings), assess([*findings, more])
    assert after.score >= before.score - 1e-5
    seen_now = blind(findings) and not blind([*findings, more])
    assert ORDER.index(after.level) >= ORDER.index(before.level) or seen_now


@given(SEVERAL, RAISING)
def test_sr_18_a_heavier_finding_never_lowers_the_risk(findings: list[Finding], more: Finding) -> None:
    heavier = replace(more, weight=more.weight + 1)
    before, after = assess([*findings, more]), assess([*findings, heavier])
    assert after.score >= before.score - 1e-5
    assert ORDER.index(after.level) >= ORDER.index(before.level)


@given(SEVERAL, CALMING)
def test_what_calms_takes_away_half_of_what_its_section_raises_at_most(
    findings: list[Finding], calm: Finding
) -> None:
    before, after = assess(findings), assess([*findings, calm])
    assert after.score <= before.score + 1e-5
    assert after.score >= before.score / 2 - 1e-5
    assert (after.level is RiskLevel.HIGH) or not any(f.critical for f in findings)


@given(SEVERAL, UNKNOWN)
def test_sr_28_an_unknown_finding_never_lowers_the_risk(findings: list[Finding], more: Finding) -> None:
    before, after = assess(findings), assess([*findings, more])
    assert after.score == pytest.approx(before.score)
    assert ORDER.index(after.level) >= ORDER.index(before.level)


@given(SEVERAL, st.one_of(RAISING, CALMING))
def test_sr_28_a_finding_that_becomes_unknown_makes_nothing_verified(
    findings: list[Finding], one: Finding
) -> None:
    before, after = assess([*findings, one]), assess([*findings, replace(one, unknown=True)])
    if before.level is RiskLevel.NOT_ASSESSED or blind(findings):
        assert after.level is not RiskLevel.VERIFIED


@pytest.mark.parametrize("wrong", [{"weight": -0.1}, {"unknown": True}])
def test_a_critical_finding_can_neither_calm_nor_be_unknown(wrong: dict[str, Any]) -> None:
    critical = Finding("x", Section.NETWORK, 0.0, "why", "s", critical=True)
    with pytest.raises(ValueError, match="can only raise"):
        replace(critical, **wrong)
    assert critical.direction is Direction.RAISES
    assert assess([critical]).words == "why"


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
    found = [repeats_finding(n) for n in (1, 2, 3)]
    assert [assess([f]).level for f in found if f] == [
        RiskLevel.NOT_ASSESSED,
        RiskLevel.NOT_ASSESSED,
        RiskLevel.MEDIUM,
    ]


def test_sr_41_an_address_of_other_people_is_medium_by_itself() -> None:
    found = [sharing_finding(n) for n in (0, 1, 3)]
    assert found[0] is None
    assert [f.text for f in found if f] == [
        "The address was used for another person within 30 days.",
        "The address was used for 3 other people within 30 days.",
    ]
    assert {assess([f]).level for f in found if f} == {RiskLevel.MEDIUM}


def test_without_anything_to_weigh_there_is_no_finding() -> None:
    assert wrong_codes_finding(0) is None
    assert repeats_finding(0) is None
    assert provenance_finding(established=True) is None
    assert provenance_finding(established=False) is not None


def test_sr_121_without_its_raw_values_a_finding_is_told_as_before() -> None:
    row = kept(Finding("x", Section.NETWORK, 3, "why", "s", raw={"address": "192.0.2.1"}), 2.5)
    (bare,) = without_raw((row,))
    assert row["raw"] == {"address": "192.0.2.1"}
    assert bare == {name: value for name, value in row.items() if name != "raw"}
    assert without_raw((bare,)) == (bare,)
    assert finding_of(bare) == replace(finding_of(row), raw={})


def test_a_finding_comes_back_from_its_row_whole() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    whole = Finding("c", Section.PERSONA, 1, "why", "s", critical=True, as_of=at, raw={"country": "DE"})
    assert finding_of(kept(whole, 1.0)) == whole
    assert kept(whole, 1.0)["points"] == 1.0
    assert finding_of(kept(weighing(2)[0])) == weighing(2)[0]
    gone = unknown("u", Section.NETWORK, "No file.", "s")
    assert finding_of(kept(gone)) == gone
