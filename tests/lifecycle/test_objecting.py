"""“This is not me”: what it stops, whom it asks, and how it is lifted."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from deskward.core.accounts import Agent
from deskward.core.errors import (
    ConflictError,
    DeskwardError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnreachableError,
)
from deskward.core.links import TOKEN_LENGTH
from deskward.core.notes import RECOMMEND_REJECT
from deskward.core.ports import Change, ErrandKind, Sending, Spent
from deskward.core.records import Fence
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle import SYSTEM, Actor
from deskward.lifecycle.duties import duties, is_subject
from tests.fakes import ANNA
from tests.household import AGENT, PASSWORD, Household, at_choice

EVE, MAX = Actor("agent", "a-eve", "Eve Approver"), Actor("agent", "a-max", "Max Approver")


def message(home: Household, verification: Verification, purpose: str = "link") -> Sending:
    return next(s for s in home.store.sendings(verification.id) if s.purpose == purpose)


def ben_of(home: Household) -> Verification:
    return home.send(home.open("1002", requester_id="p-ben"), choice="d-ben")


def fence_of(home: Household, verification: Verification) -> Fence:
    return home.store.fences(verification.directory, verification.subject_id)[0]


def sent(home: Household) -> Verification:
    return home.sent()


def started(home: Household) -> Verification:
    return home.started()[0]


def review(home: Household) -> Verification:
    typed = {"choice": "typed", "kind": home.mail.kind, "typed": "new@p.example", "reason": "Lost the phone."}
    mailed = home.send(home.open(), **typed)
    begun, pin = home.enter(home.token(mailed), home.code(mailed))
    return home.lifecycle.answer(pin, begun.version)


def passed(home: Household) -> Verification:
    return home.passed()[0]


def verified(home: Household) -> Verification:
    return home.passed(category_name="Identity check")[0]


def done(home: Household) -> Verification:
    return home.lifecycle.act(home.passed()[1], PASSWORD)


def failed(home: Household) -> Verification:
    mailed = home.sent()
    for _ in range(5):
        mailed, _ = home.enter(home.token(mailed), home.wrong(mailed))
    return home.lifecycle.get(mailed.id)


def timed_out(home: Household) -> Verification:
    mailed = home.sent()
    home.clock.forward(minutes=16)
    home.lifecycle.expire()
    return home.lifecycle.get(mailed.id)


def too_late(home: Household) -> Verification:
    verification = passed(home)
    home.clock.forward(minutes=11)
    home.lifecycle.expire()
    return home.lifecycle.get(verification.id)


def cancelled(home: Household) -> Verification:
    return home.lifecycle.cancel(home.sent().id, SYSTEM, "Stop.")


D, F = State.DISPUTED, Outcome.FAILED
STATES = [
    (sent, D, F),
    (started, D, F),
    (review, D, F),
    (passed, D, F),
    (verified, State.PASSED, F),
    (done, State.DONE, F),
    (failed, State.FAILED, F),
    (timed_out, State.TIMED_OUT, Outcome.TIMED_OUT),
    (too_late, State.TIMED_OUT, F),
    (cancelled, State.CANCELLED, Outcome.NONE),
]


@pytest.mark.parametrize(("way", "state", "outcome"), STATES, ids=lambda x: getattr(x, "__name__", str(x)))
def test_sr_46_an_objection_counts_in_every_state_of_the_link(
    home: Household, way: Callable[[Household], Verification], state: State, outcome: Outcome
) -> None:
    verification = way(home)
    home.clock.forward(hours=24)
    after = home.objected(verification)
    assert (after.state, after.outcome) == (state, outcome)
    assert (after.link_digest, after.fallback_digest, after.grant_id) == ("", "", "")
    assert fence_of(home, after).stands(home.clock.now())
    home.drain()
    assert "The account's owner says: this was not me" in [n[2].splitlines()[0] for n in home.connector.notes]
    if outcome is F and state is not State.FAILED:
        assert home.reading.desk(after.id).recommendation == RECOMMEND_REJECT
    assert home.objected(verification) == home.lifecycle.get(verification.id)
    assert home.kinds(verification).count("disputed") == 1


def test_sr_46_every_message_has_a_token_of_its_own_and_each_works(home: Household) -> None:
    verification = home.send(home.open(), on_phone=False, second="d-phone")
    home.drain()
    tokens = [home.objection(s) for s in home.store.sendings(verification.id)]
    assert len(set(tokens)) == 3
    for token in tokens:
        assert any(
            f"https://portal.acme.example/not-me#{token}" in m.text for m in (*home.mail.sent, *home.sms.sent)
        )
        assert home.lifecycle.disputable(token).verification.id == verification.id
    assert all(s.token_digest not in tokens for s in home.store.sendings(verification.id))


@pytest.mark.parametrize("word", ["", "scanner", "1234", "aa", "anchor apple"])
def test_sr_46_junk_instead_of_the_word_changes_nothing(home: Household, word: str) -> None:
    verification = home.sent()
    token = home.objection(message(home, verification))
    for _ in range(50):
        with pytest.raises(InvalidError, match="not the word") as caught:
            home.lifecycle.dispute(token, word)
    assert caught.value.field == "word"
    assert home.lifecycle.get(verification.id) == verification


def test_sr_46_the_word_is_taken_in_any_letters_and_pasted_with_space(home: Household) -> None:
    token = home.objection(message(home, home.sent()))
    word = home.lifecycle.disputable(token).word
    assert home.lifecycle.dispute(token, f"  {word.upper()}\n").state is State.DISPUTED


@pytest.mark.parametrize("token", ["", "x", "x" * TOKEN_LENGTH, "é" * TOKEN_LENGTH])
def test_sr_46_a_token_that_stands_for_nothing_gets_the_neutral_words(home: Household, token: str) -> None:
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.dispute(token, "anchor")


def test_sr_46_a_token_works_for_72_hours(home: Household) -> None:
    token = home.objection(message(home, home.sent()))
    home.clock.forward(hours=71)
    assert not home.lifecycle.disputable(token).objected
    home.clock.forward(hours=1)
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.disputable(token)


def test_sr_46_one_press_is_enough_in_the_pinned_run_and_only_there(home: Household) -> None:
    verification, pin = home.started()
    other = ben_of(home)
    token = home.objection(message(home, other))
    with pytest.raises(InvalidError):
        home.lifecycle.dispute(token, "", pin)
    after = home.lifecycle.dispute(home.objection(message(home, verification)), "", pin)
    assert after.state is State.DISPUTED
    assert fence_of(home, after).ends_at is None
    assert "on the page of the pinned run" in home.store.events(after.id)[-1].fields["way"]


def test_sr_46_the_page_of_the_run_takes_one_press(home: Household) -> None:
    verification, pin = home.started()
    after = home.lifecycle.dispute_run(pin)
    assert (after.id, after.state, fence_of(home, after).pinned) == (verification.id, State.DISPUTED, True)


def test_sr_47_unused_grants_are_revoked_and_new_ones_are_blocked(home: Household) -> None:
    first, pin = home.passed()
    other, other_pin = home.passed("1002", category_name="Account Unlock")
    waiting, waiting_pin = home.started("1003", category_name="Account Unlock")
    home.objected(first)
    with pytest.raises(RefusedError, match="used up"):
        home.lifecycle.act(other_pin, PASSWORD)
    with pytest.raises(RefusedError, match="this is not me"):
        home.lifecycle.answer(waiting_pin, waiting.version)
    assert home.lifecycle.act(pin, PASSWORD).state is State.DISPUTED
    assert home.directory.passwords == {}
    assert home.lifecycle.get(other.id).state is State.PASSED


def test_sr_47_other_people_are_not_stopped(home: Household) -> None:
    home.objected(home.sent())
    assert ben_of(home).state is State.SENT


def test_sr_47_what_was_set_within_24_hours_is_taken_back_once(home: Household) -> None:
    verification = done(home)
    home.drain()
    home.clock.forward(hours=23)
    home.objected(verification, "notice-done")
    home.drain()
    home.lifecycle.revoke(verification.id)
    assert home.directory.revoked == [("o-anna", True)]
    assert home.directory.passwords == {}
    notes = [n[2] for n in home.connector.notes]
    assert "What the action set is being taken back." in notes[-2]
    assert "The password set last was taken back." in notes[-1]
    assert "Do nothing on this request." in notes[-2]


def test_sr_47_what_set_no_password_only_ends_what_is_open(home: Household) -> None:
    _, pin = home.passed(category_name="Account Unlock")
    home.objected(home.lifecycle.act(pin, {}))
    home.drain()
    assert home.directory.revoked == [("o-anna", False)]


def test_sr_47_after_24_hours_nothing_is_taken_back_by_itself(home: Household) -> None:
    verification = done(home)
    home.clock.forward(hours=25)
    home.objected(verification)
    home.drain()
    assert home.directory.revoked == []


def test_sr_47_a_later_reset_is_not_taken_back(home: Household) -> None:
    verification = done(home)
    home.clock.forward(hours=2)
    later = home.started("1002")[0]
    for state in (State.PASSED, State.ACTING):
        later = home.store.save(later.moved(state), Change())
    home.lifecycle.done(later, Spent(done=True, text="Set."))
    home.objected(verification)
    home.drain()
    assert home.directory.revoked == []
    assert "done again later" in home.connector.notes[-1][2]


def test_sr_47_a_directory_that_says_no_is_noted_and_one_that_is_down_is_asked_again(home: Household) -> None:
    verification = done(home)
    home.objected(verification)
    home.directory.refuses = "This directory is read-only here."
    home.drain()
    assert "not taken back" in home.connector.notes[-1][2]
    assert "read-only here. Do it by hand." in home.connector.notes[-1][2]


def test_sr_47_a_directory_that_is_down_is_asked_again(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    home.objected(done(home))

    def down(*_: object, **__: object) -> str:
        raise UnreachableError("The directory is down.")

    with monkeypatch.context() as patch:
        patch.setattr(home.directory, "revoke", down)
        home.drain()
    assert home.directory.revoked == []
    home.drain(hours=0.2)
    assert home.directory.revoked == [("o-anna", True)]


def acting(home: Household) -> tuple[Verification, str]:
    """Stop in the middle of an action: the grant is spent, the directory is not asked yet."""
    verification, pin = home.passed()
    moved = verification.moved(State.ACTING, acting_stamp=home.directory.people["o-anna"].stamp)
    return home.store.save(moved, Change(consume=verification.grant_id)), pin


def test_sr_47_an_action_under_way_is_settled_truthfully_as_done_and_taken_back(home: Household) -> None:
    verification, _ = acting(home)
    after = home.objected(verification)
    assert after.state is State.ACTING
    home.directory.people["o-anna"] = replace(ANNA, stamp="s7")
    home.lifecycle.settle(verification.id)
    ended = home.lifecycle.get(verification.id)
    assert (ended.state, ended.outcome) == (State.DONE, Outcome.FAILED)
    assert ErrandKind.CLOSE not in {e.kind for e in home.waiting(verification)}
    home.drain()
    assert home.directory.revoked == [("o-anna", True)]


def test_sr_47_an_action_under_way_that_did_not_happen_is_not_done_any_more(home: Household) -> None:
    verification, pin = acting(home)
    home.objected(verification)
    home.lifecycle.settle(verification.id)
    ended = home.lifecycle.get(verification.id)
    assert (ended.state, ended.grant_id) == (State.DISPUTED, "")
    assert home.lifecycle.act(pin, PASSWORD).state is State.DISPUTED
    assert home.directory.passwords == {}


def test_sr_47_an_action_of_another_ticket_ends_under_the_fence_without_being_taken_back(home: Household) -> None:
    verification, _ = acting(home)
    home.objected(home.sent("1002"))
    ended = home.lifecycle.done(verification, Spent(done=True, text="Set."))
    assert ended.outcome is Outcome.FAILED
    assert ErrandKind.REVOKE not in {e.kind for e in home.waiting(verification)}


CUTS = ("before", "read", "begin", "consumed", "performed", "after")


@pytest.mark.parametrize("cut", CUTS)
def test_sr_48_no_grant_is_consumed_after_the_objection_in_any_interleaving(
    home: Household, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    """Let the objection commit at each point of the dispatch; what comes later must not find a grant."""
    verification, pin = home.passed()
    spent_before = cut in {"consumed", "performed", "after"}

    def strike(at: str) -> None:
        if at == cut:
            home.objected(verification)

    _cut(home, monkeypatch, strike)
    strike("before")
    with suppress(DeskwardError):
        home.lifecycle.act(pin, PASSWORD)
    strike("after")
    monkeypatch.undo()
    home.drain(hours=0.1)
    assert ("acting" in home.kinds(verification)) == spent_before
    assert home.directory.passwords == {}
    assert len(home.directory.revoked) == int(spent_before)
    assert home.lifecycle.get(verification.id).outcome is Outcome.FAILED


def _cut(home: Household, monkeypatch: pytest.MonkeyPatch, strike: Callable[[str], None]) -> None:
    get, save = home.directory.get, home.store.save
    set_password = home.directory.set_password

    def reading(person_id: str) -> object:
        found = get(person_id)
        monkeypatch.setattr(home.directory, "get", get)
        strike("read")
        return found

    def saving(verification: Verification, change: Change) -> Verification:
        if not change.consume:
            return save(verification, change)
        strike("begin")
        saved = save(verification, change)
        strike("consumed")
        return saved

    def performing(*args: object) -> None:
        set_password(*args)  # type: ignore[arg-type]
        strike("performed")

    monkeypatch.setattr(home.directory, "get", reading)
    monkeypatch.setattr(home.store, "save", saving)
    monkeypatch.setattr(home.directory, "set_password", performing)


def test_sr_48_whoever_moves_it_meanwhile_the_objection_is_kept(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    verification, save, left = home.sent(), home.store.save, [1, 1]

    def late(now: Verification, change: Change) -> Verification:
        if change.fence and left:
            left.pop()
            save(home.lifecycle.get(now.id), Change())
        return save(now, change)

    monkeypatch.setattr(home.store, "save", late)
    assert home.objected(verification).state is State.DISPUTED
    left.extend([1] * 9)
    other = ben_of(home)
    with pytest.raises(ConflictError, match="could not be kept"):
        home.objected(other)


def test_sr_49_two_approvers_lift_a_fence_and_no_agent_of_the_ticket(home: Household) -> None:
    verification = home.started()[0]
    home.clock.forward(minutes=5)
    resent = home.lifecycle.send(
        verification.id,
        at_choice(form_key="resend", seen_version=verification.version),
        replace(AGENT, id="a-two", name="Two"),
    )
    home.objected(resent)
    fence = fence_of(home, resent)
    for agent in (AGENT, Actor("agent", "a-two", "Two")):
        with pytest.raises(RefusedError, match="worked on this ticket"):
            home.lifecycle.lift(fence.id, agent)
    home.lifecycle.lift(fence.id, EVE)
    with pytest.raises(RefusedError, match="said so already"):
        home.lifecycle.lift(fence.id, EVE)
    view = home.reading.desk(resent.id)
    assert [(f.asked, f.needed, f.stands) for f in view.fences] == [(1, 2, True)]
    home.lifecycle.lift(fence.id, MAX)
    assert home.reading.desk(resent.id).fences == ()
    assert home.lifecycle.lift(fence.id, MAX) == home.lifecycle.get(resent.id)
    home.drain()
    assert "Lifted by: Max Approver and another approver" in home.connector.notes[-1][2]
    with pytest.raises(NotFoundError, match="no such fence"):
        home.lifecycle.lift("FE-NONE", EVE)


def test_sr_49_two_who_lift_at_once_are_not_counted_as_one(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    verification = home.objected(home.sent())
    fence, get = fence_of(home, verification), home.store.get

    def slow(verification_id: str) -> Verification | None:
        found = get(verification_id)
        monkeypatch.setattr(home.store, "get", get)
        home.lifecycle.lift(fence.id, MAX)
        return found

    monkeypatch.setattr(home.store, "get", slow)
    with pytest.raises(ConflictError):
        home.lifecycle.lift(fence.id, EVE)
    assert fence_of(home, verification).lifters == ("a-max",)


def test_sr_50_a_37_a_stolen_link_stops_actions_for_a_day_and_never_the_account(home: Household) -> None:
    verification = home.objected(home.sent())
    anna = home.directory.people["o-anna"]
    assert (anna.enabled, anna.locked) == (True, False)
    home.clock.forward(hours=23, minutes=59)
    with pytest.raises(RefusedError, match="this is not me"):
        home.sent("1002")
    home.clock.forward(minutes=1)
    assert home.send(home.lifecycle.get(_open(home, "1002"))).state is State.SENT
    assert "disputed" in home.kinds(verification)
    assert home.store.events(verification.id)[-1].actor == "owner"


def _open(home: Household, number: str) -> str:
    found = home.store.open_for("changegear", f"id-{number}")
    assert found
    return found.id


def test_sr_50_confirmed_with_the_owner_it_stays_until_it_is_lifted(home: Household) -> None:
    verification = home.objected(home.sent())
    fence = fence_of(home, verification)
    home.lifecycle.lift(fence.id, MAX)
    home.lifecycle.uphold(fence.id, EVE)
    assert home.lifecycle.uphold(fence.id, EVE) == home.lifecycle.get(verification.id)
    home.clock.forward(hours=48)
    held = fence_of(home, verification)
    assert (held.stands(home.clock.now()), held.lifters) == (True, ())
    home.drain()
    assert "Confirmed by: Eve Approver" in home.connector.notes[-1][2]


def test_sr_50_what_has_ended_cannot_be_confirmed(home: Household) -> None:
    fence = fence_of(home, home.objected(home.sent()))
    home.clock.forward(hours=24)
    with pytest.raises(RefusedError, match="has ended"):
        home.lifecycle.uphold(fence.id, EVE)


def test_sr_51_a_09_after_an_objection_the_agent_cannot_send_again(home: Household) -> None:
    verification = home.objected(home.sent())
    with pytest.raises(RefusedError):
        home.send(verification)
    with pytest.raises(RefusedError, match="this is not me"):
        home.lifecycle.reopen(verification.id, AGENT)
    assert not home.reading.desk(verification.id).can_send


def test_sr_51_a_fence_that_ended_by_itself_still_needs_an_approver_for_its_ticket(home: Household) -> None:
    verification = home.objected(home.sent())
    home.clock.at += timedelta(hours=25)
    with pytest.raises(RefusedError, match="this is not me"):
        home.lifecycle.reopen(verification.id, AGENT)
    (view,) = home.reading.desk(verification.id).fences
    assert (view.stands, view.needed) == (False, 1)
    home.lifecycle.lift(view.fence.id, EVE)
    assert home.send(home.lifecycle.reopen(verification.id, AGENT)).state is State.SENT


def test_the_subject_of_nobody_has_no_fence(home: Household) -> None:
    home.connector.people.clear()
    assert home.reading.desk(home.open().id).fences == ()


STRANGE: dict[str, object] = {"choice": "typed", "typed": "thief@evil.example", "reason": "Lost the phone."}


def ends(home: Household, verification: Verification) -> list[timedelta | None]:
    """Tell how long each fence of the person still stands; None for one without an end."""
    found = home.store.fences(verification.directory, verification.subject_id)
    return [f.ends_at - home.clock.now() if f.ends_at else None for f in found]


def test_sr_50_a_press_in_the_run_of_an_address_of_the_callers_choice_stops_a_day_only(home: Household) -> None:
    verification = home.send(home.open(), kind=home.mail.kind, **STRANGE)
    _, pin = home.enter(home.token(verification), home.code(verification))
    after = home.lifecycle.dispute_run(pin)
    assert (after.state, fence_of(home, after).pinned) == (State.DISPUTED, False)
    assert ends(home, after) == [timedelta(hours=24)]


def test_a_fence_that_has_ended_swallows_no_later_objection(home: Household) -> None:
    verification = home.objected(home.sent())
    token = home.objection(message(home, verification))
    home.clock.forward(hours=25)
    assert not home.lifecycle.disputable(token).objected
    home.objected(verification)
    assert home.lifecycle.disputable(token).objected
    assert ends(home, verification) == [timedelta(hours=24)]
    assert home.kinds(verification).count("disputed") == 2
    home.drain()
    with pytest.raises(RefusedError, match="this is not me"):
        home.sent("1002")


def test_a_thief_who_objects_first_does_not_cut_the_owners_day_short(home: Household) -> None:
    verification = home.objected(home.sent())
    home.clock.forward(minutes=59)
    home.objected(verification)
    assert ends(home, verification) == [timedelta(hours=23, minutes=1)]
    home.clock.forward(hours=22)
    home.lifecycle.lift(fence_of(home, verification).id, EVE)
    home.objected(verification)
    assert ends(home, verification) == [timedelta(hours=24)]
    assert fence_of(home, verification).lifters == ()


def test_an_objection_in_the_pinned_run_strengthens_the_one_from_a_message(home: Household) -> None:
    verification, pin = home.started()
    token = home.objection(message(home, verification))
    home.objected(verification)
    assert not home.lifecycle.disputable(token, pin).objected
    home.lifecycle.dispute_run(pin)
    assert ends(home, verification) == [None]
    home.clock.forward(hours=30)
    home.objected(verification)
    assert home.lifecycle.disputable(token, pin).objected
    assert (ends(home, verification), fence_of(home, verification).pinned) == ([None], True)


def test_a_confirmed_fence_is_not_weakened_by_a_later_objection(home: Household) -> None:
    verification = home.objected(home.sent())
    home.lifecycle.uphold(fence_of(home, verification).id, EVE)
    home.clock.forward(hours=30)
    home.objected(verification)
    assert ends(home, verification) == [None]


def test_who_sent_in_a_verification_is_known_from_its_row_and_its_events(home: Household) -> None:
    opened = home.open()
    assert duties(home.house, opened) == frozenset()
    first = home.send(opened)
    home.clock.forward(minutes=5)
    again = at_choice(form_key="resend", seen_version=first.version)
    resent = home.lifecycle.send(first.id, again, replace(AGENT, id="a-two", name="Two"))
    assert duties(home.house, resent) == {AGENT.id, "a-two"}


def test_an_agent_is_the_subject_by_the_same_login(home: Household) -> None:
    home.opened.accounts.put_agent(Agent("AG-1", ANNA.login.upper(), "Anna", "x"))
    home.opened.accounts.put_agent(Agent("AG-2", "eve", "Eve", "x"))
    opened = home.open()
    assert is_subject(home.house, opened, "AG-1")
    assert not is_subject(home.house, opened, "AG-2")
    assert not is_subject(home.house, opened, "AG-NONE")
    home.connector.people.clear()
    assert not is_subject(home.house, home.open("1002"), "AG-1")
    home.directory.people.clear()
    assert not is_subject(home.house, opened, "AG-1")
    home.change(accounts=None)
    assert not is_subject(home.house, opened, "AG-1")
