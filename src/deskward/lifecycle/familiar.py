"""How familiar a visit is for its person, and what is learned from one: counts of the last six months."""

from collections.abc import Mapping
from datetime import datetime

from deskward.core.authenticators import person_owner
from deskward.core.familiarity import (
    OWNERS,
    digested,
    features_of,
    first_month,
    learned,
    month_of,
    score,
    wanted,
)
from deskward.core.surroundings import Device, Habits, Learned, Met, Network, Visit
from deskward.core.verification import Verification
from deskward.lifecycle.house import House

# With n people alike, a visit that is wholly the person's own scores about 1 / n².
FEWEST_PEOPLE = 10


def features_here(house: House, visit: Visit, network: Network, device: Device) -> Mapping[str, str]:
    """Give the digested features of this visit: nothing to read, as rows may keep them."""
    return digested(features_of(visit, network, device), house.keyring.private)


def habits_of(house: House, verification: Verification, features: Mapping[str, str], now: datetime) -> Habits:
    """Say which counts tell how familiar these digested features are for the person, with nothing to read."""
    return habits_in(house, person_owner(verification.directory, verification.subject_id), features, now)


def habits_in(house: House, person: str, features: Mapping[str, str], now: datetime) -> Habits:
    """Say it of a person by name of `person_owner`."""
    since = first_month(now, house.retention.months)
    return Habits(house.keyring.private("familiar", person), wanted(features), since)


def strangeness(features: Mapping[str, str], met: Met) -> float | None:
    """Give the score of digested features; None where the last six months tell too little to compare with.

    That is where the person has no history, and where fewer than ten people have one: the score compares with
    everyone, and among few a person's own browser at home would seem strange.
    """
    return score(features, met.own, met.everyone) if met.everyone.get(OWNERS, 0) >= FEWEST_PEOPLE else None


def lesson(house: House, verification: Verification) -> tuple[Learned, ...]:
    """Give what to add to the counts now that a visit passed, or to take back now that its owner objected.

    Nothing where nothing of the visit is left (SR-121).
    """
    features, at = verification.surroundings.get("features"), verification.looked_at
    if not features or at is None:
        return ()
    habits = habits_of(house, verification, features, at)
    met = house.store.sightings.familiarity(habits)
    return learned(habits.owner, features, month_of(at), 1 if verification.teaches else -1, met)
