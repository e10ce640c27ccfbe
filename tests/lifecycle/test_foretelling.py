from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from deskward.core.errors import UnreachableError
from deskward.core.people import Person
from deskward.core.resets import ResetKind
from deskward.core.verification import State, Verification
from deskward.lifecycle.foretelling import Removal, removal_of, rules_of
from tests.fakes import FactorDirectory, FakeDirectory, FakeUnlock
from tests.household import Household

DOWN = UnreachableError("no route")


@dataclass
class RuledDirectory(FakeDirectory):
    def rules(self, person: Person) -> Sequence[str]:
        if self.down:
            raise self.down
        return [f"Not “{person.login}”."]


def stand_in(home: Household, directory: FakeDirectory) -> None:
    """Let another directory stand where the people are, with the same people."""
    directory.people = home.directory.people
    home.change(people={"roster": directory})


def test_what_the_directory_asks_of_a_new_password_is_told_when_it_is_typed_and_never_stops_the_page(
    home: Household,
) -> None:
    passed, _ = home.passed()
    assert home.reading.portal(passed).rules == ()
    ruled = RuledDirectory()
    stand_in(home, ruled)
    assert home.reading.portal(passed).rules == ("Not “anna.berg”.",)
    assert home.reading.portal(home.open("1003")).rules == ()
    anna = ruled.people["o-anna"]
    assert rules_of(home.house, replace(passed, action="unlock_account"), anna) == ()
    ruled.down = DOWN
    assert rules_of(home.house, passed, anna) == ()


@pytest.fixture
def removing(home: Household) -> Verification:
    """Give a verification that passed, whose button removes factors."""
    removes = FakeUnlock(resets=frozenset({ResetKind.FACTORS}))
    home.change(actions={**home.house.actions, "reset_password": removes})
    return home.passed()[0]


@pytest.mark.parametrize("kept", [[], ["Authenticator app", "Recovery codes"]])
def test_before_the_button_is_pressed_its_owner_reads_which_factors_will_go(
    home: Household, removing: Verification, kept: list[str]
) -> None:
    stand_in(home, FactorDirectory(kept=kept))
    assert home.reading.portal(removing).removal == Removal(tuple(kept))


def test_what_cannot_be_read_is_told_as_that_and_never_as_nothing(home: Household, removing: Verification) -> None:
    assert home.reading.portal(removing).removal == Removal(unread=True)  # it shows no factors
    stand_in(home, FactorDirectory(unread=True))
    assert home.reading.portal(removing).removal == Removal(unread=True)
    stand_in(home, FactorDirectory(kept=["Phone"], down=DOWN))
    assert home.reading.portal(removing).removal == Removal(unread=True)  # the account cannot be read
    home.change(people={})
    assert removal_of(home.house, removing, None) == Removal(unread=True)


def test_factors_are_told_to_nobody_before_the_pass_or_for_another_action(
    home: Household, removing: Verification
) -> None:
    stand_in(home, FactorDirectory(kept=["Phone"]))
    states = set(State) - {State.PASSED}
    anna = home.directory.people["o-anna"]
    assert {removal_of(home.house, replace(removing, state=one), anna) for one in states} == {None}
    for action in ("unlock_account", "", "gone"):
        assert removal_of(home.house, replace(removing, action=action), anna) is None
