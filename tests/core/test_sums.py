"""What the dashboard counts: the words of a verification, who needs a person, and durations."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deskward.core.proof import LINK, Evidence, Proof
from deskward.core.sums import Named, Need, Sums, need_of, reached
from deskward.core.verification import Mark, Outcome, State
from tests.store.samples import NOON, a_verification

TOTP = Proof("totp", "totp:1", established=True, at=NOON, subject_id="s1", evidence=Evidence.AUTHENTICATOR)
BY_LINK = replace(TOTP, method=LINK)
ASKED = replace(TOTP, method="questions")
GOOD, BAD = {"grading": "correct"}, {"grading": "invalid"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ()),
        ({"wrong_total": 2}, ("link-answered",)),
        ({"started_at": NOON}, ("started", "link-answered", "link-right")),
        ({"wrong_total": 2, "misses": {"totp": 2}}, ("totp-answered",)),
        ({"tried": ("vouch",)}, ("vouch-answered",)),
        ({"proofs": (BY_LINK, TOTP)}, ("totp-answered", "totp-right")),
        ({"proofs": (ASKED,), "transcript": (GOOD, BAD)}, ("questions-answered",)),
        ({"proofs": (ASKED,), "transcript": (GOOD, GOOD)}, ("questions-answered", "questions-right")),
        ({"state": State.FAILED, "outcome": Outcome.FAILED}, ("completed",)),
        ({"state": State.TIMED_OUT, "outcome": Outcome.PASSED}, ()),
    ],
)
def test_a_verification_is_counted_by_how_far_it_came(changes: dict[str, Any], words: tuple[str, ...]) -> None:
    assert reached(a_verification(**changes)) == words


@pytest.mark.parametrize("seconds", [0, 1, 59, 60, 301, 7_200, 86_400])
def test_a_duration_is_kept_to_within_five_percent(seconds: int) -> None:
    done = a_verification(state=State.DONE, outcome=Outcome.PASSED, decided_at=NOON + timedelta(seconds=seconds))
    found = Sums({}, {(Named.REACHED, word, "Passed"): 1 for word in reached(done)}).took(0.5)
    assert found is not None
    assert found == pytest.approx(max(1, seconds), rel=0.05)


def test_half_and_nine_of_ten_are_ranks_and_nothing_is_no_duration() -> None:
    sums = Sums({}, {(Named.REACHED, "took-10", "Passed"): 5, (Named.REACHED, "took-50", "Failed"): 5})
    assert sums.took(0.5) == pytest.approx(1.1**10)
    assert sums.took(0.9) == pytest.approx(1.1**50)
    assert Sums({}, {}).took(0.5) is None


@pytest.mark.parametrize(
    ("changes", "need"),
    [
        ({"state": State.REVIEW}, Need.REVIEW),
        ({"state": State.REVIEW, "exception": True}, Need.REVIEW),
        ({"state": State.DONE, "outcome": Outcome.PASSED}, Need.NONE),
        ({"state": State.DONE, "outcome": Outcome.PASSED, "exception": True}, Need.EXCEPTION),
        ({"state": State.DONE, "outcome": Outcome.PASSED, "exception": True, "mark": Mark.RIGHT}, Need.NONE),
        ({"state": State.FAILED, "outcome": Outcome.FAILED, "exception": True}, Need.NONE),
        ({"state": State.DISPUTED, "outcome": Outcome.PASSED, "exception": True}, Need.NONE),
    ],
)
def test_reviews_and_exceptions_that_nobody_looked_at_need_a_person(changes: dict[str, Any], need: Need) -> None:
    assert need_of(a_verification(**changes)) is need


def test_values_come_by_their_frequency_and_those_that_went_are_left_out() -> None:
    numbers = {("a", "Passed"): 1, ("b", "Failed"): 2, ("c", "Failed"): 0}
    sums = Sums({}, {(Named.CATEGORY.value, *pair): number for pair, number in numbers.items()})
    assert sums.values(Named.CATEGORY) == ["b", "a"]
    assert sums.number(Named.CATEGORY) == 3
    assert sums.number(Named.CATEGORY, ["b"], "Passed") == 0
