"""What an action gives its owner for a while: shown once, received, ended where nobody used it (SR-55)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from deskward.core.events import EventKind
from deskward.core.ports import Change, Errand, ErrandKind, Spent
from deskward.core.verification import State, Verification
from deskward.lifecycle.house import House, when

STAYS = "The ticket stays open: the rest is for the help desk to do."
SHOWN = "What was made is shown to them once. The ticket stays open until they say that they have it."
INTERRUPTED = (
    "But something broke off: they have perhaps not seen what was made. "
    "The ticket stays open; start a new verification where they need another one."
)


def ending(house: House, verification: Verification, change: Change) -> Change:
    """Add the errand that ends what was given when its time is over."""
    given, now = house.gives(verification), house.clock.now()
    if given is None:
        return change
    name, about = f"access:{verification.id}", {"verification": verification.id}
    due = now + timedelta(minutes=given.minutes)
    errand = Errand(ErrandKind.END_ACCESS, name, name, about, due, verification.id)
    return replace(change, errands=(*change.errands, errand))


def done_fields(house: House, verification: Verification, spent: Spent, told: str) -> dict[str, Any]:
    """Say in the ticket how the action ended; what was perhaps not seen is never told as seen (SR-58)."""
    category = house.policy.named(verification.category)
    stays = {"next": STAYS} if category and not category.closes else {}
    fields = {"text": told, "at": when(house.clock.now()), **stays}
    if house.gives(verification) is None:
        return fields
    if spent.secret:
        return fields | {"text": f"{told} {SHOWN}"}
    return fields | {"unseen": True, "text": f"{told} {INTERRUPTED}"}


def unconfirmed(house: House, verification: Verification) -> bool:
    """Tell whether something was given of which the requester has not said that they have it."""
    if verification.state is not State.DONE or house.gives(verification) is None or verification.disputed:
        return False
    return all(e.kind is not EventKind.RECEIVED for e in house.store.events(verification.id))
