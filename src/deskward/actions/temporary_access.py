"""Lets the owner in with a secret that is shown once and ends at its first use, or soon (SR-55)."""

from collections.abc import Mapping

from deskward.core.doing import AsksNothing, changed_and_open, lift_lock
from deskward.core.errors import SettingsError
from deskward.core.people import Person
from deskward.core.ports import Directory, KeepsSessions
from deskward.core.powers import GivesAccess
from deskward.core.proof import ActionClass
from deskward.core.resets import ResetKind
from deskward.core.secret import Secret

SHORTEST, LONGEST = 10, 480
LOOK = "It was used or replaced before; look for ways to sign in that were added to the account."


class Action(AsksNothing):
    """Gives a temporary pass or password, which is good for `minutes` at most."""

    name = "temporary_access"
    title = "Temporary access"
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

    def perform(self, directory: Directory, person: Person, answers: Mapping[str, Secret]) -> Secret:
        """Make it, then lift a lock: a stamp that changed means that it is made."""
        del answers
        secret = _giving(directory).give_access(person.id, self.minutes)
        lift_lock(directory, person.id, "The temporary access is made")
        return secret

    def achieved(self, before: Person, after: Person) -> bool:
        """Tell whether the account changed and is open."""
        return changed_and_open(before, after)

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
