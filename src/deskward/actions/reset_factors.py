"""Removes the second factors of an account, so that its owner sets up new ones; needs a second person (SR-62)."""

from collections.abc import Mapping, Sequence

from deskward.core.doing import AsksNothing
from deskward.core.errors import OutsideError, UncertainError
from deskward.core.people import Person
from deskward.core.ports import Directory
from deskward.core.powers import KeepsFactors
from deskward.core.proof import AAL2, ActionClass
from deskward.core.resets import ResetKind
from deskward.core.secret import Secret

GONE = "The factors that were removed cannot be brought back. Look for new ones, and remove them."


class Action(AsksNothing):
    """Removes every factor at the press of a button; the password stays."""

    name = "reset_factors"
    title = "Second factor reset"
    button = "Remove my second factors"
    done = "Your second factors are removed. Set up new ones when you sign in."
    resets = frozenset({ResetKind.FACTORS})

    def obstacle(self, directory: Directory, action_class: ActionClass) -> str:
        """Say why this directory or class cannot have it; empty where it can."""
        if not isinstance(directory, KeepsFactors):
            return f"the directory “{directory.name}” keeps no second factors that could be reset."
        if action_class < ActionClass.C3:
            return "the action reset_factors needs the class C3: P3 and a second person (SR-62)."
        return ""

    def perform(self, directory: Directory, person: Person, answers: Mapping[str, Secret]) -> None:
        """Remove them, and read the list back; what was removed in part is uncertain, and done again."""
        del answers
        assert isinstance(directory, KeepsFactors), "the settings are checked at the start"
        before = directory.factors(person.id)
        try:
            directory.reset_factors(person.id)
        except OutsideError as trouble:
            if _left(directory, person.id) == before:
                raise
            raise UncertainError(f"Perhaps some factors are removed: {trouble.text}", trouble.hint) from trouble
        if left := _left(directory, person.id):
            raise UncertainError(f"The directory still shows factors: {', '.join(left)}.", "Look at the account.")

    def achieved(self, before: Person, after: Person) -> bool:
        """Tell whether the same account has no factor."""
        return before.same_account(after) and self.reached(after)

    def reached(self, after: Person) -> bool:
        """Tell whether the account has no factor."""
        return after.aal < AAL2

    def take_back(self, directory: Directory, person_id: str) -> str:
        """Let nobody in any more: what was removed cannot be brought back."""
        return f"{directory.revoke(person_id, password=True)} {GONE}"


def _left(directory: KeepsFactors, person_id: str) -> Sequence[str]:
    """List what is left; what cannot be read is not known to be gone."""
    try:
        return directory.factors(person_id)
    except OutsideError:
        return ("unknown",)
