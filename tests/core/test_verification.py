"""States, moves, and how they read."""

from dataclasses import replace
from itertools import product

import pytest

from deskward.core.errors import RefusedError
from deskward.core.verification import ENDS, MOVES, Outcome, State, status_of
from tests.core.samples import NOON, a_verification


@pytest.mark.parametrize(("start", "to"), list(product(State, State)))
def test_only_moves_of_the_table_are_possible(start: State, to: State) -> None:
    verification = a_verification(state=start)
    if to in MOVES[start]:
        assert verification.moved(to, reason="r").state is to
    else:
        with pytest.raises(RefusedError, match=to.value):
            verification.moved(to)


def test_ends_have_no_moves_and_everything_else_has() -> None:
    assert {s for s in State if not MOVES[s]} == ENDS


def test_passed_ends_where_no_action_follows() -> None:
    assert a_verification(state=State.PASSED, action="").ended
    assert not a_verification(state=State.PASSED).ended
    assert a_verification(state=State.DONE).ended


def test_only_a_pass_that_was_looked_at_and_stands_teaches() -> None:
    passed = a_verification(state=State.DONE, outcome=Outcome.PASSED, looked_at=NOON)
    assert passed.teaches
    assert not replace(passed, looked_at=None).teaches
    assert not replace(passed, state=State.DISPUTED).teaches
    assert not replace(passed, outcome=Outcome.FAILED).teaches
    assert not replace(passed, outcome=Outcome.BREAK_GLASS).teaches, "SR-69: two people are no proof"


@pytest.mark.parametrize(("state", "outcome"), list(product(State, Outcome)))
def test_every_state_and_outcome_reads_as_one_of_the_fixed_labels(state: State, outcome: Outcome) -> None:
    status = status_of(state, outcome)
    assert status.label in {
        "In progress",
        "Cannot be sent",
        "Passed",
        "Failed",
        "Timed Out",
        "Not Enough Questions",
        "Cancelled",
        "Break-glass",
    }
    assert status.sentence.endswith(".")
    assert a_verification(state=state, outcome=outcome).status is status
