from dataclasses import replace
from pathlib import Path

import pytest

from deskward.actions.temporary_access import Action
from deskward.core.errors import SettingsError, UncertainError, UnreachableError
from deskward.core.proof import ActionClass
from deskward.directories.roster import Directory
from tests.fakes import ANNA, FakeDirectory, GivingDirectory

LOCKED = '[[people]]\nid = "p-1"\nlogin = "a"\nname = "A"\nemail = "a@example.com"\nlocked = true\n'


@pytest.fixture
def giving() -> GivingDirectory:
    return GivingDirectory(people={ANNA.id: ANNA})


def test_sr_55_a_press_of_the_button_gives_what_is_good_once_and_opens_the_account(tmp_path: Path) -> None:
    (tmp_path / "people.toml").write_text(LOCKED)
    directory, action = Directory(path=tmp_path / "people.toml"), Action()
    before = directory.get("p-1")
    assert before
    assert (action.fields, action.problem(before, {}), action.minutes) == ((), "", 60)
    given = action.perform(directory, before, {})
    after = directory.get("p-1")
    assert after
    assert action.achieved(before, after)
    assert not action.achieved(before, replace(after, login="b"))
    assert directory.check_password("p-1", given)
    assert not directory.check_password("p-1", given)


def test_a_lock_that_stays_after_it_is_lifted(giving: GivingDirectory) -> None:
    giving.people[ANNA.id] = replace(ANNA, locked=True)
    Action().perform(giving, giving.people[ANNA.id], {})
    assert not giving.people[ANNA.id].locked


def test_a_lock_that_cannot_be_looked_at_is_uncertain(giving: GivingDirectory) -> None:
    giving.down = UnreachableError("It is down.")
    with pytest.raises(UncertainError, match="is made, but the lock may still be there"):
        Action().perform(giving, ANNA, {})


def test_sr_55_what_was_not_used_in_time_is_ended(giving: GivingDirectory) -> None:
    action = Action(minutes=30)
    assert action.expire(giving, ANNA.id) == ""
    assert action.perform(giving, ANNA, {}).reveal().endswith("for 30")
    assert action.expire(giving, ANNA.id) == "It was ended."


def test_sr_47_what_was_not_used_is_ended_and_sessions_with_it(giving: GivingDirectory) -> None:
    Action().perform(giving, ANNA, {})
    assert Action().take_back(giving, ANNA.id) == "It was ended. All sessions were ended."
    assert giving.revoked == []


def test_sr_47_where_it_was_used_the_password_is_made_unusable_too(giving: GivingDirectory) -> None:
    text = Action().take_back(giving, ANNA.id)
    assert giving.revoked == [(ANNA.id, True)]
    assert "ways to sign in that were added" in text


def test_sr_47_a_directory_without_sessions_ends_none(tmp_path: Path) -> None:
    (tmp_path / "people.toml").write_text(LOCKED)
    directory = Directory(path=tmp_path / "people.toml")
    before = directory.get("p-1")
    assert before
    Action().perform(directory, before, {})
    assert Action().take_back(directory, "p-1").startswith("The password set last was taken back")


def test_what_cannot_give_it_says_so(giving: GivingDirectory) -> None:
    assert "can give no temporary access" in Action().obstacle(FakeDirectory(), ActionClass.C3)
    assert Action().obstacle(giving, ActionClass.C2) == ""
    giving.access_class = ActionClass.C3
    assert "needs the class C3" in Action().obstacle(giving, ActionClass.C2)


@pytest.mark.parametrize("minutes", [0, 9, 481])
def test_a_time_that_is_too_short_or_too_long_is_refused(minutes: int) -> None:
    with pytest.raises(SettingsError, match="minutes is"):
        Action(minutes=minutes)
