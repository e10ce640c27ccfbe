import pytest

from deskward.actions.temporary_access import Action
from deskward.core.errors import SettingsError
from deskward.core.policy import Category
from deskward.core.powers import check_powers
from deskward.core.proof import ActionClass
from tests.fakes import FakeDirectory, FakeReset, GivingDirectory


def check(directory: FakeDirectory, action: str, action_class: ActionClass = ActionClass.C2) -> None:
    asked = Category("Help", ("Help",), "staff", action, action_class)
    verify_only = Category("Look", ("Look",), "staff")
    check_powers([verify_only, asked], {a.name: a for a in (Action(), FakeReset())}, {"staff": directory})


def test_an_action_that_a_directory_does_not_offer_is_refused_with_its_category() -> None:
    with pytest.raises(SettingsError, match="Help: the directory “staff” can give no") as refusal:
        check(FakeDirectory("staff"), "temporary_access")
    assert "docs/settings.md" in refusal.value.hint
    check(GivingDirectory("staff"), "temporary_access")


def test_sr_62_what_stands_for_a_second_factor_is_given_in_class_c3_only() -> None:
    strong = GivingDirectory("staff", access_class=ActionClass.C3)
    with pytest.raises(SettingsError, match="needs the class C3"):
        check(strong, "temporary_access")
    check(strong, "temporary_access", ActionClass.C3)


def test_an_action_that_demands_nothing_is_never_refused() -> None:
    check(FakeDirectory("staff"), "reset_password")
