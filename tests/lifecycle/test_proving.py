"""More proof: the steps of the policy, the offers, right and wrong answers."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest

from deskward.core.errors import ConflictError, InvalidError, LimitError, NotFoundError, RefusedError
from deskward.core.policy import Category, Typed, Way
from deskward.core.proof import ActionClass, Evidence, ProofLevel
from deskward.core.risk import Finding, Section
from deskward.core.secret import Secret
from deskward.core.verification import Outcome, State
from tests.fakes import ANNA, FakeChallenge, FakeCode
from tests.household import AGENT, CATEGORIES, Household

TOTP = FakeChallenge("totp", Evidence.AUTHENTICATOR, ease=1)
SAVED = FakeChallenge("saved_code", Evidence.SAVED, ease=3)
PASSKEY = FakeChallenge("passkey", Evidence.PASSKEY, ease=0)
QUESTIONS = FakeChallenge("questions", Evidence.NOTHING, ease=9, free=True)
ALL = {c.name: c for c in (TOTP, SAVED, PASSKEY, QUESTIONS)} | {"one_time_code": FakeCode()}


@pytest.fixture
def able(home: Household) -> Household:
    home.challenges = dict(ALL)
    home.restart()
    return home


def stepped(home: Household, *steps: tuple[str, ...], **changes: object) -> Household:
    category = replace(CATEGORIES[0], challenges=steps, **changes)  # type: ignore[arg-type]
    home.change(policy=replace(home.house.policy, categories=(category, *CATEGORIES[1:])))
    return home


def offered(home: Household, pin: str) -> list[str]:
    return [o.challenge for o in home.reading.portal(home.lifecycle.pinned(pin)).offers]


def test_without_steps_the_basic_path_asks_for_nothing_more(able: Household) -> None:
    able.enrol("totp")
    passed, _ = able.passed()
    assert (passed.state, passed.proof_level) == (State.PASSED, ProofLevel.P2)


def test_the_steps_of_the_policy_are_asked_for_in_order_with_their_alternatives(able: Household) -> None:
    able.enrol("totp")
    able.enrol("passkey")
    stepped(able, ("totp", "passkey"), ("questions",))
    started, pin = able.passed()
    assert (started.state, offered(able, pin)) == (State.STARTED, ["passkey", "totp"])
    with pytest.raises(InvalidError, match="not offered"):
        able.lifecycle.ask(pin, started.version, "questions", "one")
    able.prove(pin, "totp")
    assert offered(able, pin) == ["questions"]
    passed = able.prove(pin, "questions", "blue")
    assert (passed.state, passed.proof_level) == (State.PASSED, ProofLevel.P3)
    assert passed.transcript == ({"question": "?", "answer": "blue"},)
    assert able.kinds(passed) == ["opened", "sent", "started", "agreed", "asked", "proven", "asked", "passed"]


def test_sr_31_more_proof_is_asked_for_within_the_window_of_the_category(able: Household) -> None:
    able.enrol("totp")
    able.enrol("passkey")
    able.directory.people["o-anna"] = replace(ANNA, aal=2)
    stepped(able, ("totp",), ("questions",), proof=timedelta(minutes=5))
    _, pin = able.passed()
    able.clock.forward(minutes=4)
    able.prove(pin, "totp")
    assert offered(able, pin) == ["questions"]
    able.clock.forward(minutes=1)
    with pytest.raises(NotFoundError):
        able.prove(pin, "questions", "blue")


def test_a_step_that_nobody_can_do_ends_in_review(able: Household) -> None:
    stepped(able, ("totp",))
    review, _ = able.passed()
    assert review.state is State.REVIEW
    assert "Prove it by totp" in review.reason


def test_sr_19_an_account_at_aal2_passes_with_a_code_and_an_authenticator(able: Household) -> None:
    able.directory.people["o-anna"] = replace(ANNA, aal=2)
    refused = able.open("1000")
    assert "second factor" in refused.refusal
    able.enrol("totp")
    started, pin = able.passed("1001")
    assert (started.state, offered(able, pin)) == (State.STARTED, ["totp"])
    passed = able.prove(pin, "totp")
    assert (passed.state, passed.proof_level) == (State.PASSED, ProofLevel.P3)
    assert able.lifecycle.act(pin, {"password": Secret("correct horse battery")}).state is State.DONE


def test_sr_18_a_means_enrolled_at_p2_never_lifts_to_p3(able: Household) -> None:
    able.directory.people["o-anna"] = replace(ANNA, aal=2)
    able.enrol("totp", ProofLevel.P2)
    assert "second factor" in able.open().refusal


def test_a_06_a_caller_supplied_address_needs_independent_proof_and_a_second_person(able: Household) -> None:
    able.enrol("totp")
    started, pin = able.typed()
    assert (started.state, started.exception) == (State.STARTED, True)
    assert offered(able, pin) == ["totp", "one_time_code", "one_time_code"]
    asked = able.lifecycle.ask(pin, started.version, "one_time_code", "d-phone")
    able.drain()
    assert {m.to for m in able.sms.sent} == {ANNA.destinations[1].value}
    code = able.house.keyring.code(asked.id, asked.asked["nonce"]).reveal()
    assert code[:3] in able.sms.sent[-1].text
    able.lifecycle.prove(pin, asked.version, {"code": Secret(code)})
    assert offered(able, pin) == ["totp"]
    review = able.prove(pin, "totp")
    assert (review.state, review.proof_level) == (State.REVIEW, ProofLevel.P3)
    assert "second person" in review.reason


def test_a_06_where_nothing_helps_the_review_comes_at_once(able: Household) -> None:
    review, _ = able.typed()
    assert review.state is State.REVIEW
    assert "P1" in review.reason


def test_sr_42_typed_addresses_can_be_forbidden(able: Household) -> None:
    able.change(policy=replace(able.house.policy, categories=(c3 := replace(CATEGORIES[0], typed=Typed.NEVER),)))
    assert not c3.takes_typed
    with pytest.raises(RefusedError, match="only an established address"):
        able.typed()


def test_medium_risk_is_calmed_by_one_independent_proof(able: Household) -> None:
    able.enrol("totp")
    for number in range(3):
        able.clock.forward(hours=2)
        started, _ = able.started(str(number))
        able.lifecycle.cancel(started.id, AGENT, "Not now.")
    able.clock.forward(hours=2)
    started, pin = able.passed("9")
    assert (started.state, offered(able, pin)) == (State.STARTED, ["totp", "one_time_code"])
    assert able.prove(pin, "totp").state is State.PASSED


def test_sr_08_five_wrong_answers_end_a_way_and_never_show_which(able: Household) -> None:
    able.enrol("totp")
    stepped(able, ("totp",))
    started, pin = able.passed()
    asked = able.lifecycle.ask(pin, started.version, "totp", "one")
    for number in range(1, 5):
        asked = able.lifecycle.prove(pin, asked.version, {"value": Secret("wrong")})
        assert (asked.state, asked.misses["totp"]) == (State.STARTED, number)
    over = able.lifecycle.prove(pin, asked.version, {"value": Secret("wrong")})
    assert (over.state, over.tried, over.wrong_total) == (State.REVIEW, ("totp",), 5)


def test_an_answer_that_cannot_be_one_changes_nothing(able: Household) -> None:
    able.enrol("totp")
    stepped(able, ("totp",))
    started, pin = able.passed()
    asked = able.lifecycle.ask(pin, started.version, "totp", "one")
    with pytest.raises(InvalidError, match="Type something"):
        able.lifecycle.prove(pin, asked.version, {"value": Secret("")})
    assert able.lifecycle.get(asked.id) == asked


def test_an_old_question_is_not_answered_and_another_way_is_offered(able: Household) -> None:
    able.enrol("totp")
    stepped(able, ("totp",))
    started, pin = able.passed()
    asked = able.lifecycle.ask(pin, started.version, "totp", "one")
    able.clock.forward(minutes=11)
    with pytest.raises(InvalidError, match="too old"):
        able.lifecycle.prove(pin, asked.version, {"value": Secret("right")})
    again = able.lifecycle.other_way(pin, asked.version)
    assert (again.asked, offered(able, pin)) == ({}, ["totp"])
    able.clock.forward(minutes=5)
    with pytest.raises(NotFoundError):
        able.prove(pin, "totp")


def test_who_can_do_nothing_of_it_comes_to_a_person(able: Household) -> None:
    able.enrol("totp")
    stepped(able, ("totp",))
    started, pin = able.passed()
    review = able.lifecycle.give_up(pin, started.version)
    assert (review.state, review.tried) == (State.REVIEW, ())


def test_a_run_asks_so_often_and_no_more(able: Household) -> None:
    able.enrol("totp")
    stepped(able, ("totp",))
    now, pin = able.passed()
    for _ in range(12):
        now = able.lifecycle.ask(pin, now.version, "totp", "one")
        now = able.lifecycle.other_way(pin, now.version)
    with pytest.raises(LimitError, match="Too many ways"):
        able.lifecycle.ask(pin, now.version, "totp", "one")


def test_a_second_click_gets_the_answer_of_the_first(able: Household) -> None:
    able.enrol("totp")
    stepped(able, ("totp",))
    card, pin = able.started()
    assert able.lifecycle.ask(pin, card.version, "totp", "one") == card
    agreed = able.lifecycle.answer(pin, card.version)
    assert able.lifecycle.answer(pin, card.version) == agreed
    assert able.lifecycle.prove(pin, agreed.version, {"value": Secret("right")}) == agreed
    assert able.lifecycle.other_way(pin, agreed.version) == agreed
    assert able.lifecycle.give_up(pin, card.version) == agreed
    assert able.lifecycle.ask(pin, card.version, "totp", "one") == agreed


def test_a_way_that_is_not_set_up_any_more_says_so(able: Household) -> None:
    able.enrol("totp")
    stepped(able, ("totp",))
    started, pin = able.passed()
    asked = able.lifecycle.ask(pin, started.version, "totp", "one")
    able.change(challenges={})
    with pytest.raises(RefusedError, match="not set up any more"):
        able.lifecycle.prove(pin, asked.version, {"value": Secret("right")})


def test_sr_11_one_saved_code_proves_once_however_many_try(able: Household) -> None:
    able.enrol("saved_code")
    stepped(able, ("saved_code",))
    started, pin = able.passed()
    asked = able.lifecycle.ask(pin, started.version, "saved_code", "one")
    ends: list[str] = []

    def attempt() -> None:
        try:
            ends.append(able.lifecycle.prove(pin, asked.version, {"value": Secret("right")}).state.value)
        except (ConflictError, RefusedError):
            ends.append("late")

    threads = [Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert able.kinds(asked).count("passed") == 1
    assert able.house.authenticators.of("person:roster:o-anna") == []


def test_too_few_answers_end_as_such(able: Household) -> None:
    able.challenges["questions"] = replace(QUESTIONS, enough=False)
    able.restart()
    stepped(able, ("questions",))
    _, pin = able.passed()
    over = able.prove(pin, "questions")
    assert (over.state, over.outcome) == (State.FAILED, Outcome.NOT_ENOUGH_QUESTIONS)
    assert over.status.label == "Not Enough Questions"


def test_sr_23_right_answers_raise_nothing_and_wrong_ones_may_veto(able: Household) -> None:
    worst = (Finding("questions", Section.CHALLENGE, 8.0, "Most answers were wrong.", "questions"),)
    able.challenges["questions"] = replace(QUESTIONS, findings=worst)
    able.restart()
    stepped(able, ("questions",))
    _, pin = able.passed()
    failed = able.prove(pin, "questions")
    assert (failed.state, failed.outcome) == (State.FAILED, Outcome.FAILED)
    assert "Most answers were wrong" in failed.reason


@pytest.mark.parametrize("way", [Way.TOTP, Way.PASSKEY])
def test_without_a_call_an_authenticator_binds_the_link(able: Household, way: Way) -> None:
    mine = able.enrol(way.value)
    view = able.reading.desk(able.open("1000").id)
    assert view.ways == (way,)
    sent = able.send(able.open("1001"), on_phone=False, second=way.value)
    assert able.reading.portal(sent).asked is not None
    wrong, none = able.enter(able.token(sent), "wrong")
    assert (wrong.code_tries, none) == (1, "")
    started, pin = able.enter(able.token(sent), "right")
    assert [p.method for p in started.proofs] == ["link and code", way.value]
    assert able.lifecycle.answer(pin, started.version).proof_level is ProofLevel.P3
    assert able.house.authenticators.of(mine.owner)[0].used_at


def test_a_way_that_is_not_allowed_or_not_set_up_is_refused(able: Household) -> None:
    opened = able.open()
    with pytest.raises(InvalidError, match="has not set that up"):
        able.send(opened, on_phone=False, second="totp")
    stepped(able, ways=(Way.CALL,))
    with pytest.raises(RefusedError, match="does not allow"):
        able.send(opened, on_phone=False, second="d-phone")


def test_an_authenticator_that_vanished_binds_nothing(able: Household) -> None:
    able.enrol("totp")
    sent = able.send(able.open(), on_phone=False, second="totp")
    able.change(challenges={})
    assert able.reading.portal(sent).asked is None
    assert able.enter(able.token(sent), "right")[0].code_tries == 1


def test_resume_goes_on_where_the_phone_died(able: Household) -> None:
    able.enrol("totp")
    able.enrol("saved_code")
    stepped(able, ("totp",), ("saved_code",))
    _, pin = able.passed()
    before = able.prove(pin, "totp")
    able.clock.forward(minutes=2)
    again = able.send(before)
    started, pin = able.enter(able.token(again), able.code(again))
    assert [p.method for p in started.proofs] == ["totp", "link and code"]
    able.lifecycle.answer(pin, started.version)
    assert offered(able, pin) == ["saved_code"]
    assert able.prove(pin, "saved_code").state is State.PASSED


def test_a_link_to_another_address_does_not_go_on_where_the_first_one_was(able: Household) -> None:
    able.enrol("totp")
    stepped(able, ("totp",), ("saved_code",))
    able.enrol("saved_code")
    _, pin = able.passed()
    before = able.prove(pin, "totp")
    able.clock.forward(minutes=2)
    again = able.send(before, choice="d-phone")
    assert again.proofs == ()


def test_what_speaks_against_a_run_stays_with_it_wherever_the_next_link_goes(able: Household) -> None:
    doubt = (Finding("questions", Section.CHALLENGE, 5.0, "Most answers were wrong.", "questions"),)
    able.challenges["questions"] = replace(QUESTIONS, findings=doubt)
    del able.challenges["one_time_code"]
    able.restart()
    stepped(able, ("questions",))
    _, pin = able.passed()
    review = able.prove(pin, "questions", "blue")
    assert review.state is State.REVIEW
    able.clock.forward(minutes=20)
    sent = able.send(review, choice="d-phone")
    started, pin = able.enter(able.token(sent), able.code(sent))
    again = able.lifecycle.answer(pin, started.version)
    assert (again.state, again.transcript) == (State.REVIEW, review.transcript)
    assert "Most answers were wrong." in again.reason


def test_sr_136_another_way_gives_no_tries_back(able: Household) -> None:
    able.enrol("totp")
    stepped(able, ("totp",))
    now, pin = able.passed()
    for _ in range(4):
        asked = able.lifecycle.ask(pin, now.version, "totp", "one")
        wrong = able.lifecycle.prove(pin, asked.version, {"value": Secret("wrong")})
        now = able.lifecycle.other_way(pin, wrong.version)
    asked = able.lifecycle.ask(pin, now.version, "totp", "one")
    over = able.lifecycle.prove(pin, asked.version, {"value": Secret("wrong")})
    assert (over.state, over.tried) == (State.REVIEW, ("totp",))


def test_sr_65_two_at_once_need_a_second_person_too(able: Household) -> None:
    first, _ = able.passed("1")
    second, _ = able.passed("2")
    assert (first.state, second.state) == (State.PASSED, State.REVIEW)


def test_sr_65_a_second_reset_within_a_day_needs_a_second_person(able: Household) -> None:
    _, pin = able.passed("1")
    able.lifecycle.act(pin, {"password": Secret("correct horse battery")})
    able.clock.forward(hours=3)
    review, _ = able.passed("2")
    assert (review.state, review.proof_level) == (State.REVIEW, ProofLevel.P2)
    able.clock.forward(hours=22)
    assert able.passed("3")[0].state is State.PASSED


def test_a_code_for_a_challenge_counts_against_the_address(able: Household) -> None:
    able.enrol("totp")
    able.change(policy=replace(able.house.policy, limits=replace(able.house.policy.limits, links_per_hour=1)))
    started, pin = able.typed()
    asked = able.lifecycle.ask(pin, started.version, "one_time_code", "d-phone")
    free = able.lifecycle.other_way(pin, asked.version)
    with pytest.raises(LimitError, match="to this address"):
        able.lifecycle.ask(pin, free.version, "one_time_code", "d-phone")


def test_a_code_is_not_sent_when_nobody_waits_for_it_any_more(able: Household) -> None:
    able.enrol("totp")
    started, pin = able.typed()
    asked = able.lifecycle.ask(pin, started.version, "one_time_code", "d-phone")
    able.lifecycle.other_way(pin, asked.version)
    able.drain()
    assert not any("your code is" in m.text for m in able.sms.sent)


def test_c3_asks_for_a_second_person_whatever_the_proof(able: Household) -> None:
    able.enrol("passkey")
    c3 = Category("Password Reset", ("Password Reset",), "roster", "reset_password", ActionClass.C3)
    able.change(policy=replace(able.house.policy, categories=(c3,)))
    _, pin = able.passed()
    review = able.prove(pin, "passkey")
    assert (review.state, review.proof_level) == (State.REVIEW, ProofLevel.P3)


def test_a_category_has_its_own_proof_window(able: Household) -> None:
    able.enrol("totp")
    stepped(able, ("totp",), proof=timedelta(minutes=3))
    started, pin = able.passed()
    able.clock.forward(minutes=4)
    with pytest.raises(NotFoundError):
        able.lifecycle.give_up(pin, started.version)
