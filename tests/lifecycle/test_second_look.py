"""What High risk refused is looked at again: by another person, within a working day (SR-124)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deskward.core.errors import RefusedError
from deskward.core.ports import Change
from deskward.core.risk import RiskLevel
from deskward.core.sums import Need, need_of
from deskward.core.verification import Mark, Outcome, State, Verification
from deskward.lifecycle import Actor
from deskward.lifecycle.second_look import due_of
from deskward.signals.working_hours import Signal
from tests.household import AGENT, Household

OLGA, SAM = Actor("agent", "a-olga", "Olga Auditor"), Actor("agent", "a-sam", "Sam Second")
FRIDAY = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def handed_over(home: Household, by: Actor = AGENT, number: str = "1001") -> Verification:
    passed, _ = home.passed(number)
    return home.lifecycle.hand_over(passed.id, passed.version, by, "The voice was strange.")


def refused(home: Household, **changes: Any) -> Verification:
    """End a run for High risk now, as a verdict does."""
    made, now = home.sent(), home.clock.now()
    over: dict[str, Any] = {"state": State.FAILED, "outcome": Outcome.FAILED, "risk_level": RiskLevel.HIGH}
    return home.store.save(replace(made, **(over | {"ended_at": now, "decided_at": now} | changes)), Change())


def test_sr_124_what_high_risk_refused_waits_for_a_person_until_somebody_marked_it(home: Household) -> None:
    failed = refused(home)
    assert need_of(failed) is Need.SECOND_LOOK
    marked = home.lifecycle.mark(failed.id, Mark.FALSE_ALARM, OLGA, failed.version)
    assert need_of(marked) is Need.NONE
    assert due_of(home.house, marked) is None
    again = home.lifecycle.mark(failed.id, Mark.NONE, OLGA, marked.version)
    assert need_of(again) is Need.SECOND_LOOK


def test_sr_124_what_failed_without_high_risk_waits_for_nobody(home: Household) -> None:
    assert need_of(refused(home, risk_level=RiskLevel.MEDIUM)) is Need.NONE


def test_sr_124_the_time_target_is_one_working_day_of_the_organisation(home: Household) -> None:
    home.clock.at = FRIDAY
    failed = refused(home)
    assert due_of(home.house, failed) == FRIDAY + timedelta(days=3)
    policy = home.house.policy
    home.change(policy=replace(policy, limits=replace(policy.limits, second_look=2)))
    assert due_of(home.house, failed) == FRIDAY + timedelta(days=4)
    home.change(signals={"working_hours": Signal()})
    assert due_of(home.house, failed) == FRIDAY + timedelta(days=4)
    home.change(signals={"working_hours": Signal(zone="Asia/Dubai", days=["sun", "mon"])})
    assert due_of(home.house, failed) == datetime(2026, 11, 30, 20, 0, tzinfo=UTC) + timedelta(days=5)


def test_sr_124_a_review_is_due_at_its_own_deadline_at_the_latest(home: Household) -> None:
    home.clock.at = FRIDAY
    review = handed_over(home)
    assert due_of(home.house, review) == review.deadline
    later = replace(review, deadline=FRIDAY + timedelta(days=20))
    assert due_of(home.house, later) == FRIDAY + timedelta(days=3)


def test_sr_124_who_rejected_a_request_is_not_the_one_who_looks_again(home: Household) -> None:
    review = handed_over(home)
    failed = home.lifecycle.reject(review.id, SAM, "It was not her.")
    for first in (SAM, AGENT):
        assert not home.lifecycle.may_mark(failed, first)
        with pytest.raises(RefusedError, match="own work, decision or account"):
            home.lifecycle.mark(failed.id, Mark.RIGHT, first, failed.version)
    assert home.lifecycle.may_mark(failed, OLGA)


def test_sr_124_who_handed_it_to_an_approver_does_not_approve_it(home: Household) -> None:
    review = handed_over(home, SAM)
    with pytest.raises(RefusedError, match="handed it to an approver, cannot approve"):
        home.lifecycle.approve(review.id, review.version, SAM, "It is fine.")
    assert home.lifecycle.approve(review.id, review.version, OLGA, "Called back.").approver_id == OLGA.id


def test_sr_124_starting_again_gives_who_rejected_it_no_second_vote(home: Household) -> None:
    failed = home.lifecycle.reject(handed_over(home).id, SAM, "It was not her.")
    again = home.lifecycle.reopen(failed.id, AGENT)
    assert "rejected this request" in home.lifecycle.bars(again, SAM)
    assert home.lifecycle.bars(again, OLGA) == ""
    other = home.open("1002")
    assert home.lifecycle.bars(other, SAM) == ""
