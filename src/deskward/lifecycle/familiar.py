"""How familiar a visit is for its person, and what is learned from one: counts of the last six months."""

from collections.abc import Mapping

from deskward.core.authenticators import person_owner
from deskward.core.familiarity import EVERYONE, digested, first_month, learned, month_of, score, wanted
from deskward.core.surroundings import Learned, Tally
from deskward.core.verification import Verification
from deskward.lifecycle.house import House


def familiarity_of(house: House, verification: Verification, features: Mapping[str, str]) -> float | None:
    """Give the score of these features, in clear; None where the person has no history yet."""
    owner, kept = _kept(house, verification, features)
    met = _met(house, owner, kept)
    own, everyone = (
        {name: tally.times for (who, name), tally in met.items() if who == whose} for whose in (owner, EVERYONE)
    )
    return score(kept, own, everyone)


def lesson(
    house: House, verification: Verification, features: Mapping[str, str], times: int = 1
) -> tuple[Learned, ...]:
    """Give what `Change.learned` adds to the counts when the person had these features; nothing is in clear."""
    owner, kept = _kept(house, verification, features)
    return learned(owner, kept, month_of(house.clock.now()), times, _met(house, owner, kept))


def _kept(house: House, verification: Verification, features: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    private = house.keyring.private
    person = person_owner(verification.directory, verification.subject_id)
    return private("familiar", person), digested(features, private)


def _met(house: House, owner: str, kept: Mapping[str, str]) -> Mapping[tuple[str, str], Tally]:
    since = first_month(house.clock.now())
    return house.store.sightings.familiarity(owner, wanted(kept), since)
