"""What a result teaches: a visit counts for later ones once it passed, and no more once its owner objects."""

from dataclasses import dataclass, replace
from datetime import datetime

from deskward.core.events import EventKind
from deskward.core.links import Keyring
from deskward.core.ports import Change, Store
from deskward.core.verification import Verification
from deskward.lifecycle.familiar import lesson


@dataclass(frozen=True)
class Lessons:
    """Adds to every change what later visits learn from it."""

    store: Store
    keyring: Keyring

    def beside(self, verification: Verification, kind: EventKind, change: Change, now: datetime) -> Change:
        """Give the change with its lesson: learned with the pass, taken back with an objection.

        A lesson that was made ready with the visit counts only if this very change is the pass.
        """
        if kind not in {EventKind.PASSED, EventKind.DISPUTED}:
            return replace(change, learned=()) if change.learned else change
        sighting, passed = change.sighting or self.store.sightings.of(verification.id), kind is EventKind.PASSED
        if sighting is None or (sighting.passed_at is not None) is passed:
            return change
        features = verification.surroundings.get("features", {})
        learned = change.learned or lesson(self, verification, features, sighting.at, 1 if passed else -1)
        return replace(change, sighting=replace(sighting, passed_at=now if passed else None), learned=learned)
