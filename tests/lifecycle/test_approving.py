"""The second person, the hold, and coming back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deskward.core.accounts import Agent
from deskward.core.decision import read_case
from deskward.core.errors import ConflictError, NotFoundError, RefusedError
from deskward.core.notes import RECOMMEND_MORE, RECOMMEND_PROCEED, recommendation
from deskward.core.proof import ActionClass, Evidence, ProofLevel
from deskward.core.risk import RiskLevel
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle import Actor
from tests.fakes import FakeChallenge
from tests.household import AGENT, CATEGORIES, PASSWORD, Household, at_choice

SAM = Actor("agent", "a-sam", "Sam Approver")
SAVED = FakeChallenge("saved_code", Evidence.SAVED, ease=3)
TOTP = FakeChallenge("totp", Evidence.AUTHENTICATOR)


@pytest.fixture
def able(home: Household) -> Household:
    home.challenges = {c.name: c for c in (TOTP, SAVED)}
    home.restart()
    home.enrol("totp")
    home.enrol("saved_code")
    return home


def later(home: Household, hours: int) -> None:
    home.clock.forward(hours=hours)
    home.lifecycle.expire()
    home.drain()


def reviewed(home: Household, number: str = "1001", **changes: Any) -> tuple[Verification, str]:
    """Come to a review whose proof is enough: a caller-supplied address with two independent proofs."""
    _, pin = home.typed(number, **changes)
    home.prove(pin, "totp")
    return home.prove(pin, "saved_code"), pin


def approved(home: Household, **changes: Any) -> tuple[Verification, str]:
    review, pin = reviewed(home, **changes)
    return home.lifecycle.approve(review.id, review.version, SAM, "Known by voice and team lead."), pin


def test_a_second_person_approves_and_the_requester_goes_on_after_the_hold(able: Household) -> None:
    held, pin = approved(able)
    assert (held.state, held.outcome, held.approver_name) == (State.HELD, Outcome.PASSED, "Sam Approver")
    assert held.hold_until == able.clock.now() + timedelta(hours=4)
    assert recommendation(held) == RECOMMEND_MORE
    with pytest.raises(RefusedError, match="not over yet"):
        able.lifecycle.resume(pin, held.version)
    later(able, 4)
    free = able.lifecycle.get(held.id)
    assert free.state is State.HELD
    passed = able.lifecycle.resume(pin, free.version)
    assert (passed.state, recommendation(passed)) == (State.PASSED, RECOMMEND_PROCEED)
    assert able.lifecycle.act(pin, PASSWORD).state is State.DONE
    able.drain()
    titles = [note[2].splitlines()[0] for note in able.connector.notes]
    assert titles == [
        "Identity verification needed",
        "Verification link sent",
        "Verification started",
        "Verification result",
        "Verification approved by a second person",
        "Waiting time is over",
        "Verification result",
        "Action completed by the requester",
    ]


def test_after_the_hold_a_new_link_leads_on_where_the_page_is_closed(able: Household) -> None:
    held, _ = approved(able)
    later(able, 4)
    free = able.lifecycle.get(held.id)
    typed = {"choice": "typed", "kind": able.mail.kind, "typed": "new@p.example", "reason": "Lost the phone."}
    sent = able.send(free, **typed)
    started, pin = able.enter(able.token(sent), able.code(sent))
    passed = able.lifecycle.answer(pin, started.version)
    assert (passed.state, passed.proof_level) == (State.PASSED, ProofLevel.P3)
    assert able.lifecycle.act(pin, PASSWORD).state is State.DONE


def test_within_the_hold_a_new_link_only_waits_on(able: Household) -> None:
    held, _ = approved(able)
    able.clock.forward(minutes=30)
    typed = {"choice": "typed", "kind": able.mail.kind, "typed": "new@p.example", "reason": "Lost the phone."}
    sent = able.send(held, **typed)
    started, pin = able.enter(able.token(sent), able.code(sent))
    again = able.lifecycle.answer(pin, started.version)
    assert (again.state, again.hold_until) == (State.HELD, held.hold_until)


def test_an_approval_does_not_follow_a_link_to_another_address(able: Household) -> None:
    held, _ = approved(able)
    later(able, 4)
    sent = able.send(able.lifecycle.get(held.id))
    assert (sent.approved_at, sent.proofs, sent.proof_level) == (None, (), ProofLevel.P0)


def test_a_held_verification_times_out_when_nobody_comes_back(able: Household) -> None:
    held, pin = approved(able)
    later(able, 4)
    later(able, 25)
    over = able.lifecycle.get(held.id)
    assert (over.state, over.outcome) == (State.TIMED_OUT, Outcome.PASSED)
    assert able.lifecycle.resume(pin, held.version) == over


def test_whoever_comes_back_too_late_is_not_let_on(able: Household) -> None:
    held, pin = approved(able)
    able.clock.forward(hours=4)
    able.lifecycle.expire()
    free = able.lifecycle.get(held.id)
    able.clock.forward(hours=25)
    with pytest.raises(NotFoundError):
        able.lifecycle.resume(pin, free.version)


def test_sr_64_who_sent_the_link_cannot_approve_it(able: Household) -> None:
    review, _ = reviewed(able)
    with pytest.raises(RefusedError, match="cannot approve"):
        able.lifecycle.approve(review.id, review.version, AGENT, "It is fine.")
    with pytest.raises(RefusedError, match="cannot approve"):
        able.lifecycle.approve(review.id, review.version, Actor("agent"), "It is fine.")


def test_sr_64_a_request_that_changed_is_not_approved(able: Household) -> None:
    review, _ = reviewed(able)
    with pytest.raises(RefusedError, match="changed since"):
        able.lifecycle.approve(review.id, review.version - 1, SAM, "It is fine.")
    able.lifecycle.approve(review.id, review.version, SAM, "It is fine.")
    with pytest.raises(RefusedError, match="in review"):
        able.lifecycle.approve(review.id, review.version + 1, SAM, "It is fine.")


def test_sr_66_no_approval_replaces_a_proof(able: Household) -> None:
    _, pin = able.typed()
    review = able.lifecycle.give_up(pin, able.lifecycle.pinned(pin).version)
    assert review.state is State.REVIEW
    with pytest.raises(RefusedError, match="needs P3"):
        able.lifecycle.approve(review.id, review.version, SAM, "I know her.")


def test_a_missing_step_of_the_policy_is_not_approved_away(able: Household) -> None:
    category = replace(CATEGORIES[0], challenges=(("passkey",),))
    able.change(policy=replace(able.house.policy, categories=(category,)))
    review, _ = able.passed()
    assert review.state is State.REVIEW
    with pytest.raises(RefusedError, match="The policy asks"):
        able.lifecycle.approve(review.id, review.version, SAM, "I know her.")


def test_without_an_exception_the_requester_goes_on_at_once(able: Household) -> None:
    category = replace(CATEGORIES[0], action_class=ActionClass.C3)
    able.change(policy=replace(able.house.policy, categories=(category,)))
    _, pin = able.passed()
    review = able.prove(pin, "totp")
    held = able.lifecycle.approve(review.id, review.version, SAM, "Seen on video.")
    assert (held.state, held.hold_until) == (State.HELD, able.clock.now())
    able.drain()
    assert "may go on." in able.connector.notes[-1][2]
    passed = able.lifecycle.resume(pin, held.version)
    assert passed.state is State.PASSED
    assert able.lifecycle.resume(pin, held.version) == passed


def test_verify_only_passes_by_the_clock_after_a_hold(able: Household) -> None:
    held, _ = approved(able, category_name="Identity check")
    assert held.state is State.HELD
    later(able, 4)
    passed = able.lifecycle.get(held.id)
    assert (passed.state, passed.ended) == (State.PASSED, True)


def test_verify_only_without_a_hold_passes_with_the_approval(able: Household) -> None:
    category = replace(CATEGORIES[2], action_class=ActionClass.C3)
    able.change(policy=replace(able.house.policy, categories=(category,)))
    _, pin = able.passed(category_name="Identity check")
    review = able.prove(pin, "totp")
    passed = able.lifecycle.approve(review.id, review.version, SAM, "Seen on video.")
    assert (passed.state, passed.ended, passed.link_digest) == (State.PASSED, True, "")


def test_sr_66_an_exception_of_class_c1_waits_without_a_second_person(able: Household) -> None:
    held, pin = able.typed(category_name="Account Unlock")
    assert (held.state, held.approver_id) == (State.HELD, "")
    later(able, 4)
    assert able.lifecycle.resume(pin, able.lifecycle.get(held.id).version).state is State.PASSED


def test_a_step_that_was_done_stays_done_for_the_review(able: Household) -> None:
    category = replace(CATEGORIES[0], action_class=ActionClass.C3, challenges=(("totp",),))
    able.change(policy=replace(able.house.policy, categories=(category,)))
    _, pin = able.passed()
    review = able.prove(pin, "totp")
    able.clock.forward(hours=3)
    assert able.reading.desk(review.id).approvable
    assert able.lifecycle.approve(review.id, review.version, SAM, "Seen on video.").state is State.HELD


def test_sr_47_what_is_held_under_a_fence_of_another_ticket_does_not_pass(able: Household) -> None:
    held, _ = approved(able, category_name="Identity check")
    other, _ = able.started("7")
    link = next(s for s in able.store.sendings(other.id) if s.purpose == "link")
    token = able.house.keyring.own_token("objection", link.id).reveal()
    asked = able.lifecycle.disputable(token)
    able.lifecycle.dispute(token, asked.word)
    later(able, 4)
    assert able.lifecycle.get(held.id).state is State.DISPUTED


def test_sr_64_whoever_sent_before_cannot_approve_either(able: Household) -> None:
    address = "new@p.example"
    typed = {"choice": "typed", "kind": able.mail.kind, "typed": address, "again": address, "reason": "Lost it."}
    opened = able.open()
    first = able.lifecycle.send(opened.id, at_choice(form_key="s1", seen_version=opened.version, **typed), SAM)
    able.clock.forward(minutes=5)
    second = able.send(first, **typed)
    started, pin = able.enter(able.token(second), able.code(second))
    able.lifecycle.answer(pin, started.version)
    able.prove(pin, "totp")
    review = able.prove(pin, "saved_code")
    with pytest.raises(RefusedError, match="cannot approve"):
        able.lifecycle.approve(review.id, review.version, SAM, "It is fine.")


def test_sr_64_nobody_approves_for_themselves(able: Household) -> None:
    able.opened.accounts.put_agent(Agent("a-anna", "anna.berg", "Anna Berg"))
    able.change(accounts=able.opened.accounts)
    review, _ = reviewed(able)
    with pytest.raises(RefusedError, match="their own account"):
        able.lifecycle.approve(review.id, review.version, Actor("agent", "a-anna", "Anna Berg"), "It is me.")


REASON = "The voice changed in the middle of the call."


def test_a_pass_that_an_agent_finds_suspicious_goes_to_an_approver_and_its_grant_is_gone(home: Household) -> None:
    passed, pin = home.passed()
    review = home.lifecycle.hand_over(passed.id, passed.version, AGENT, REASON)
    assert (review.state, review.outcome, review.grant_id) == (State.REVIEW, Outcome.NONE, "")
    assert (review.risk_level, recommendation(review)) == (RiskLevel.MEDIUM, RECOMMEND_MORE)
    assert review.reason == f"Kim Agent handed it to an approver: {REASON}"
    assert home.lifecycle.act(pin, PASSWORD).state is State.REVIEW
    home.drain()
    assert home.directory.passwords == {}
    assert any(REASON in text for _, _, text in home.connector.notes)


def test_a_12_sr_38_what_was_handed_over_needs_another_persons_yes_and_waits(home: Household) -> None:
    passed, pin = home.passed()
    review = home.lifecycle.hand_over(passed.id, passed.version, AGENT, REASON)
    assert home.lifecycle.approvable(review)
    with pytest.raises(RefusedError, match="Who sent the link"):
        home.lifecycle.approve(review.id, review.version, AGENT, "It is fine.")
    held = home.lifecycle.approve(review.id, review.version, SAM, "Called back on the number on file.")
    assert (held.state, held.hold_until) == (State.HELD, home.clock.now() + timedelta(hours=4))
    later(home, 4)
    free = home.lifecycle.get(held.id)
    again = home.lifecycle.resume(pin, free.version)
    assert again.state is State.PASSED
    assert home.lifecycle.act(pin, PASSWORD).state is State.DONE


def test_what_was_approved_can_be_handed_over_once_more_and_weighs_no_more(home: Household) -> None:
    passed, _ = home.passed()
    first = home.lifecycle.hand_over(passed.id, passed.version, AGENT, REASON)
    held = home.lifecycle.approve(first.id, first.version, SAM, "Called back.")
    review = home.lifecycle.hand_over(held.id, held.version, AGENT, REASON)
    assert (review.state, review.approver_id, review.hold_until) == (State.REVIEW, "", None)
    assert (review.risk_score, review.proof_level) == (first.risk_score, passed.proof_level)
    assert home.lifecycle.approvable(review)


def test_an_exception_that_is_suspicious_too_is_high_and_can_only_be_rejected(able: Household) -> None:
    held, _ = approved(able)
    review = able.lifecycle.hand_over(held.id, held.version, AGENT, REASON)
    assert (review.state, review.risk_level) == (State.REVIEW, RiskLevel.HIGH)
    assert not able.lifecycle.approvable(review)


def test_no_approval_replaces_a_proof_that_was_still_to_come(able: Household) -> None:
    started, _ = able.typed()
    review = able.lifecycle.hand_over(started.id, started.version, AGENT, REASON)
    assert review.state is State.REVIEW
    assert not able.lifecycle.approvable(review)
    with pytest.raises(RefusedError):
        able.lifecycle.approve(review.id, review.version, SAM, "It is fine.")
    assert able.lifecycle.reject(review.id, SAM, "It was not them.").state is State.FAILED


def test_a_link_sent_again_does_not_lead_around_the_approver(home: Household) -> None:
    passed, _ = home.passed()
    review = home.lifecycle.hand_over(passed.id, passed.version, AGENT, REASON)
    home.clock.forward(minutes=20)
    sent = home.send(home.lifecycle.get(review.id))
    started, pin = home.enter(home.token(sent), home.code(sent))
    decided = home.lifecycle.answer(pin, started.version)
    assert decided.state is State.REVIEW


def test_before_the_requester_agreed_and_after_the_end_there_is_nothing_to_hand_over(home: Household) -> None:
    started, pin = home.started()
    with pytest.raises(RefusedError, match="cannot be handed"):
        home.lifecycle.hand_over(started.id, started.version, AGENT, REASON)
    passed = home.lifecycle.answer(pin, started.version)
    with pytest.raises(ConflictError):
        home.lifecycle.hand_over(passed.id, started.version, AGENT, REASON)
    done = home.lifecycle.act(pin, PASSWORD)
    with pytest.raises(RefusedError, match="cannot be handed"):
        home.lifecycle.hand_over(done.id, done.version, AGENT, REASON)


def test_what_was_handed_over_is_decided_the_same_when_it_is_replayed(home: Household) -> None:
    passed, _ = home.passed()
    review = home.lifecycle.hand_over(passed.id, passed.version, AGENT, REASON)
    assert read_case(review.standing).second
    assert not review.standing["approved"]
