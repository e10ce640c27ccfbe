"""What some directories can do beyond the rest, and what the actions that need it say of themselves."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from deskward.core.errors import SettingsError
from deskward.core.people import Person
from deskward.core.policy import Category
from deskward.core.ports import Action, Directory, Grant
from deskward.core.proof import ActionClass
from deskward.core.secret import Secret


@runtime_checkable
class GivesAccess(Protocol):
    """A directory that lets the owner of an account in with a first secret, which cannot stay (SR-55).

    `access_class` is the least class of a category that gives it: C3 where it stands for a second factor as well.
    """

    access_class: ActionClass

    def give_access(self, person_id: str, minutes: int) -> Secret:
        """Make a random secret that ends at its first use, and after so many minutes where the directory can.

        The stamp of the account moves with it. Calls raise outside errors.
        """
        ...

    def end_access(self, person_id: str) -> str:
        """End what was given and not used yet; gives in words what was done, empty where nothing was left."""
        ...


@runtime_checkable
class ShowsFactors(Protocol):
    """A directory that tells which second factors its people have."""

    def factors(self, person_id: str) -> Sequence[str]:
        """List the factors in words, as `core.factors` has them for their owner; raises outside errors."""
        ...


@runtime_checkable
class KeepsFactors(ShowsFactors, Protocol):
    """A directory that keeps the second factors of its people. Calls raise outside errors."""

    def reset_factors(self, person_id: str) -> None:
        """Remove all of them, so that new ones can be set up; doing it twice is the same as once."""
        ...


@runtime_checkable
class Repeatable(Protocol):
    """An action that is the same done twice: whether it is done is seen on the account, not on its stamp."""

    def reached(self, after: Person) -> bool:
        """Tell whether the account is as the action leaves it."""
        ...


class Asked(Action, Protocol):
    """An action that another system does, asked for by one grant."""

    def ended(self) -> bool:
        """Tell whether it is done or failed for good; UncertainError where it has not ended yet."""
        ...


@runtime_checkable
class ByGrant(Protocol):
    """An action that is done once for each grant: how it ended is asked by the grant (SR-56)."""

    def bound(self, grant: Grant) -> Asked:
        """Give the action as it is done with this grant."""
        ...


@runtime_checkable
class Demanding(Protocol):
    """An action that not every directory offers, or not every class of a category may have."""

    def obstacle(self, directory: Directory, action_class: ActionClass) -> str:
        """Say in a sentence why it cannot be; empty where it can."""
        ...


@runtime_checkable
class Undoable(Protocol):
    """An action that changes who can sign in, though no password is typed: sessions are ended after it (SR-70)."""

    def take_back(self, directory: Directory, person_id: str) -> str:
        """Undo what it did after the owner's objection (SR-47); gives in words what was done."""
        ...


@runtime_checkable
class Temporary(Protocol):
    """An action whose `perform` gives a secret that the requester sees once; it is good for `minutes` at most."""

    minutes: int

    def expire(self, directory: Directory, person_id: str) -> str:
        """End what was not used in time; gives in words what was done, empty where nothing was left."""
        ...


def check_powers(
    categories: Iterable[Category], actions: Mapping[str, object], directories: Mapping[str, Directory]
) -> None:
    """Raise SettingsError where a category has an action that its directory or its class does not allow."""
    for category in categories:
        action = actions.get(category.action)
        directory = directories.get(category.directory)
        if isinstance(action, Demanding) and directory is not None:
            why = action.obstacle(directory, category.action_class)
            if why:
                hint = "Choose another action, directory or class for it; see docs/settings.md."
                raise SettingsError(f"categories.{category.name}: {why}", hint)
