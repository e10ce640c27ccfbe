"""The verdict, the action, and the ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from deskward.core.errors import (
    InvalidError,
    NotFoundError,
    RefusedError,
    SettingsError,
    UnreachableError,
)
from deskward.core.events import Event, EventKind
from deskward.core.policy import Policy
from deskward.core.ports import Change, ErrandKind, Spent
from deskward.core.risk import RiskLevel
from deskward.core.tickets import Closing
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle import SYSTEM
from tests.fakes import ANNA
from tests.household import AGENT, CATEGORIES, PASSWORD, Household


def test_sr_105_the_whole_story_ends_done_with_its_notes_once_and_in_order(home: Household) -> None:
    passed, pin = home.passed()
    assert (passed.state, passed.outcome, passed.risk_level) == (
        State.PASSED,
        Outcome.PASSED,
        RiskLevel.NOT_ASSESSED,
    )
    done = home.lifecycle.act(pin, PASSWORD)
    assert (done.state, done.grant_id, done.link_digest) == (State.DONE, "", "")
    assert home.directory.passwords == {"o-anna": "correct horse battery"}
    home.drain()
    assert home.kinds(done) == ["opened", "sent", "started", "passed", "acting", "done", "closed"]
    assert [n[1] for n in home.connector.notes] == [f"{done.id}-{seq}" for seq in (1, 2, 3, 4, 6)]
    assert home.lifecycle.get(done.id).closed_status == "Closed"


def test_a_caller_supplied_address_ends_in_review_and_can_be_rejected_or_sent_again(home: Household) -> None:
    typed = {"choice": "typed", "kind": home.mail.kind, "typed": "new@p.example", "reason": "Lost the phone."}
    sent = home.send(home.open(), **typed)
    started, pin = home.enter(home.token(sent), home.code(sent))
    review = home.lifecycle.answer(pin, started.version)
    assert (review.state, review.outcome) == (State.REVIEW, Outcome.NONE)
    assert review.findings[0]["signal"] == "destination"
    home.clock.forward(minutes=5)
    again = home.send(review)
    assert (again.state, again.decided_at, again.reason) == (State.SENT, None, "")
    with pytest.raises(RefusedError, match="in review"):
        home.lifecycle.reject(again.id, AGENT, "No.")
    started, pin = home.enter(home.token(again), home.code(again))
    assert home.lifecycle.answer(pin, started.version).state is State.PASSED


def test_a_review_is_rejected_by_an_agent(home: Household) -> None:
    typed = {"choice": "typed", "kind": home.mail.kind, "typed": "new@p.example", "reason": "Lost the phone."}
    sent = home.send(home.open(), **typed)
    started, pin = home.enter(home.token(sent), home.code(sent))
    review = home.lifecycle.answer(pin, started.version)
    failed = home.lifecycle.reject(review.id, AGENT, "Did not know the manager.")
    assert (failed.state, failed.outcome) == (State.FAILED, Outcome.FAILED)
    assert home.store.events(failed.id)[-1].fields["recommendation"] == "Not verified - Do not proceed"


def test_sr_30_no_step_is_reached_before_its_time(home: Household) -> None:
    started, pin = home.started()
    assert home.lifecycle.act(pin, PASSWORD).state is State.STARTED
    assert home.lifecycle.answer(pin, started.version - 1).state is State.STARTED
    passed = home.lifecycle.answer(pin, started.version)
    assert home.lifecycle.answer(pin, started.version) == passed
    assert home.directory.passwords == {}


def test_sr_31_an_old_proof_decides_nothing(home: Household) -> None:
    started, pin = home.started()
    home.clock.forward(minutes=15)
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.answer(pin, started.version)


def test_a_14_a_pass_cannot_be_used_after_its_time_nor_twice(home: Household) -> None:
    _, pin = home.passed()
    home.clock.forward(minutes=10)
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.act(pin, PASSWORD)
    home.lifecycle.expire()
    _, pin = home.passed("1002")
    done = home.lifecycle.act(pin, PASSWORD)
    assert home.lifecycle.act(pin, PASSWORD) == done
    assert home.directory.changes == 1


def test_a_verify_only_category_ends_with_the_recommendation(home: Household) -> None:
    passed, _ = home.passed(category_name="Identity check")
    assert passed.ended
    assert (passed.grant_id, passed.link_nonce) == ("", "")
    home.drain()
    assert "Recommendation: User verified successfully - Proceed with action" in home.connector.notes[-1][2]
    assert home.lifecycle.expire() == 0


def test_many_verifications_a_day_are_medium(home: Household) -> None:
    for number in ("1", "2", "3"):
        home.started(number)
        home.clock.forward(minutes=40)
    review, _ = home.passed("4")
    assert (review.state, review.risk_level) == (State.REVIEW, RiskLevel.MEDIUM)
    assert home.lifecycle.get(review.id).reason.startswith("The risk is medium")


def test_answers_that_will_not_do_cost_nothing(home: Household) -> None:
    passed, pin = home.passed()
    short = {"password": replace(PASSWORD["password"], _text="short")}
    with pytest.raises(InvalidError, match="15 characters"):
        home.lifecycle.act(pin, short)
    assert home.lifecycle.get(passed.id) == passed


def test_what_the_directory_refuses_is_asked_again_with_a_new_grant(home: Household) -> None:
    passed, pin = home.passed()
    home.directory.refuses = "The password was used before."
    with pytest.raises(InvalidError, match="used before"):
        home.lifecycle.act(pin, PASSWORD)
    current = home.lifecycle.get(passed.id)
    assert current.state is State.PASSED
    assert current.grant_id not in {"", passed.grant_id}
    home.directory.refuses = ""
    assert home.lifecycle.act(pin, PASSWORD).state is State.DONE


def test_a_14_refused_tries_do_not_keep_an_old_proof_alive(home: Household) -> None:
    passed, pin = home.passed()
    home.directory.refuses = "The password was used before."
    limits = home.house.policy.limits
    assert passed.started_at is not None
    for _ in range(2):
        home.clock.forward(minutes=9)
        with pytest.raises(InvalidError, match="used before"):
            home.lifecycle.act(pin, PASSWORD)
    assert home.lifecycle.get(passed.id).deadline == passed.started_at + limits.proof + limits.grant


def test_a_14_a_category_of_its_own_times_bounds_refused_tries_too(home: Household) -> None:
    short = replace(CATEGORIES[0], proof=timedelta(minutes=4), grant=timedelta(minutes=3))
    home.change(policy=replace(home.house.policy, categories=(short,)))
    passed, pin = home.passed()
    home.directory.refuses = "The password was used before."
    assert passed.started_at is not None
    assert passed.deadline == passed.started_at + timedelta(minutes=3)
    for _ in range(2):
        home.clock.forward(minutes=2.5)
        with pytest.raises(InvalidError, match="used before"):
            home.lifecycle.act(pin, PASSWORD)
    assert home.lifecycle.get(passed.id).deadline == passed.started_at + timedelta(minutes=7)


def test_a_directory_that_is_down_keeps_the_pass(home: Household) -> None:
    passed, pin = home.passed()
    home.house.gateway.directories["roster"].down = UnreachableError("down")  # type: ignore[attr-defined]
    with pytest.raises(UnreachableError):
        home.lifecycle.act(pin, PASSWORD)
    home.directory.down = None
    assert home.lifecycle.get(passed.id) == passed


@pytest.mark.parametrize(
    ("spent", "state"),
    [
        (Spent(done=False, text="Changed.", stop=True), State.CANCELLED),
        (Spent(done=True, text="Done, though the settling thought otherwise."), State.DONE),
    ],
)
def test_what_the_gateway_says_decides(home: Household, spent: Spent, state: State) -> None:
    _, pin = home.passed()
    home.change(gateway=Saying(spent))
    assert home.lifecycle.act(pin, PASSWORD).state is state


def test_a_gateway_that_did_not_begin_leaves_the_pass(home: Household) -> None:
    passed, pin = home.passed()
    home.change(gateway=Saying(Spent(done=False, text="Try again.")))
    with pytest.raises(InvalidError, match="Try again"):
        home.lifecycle.act(pin, PASSWORD)
    assert home.lifecycle.get(passed.id) == passed


def test_a_gateway_that_gave_no_answer_and_did_not_begin_is_told_as_a_system_that_is_down(home: Household) -> None:
    passed, pin = home.passed()
    home.change(gateway=Saying(Spent(done=False, text="Unknown.", unknown=True)))
    with pytest.raises(UnreachableError, match="Unknown"):
        home.lifecycle.act(pin, PASSWORD)
    assert home.lifecycle.get(passed.id) == passed


class Saying:
    """A gateway that gives one answer."""

    def __init__(self, spent: Spent) -> None:
        self.spent = spent

    def spend(self, *_: object) -> Spent:
        return self.spent

    def settle(self, *_: object) -> Spent:
        return self.spent


def interrupted(home: Household) -> str:
    """Stop in the middle of an action: the grant is consumed, nothing else is known."""
    passed, pin = home.passed()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(home.directory, "set_password", crash)
        with pytest.raises(KeyboardInterrupt):
            home.lifecycle.act(pin, PASSWORD)
    assert home.lifecycle.get(passed.id).state is State.ACTING
    return passed.id


def crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_sr_58_an_interrupted_action_that_did_not_happen_is_asked_again(home: Household) -> None:
    which = interrupted(home)
    home.clock.forward(seconds=46)
    home.drain()
    assert home.lifecycle.get(which).state is State.PASSED
    home.lifecycle.settle(which)
    assert home.kinds(home.lifecycle.get(which))[-1] == "action_refused"


def test_sr_58_an_interrupted_action_that_happened_is_done(home: Household) -> None:
    which = interrupted(home)
    home.directory.people["o-anna"] = replace(ANNA, stamp="s9")
    home.clock.forward(seconds=46)
    home.drain()
    assert home.lifecycle.get(which).state is State.DONE


def test_sr_58_what_cannot_be_read_is_unknown_in_the_ticket_once_and_settled_later(home: Household) -> None:
    which = interrupted(home)
    home.directory.down = UnreachableError("down")
    home.clock.forward(seconds=46)
    home.drain(hours=0.1)
    notes = [n[2] for n in home.connector.notes if n[2].startswith("Action unknown, check")]
    assert len(notes) == 1
    with pytest.raises(RefusedError):
        home.lifecycle.cancel(which, AGENT, "Stop.")
    home.clock.forward(hours=1)
    assert home.lifecycle.expire() == 0
    home.directory.down = None
    home.drain(hours=0.2)
    assert home.lifecycle.get(which).state is State.PASSED


def in_doubt(home: Household) -> str:
    """Lose the account in the middle of an action, and let the ticket say that nobody knows."""
    which = interrupted(home)
    del home.directory.people["o-anna"]
    home.clock.forward(seconds=46)
    home.drain()
    return which


@pytest.mark.parametrize(
    ("done", "state", "words"),
    [(True, State.DONE, "the action was done."), (False, State.CANCELLED, "the action was not done.")],
)
def test_an_action_whose_account_vanished_is_ended_by_an_agent_who_looked(
    home: Household, done: bool, state: State, words: str
) -> None:
    which = in_doubt(home)
    ended = home.lifecycle.checked(which, AGENT, done=done)
    assert (ended.state, ended.ended, ended.grant_id) == (state, True, "")
    assert home.store.events(which)[-1].actor == "agent:a-kim"
    home.drain(hours=0.2)
    assert f"Kim Agent checked the account: {words}" in home.connector.notes[-1][2]
    assert home.lifecycle.get(which).state is state
    with pytest.raises(RefusedError, match="not waiting for a check"):
        home.lifecycle.checked(which, AGENT, done=not done)


def test_an_action_is_not_ended_by_hand_before_the_ticket_says_unknown(home: Household) -> None:
    which = interrupted(home)
    with pytest.raises(RefusedError, match="not waiting for a check"):
        home.lifecycle.checked(which, AGENT, done=True)
    assert home.lifecycle.get(which).state is State.ACTING


def test_sr_58_a_second_action_that_cannot_be_read_is_unknown_anew(home: Household) -> None:
    which = in_doubt(home)
    home.directory.people["o-anna"] = ANNA
    home.drain(hours=0.2)
    assert home.kinds(home.lifecycle.get(which))[-1] == "action_refused"
    acting = replace(home.lifecycle.get(which), state=State.ACTING)
    home.store.save(acting, Change(event=Event(which, EventKind.ACTING, home.clock.now(), "requester")))
    with pytest.raises(RefusedError, match="not waiting for a check"):
        home.lifecycle.checked(which, AGENT, done=True)
    home.directory.people.clear()
    with pytest.raises(UnreachableError):
        home.lifecycle.settle(which)
    assert home.lifecycle.checked(which, AGENT, done=True).state is State.DONE


def test_a_grant_that_is_gone_is_not_given_anew(home: Household) -> None:
    which = interrupted(home)
    stored = home.lifecycle.get(which)
    with pytest.raises(RefusedError, match="grant of this action is gone"):
        home.lifecycle.again(replace(stored, grant_id="GR-none"), Spent(done=False))


def test_a_category_that_left_the_settings_decides_and_closes_nothing(home: Household) -> None:
    _, pin = home.passed()
    started, second = home.started("1002")
    home.change(policy=Policy((), home.limits, "1"))
    with pytest.raises(SettingsError, match="not in the settings"):
        home.lifecycle.answer(second, started.version)
    done = home.lifecycle.act(pin, PASSWORD)
    assert done.state is State.DONE
    assert "close" not in [e.kind.value for e in home.waiting(done)]


def test_the_status_is_shown_after_the_note_and_before_the_ticket_closes(home: Household) -> None:
    _, pin = home.passed()
    done = home.lifecycle.act(pin, PASSWORD)
    kinds = [e.kind.value for e in home.waiting(done) if e.kind is not ErrandKind.SEND]
    assert kinds[-3:] == ["note", "status", "close"]


def test_a_ticket_that_a_person_goes_on_with_is_handed_over_after_its_note(home: Household) -> None:
    def kinds(of: Verification) -> list[str]:
        return [e.kind.value for e in home.waiting(of) if e.kind is not ErrandKind.SEND]

    kept = replace(home.categories[0], closes=False)
    home.change(policy=replace(home.house.policy, categories=(kept, *home.categories[1:])))
    passed, pin = home.passed()
    assert "hand_over" not in kinds(passed)
    assert kinds(home.lifecycle.act(pin, PASSWORD))[-3:] == ["note", "status", "hand_over"]
    identified, _ = home.passed("1002", category_name="Identity check")
    assert kinds(identified)[-3:] == ["note", "status", "hand_over"]
    home.drain()
    assert home.connector.handed_over == [passed.ticket_id, identified.ticket_id]


def test_a_ticket_that_may_not_be_closed_is_left_to_the_agent_once(home: Household) -> None:
    passed, _ = home.passed()
    for _ in range(2):
        home.lifecycle.closed(passed.id, Closing("Resolved", closed=False, by_hand=True))
    assert home.kinds(passed).count("close_by_hand") == 1
    assert home.lifecycle.get(passed.id).closed_status == "done, not closed"


def test_cancelling_twice_is_the_same_as_once(home: Household) -> None:
    sent = home.sent()
    once = home.lifecycle.cancel(sent.id, SYSTEM, "Stop.")
    assert home.lifecycle.cancel(sent.id, AGENT, "Again.") == once
    assert home.store.events(sent.id)[-1].fields["by"] == "Deskward"
    assert once.link_digest == once.fallback_digest == once.link_nonce == ""


@pytest.mark.parametrize(
    ("life", "outcome", "reason"),
    [
        (timedelta(minutes=15), Outcome.TIMED_OUT, "Nothing was done in time."),
        (timedelta(minutes=10), Outcome.PASSED, "The requester passed but did not complete the action in time."),
    ],
)
def test_what_waits_too_long_times_out_and_is_noted(
    home: Household, life: timedelta, outcome: Outcome, reason: str
) -> None:
    waiting = home.passed()[0] if outcome is Outcome.PASSED else home.sent()
    home.clock.at += life - timedelta(seconds=1)
    assert home.lifecycle.expire() == 0
    home.clock.forward(seconds=1)
    assert home.lifecycle.expire() == 1
    late = home.lifecycle.get(waiting.id)
    assert (late.state, late.outcome, late.reason) == (State.TIMED_OUT, outcome, reason)
    home.drain()
    assert "Verification Outcome: Timed Out" in home.connector.notes[-1][2]
    assert "Proceed with action" not in home.connector.notes[-1][2]


def test_a_person_who_left_the_directory_is_not_served(home: Household) -> None:
    started, pin = home.started()
    del home.directory.people["o-anna"]
    with pytest.raises(RefusedError, match="not in the directory"):
        home.lifecycle.answer(pin, started.version)


def test_sr_60_an_account_that_is_gone_since_the_proof_is_not_served_and_the_ticket_says_why(
    home: Household,
) -> None:
    _, pin = home.passed()
    del home.directory.people["o-anna"]
    ended = home.lifecycle.act(pin, PASSWORD)
    assert (ended.state, ended.grant_id) == (State.CANCELLED, "")
    home.drain()
    assert "The account is not in the directory any more. Nothing was done." in home.connector.notes[-1][2]
    assert home.directory.changes == 0


def test_sr_58_an_old_settle_errand_leaves_a_newer_attempt_alone(home: Household) -> None:
    passed, pin = home.passed()
    home.directory.refuses = "The password was used before."
    with pytest.raises(InvalidError, match="used before"):
        home.lifecycle.act(pin, PASSWORD)
    home.directory.refuses = ""
    home.change(gateway=Saying(Spent(done=False, text="Unknown.", unknown=True)))
    acting = replace(home.lifecycle.get(passed.id), state=State.ACTING)
    home.store.save(acting, Change())
    home.lifecycle.settle(passed.id, passed.grant_id)
    assert home.lifecycle.get(passed.id).state is State.ACTING
    with pytest.raises(UnreachableError):
        home.lifecycle.settle(passed.id, acting.grant_id)


def test_a_finished_verification_cannot_be_cancelled(home: Household) -> None:
    done = replace(home.passed()[0], action="", ended_at=home.clock.now())
    with pytest.raises(RefusedError):
        done.moved(State.CANCELLED)
