"""What results teach: a visit counts for later ones once it passed, and no more once its owner objects."""

from deskward.lifecycle.familiar import lesson
from deskward.lifecycle.house import House

AT_ONCE = 100


def learn(house: House) -> None:
    """Let the counts of familiarity follow the results: each is added once, and taken back once.

    A requester never waits for it, and what cannot be told any more (SR-121) is left to grow old.
    """
    for verification in house.store.sightings.untaught(AT_ONCE):
        house.store.sightings.teach(verification, lesson(house, verification))
