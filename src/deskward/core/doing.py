"""What several actions do alike: ask nothing, open the account after its change, and see the change."""

from collections.abc import Mapping

from deskward.core.errors import OutsideError, UncertainError
from deskward.core.people import Person
from deskward.core.ports import Directory, Field
from deskward.core.secret import Secret


class AsksNothing:
    """The part of an action that is done at the press of a button."""

    fields: tuple[Field, ...] = ()

    def problem(self, person: Person, answers: Mapping[str, Secret]) -> str:
        """Find nothing wrong: nothing is asked."""
        del person, answers
        return ""


def lift_lock(directory: Directory, person_id: str, made: str) -> None:
    """Lift a lock after what was `made`, in words; UncertainError where it may still be there."""
    try:
        after = directory.get(person_id)
        if after is not None and after.locked:
            directory.unlock(person_id)
    except OutsideError as trouble:
        raise UncertainError(f"{made}, but the lock may still be there: {trouble.text}", trouble.hint) from trouble


def changed_and_open(before: Person, after: Person) -> bool:
    """Tell whether it is the same account, with another stamp and without a lock."""
    return before.same_account(after) and before.stamp != after.stamp and not after.locked
