"""The analysis report adds up, and gives raw values only to who may read them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.decision import Standing, decide
from deskward.core.notes import RECOMMEND_MORE, RECOMMEND_PROCEED, RECOMMEND_REJECT
from deskward.core.policy import Category
from deskward.core.proof import ActionClass, ProofLevel
from deskward.core.replay import Thresholds
from deskward.core.report import Report, age, report_of, tenths
from deskward.core.risk import Direction, Finding, RiskLevel, Section, kept, unknown
from deskward.core.traces import Fact
from deskward.core.verification import Outcome, State, Verification
from tests.core.samples import NOON, a_person, a_verification
from tests.core.test_replay import HOSTED, ROBOT, decided, findings

OLD = Finding(
    "country",
    Section.NETWORK,
    1.25,
    "The address is in another country than usual.",
    "country file",
    as_of=NOON - timedelta(days=12),
    raw={"country": "BR"},
)
SEEN = tuple(Finding("x", s, 0.0, "Nothing.", "s") for s in (Section.NETWORK, Section.ENDPOINT))
AROUND = {
    "network": {
        "address": "192.0.2.7",
        "place": {"country": "DE", "city": "Berlin", "radius_km": 50.0},
        "asn": 64500,
        "operator": "Example Net",
        "hidden": ["vpn"],
        "sources": {"country": ["country.mmdb", "2026-03-03T00:00:00+00:00", False]},
    },
    "device": {"browser": "Firefox", "browser_version": "140", "system": "Linux", "kind": "desktop"},
    "readings": {"time_zone": "Europe/Berlin", "webdriver": False},
    "headers": {"user-agent": "Mozilla/5.0"},
}


def seen_as(*findings: Finding, **changes: Any) -> Verification:
    """Decide on what signals saw of somebody who agreed."""
    around: dict[str, Any] = {"consent": "agreed", "surroundings": AROUND, "looked_at": NOON}
    return decided(*findings, **(around | changes))


def texts(report: Report) -> str:
    """Give everything that the report says."""
    return repr(report)


@given(findings)
def test_sr_92_the_sections_and_the_lines_add_up_to_the_score(some: list[Finding]) -> None:
    report = report_of(decided(*some), Thresholds())
    assert sum(p.points for p in report.parts) == pytest.approx(report.score, abs=1e-6)
    for part in report.parts:
        assert sum(line.points for line in (*part.lines, *part.unseen)) == pytest.approx(part.points, abs=1e-6)


@given(st.lists(st.floats(-5, 10), max_size=8))
def test_rounded_points_add_up_and_stay_close(points: list[float]) -> None:
    rounded = tenths(points, sum(points))
    assert sum(rounded) == pytest.approx(round(sum(points) * 10) / 10, abs=1e-6)
    assert all(abs(a - b) <= 0.1 + 1e-6 for a, b in zip(points, rounded, strict=True))


@given(findings)
def test_sr_92_raw_values_place_and_device_are_only_in_the_report_of_who_may_read_them(
    some: list[Finding],
) -> None:
    verification = seen_as(OLD, *some)
    agent, auditor = (report_of(verification, Thresholds(), raw=raw) for raw in (False, True))
    for value in ("192.0.2.7", "Berlin", "Example Net", "Firefox", "Mozilla", "BR"):
        assert value not in texts(agent)
        assert value in texts(auditor)
    assert not any((agent.place, agent.network, agent.device, agent.readings))
    assert [p.points for p in agent.parts] == [p.points for p in auditor.parts]
    assert (agent.level, agent.score, agent.reason) == (auditor.level, auditor.score, auditor.reason)


@given(findings, st.sampled_from(ProofLevel), st.sampled_from(ActionClass), st.booleans())
def test_sr_93_proceed_is_recommended_only_after_a_pass(
    some: list[Finding], level: ProofLevel, action_class: ActionClass, exception: bool
) -> None:
    category = Category("c", ("c",), "roster", "reset_password", action_class)
    verdict = decide(category, a_person(), Standing(level, exception=exception), some)
    row = a_verification(
        state=verdict.state,
        outcome=verdict.outcome,
        risk_level=verdict.assessment.level,
        risk_score=verdict.assessment.score,
        standing=verdict.standing,
        decided_at=NOON,
    )
    said = report_of(row, Thresholds()).recommendation
    assert (said == RECOMMEND_PROCEED) == (verdict.state is State.PASSED)
    if verdict.assessment.level is RiskLevel.HIGH:
        assert said == RECOMMEND_REJECT


def test_lines_are_sorted_by_size_and_name_source_and_age() -> None:
    calm = Finding("known", Section.NETWORK, -0.5, "The address is known.", "sightings")
    report = report_of(seen_as(OLD, HOSTED, calm, *SEEN), Thresholds(), raw=True)
    network = report.parts[0]
    assert [line.text for line in network.lines] == [HOSTED.text, OLD.text, calm.text, "Nothing."]
    assert [line.direction for line in network.lines[1:3]] == [Direction.RAISES, Direction.CALMS]
    assert network.raising == network.lines[:2]
    assert (network.telling, network.ordinary) == (network.lines[:3], network.lines[3:])
    assert (network.lines[1].age, network.lines[1].source) == ("12 days old", "country file")
    assert network.lines[1].facts == (Fact("country", "BR"),)
    assert network.title == "Network"
    assert report.looked == "The requester agreed to be looked at."
    assert report.place == "Berlin, Germany, within 50 km, by the country file of 3 March 2026"


def test_what_could_not_be_seen_is_told_apart_and_blindness_in_words() -> None:
    dark = unknown("asn", Section.NETWORK, "The network is not known.", "network file")
    report = report_of(decided(dark), Thresholds())
    assert [line.text for line in report.parts[0].unseen] == ["The network is not known."]
    assert report.blind == (
        "Network and Device were not seen for the most part. Without that no level reads “Verified”."
    )
    half = report_of(decided(dark, SEEN[1]), Thresholds())
    assert half.blind.startswith("Network was not seen")
    assert report_of(decided(*SEEN), Thresholds()).blind == ""


def test_sr_121_raw_values_that_are_too_old_are_told_to_be_gone() -> None:
    pruned = seen_as(OLD, surroundings={})
    report = report_of(pruned, Thresholds(), raw=True)
    assert report.gone
    assert not any((report.place, report.network, report.device, report.readings))
    assert report.parts[0].lines[0].facts == ()
    assert not report_of(seen_as(OLD), Thresholds(), raw=True).gone


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "The requester has not been looked at yet."),
        ({"state": State.CANCELLED}, "The requester was not looked at."),
        ({"decided_at": NOON}, "Network and device were not looked at."),
        ({"consent": "declined"}, "The requester declined to have the browser looked at."),
    ],
)
def test_the_report_says_whether_anything_was_looked_at(changes: dict[str, Any], words: str) -> None:
    assert report_of(a_verification(**changes), Thresholds()).looked == words


def test_before_a_verdict_nothing_is_recommended_and_nothing_would_change_it() -> None:
    report = report_of(a_verification(), Thresholds())
    assert (report.recommendation, report.changes, report.thresholds, report.blind) == ("", (), None, "")
    cancelled = report_of(a_verification(state=State.CANCELLED), Thresholds())
    assert cancelled.recommendation == RECOMMEND_MORE
    early = a_verification(findings=(kept(HOSTED),))
    assert report_of(early, Thresholds()).parts[0].lines[0].points == HOSTED.weight


def test_thresholds_that_changed_since_are_not_used_to_explain() -> None:
    report = report_of(decided(HOSTED), Thresholds(1.0, 2.0))
    assert (report.changes, report.thresholds) == ((), None)


def test_a_high_finding_is_named_as_what_the_level_hangs_on() -> None:
    tor = Finding("hidden", Section.NETWORK, 3.0, "The address is an exit of Tor.", "file", critical=True)
    report = report_of(decided(tor, ROBOT), Thresholds())
    assert report.changes == (
        "Without “The address is an exit of Tor” the level would be Verified.",
        "No proof would have changed this: high risk is refused whatever is proven.",
    )
    assert report.parts[0].lines[0].critical
    assert sum(p.points for p in report.parts) == pytest.approx(7.0)


def test_the_fewest_and_smallest_findings_are_named() -> None:
    some = [
        Finding(name, Section.PERSONA, weight, f"{name}.", "s")
        for name, weight in (("Small", 1.0), ("Middle", 2.5), ("Large", 4.0))
    ]
    report = report_of(decided(*some, *SEEN), Thresholds())
    assert report.changes[0] == "Without “Small” the level would be Medium."
    assert report.score == 7.5


def test_where_one_is_not_enough_several_are_named() -> None:
    some = [Finding(n, Section.PERSONA, 3.5, f"{n}.", "s") for n in ("One", "Two", "Three", "Four")]
    report = report_of(decided(*some, *SEEN), Thresholds())
    assert report.changes[0].startswith("Without “")
    assert report.changes[0].count("“") == 3
    many = [Finding(f"N{n}", Section.PERSONA, 2.0, f"N{n}.", "s") for n in range(20)]
    assert report_of(decided(*many, *SEEN), Thresholds()).changes[0].count("“") == 20


def test_a_level_that_no_finding_made_names_none() -> None:
    report = report_of(decided(level=ProofLevel.P2, risk_level=RiskLevel.MEDIUM), Thresholds(0.0, 7.0))
    assert report.changes[0] == "7.0 points more would make the level High."


def test_a_pass_tells_how_far_it_was_from_more() -> None:
    report = report_of(decided(HOSTED, *SEEN), Thresholds())
    assert report.changes == (
        "1.0 points more would make the level Medium.",
        "At Medium risk the result would have been a review.",
    )
    two = replace(decided(HOSTED, *SEEN), standing={**decided(HOSTED, *SEEN).standing, "roots": 2})
    assert report_of(two, Thresholds()).changes == ("1.0 points more would make the level Medium.",)


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        ({"level": 1}, "proof level P2"),
        ({"missing": "x"}, "the missing step of the policy"),
        ({"second": True}, "a second person’s approval"),
        ({"waits": True}, "the end of the waiting time"),
        (
            {"level": 1, "second": True, "waits": True},
            "proof level P2, a second person’s approval and the end of the waiting time",
        ),
    ],
)
def test_a_review_tells_what_was_missing(standing: dict[str, Any], words: str) -> None:
    passed = decided(*SEEN)
    lacking = replace(passed, state=State.REVIEW, outcome=Outcome.NONE, standing={**passed.standing, **standing})
    assert report_of(lacking, Thresholds()).changes[-1] == f"It would have passed with {words}."
    approved = replace(lacking, approved_at=NOON)
    assert words not in texts(report_of(approved, Thresholds()))


def test_at_medium_risk_a_second_independent_proof_would_do() -> None:
    verification = decided(replace(HOSTED, weight=4.5), *SEEN)
    report = report_of(verification, Thresholds())
    assert report.changes == (
        "Without “The address belongs to a hosting company” the level would be Verified.",
        "2.5 points more would make the level High.",
        "It would have passed with a second independent proof.",
    )


def test_without_a_standing_no_proof_is_spoken_of() -> None:
    assert report_of(decided(*SEEN, standing={}), Thresholds()).changes == (
        "4.0 points more would make the level Medium.",
    )
    impossible = replace(decided(*SEEN), standing={**decided(*SEEN).standing, "level": 4, "waits": True})
    assert report_of(impossible, Thresholds()).changes[-1].endswith("the end of the waiting time.")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "just made"),
        (timedelta(minutes=1), "1 minute old"),
        (timedelta(hours=5), "5 hours old"),
        (timedelta(days=45), "45 days old"),
        (timedelta(days=61), "2 months old"),
        (timedelta(days=800), "2 years old"),
    ],
)
def test_ages_are_words(span: timedelta, words: str) -> None:
    assert age(NOON - span, NOON) == words
    assert age(None, NOON) == ""
