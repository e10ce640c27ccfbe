from dataclasses import replace

import pytest

from deskward.actions.reset_factors import Action
from deskward.core.errors import OutsideError, RejectedError, UncertainError, UnreachableError
from deskward.core.proof import ActionClass
from tests.fakes import ANNA, FactorDirectory, FakeDirectory


@pytest.fixture
def keeping() -> FactorDirectory:
    return FactorDirectory(people={ANNA.id: replace(ANNA, aal=2)}, kept=["app", "key"])


def test_a_press_of_the_button_removes_every_factor(keeping: FactorDirectory) -> None:
    action, before = Action(), keeping.people[ANNA.id]
    assert (action.fields, action.problem(before, {})) == ((), "")
    assert not action.reached(before)
    action.perform(keeping, before, {})
    after = keeping.people[ANNA.id]
    assert keeping.kept == []
    assert action.achieved(before, after)
    assert not action.achieved(before, replace(after, login="b"))


def test_a_directory_that_accepts_and_forgets_is_uncertain(
    keeping: FactorDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "reset_factors", lambda _: None)
    with pytest.raises(UncertainError, match="still shows factors: app, key"):
        Action().perform(keeping, ANNA, {})


@pytest.mark.parametrize("trouble", [RejectedError("No right."), UnreachableError("It is down.")])
def test_what_changed_nothing_is_told_as_it_is(keeping: FactorDirectory, trouble: OutsideError) -> None:
    keeping.breaks = (0, trouble)
    with pytest.raises(type(trouble), match=trouble.text):
        Action().perform(keeping, ANNA, {})


@pytest.mark.parametrize("trouble", [RejectedError("No right."), UnreachableError("It is down.")])
def test_sr_58_what_was_removed_in_part_is_uncertain(keeping: FactorDirectory, trouble: OutsideError) -> None:
    keeping.breaks = (1, trouble)
    with pytest.raises(UncertainError, match="Perhaps some factors are removed"):
        Action().perform(keeping, ANNA, {})
    assert keeping.kept == ["key"]


def test_sr_58_what_cannot_be_read_after_it_is_uncertain(keeping: FactorDirectory) -> None:
    keeping.unread = True
    with pytest.raises(UncertainError, match="unknown"):
        Action().perform(keeping, ANNA, {})


def test_sr_47_after_an_objection_nobody_comes_in_and_the_ticket_says_what_to_look_for(
    keeping: FactorDirectory,
) -> None:
    text = Action().take_back(keeping, ANNA.id)
    assert keeping.revoked == [(ANNA.id, True)]
    assert "Look for new ones" in text


def test_sr_62_it_is_refused_below_class_c3_and_where_no_factors_are_kept(keeping: FactorDirectory) -> None:
    assert "keeps no second factors" in Action().obstacle(FakeDirectory(), ActionClass.C3)
    for weak in (ActionClass.C1, ActionClass.C2):
        assert "needs the class C3" in Action().obstacle(keeping, weak)
    assert Action().obstacle(keeping, ActionClass.C3) == ""
