"""What several actions do alike."""

from dataclasses import replace

import pytest

from deskward.core.doing import AsksNothing, changed_and_open, lift_lock
from deskward.core.errors import UncertainError, UnreachableError
from tests.fakes import ANNA, FakeDirectory


def test_at_the_press_of_a_button_nothing_is_asked_and_nothing_is_wrong() -> None:
    assert (AsksNothing().fields, AsksNothing().problem(ANNA, {})) == ((), "")


def test_a_lock_is_lifted_where_there_is_one() -> None:
    directory = FakeDirectory(people={ANNA.id: replace(ANNA, locked=True)})
    lift_lock(directory, ANNA.id, "It is made")
    assert not directory.people[ANNA.id].locked
    lift_lock(directory, ANNA.id, "It is made")
    lift_lock(directory, "nobody", "It is made")


def test_a_lock_that_may_still_be_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise UnreachableError("It is away.", "Wait.")

    monkeypatch.setattr(FakeDirectory, "get", away)
    with pytest.raises(UncertainError, match=r"It is made, but the lock may still be there: It is away\."):
        lift_lock(FakeDirectory(), ANNA.id, "It is made")


def test_a_change_is_seen_on_the_same_account_without_a_lock() -> None:
    changed = replace(ANNA, stamp=f"{ANNA.stamp}+")
    assert changed_and_open(ANNA, changed)
    assert not changed_and_open(ANNA, ANNA)
    assert not changed_and_open(ANNA, replace(changed, locked=True))
    assert not changed_and_open(ANNA, replace(changed, login="other"))
