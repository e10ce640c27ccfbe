"""How familiar a visit is, and what is learned from it, in a whole house."""

from dataclasses import replace
from typing import Any

from deskward.core.ports import Change
from deskward.core.surroundings import Device, Network, Place, Sighting, Visit
from deskward.core.verification import Outcome, Verification
from deskward.lifecycle import learning
from deskward.lifecycle.familiar import features_here, habits_of, lesson, strangeness
from deskward.lifecycle.lately import since
from tests.fakes import START
from tests.household import Household

HOME = Visit(START, "192.0.2.7", {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"})
NEXT_DOOR = replace(HOME, address="192.0.2.99")
AWAY = Visit(START, "198.51.100.3", {"user-agent": "Mozilla/5.0 (Windows NT 10.0)"})
UNSEEN = Sighting("", "", "", 0, None, None, None)
OSLO, LIMA = Place("NO"), Place("PE")
AT = {
    HOME.address: (Network(HOME.address, OSLO, 64496), Device("Firefox", "140", "Linux", "", "desktop")),
    NEXT_DOOR.address: (Network(NEXT_DOOR.address, OSLO, 64496), Device("Firefox", "140", "Linux", "", "desktop")),
    AWAY.address: (Network(AWAY.address, LIMA, 64500), Device("Edge", "140", "Windows", "10", "mobile")),
}


def here(home: Household, visit: Visit) -> dict[str, str]:
    return dict(features_here(home.house, visit, *AT[visit.address]))


def learn(home: Household, verification: Verification, visit: Visit) -> Verification:
    """Let a verification pass at this visit, and learn of it."""
    looked: dict[str, Any] = {"looked_at": home.clock.now(), "surroundings": {"features": here(home, visit)}}
    passed = home.store.save(replace(verification, **looked, outcome=Outcome.PASSED), Change())
    learning.learn(home.house)
    return passed


def take_back(home: Household, verification: Verification) -> None:
    """Let its owner object."""
    home.store.save(replace(verification, outcome=Outcome.FAILED), Change())
    learning.learn(home.house)


def score(home: Household, verification: Verification, visit: Visit) -> float | None:
    features = here(home, visit)
    habits = habits_of(home.house, verification, features, home.clock.now())
    told = home.store.sightings.past(verification, home.clock.now(), UNSEEN, habits, since(home.house))
    return strangeness(features, told[1])


def test_a_person_without_history_has_no_score(home: Household) -> None:
    assert score(home, home.open(), HOME) is None


def test_among_few_people_a_persons_own_browser_at_home_is_not_called_strange(home: Household) -> None:
    anna = learn(home, home.open("1001"), HOME)
    learn(home, home.open("1002", requester_id="p-ben"), HOME)
    assert score(home, anna, HOME) is None
    home.learn_of_others()
    assert 0 < (score(home, anna, HOME) or 0) < 0.14


def test_what_was_learned_is_familiar_and_the_rest_is_strange(home: Household) -> None:
    home.learn_of_others()
    anna = home.open("1001")
    for number in range(12):
        learn(home, home.open(f"11{number}"), HOME)
        learn(home, home.open(f"12{number}", requester_id="p-ben"), AWAY)
    own, near, away = (score(home, anna, visit) for visit in (HOME, NEXT_DOOR, AWAY))
    assert own is not None
    assert near is not None
    assert away is not None
    assert own < near < 1 < away


def test_what_was_learned_of_a_visit_that_its_owner_objects_to_is_unlearned(home: Household) -> None:
    home.learn_of_others()
    anna = learn(home, home.open(), HOME)
    assert score(home, anna, HOME) is not None
    take_back(home, anna)
    assert score(home, anna, HOME) is None


def test_a_visit_is_learned_once_however_often_somebody_learns(home: Household) -> None:
    anna = learn(home, home.open(), HOME)
    learning.learn(home.house)
    features = here(home, HOME)
    met = home.store.sightings.familiarity(habits_of(home.house, anna, features, home.clock.now()))
    assert {tally.times for tally in met.values()} == {1}


def test_sr_121_what_is_not_kept_any_longer_is_not_learned(home: Household) -> None:
    home.learn_of_others()
    anna = learn(home, home.open(), HOME)
    empty = home.store.save(replace(anna, surroundings={}), Change())
    take_back(home, empty)
    assert home.store.sightings.untaught(10) == []
    assert score(home, anna, HOME) is not None


def test_sr_121_after_six_months_a_person_has_no_history_again(home: Household) -> None:
    home.learn_of_others()
    anna = learn(home, home.open(), HOME)
    home.clock.forward(days=31 * 4)
    assert score(home, anna, HOME) is not None
    home.clock.forward(days=31 * 2)
    assert score(home, anna, HOME) is None


def test_nothing_that_is_kept_can_be_read(home: Household) -> None:
    anna = learn(home, home.open(), HOME)
    clear = ("192.0.2.7", "Mozilla", "NO", "64496", "Firefox", "Linux", "desktop", anna.subject_id)
    learned = lesson(home.house, anna)
    assert learned
    for one in learned:
        assert not [text for text in clear if text in one.owner or text in one.value]


def test_a_lesson_in_the_same_month_counts_nobody_twice(home: Household) -> None:
    anna = learn(home, home.open(), HOME)
    assert not [one for one in lesson(home.house, anna) if one.feature.startswith("distinct")]
