"""How familiar a visit is for its person, and what is learned from one: counts of the last six months."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from deskward.core.authenticators import person_owner
from deskward.core.familiarity import (
    EVERYONE,
    digested,
    features_of,
    first_month,
    learned,
    month_of,
    score,
    wanted,
)
from deskward.core.links import Keyring
from deskward.core.ports import Store
from deskward.core.surroundings import Device, Learned, Network, Tally, Visit
from deskward.core.verification import Verification


class Knowing(Protocol):
    """What reads the counts and digests what they are kept for: the house, or a part of it."""

    @property
    def store(self) -> Store:
        """Give where the counts are."""
        ...

    @property
    def keyring(self) -> Keyring:
        """Give what digests."""
        ...


def features_here(house: Knowing, visit: Visit, network: Network, device: Device) -> Mapping[str, str]:
    """Give the digested features of this visit: nothing to read, as rows may keep them."""
    return digested(features_of(visit, network, device), house.keyring.private)


def familiar_with(
    house: Knowing, verification: Verification, features: Mapping[str, str], now: datetime
) -> tuple[float | None, tuple[Learned, ...]]:
    """Give the score of digested features, and the lesson of this visit should it pass, by one look at the counts.

    The score is None where the person has no history of the last six months.
    """
    owner = owner_of(house.keyring, verification)
    met = _met(house, owner, features, now)
    own, everyone = (
        {name: tally.times for (who, name), tally in met.items() if who == whose} for whose in (owner, EVERYONE)
    )
    return score(features, own, everyone), learned(owner, features, month_of(now), 1, met)


def lesson(
    house: Knowing, verification: Verification, features: Mapping[str, str], at: datetime, times: int = 1
) -> tuple[Learned, ...]:
    """Give what `Change.learned` adds when the person had these digested features; below 0 takes it back."""
    owner = owner_of(house.keyring, verification)
    return learned(owner, features, month_of(at), times, _met(house, owner, features, at))


def owner_of(keyring: Keyring, verification: Verification) -> str:
    """Name whose habits the counts are, with nothing to read."""
    return keyring.private("familiar", person_owner(verification.directory, verification.subject_id))


def _met(
    house: Knowing, owner: str, features: Mapping[str, str], now: datetime
) -> Mapping[tuple[str, str], Tally]:
    return house.store.sightings.familiarity(owner, wanted(features), first_month(now))
