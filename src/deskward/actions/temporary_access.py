"""Lets the owner in with a secret that is shown once and ends at its first use, or soon (SR-55)."""

from collections.abc import Mapping

from deskward.core.errors import OutsideError, SettingsError, UncertainError
from deskward.core.people import Person
from deskward.core.ports import Directory, Field, KeepsSessions
from deskward.core.powers import GivesAccess
from deskward.core.proof import ActionClass
from deskward.core.resets import ResetKind
from deskward.core.secret import Secret

SHORTEST, LONGEST = 10, 480
LOOK = "It was used or replaced before; look for ways to sign in that were added to the account."


class Action:
    """Gives a temporary pass or password, which is good for `minutes` at most."""

    name = "temporary_access"
    title = "Temporary access"
    fields: tuple[Field, ...] = ()
    button = "Show my temporary access"
    done = "Your temporary access is made."
    resets = frozenset({ResetKind.PASSWORD, ResetKind.UNLOCK})

    def __init__(self, *, minutes: int = 60) -> None:
        if not SHORTEST <= minutes <= LONGEST:
            raise SettingsError(
                f"actions.temporary_access.minutes is {minutes}.",
                f"Choose {SHORTEST} to {LONGEST}; 60 is the usual value (SR-55).",
            )
        self.minutes = minutes

    def obstacle(self, directory: Directory, action_class: ActionClass) -> str:
        """Say why this directory or class cannot have it; empty where it can."""
        if not isinstance(directory, GivesAccess):
            return (
                f"the directory “{directory.name}” can give no temporary access: nothing there makes its owner "
                "choose another password at once (SR-55)."
            )
        if action_class < directory.access_class:
            return (
                f"the temporary access of “{directory.name}” stands for a second factor, so it needs the class "
                f"{directory.access_class.value} (SR-62)."
            )
        return ""

    def problem(self, person: Person, answers: Mapping[str, Secret]) -> str:
        """Find nothing wrong: nothing is asked."""
        del person, answers
        return ""

    def perform(self, directory: Directory, person: Person, answers: Mapping[str, Secret]) -> Secret:
        """Make it, then lift a lock: a stamp that changed means that it is made."""
        del answers
        secret = _giving(directory).give_access(person.id, self.minutes)
        try:
            after = directory.get(person.id)
            if after is not None and after.locked:
                directory.unlock(person.id)
        except OutsideError as trouble:
            text = f"The temporary access is made, but the lock may still be there: {trouble.text}"
            raise UncertainError(text, trouble.hint) from trouble
        return secret

    def achieved(self, before: Person, after: Person) -> bool:
        """Tell whether the account changed and is open."""
        return before.same_account(after) and before.stamp != after.stamp and not after.locked

    def expire(self, directory: Directory, person_id: str) -> str:
        """End it where it was not used in time."""
        return _giving(directory).end_access(person_id)

    def take_back(self, directory: Directory, person_id: str) -> str:
        """End it; where it was used already, make the password unusable as well."""
        ended = _giving(directory).end_access(person_id)
        if not ended:
            return f"{directory.revoke(person_id, password=True)} {LOOK}"
        return (
            f"{ended} {directory.end_sessions(person_id) if isinstance(directory, KeepsSessions) else ''}".strip()
        )


def _giving(directory: Directory) -> GivesAccess:
    assert isinstance(directory, GivesAccess), "the settings are checked at the start"
    return directory
