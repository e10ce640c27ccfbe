"""An analyst marks a result, and a shadow decides beside it."""

from typing import Any

import pytest

from deskward.core.accounts import Agent
from deskward.core.errors import ConflictError, RefusedError
from deskward.core.events import NOTED, EventKind
from deskward.core.replay import Shadow, Thresholds, decided_as
from deskward.core.verification import Mark, State, Verification
from deskward.lifecycle import Actor
from tests.fakes import ANNA
from tests.household import AGENT, Household

OLGA = Actor("agent", "a-olga", "Olga Auditor")


@pytest.fixture
def passed(home: Household) -> Verification:
    return home.passed(category_id="9", category_name="Identity check")[0]


def test_a_result_is_marked_and_the_mark_is_recorded_but_not_noted(home: Household, passed: Verification) -> None:
    notes = len(home.waiting(passed))
    marked = home.lifecycle.mark(passed.id, Mark.MISSED, OLGA, passed.version)
    assert (marked.mark, marked.marked_by, marked.marked_at) == (Mark.MISSED, OLGA.name, home.clock.now())
    event = home.store.events(passed.id)[-1]
    assert (event.kind, event.actor, event.fields["mark"]) == (EventKind.MARKED, "agent:a-olga", "missed")
    assert EventKind.MARKED not in NOTED
    assert len(home.waiting(passed)) == notes
    assert marked.state is passed.state


def test_marking_again_changes_the_mark_and_takes_it_back(home: Household, passed: Verification) -> None:
    once = home.lifecycle.mark(passed.id, Mark.MISSED, OLGA, passed.version)
    twice = home.lifecycle.mark(passed.id, Mark.RIGHT, OLGA, once.version)
    gone = home.lifecycle.mark(passed.id, Mark.NONE, OLGA, twice.version)
    assert (twice.mark, gone.mark, gone.marked_by, gone.marked_at) == (Mark.RIGHT, Mark.NONE, "", None)


def test_who_sent_the_link_does_not_mark_the_result(home: Household, passed: Verification) -> None:
    for actor in (AGENT, Actor("agent")):
        assert not home.lifecycle.may_mark(passed, actor)
        with pytest.raises(RefusedError, match="own work"):
            home.lifecycle.mark(passed.id, Mark.RIGHT, actor, passed.version)
    assert home.lifecycle.may_mark(passed, OLGA)


def test_nobody_marks_the_result_about_their_own_account(home: Household, passed: Verification) -> None:
    home.opened.accounts.put_agent(Agent("a-olga", ANNA.login, "Anna"))
    with pytest.raises(RefusedError, match="account"):
        home.lifecycle.mark(passed.id, Mark.RIGHT, OLGA, passed.version)


def test_a_result_that_changed_or_cannot_be_so_is_not_marked(home: Household, passed: Verification) -> None:
    with pytest.raises(ConflictError):
        home.lifecycle.mark(passed.id, Mark.RIGHT, OLGA, passed.version - 1)
    with pytest.raises(RefusedError, match="cannot be marked"):
        home.lifecycle.mark(passed.id, Mark.FALSE_ALARM, OLGA, passed.version)
    opened = home.open("1002")
    with pytest.raises(RefusedError, match="cannot be marked"):
        home.lifecycle.mark(opened.id, Mark.RIGHT, OLGA, opened.version)


@pytest.mark.parametrize(
    ("medium_from", "kept"), [(0.0, {"state": "review", "level": "Medium"}), (4.0, {"state": "passed"})]
)
def test_a_shadow_keeps_what_it_would_have_decided_and_changes_nothing(
    home: Household, medium_from: float, kept: dict[str, Any]
) -> None:
    home.change(shadow=Shadow({"Password Reset": Thresholds(medium_from, 7.0)}, version="two"))
    passed, _ = home.passed()
    assert passed.state is State.PASSED
    assert kept.items() <= passed.shadow.items()
    assert (passed.shadow["version"], passed.shadow["score"]) == ("two", 0.0)
    assert passed.standing["level"] == 2
    assert decided_as(passed).state is State.PASSED
