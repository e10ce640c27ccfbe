"""Break-glass: two people go around the proof rule, and around nothing else; a third one reviews it (SR-69)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from deskward.core.accounts import Agent
from deskward.core.break_glass import GlassKind, uses_of
from deskward.core.errors import ConflictError, InvalidError, NotFoundError, RefusedError, UnreachableError
from deskward.core.feedback import markable
from deskward.core.notes import RECOMMEND_GLASS, RECOMMEND_MORE, recommendation
from deskward.core.notices import Copy, Purpose
from deskward.core.policy import Category, Copied, Limits
from deskward.core.ports import Change
from deskward.core.proof import ActionClass, Evidence, ProofLevel
from deskward.core.risk import Finding, Section, kept
from deskward.core.sums import Need, need_of, reached
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle import Actor
from deskward.lifecycle.raising import raise_level
from deskward.lifecycle.second_look import due_of
from tests.fakes import ANNA, BEN, FakeChallenge, FakeClock
from tests.household import AGENT, CATEGORIES, PASSWORD, Household
from tests.many import at_once

SAM, ADA, EVE, ROB = (Actor("agent", f"a-{name}", name.title()) for name in ("sam", "ada", "eve", "rob"))
WHY = "The surgeon is in the theatre now."
FOUND = "Called her at home: it was her."
SHORT = "Let through by break-glass: the proof reaches P2, P3 was needed."
HIGH = kept(Finding("x", Section.NETWORK, 10.0, "The device is stolen.", "a test", critical=True))
SAVED = FakeChallenge("saved_code", Evidence.SAVED, ease=3)
STRICT = Category("Password Reset", ("Password Reset",), "roster", "reset_password", challenges=(("saved_code",),))


@pytest.fixture
def strong(home: Household) -> Household:
    """Let Anna have a second factor that she cannot use now: her reset needs P3, and a link reaches P2."""
    home.challenges = {SAVED.name: SAVED}
    home.restart()
    home.enrol("saved_code")
    home.directory.people["o-anna"] = replace(ANNA, aal=2)
    return home


def reviewed(home: Household, number: str = "1001", **changes: object) -> tuple[Verification, str]:
    """Come to a review whose proof is not enough."""
    _, pin = home.passed(number, **changes)
    review = home.lifecycle.give_up(pin, home.lifecycle.pinned(pin).version)
    assert review.state is State.REVIEW
    return review, pin


def asked(home: Household, review: Verification, actor: Actor = SAM) -> Verification:
    return home.lifecycle.glass_ask(review.id, review.version, actor, WHY)


def broken(home: Household, number: str = "1001") -> tuple[Verification, str]:
    """Let it through: Sam asks, Ada confirms."""
    review, pin = reviewed(home, number)
    waiting = asked(home, review)
    return home.lifecycle.glass_confirm(waiting.id, waiting.version, ADA), pin


def done(home: Household) -> Verification:
    held, pin = broken(home)
    home.lifecycle.resume(pin, held.version)
    over = home.lifecycle.act(pin, PASSWORD)
    assert over.state is State.DONE
    return over


def settled(home: Household, use: Verification, actor: Actor = EVE) -> Verification:
    return home.lifecycle.glass_review(use.id, use.version, actor, FOUND)


def hindered(home: Household, review: Verification) -> str:
    return home.lifecycle.glass_view(review, SAM).hindered


def test_sr_69_two_people_let_it_through_and_it_stays_open_until_a_third_reviewed_it(strong: Household) -> None:
    held, pin = broken(strong)
    assert (held.state, held.outcome, held.approver_name) == (State.HELD, Outcome.BREAK_GLASS, "Ada")
    assert held.reason == f"{SHORT} Sam and Ada: {WHY}"
    assert held.deadline == strong.clock.now() + timedelta(minutes=60)
    passed = strong.lifecycle.resume(pin, held.version)
    assert (passed.state, passed.status.label) == (State.PASSED, "Break-glass")
    over = strong.lifecycle.act(pin, PASSWORD)
    assert (over.state, over.outcome, over.status.label) == (State.DONE, Outcome.BREAK_GLASS, "Break-glass")
    assert strong.directory.changes == 1
    assert need_of(over) is Need.BREAK_GLASS
    clear = settled(strong, over)
    assert need_of(clear) is Need.NONE
    assert [(s.kind, s.agent_name) for s in clear.glass] == [
        (GlassKind.ASKED, "Sam"),
        (GlassKind.CONFIRMED, "Ada"),
        (GlassKind.REVIEWED, "Eve"),
    ]
    strong.restart()
    assert strong.lifecycle.get(over.id) == clear
    assert strong.kinds(over)[-7:] == [
        *("review", "glass_asked", "glass_confirmed", "let_through", "acting", "done", "glass_reviewed"),
    ]


def test_sr_69_it_holds_on_a_clock_that_never_stands_still(
    strong: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ticking(clock: FakeClock) -> datetime:
        clock.at += timedelta(microseconds=1)
        return clock.at

    monkeypatch.setattr(FakeClock, "now", ticking)
    held, pin = broken(strong)
    assert held.let_through == uses_of(held.glass)[0]
    strong.restart()
    assert strong.lifecycle.get(held.id).let_through == held.let_through
    passed = strong.lifecycle.resume(pin, held.version)
    assert passed.deadline <= held.deadline


def test_sr_69_the_ticket_says_truthfully_what_happened_and_is_closed(strong: Household) -> None:
    over = done(strong)
    settled(strong, over)
    strong.drain()
    assert strong.lifecycle.get(over.id).closed_status == "Closed"
    notes = {text.splitlines()[0]: text for _, _, text in strong.connector.notes}
    told = notes["Break-glass: let through without enough proof"]
    for line in ("Asked by: Sam", "Confirmed by: Ada", f"Why it cannot wait: {WHY}", f"Proof: {SHORT}"):
        assert line in told
    result = notes["Verification result"]
    assert "Verification Outcome: Break-glass" in result
    assert f"Recommendation: {RECOMMEND_GLASS}" in result
    assert "Proof level: P2" in result
    assert "Passed" not in result
    assert "Asked by: Sam" in notes["Break-glass asked for"]
    assert f"What the review found: {FOUND}" in notes["Break-glass reviewed"]


def test_sr_69_the_owner_is_told_at_every_address_and_the_manager_too(strong: Household) -> None:
    held, _ = broken(strong)
    told = strong.told(held, Purpose.GLASS)
    assert told == sorted({d.value for d in ANNA.destinations})
    strong.drain()
    assert any("two people let this go on without enough proof" in m.text for m in strong.mail.sent)
    assert strong.told(held, Copy.GLASS) == [BEN.email]


def test_sr_69_without_copies_for_managers_nobody_reads_along(strong: Household) -> None:
    strong.limits = Limits(copied=Copied.NEVER)
    strong.restart()
    held, _ = broken(strong)
    assert strong.told(held, Copy.GLASS) == []


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 501])
def test_sr_69_nobody_asks_or_reviews_without_a_reason(strong: Household, reason: str) -> None:
    review, _ = reviewed(strong)
    with pytest.raises(InvalidError, match=r"reason|cannot wait"):
        strong.lifecycle.glass_ask(review.id, review.version, SAM, reason)
    with pytest.raises(InvalidError, match=r"reason|review found"):
        strong.lifecycle.glass_review(review.id, review.version, EVE, reason)


def test_sr_69_who_asked_never_confirms_and_may_take_it_back(strong: Household) -> None:
    waiting = asked(strong, reviewed(strong)[0])
    assert strong.lifecycle.glass_view(waiting, SAM).own
    with pytest.raises(RefusedError, match="You asked for it"):
        strong.lifecycle.glass_confirm(waiting.id, waiting.version, SAM)
    with pytest.raises(RefusedError, match="Sam asked for it already"):
        strong.lifecycle.glass_ask(waiting.id, waiting.version, EVE, WHY)
    back = strong.lifecycle.glass_refuse(waiting.id, waiting.version, SAM)
    assert strong.lifecycle.glass_refuse(waiting.id, waiting.version, SAM) == back
    assert strong.lifecycle.glass_view(back, ADA).asked is None
    for step in (strong.lifecycle.glass_confirm, strong.lifecycle.glass_refuse):
        with pytest.raises(RefusedError, match="Nobody asks"):
            step(back.id, back.version, ADA)
    assert need_of(back) is Need.REVIEW
    strong.drain()
    assert strong.connector.notes[-1][2].startswith("Break-glass taken back\nBy: Sam")


def test_sr_69_another_person_refuses_and_the_review_goes_on(strong: Household) -> None:
    waiting = asked(strong, reviewed(strong)[0])
    refused = strong.lifecycle.glass_refuse(waiting.id, waiting.version, ADA)
    assert refused.state is State.REVIEW
    strong.drain()
    assert strong.connector.notes[-1][2].startswith("Break-glass refused\nBy: Ada")
    again = asked(strong, refused, ADA)
    assert strong.lifecycle.glass_confirm(again.id, again.version, SAM).state is State.HELD


def test_sr_69_who_sent_the_link_may_ask_and_neither_confirms_nor_refuses_nor_reviews(strong: Household) -> None:
    review, pin = reviewed(strong)
    waiting = asked(strong, review)
    for step in (strong.lifecycle.glass_confirm, strong.lifecycle.glass_refuse):
        with pytest.raises(RefusedError, match="Who sent the link cannot"):
            step(waiting.id, waiting.version, AGENT)
    back = strong.lifecycle.glass_refuse(waiting.id, waiting.version, SAM)
    mine = asked(strong, back, AGENT)
    held = strong.lifecycle.glass_confirm(mine.id, mine.version, ADA)
    strong.lifecycle.resume(pin, held.version)
    over = strong.lifecycle.act(pin, PASSWORD)
    for actor, said in ((AGENT, "what they let through"), (ADA, "what they let through")):
        with pytest.raises(RefusedError, match=said):
            settled(strong, over, actor)
    assert need_of(settled(strong, over, SAM)) is Need.NONE


def test_sr_69_neither_the_two_nor_who_sent_the_link_review_it_and_nobody_reviews_twice(strong: Household) -> None:
    over = done(strong)
    for actor in (SAM, ADA):
        with pytest.raises(RefusedError, match="Nobody reviews what they let through"):
            settled(strong, over, actor)
    with pytest.raises(RefusedError, match="Who sent the link cannot review"):
        settled(strong, over, AGENT)
    clear = settled(strong, over)
    assert settled(strong, over) == clear
    with pytest.raises(RefusedError, match="No use of break-glass"):
        settled(strong, clear, ROB)


def test_sr_69_the_subject_has_no_part_in_it(strong: Household) -> None:
    strong.opened.accounts.put_agent(Agent("a-anna", ANNA.login.upper(), "Anna", "hash"))
    anna = Actor("agent", "a-anna", "Anna")
    review, pin = reviewed(strong)
    with pytest.raises(RefusedError, match="Nobody can ask for a request for their own account"):
        asked(strong, review, anna)
    assert strong.lifecycle.glass_view(review, anna).bars
    waiting = asked(strong, review)
    with pytest.raises(RefusedError, match="Nobody can confirm"):
        strong.lifecycle.glass_confirm(waiting.id, waiting.version, anna)
    held = strong.lifecycle.glass_confirm(waiting.id, waiting.version, ADA)
    strong.lifecycle.resume(pin, held.version)
    with pytest.raises(RefusedError, match="Nobody can review"):
        settled(strong, strong.lifecycle.act(pin, PASSWORD), anna)


def test_sr_69_it_is_not_reviewed_before_it_is_over(strong: Household) -> None:
    held, pin = broken(strong)
    with pytest.raises(RefusedError, match="not over yet"):
        settled(strong, held)
    passed = strong.lifecycle.resume(pin, held.version)
    with pytest.raises(RefusedError, match="not over yet"):
        settled(strong, passed)
    acting = strong.store.save(passed.moved(State.ACTING), Change())
    strong.clock.forward(hours=2)
    with pytest.raises(RefusedError, match="not over yet"):
        settled(strong, acting)


def test_sr_69_what_is_asked_for_lapses_by_itself(strong: Household) -> None:
    waiting = asked(strong, reviewed(strong)[0])
    strong.clock.forward(minutes=60)
    with pytest.raises(RefusedError, match="any more"):
        strong.lifecycle.glass_confirm(waiting.id, waiting.version, ADA)
    again = asked(strong, waiting)
    assert again.version == waiting.version + 1


def test_sr_69_what_was_asked_about_an_earlier_review_is_not_confirmed(strong: Household) -> None:
    waiting = asked(strong, reviewed(strong)[0])
    strong.clock.forward(minutes=5)
    sent = strong.send(waiting)
    started, pin = strong.enter(strong.token(sent), strong.code(sent))
    agreed = strong.lifecycle.answer(pin, started.version)
    review = strong.lifecycle.give_up(pin, agreed.version)
    with pytest.raises(RefusedError, match="any more"):
        strong.lifecycle.glass_confirm(review.id, review.version, ADA)


@pytest.mark.parametrize("minutes", [5, 60])
def test_sr_69_it_ends_after_its_minutes_unused_and_waits_for_a_review(strong: Household, minutes: int) -> None:
    strong.limits = Limits(break_glass=timedelta(minutes=minutes))
    strong.restart()
    held, pin = broken(strong)
    strong.clock.forward(minutes=minutes)
    with pytest.raises(NotFoundError):
        strong.lifecycle.resume(pin, held.version)
    strong.lifecycle.expire()
    over = strong.lifecycle.get(held.id)
    assert (over.state, over.outcome) == (State.TIMED_OUT, Outcome.BREAK_GLASS)
    assert over.reason == over.status.sentence
    assert recommendation(over) == RECOMMEND_MORE
    assert need_of(over) is Need.BREAK_GLASS
    assert need_of(settled(strong, over)) is Need.NONE


def test_sr_69_no_grant_lives_beyond_it(strong: Household) -> None:
    held, pin = broken(strong)
    strong.clock.forward(minutes=55)
    passed = strong.lifecycle.resume(pin, held.version)
    assert passed.deadline == held.approved_at + timedelta(minutes=60)  # type: ignore[operator]
    strong.directory.refuses = "Too short."
    with pytest.raises(InvalidError, match="Too short"):
        strong.lifecycle.act(pin, PASSWORD)
    again = strong.lifecycle.get(held.id)
    assert (again.state, again.deadline) == (State.PASSED, passed.deadline)
    strong.clock.forward(minutes=5)
    with pytest.raises(NotFoundError):
        strong.lifecycle.act(pin, PASSWORD)


def come_back(home: Household, held: Verification, **where: str) -> tuple[Verification, str]:
    sent = home.send(held, **where)
    started, pin = home.enter(home.token(sent), home.code(sent))
    return home.lifecycle.answer(pin, started.version), pin


def test_sr_69_a_new_link_to_the_same_address_leads_on_and_never_longer(strong: Household) -> None:
    held, _ = broken(strong)
    strong.clock.forward(minutes=55)
    passed, pin = come_back(strong, held)
    assert (passed.state, passed.outcome, passed.proof_level) == (State.PASSED, Outcome.BREAK_GLASS, ProofLevel.P2)
    assert passed.reason == f"{SHORT} Sam and Ada: {WHY}"
    assert passed.deadline == held.deadline
    assert strong.lifecycle.act(pin, PASSWORD).outcome is Outcome.BREAK_GLASS


def test_sr_69_a_new_link_to_another_address_loses_it(strong: Household) -> None:
    held, _ = broken(strong)
    strong.clock.forward(minutes=2)
    started, _ = come_back(strong, held, choice="d-phone")
    assert (started.state, started.approved_at, started.let_through) == (State.STARTED, None, None)
    assert need_of(started) is Need.BREAK_GLASS
    assert settled(strong, started).state is State.STARTED


def test_sr_69_who_comes_back_after_the_end_is_asked_for_proof_and_who_gives_it_passed(strong: Household) -> None:
    held, _ = broken(strong)
    strong.clock.forward(minutes=58)
    sent = strong.send(held)
    started, pin = strong.enter(strong.token(sent), strong.code(sent))
    strong.clock.forward(minutes=2)
    agreed = strong.lifecycle.answer(pin, started.version)
    assert (agreed.state, agreed.approved_at) == (State.STARTED, None)
    assert strong.lifecycle.offers(agreed, strong.lifecycle.person(agreed))
    passed = strong.prove(pin, "saved_code")
    assert (passed.state, passed.outcome, passed.approver_name) == (State.PASSED, Outcome.PASSED, "")


def test_sr_69_the_page_of_a_run_offers_proof_again_when_it_ended_meanwhile(strong: Household) -> None:
    held, _ = broken(strong)
    strong.clock.forward(minutes=58)
    sent = strong.send(held)
    started, _ = strong.enter(strong.token(sent), strong.code(sent))
    person = strong.lifecycle.person(started)
    assert strong.lifecycle.offers(started, person) == ()
    strong.clock.forward(minutes=2)
    assert strong.lifecycle.offers(started, person)


def test_sr_69_a_step_of_the_policy_that_was_left_out_is_named(strong: Household) -> None:
    strong.categories = (STRICT, *CATEGORIES[1:])
    strong.directory.people["o-anna"] = ANNA
    strong.restart()
    held, _ = broken(strong)
    left = "a step was left out. The policy asks for one of these:"
    assert held.reason.startswith(f"Let through by break-glass: {left}")
    strong.clock.forward(minutes=2)
    passed, _ = come_back(strong, held)
    assert (passed.outcome, left in passed.reason) == (Outcome.BREAK_GLASS, True)


def test_sr_69_risk_that_rose_meanwhile_still_vetoes(strong: Household) -> None:
    held, _ = broken(strong)
    strong.clock.forward(minutes=1)
    heavy = strong.store.save(replace(held, signalled=(HIGH,)), Change())
    failed, _ = come_back(strong, heavy)
    assert (failed.state, failed.outcome) == (State.FAILED, Outcome.FAILED)
    assert need_of(failed) is Need.BREAK_GLASS


def test_sr_69_an_objection_stops_it_and_undoes_what_it_did(strong: Household) -> None:
    over = done(strong)
    disputed = strong.objected(over)
    assert (disputed.outcome, disputed.disputed) == (Outcome.FAILED, True)
    assert "revoke" in {e.kind.value for e in strong.waiting(over)}
    assert need_of(disputed) is Need.BREAK_GLASS
    held, pin = broken(strong_again(strong), "1002")
    stopped = strong.objected(held)
    assert stopped.state is State.DISPUTED
    assert strong.lifecycle.resume(pin, held.version) == stopped


def strong_again(home: Household) -> Household:
    """Lift the fence of the first objection."""
    for fence in home.store.fences("roster", "o-anna"):
        for actor in (SAM, EVE):
            home.lifecycle.lift(fence.id, actor)
    return home


def test_sr_69_who_hands_it_over_takes_it_back(strong: Household) -> None:
    held, pin = broken(strong)
    strong.clock.forward(minutes=1)
    review = strong.lifecycle.hand_over(held.id, held.version, AGENT, "The voice changed.")
    assert (review.state, review.outcome, review.let_through) == (State.REVIEW, Outcome.NONE, None)
    assert strong.lifecycle.resume(pin, review.version) == review
    assert hindered(strong, review) == "A colleague found it suspicious."
    assert need_of(review) is Need.BREAK_GLASS


def test_sr_69_sr_67_under_a_raised_threat_level_two_people_are_an_approval(strong: Household) -> None:
    raise_level(strong.house, 4, "Calls.", 0, ROB)
    held, pin = broken(strong)
    strong.lifecycle.resume(pin, held.version)
    assert strong.lifecycle.act(pin, PASSWORD).state is State.DONE


def test_sr_69_sr_67_who_proved_it_after_its_end_has_no_approval_by_it(strong: Household) -> None:
    held, _ = broken(strong)
    strong.clock.forward(minutes=58)
    sent = strong.send(held)
    started, pin = strong.enter(strong.token(sent), strong.code(sent))
    raise_level(strong.house, 4, "Calls.", 0, ROB)
    strong.clock.forward(minutes=2)
    strong.lifecycle.answer(pin, started.version)
    review = strong.prove(pin, "saved_code")
    assert (review.state, review.approved_at) == (State.REVIEW, None)
    assert strong.lifecycle.approvable(review)


def test_sr_69_it_is_no_proof_for_anything_later(strong: Household) -> None:
    over = done(strong)
    looked = replace(over, looked_at=strong.clock.now())
    assert not looked.teaches
    assert not over.succeeded
    assert not strong.lifecycle.may_add(over)
    assert not strong.lifecycle.may_enrol(over)
    assert markable(over) == ()
    assert "completed" not in reached(over)
    assert recommendation(over) == RECOMMEND_GLASS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"enabled": False}, "disabled"),
        ({"privileged": True}, "privileged"),
        ({"aal": 3}, "AAL3"),
    ],
)
def test_sr_69_it_goes_around_nothing_of_the_account(
    strong: Household, change: dict[str, object], said: str
) -> None:
    review, _ = reviewed(strong)
    waiting = asked(strong, review)
    strong.directory.people["o-anna"] = replace(strong.directory.people["o-anna"], **change)  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match=said):
        strong.lifecycle.glass_confirm(waiting.id, waiting.version, ADA)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exception": True}, "caller supplied"),
        ({"proof_level": ProofLevel.P0}, "Nothing at all"),
        ({"findings": (HIGH,)}, "risk is high"),
    ],
)
def test_sr_69_it_goes_around_no_other_rule(strong: Household, changes: dict[str, object], said: str) -> None:
    review, _ = reviewed(strong)
    other = replace(review, **changes)  # type: ignore[arg-type]
    assert said in hindered(strong, strong.store.save(other, Change()))


def test_sr_69_an_identity_check_is_never_let_through(strong: Household) -> None:
    strong.categories = (
        *CATEGORIES[:2],
        replace(CATEGORIES[2], action_class=ActionClass.C3),
    )
    strong.restart()
    review, _ = reviewed(strong, category_name="Identity check")
    with pytest.raises(RefusedError, match="C1 to C3 only"):
        asked(strong, review)


def test_sr_69_where_only_an_approval_is_missing_it_is_not_for(home: Household) -> None:
    raise_level(home.house, 4, "Calls.", 0, ROB)
    review, _ = home.passed()
    with pytest.raises(RefusedError, match="what is missing is an approval"):
        asked(home, review)


def test_sr_69_outside_a_review_and_where_it_is_switched_off_nobody_asks(strong: Household) -> None:
    passed, _ = strong.passed("1002", category_name="Account Unlock")
    with pytest.raises(RefusedError, match="in review only"):
        asked(strong, passed)
    review, _ = reviewed(strong)
    strong.limits = Limits(break_glass=timedelta(0))
    strong.restart()
    with pytest.raises(RefusedError, match="switched off"):
        asked(strong, review)


def test_sr_69_under_a_fence_nobody_is_let_through(strong: Household) -> None:
    first, _ = reviewed(strong)
    other, _ = strong.started("1002", category_name="Account Unlock")
    strong.objected(other)
    with pytest.raises(RefusedError, match="this is not me"):
        asked(strong, first)


def test_sr_69_what_cannot_be_read_just_now_hinders_it_and_the_page_stays(strong: Household) -> None:
    waiting = asked(strong, reviewed(strong)[0])
    strong.directory.down = UnreachableError("The directory is down.")
    view = strong.lifecycle.glass_view(waiting, ADA)
    assert view.hindered == "The directory is down."
    with pytest.raises(RefusedError, match="directory is down"):
        strong.lifecycle.glass_confirm(waiting.id, waiting.version, ADA)


def test_what_is_not_set_up_any_more_is_said_and_nothing_breaks(strong: Household) -> None:
    waiting = asked(strong, reviewed(strong)[0])
    strong.change(policy=replace(strong.house.policy, categories=CATEGORIES[1:]))
    assert "not in the settings any more" in strong.lifecycle.glass_view(waiting, ADA).hindered
    strong.change(people={})
    view = strong.lifecycle.glass_view(waiting, ADA)
    assert view.hindered == "The directory “roster” is not set up any more."


def test_a_form_of_an_older_page_changes_nothing(strong: Household) -> None:
    review, _ = reviewed(strong)
    with pytest.raises(ConflictError, match="changed since"):
        strong.lifecycle.glass_ask(review.id, review.version - 1, SAM, WHY)
    waiting = asked(strong, review)
    assert strong.lifecycle.glass_ask(review.id, review.version, SAM, WHY) == waiting
    held = strong.lifecycle.glass_confirm(waiting.id, waiting.version, ADA)
    assert strong.lifecycle.glass_confirm(waiting.id, waiting.version, ADA) == held
    with pytest.raises(ConflictError, match="changed since"):
        strong.lifecycle.glass_confirm(waiting.id, waiting.version, EVE)
    assert strong.kinds(held).count("glass_confirmed") == 1


@pytest.mark.parametrize("actors", [(ADA, ADA), (ADA, EVE)], ids=["two tabs", "two people"])
def test_sr_69_of_two_who_confirm_at_once_one_does(strong: Household, actors: tuple[Actor, Actor]) -> None:
    waiting = asked(strong, reviewed(strong)[0])

    def press(number: int) -> None:
        strong.lifecycle.glass_confirm(waiting.id, waiting.version, actors[number])

    at_once(2, press)
    assert strong.kinds(waiting).count("glass_confirmed") == 1
    assert strong.lifecycle.get(waiting.id).state is State.HELD


def test_the_review_is_due_within_the_working_days_of_a_second_look(strong: Household) -> None:
    over = done(strong)
    assert due_of(strong.house, over) == over.ended_at + timedelta(days=1)  # type: ignore[operator]
    assert due_of(strong.house, settled(strong, over)) is None
