"""What the directory tells of an action before its button is pressed; nothing here stops the page."""

from contextlib import suppress
from dataclasses import dataclass

from deskward.core.errors import OutsideError
from deskward.core.people import Person
from deskward.core.ports import Ruled
from deskward.core.powers import ShowsFactors
from deskward.core.resets import ResetKind, kinds_of
from deskward.core.verification import State, Verification
from deskward.lifecycle.house import House


@dataclass(frozen=True)
class Removal:
    """The second factors that the button removes, in words; `unread` where the directory cannot tell just now."""

    factors: tuple[str, ...] = ()
    unread: bool = False


def rules_of(house: House, verification: Verification, person: Person | None) -> tuple[str, ...]:
    """Read what the directory asks of the new password that is typed now; empty where it does not tell."""
    action, directory = house.actions.get(verification.action), _directory(house, verification)
    typed = action is not None and any(field.kind == "new-password" for field in action.fields)
    if verification.state is State.PASSED and typed and person and isinstance(directory, Ruled):
        with suppress(OutsideError):
            return tuple(directory.rules(person))
    return ()


def removal_of(house: House, verification: Verification, person: Person | None) -> Removal | None:
    """Read which factors the button removes; None where it removes none, or there is no button yet."""
    action, directory = house.actions.get(verification.action), _directory(house, verification)
    removes = ResetKind.FACTORS in kinds_of(action)
    if verification.state is not State.PASSED or not removes:
        return None
    if person and isinstance(directory, ShowsFactors):
        with suppress(OutsideError):
            return Removal(tuple(directory.factors(person.id)))
    return Removal(unread=True)


def _directory(house: House, verification: Verification) -> object:
    return house.people.get(verification.directory)
