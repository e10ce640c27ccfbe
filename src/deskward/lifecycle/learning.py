"""What a result teaches: a visit counts for later ones once it passed, and no more once its owner objects."""

from dataclasses import dataclass, replace
from datetime import datetime

from deskward.core.events import EventKind
from deskward.core.familiarity import learned
from deskward.core.links import Keyring
from deskward.core.ports import Change, Store
from deskward.core.verification import Verification


@dataclass(frozen=True)
class Lessons:
    """Adds to every change what later visits learn from it."""

    store: Store
    keyring: Keyring

    def beside(self, verification: Verification, kind: EventKind, change: Change, now: datetime) -> Change:
        """Give the change with its lesson: learned with the pass, taken back with an objection."""
        if kind not in {EventKind.PASSED, EventKind.DISPUTED}:
            return change
        sighting = change.sighting or self.store.sightings.of(verification.id)
        passed = kind is EventKind.PASSED
        if sighting is None or (sighting.passed_at is not None) is passed:
            return change
        counts = learned(
            owner_of(self.keyring, verification),
            verification.surroundings.get("features", {}),
            f"{sighting.at:%Y-%m}",
            1 if passed else -1,
        )
        return replace(change, sighting=replace(sighting, passed_at=now if passed else None), learned=counts)


def owner_of(keyring: Keyring, verification: Verification) -> str:
    """Name whose habits the counts are, with nothing to read."""
    return keyring.private("familiar", f"{verification.directory}:{verification.subject_id}")
