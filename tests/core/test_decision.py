"""Risk may veto, only proof may permit."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward import plugins
from deskward.core.decision import (
    Standing,
    asked_of,
    case_of,
    decide,
    leads_to,
    needs_second_person,
    obstacle,
    read_case,
    story_findings,
    verdict_of,
    waits,
)
from deskward.core.destinations import Provenance
from deskward.core.notes import RECOMMEND_PROCEED, recommendation
from deskward.core.people import Person
from deskward.core.policy import Category
from deskward.core.proof import ActionClass, Proof, ProofLevel, level_of, needed
from deskward.core.risk import Finding, RiskLevel, Section, provenance_finding, sharing_finding
from deskward.core.verification import Outcome, State
from deskward.lifecycle.looking import UNSEEN
from tests.core.samples import NOON, a_person, a_verification

RANK = (State.FAILED, State.REVIEW, State.HELD, State.PASSED)
WINDOW = timedelta(minutes=15)
weights = st.floats(-5, 10)
finding = st.builds(Finding, st.just("x"), st.sampled_from(Section), weights, st.just("why"), st.just("s"))
findings = st.lists(finding)
categories = st.builds(
    Category,
    st.just("c"),
    st.just(("c",)),
    st.just("roster"),
    st.sampled_from(("", "reset_password")),
    st.sampled_from(ActionClass),
)
people = st.builds(a_person, aal=st.sampled_from((1, 2)), enabled=st.booleans(), privileged=st.booleans())
proofs = st.lists(
    st.builds(
        Proof,
        st.just("link and code"),
        st.text(max_size=3),
        st.booleans(),
        st.integers(-5, 30).map(lambda m: NOON - timedelta(minutes=m)),
        st.sampled_from(("s1", "s2")),
    )
)
levels = st.sampled_from(ProofLevel)
flags = st.booleans()
standings = st.builds(
    Standing,
    levels,
    roots=st.integers(0, 3),
    missing=st.sampled_from(("", "The policy asks for one of these: a code.")),
    exception=flags,
    again=flags,
    approved=flags,
    waited=flags,
    suspected=flags,
)


@given(categories, people, standings, findings)
def test_sr_67_a_raised_threat_level_only_tightens(
    category: Category, person: Person, standing: Standing, seen: list[Finding]
) -> None:
    before = decide(category, person, standing, seen)
    after = decide(category, person, replace(standing, raised=True), seen)
    assert RANK.index(after.state) <= RANK.index(before.state)
    if not category.action:
        assert after == before
    elif not standing.approved:
        assert after.state in {State.FAILED, State.REVIEW}
    if standing.approved:
        assert after.state is before.state, "what was approved goes on"


@given(categories, people, standings, findings, st.lists(finding.filter(lambda f: f.weight >= 0)))
def test_sr_18_more_risk_never_raises_the_verdict(
    category: Category, person: Person, standing: Standing, some: list[Finding], more: list[Finding]
) -> None:
    before, after = decide(category, person, standing, some), decide(category, person, standing, some + more)
    assert RANK.index(after.state) <= RANK.index(before.state)
    assert after.proof_level == before.proof_level == standing.level


@given(proofs, st.data())
def test_sr_18_removing_proof_never_raises_the_level(given_proofs: list[Proof], data: st.DataObject) -> None:
    fewer = [p for p in given_proofs if data.draw(st.booleans())]
    assert level_of(fewer, "s1", NOON, WINDOW) <= level_of(given_proofs, "s1", NOON, WINDOW)


@given(categories.filter(lambda c: c.action_class is not ActionClass.C1), people, proofs)
def test_sr_37_caller_supplied_proof_alone_never_passes_c2_or_more(
    category: Category, person: Person, given_proofs: list[Proof]
) -> None:
    level = level_of([p for p in given_proofs if not p.established], "s1", NOON, WINDOW)
    whole = Standing(level, exception=True, approved=True, waited=True)
    assert decide(category, person, whole, ()).state not in {State.PASSED, State.HELD}


@given(categories, people, standings, findings)
def test_sr_93_proceed_appears_only_with_enough_proof_and_no_veto(
    category: Category, person: Person, standing: Standing, some: list[Finding]
) -> None:
    verdict = decide(category, person, standing, some)
    shown = recommendation(a_verification(state=verdict.state, outcome=verdict.outcome))
    aal = person.aal if category.action else 1
    enough = standing.level >= needed(category.action_class, aal, exception=standing.exception)
    risk = verdict.assessment.level
    calm = risk in {RiskLevel.NOT_ASSESSED, RiskLevel.VERIFIED} or (
        risk is RiskLevel.MEDIUM and (standing.approved or standing.roots >= 2)
    )
    second = standing.approved or not needs_second_person(category, standing)
    over = standing.waited or not waits(case_of(category, person, standing), verdict.assessment)
    assert (shown == RECOMMEND_PROCEED) == (enough and calm and not standing.missing and second and over)
    assert verdict.reason


@given(categories, people, standings, findings)
def test_a_case_read_back_from_its_row_is_judged_the_same(
    category: Category, person: Person, standing: Standing, some: list[Finding]
) -> None:
    verdict = decide(category, person, standing, some)
    again = verdict_of(read_case(json.loads(json.dumps(verdict.standing))), verdict.assessment)
    assert (again.state, again.outcome, again.proof_level) == (verdict.state, verdict.outcome, verdict.proof_level)


@given(categories, people, standings, findings)
def test_sr_66_no_approval_replaces_a_missing_proof(
    category: Category, person: Person, standing: Standing, some: list[Finding]
) -> None:
    approved = decide(category, person, replace(standing, approved=True), some)
    if standing.level < asked_of(category, person, exception=standing.exception) or standing.missing:
        assert approved.state in {State.REVIEW, State.FAILED}


@given(category=categories, person=people, standing=standings, seen=findings)
def test_sr_69_break_glass_goes_around_the_missing_proof_only(
    category: Category, person: Person, standing: Standing, seen: list[Finding]
) -> None:
    before = decide(category, person, replace(standing, approved=True), seen)
    after = decide(category, person, replace(standing, approved=True, glass="Sam and Ada: now."), seen)
    if before.state is State.REVIEW and not standing.exception:
        assert (after.state, after.outcome) == (State.PASSED, Outcome.BREAK_GLASS)
        assert after.reason.startswith("Let through by break-glass: ")
        assert after.reason.endswith("Sam and Ada: now.")
    else:
        assert (after.state, after.outcome, after.reason) == (before.state, before.outcome, before.reason)
    done = a_verification(state=State.DONE, outcome=Outcome.BREAK_GLASS, risk_level=after.assessment.level)
    assert recommendation(done) != RECOMMEND_PROCEED


@given(categories, people, standings)
def test_sr_38_a_caller_supplied_address_needs_a_second_person_and_waits(
    category: Category, person: Person, standing: Standing
) -> None:
    exception = replace(standing, exception=True, waited=False)
    verdict = decide(category, person, exception, ())
    assert verdict.state in {State.REVIEW, State.HELD}
    if category.action_class is not ActionClass.C1 and not standing.approved:
        assert verdict.state is State.REVIEW


def test_sr_62_c3_and_c4_never_pass_without_a_second_person() -> None:
    for action_class in (ActionClass.C3, ActionClass.C4):
        category = Category("c", ("c",), "roster", "reset_password", action_class)
        assert decide(category, a_person(), Standing(ProofLevel.P4), ()).state is State.REVIEW
        assert decide(category, a_person(), Standing(ProofLevel.P4, approved=True), ()).state is State.PASSED


def test_sr_65_a_second_action_within_a_day_needs_a_second_person() -> None:
    category = Category("c", ("c",), "roster", "reset_password")
    assert decide(category, a_person(), Standing(ProofLevel.P2, again=True), ()).state is State.REVIEW
    unlock = Category("c", ("c",), "roster", "unlock_account", ActionClass.C1)
    assert decide(unlock, a_person(), Standing(ProofLevel.P2, again=True), ()).state is State.PASSED


@given(categories, people, st.sampled_from(Provenance))
def test_what_an_address_leads_to_agrees_with_the_verdict(
    category: Category, person: Person, provenance: Provenance
) -> None:
    established = provenance is Provenance.ESTABLISHED
    level = ProofLevel.P2 if established else ProofLevel.P1
    exception = provenance is Provenance.CALLER_SUPPLIED
    standing = Standing(level, exception=exception, approved=True, waited=True)
    verdict = decide(category, person, standing, [provenance_finding(established=established)])
    words = leads_to(category, person, provenance=provenance, more=level)
    assert words.startswith("Leads all the way") == (verdict.state is State.PASSED)
    assert words.startswith(("Leads", provenance.value.capitalize()))
    assert ("asked for more proof" in leads_to(category, person, provenance=provenance, more=ProofLevel.P4)) == (
        verdict.state is not State.PASSED
    )


@pytest.mark.parametrize(
    ("earlier", "more", "words"),
    [
        (2, ProofLevel.P2, "Leads all the way"),
        (3, ProofLevel.P2, "The result will be a review, not a pass."),
        (3, ProofLevel.P3, "One more independent proof will be asked for."),
    ],
)
def test_many_earlier_runs_are_told_before_the_link_goes_out(earlier: int, more: ProofLevel, words: str) -> None:
    category = Category("c", ("c",), "roster", "reset_password")
    told = leads_to(category, a_person(), provenance=Provenance.ESTABLISHED, more=more, earlier=earlier)
    assert words in told
    assert ("within 24 hours" in told) == (earlier > 2)


@given(categories, people)
def test_who_meets_no_obstacle_can_pass_by_link(category: Category, person: Person) -> None:
    if not obstacle(category, person):
        assert decide(category, person, Standing(ProofLevel.P2), ()).state is State.PASSED


@given(categories, people)
def test_sr_19_who_can_reach_more_meets_no_obstacle_for_it(category: Category, person: Person) -> None:
    whole = replace(person, enabled=True, privileged=False)
    if not obstacle(category, whole, ProofLevel.P3):
        assert asked_of(category, whole) <= ProofLevel.P3


def test_sr_20_an_account_proofed_on_site_is_never_served_by_link() -> None:
    category = Category("c", ("c",), "roster", "unlock_account", ActionClass.C1)
    assert "on site" in obstacle(category, a_person(aal=3), ProofLevel.P4)


@pytest.mark.parametrize(
    ("changes", "action_class", "words"),
    [
        ({"enabled": False}, ActionClass.C2, "disabled"),
        ({"privileged": True}, ActionClass.C2, "privileged"),
        ({"aal": 2}, ActionClass.C2, "second factor"),
        ({}, ActionClass.C3, "how the person signs in"),
    ],
)
def test_an_obstacle_says_why_and_what_to_do(
    changes: dict[str, object], action_class: ActionClass, words: str
) -> None:
    text = obstacle(Category("c", ("c",), "roster", "reset_password", action_class), a_person(**changes))
    assert words in text
    assert "person" in text


def test_verify_only_serves_privileged_and_disabled_accounts() -> None:
    assert obstacle(Category("c", ("c",), "roster"), a_person(privileged=True, enabled=False, aal=2)) == ""


def test_the_story_knows_provenance_wrong_codes_and_repeats() -> None:
    seen = [f.signal for f in story_findings(provenance_finding(established=False), 1, 1) if f]
    assert seen == ["destination", "wrong_codes", "repeats"]
    assert story_findings(None, 0, 0) == (None, None, None)


def test_what_the_story_finds_has_the_name_of_no_signal_and_no_challenge() -> None:
    found = (*story_findings(provenance_finding(established=False), 1, 1), sharing_finding(1))
    names = {finding.signal for finding in found if finding} | {UNSEEN}
    assert len(names) == 5
    assert names.isdisjoint((*plugins.names("signals"), *plugins.names("challenges")))
