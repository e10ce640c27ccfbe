"""Marks tell good from bad, and scores are measured against them."""

from typing import Any

import pytest

from deskward.core.feedback import Calibration, is_bad, markable
from deskward.core.risk import RiskLevel
from deskward.core.verification import Mark, Outcome, State, Verification
from tests.core.samples import NOON, a_verification

PASSED = {"state": State.DONE, "outcome": Outcome.PASSED, "decided_at": NOON}
FAILED = {"state": State.FAILED, "outcome": Outcome.FAILED}
OBJECTED = {"state": State.DONE, "outcome": Outcome.FAILED, "decided_at": NOON}
LATE = {"state": State.TIMED_OUT, "outcome": Outcome.TIMED_OUT, "decided_at": NOON}


def a_row(changes: dict[str, Any], **more: Any) -> Verification:
    return a_verification(**(changes | more))


@pytest.mark.parametrize(
    ("verification", "marks"),
    [
        (a_row({}), ()),
        (a_row({"state": State.REVIEW, "decided_at": NOON}), ()),
        (a_row({"state": State.CANCELLED}), ()),
        (a_row(PASSED), (Mark.RIGHT, Mark.MISSED)),
        (a_row(PASSED, state=State.ACTING), ()),
        (a_row(PASSED, state=State.PASSED), ()),
        (a_row(PASSED, state=State.PASSED, action=""), (Mark.RIGHT, Mark.MISSED)),
        (a_row(PASSED, risk_level=RiskLevel.MEDIUM), (Mark.RIGHT, Mark.FALSE_ALARM, Mark.MISSED)),
        (a_row(OBJECTED), (Mark.RIGHT, Mark.MISSED)),
        (a_row(FAILED), (Mark.RIGHT, Mark.FALSE_ALARM)),
        (a_row(LATE), (Mark.RIGHT, Mark.FALSE_ALARM)),
    ],
)
def test_only_what_can_be_said_of_a_result_is_offered(verification: Verification, marks: tuple[Mark, ...]) -> None:
    assert markable(verification) == marks


@pytest.mark.parametrize(
    ("row", "mark", "bad"),
    [
        (PASSED, Mark.RIGHT, False),
        (PASSED, Mark.MISSED, True),
        (OBJECTED, Mark.RIGHT, True),
        (FAILED, Mark.RIGHT, True),
        (FAILED, Mark.FALSE_ALARM, False),
        (LATE, Mark.RIGHT, None),
        (FAILED, Mark.NONE, None),
    ],
)
def test_a_mark_tells_whether_it_was_somebody_else(row: dict[str, Any], mark: Mark, bad: bool | None) -> None:
    assert is_bad(a_row(row, mark=mark)) is bad


def test_calibration_counts_bins_shares_and_the_brier_score() -> None:
    counted = Calibration()
    for row, score, mark in (
        (PASSED, 1.0, Mark.RIGHT),
        (PASSED, 1.5, Mark.MISSED),
        (FAILED, 10.0, Mark.RIGHT),
        (PASSED, 1.9, Mark.NONE),
        (FAILED, None, Mark.RIGHT),
    ):
        counted.add(a_row(row, risk_score=score, mark=mark))
    assert (counted.count, counted.labelled) == (4, 3)
    low, top = counted.bins[1], counted.bins[9]
    assert (low.count, low.labelled, low.bad, low.share) == (3, 2, 1, 0.5)
    assert (top.count, top.share) == (1, 1.0)
    assert counted.bins[5].share is None
    assert counted.brier == pytest.approx((0.1**2 + 0.85**2 + 0.0) / 3)
    assert counted.marks[Mark.RIGHT] == 2


def test_without_marks_there_is_no_brier_score() -> None:
    assert Calibration().brier is None
