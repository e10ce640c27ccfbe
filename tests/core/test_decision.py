"""Risk may veto, only proof may permit."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.decision import decide, leads_to, obstacle, story_findings
from deskward.core.destinations import Provenance
from deskward.core.notes import RECOMMEND_PROCEED, recommendation
from deskward.core.people import Person
from deskward.core.policy import Category
from deskward.core.proof import ActionClass, Proof, ProofLevel, level_of, needed
from deskward.core.risk import Finding, RiskLevel, Section, provenance_finding
from deskward.core.verification import State
from tests.core.samples import NOON, a_person, a_verification

RANK = (State.FAILED, State.REVIEW, State.PASSED)
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


@given(categories, people, levels, findings, findings)
def test_sr_18_more_risk_never_raises_the_verdict(
    category: Category, person: Person, level: ProofLevel, some: list[Finding], more: list[Finding]
) -> None:
    before, after = decide(category, person, standing, some), decide(category, person, standing, some + more)
    assert RANK.index(after.state) <= RANK.index(before.state)
    assert after.proof_level == before.proof_level == level


@given(proofs, st.data())
def test_sr_18_removing_proof_never_raises_the_level(given_proofs: list[Proof], data: st.DataObject) -> None:
    fewer = [p for p in given_proofs if data.draw(st.booleans())]
    assert level_of(fewer, "s1", NOON, WINDOW) <= level_of(given_proofs, "s1", NOON, WINDOW)


@given(categories.filter(lambda c: c.action_class is not ActionClass.C1), people, proofs)
def test_sr_37_caller_supplied_proof_alone_never_passes_c2_or_more(
    category: Category, person: Person, given_proofs: list[Proof]
) -> None:
    level = level_of([p for p in given_proofs if not p.established], "s1", NOON, WINDOW)
    assert decide(category, person, level, ()).state is not State.PASSED


@given(categories, people, levels, findings)
def test_sr_93_proceed_appears_only_with_enough_proof_and_no_veto(
    category: Category, person: Person, level: ProofLevel, some: list[Finding]
) -> None:
    verdict = decide(category, person, level, some)
    shown = recommendation(a_verification(state=verdict.state, outcome=verdict.outcome))
    enough = level >= needed(category.action_class, person.aal if category.action else 1)
    calm = verdict.assessment.level is RiskLevel.NOT_ASSESSED
    assert (shown == RECOMMEND_PROCEED) == (enough and calm)
    assert verdict.reason


@given(categories, people, st.sampled_from(Provenance))
def test_what_an_address_leads_to_agrees_with_the_verdict(
    category: Category, person: Person, provenance: Provenance
) -> None:
    established = provenance is Provenance.ESTABLISHED
    level = ProofLevel.P2 if established else ProofLevel.P1
    verdict = decide(category, person, level, [provenance_finding(established=established)])
    words = leads_to(category, person, provenance=provenance)
    assert words.startswith("Leads all the way") == (verdict.state is State.PASSED)
    assert words.startswith(("Leads", provenance.value.capitalize()))


@given(categories, people)
def test_who_meets_no_obstacle_can_pass_by_link(category: Category, person: Person) -> None:
    if not obstacle(category, person):
        assert decide(category, person, ProofLevel.P2, ()).state is State.PASSED


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


def test_the_story_knows_provenance_wrong_codes_and_velocity() -> None:
    seen = [f.signal for f in story_findings(provenance_finding(established=False), 1, 1) if f]
    assert seen == ["destination", "wrong_codes", "velocity"]
    assert story_findings(None, 0, 0) == (None, None, None)
