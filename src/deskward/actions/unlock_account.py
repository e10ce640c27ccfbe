"""Lifts a lock-out; the password stays."""

from collections.abc import Mapping

from deskward.core.doing import AsksNothing
from deskward.core.people import Person
from deskward.core.ports import Directory
from deskward.core.resets import ResetKind
from deskward.core.secret import Secret


class Action(AsksNothing):
    """Unlocks the account at the press of a button."""

    name = "unlock_account"
    title = "Account unlock"
    button = "Unlock my account"
    done = "Your account is unlocked. Sign in with the password you have."
    resets = frozenset({ResetKind.UNLOCK})

    def perform(self, directory: Directory, person: Person, answers: Mapping[str, Secret]) -> None:
        """Lift the lock."""
        del answers
        directory.unlock(person.id)

    def achieved(self, before: Person, after: Person) -> bool:
        """Tell whether the same account is open."""
        return before.same_account(after) and not after.locked
