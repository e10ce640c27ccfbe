"""How familiar a visit is, and what is learned from it, in a whole house."""

from dataclasses import replace

from deskward.core.ports import Change
from deskward.core.surroundings import Device, Network, Place, Visit
from deskward.core.verification import Verification
from deskward.lifecycle.familiar import familiar_with, features_here, lesson
from tests.fakes import START
from tests.household import Household

HOME = Visit(START, "192.0.2.7", {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"})
NEXT_DOOR = replace(HOME, address="192.0.2.99")
AWAY = Visit(START, "198.51.100.3", {"user-agent": "Mozilla/5.0 (Windows NT 10.0)"})
OSLO, LIMA = Place("NO"), Place("PE")
AT = {
    HOME.address: (Network(HOME.address, OSLO, 64496), Device("Firefox", "140", "Linux", "", "desktop")),
    NEXT_DOOR.address: (Network(NEXT_DOOR.address, OSLO, 64496), Device("Firefox", "140", "Linux", "", "desktop")),
    AWAY.address: (Network(AWAY.address, LIMA, 64500), Device("Edge", "140", "Windows", "10", "mobile")),
}


def here(home: Household, visit: Visit) -> dict[str, str]:
    return dict(features_here(home.house, visit, *AT[visit.address]))


def learn(home: Household, verification: Verification, visit: Visit, times: int = 1) -> Verification:
    rows = lesson(home.house, verification, here(home, visit), home.clock.now(), times)
    return home.store.save(verification, Change(learned=rows))


def score(home: Household, verification: Verification, visit: Visit) -> float | None:
    return familiar_with(home.house, verification, here(home, visit), home.clock.now())[0]


def test_a_person_without_history_has_no_score(home: Household) -> None:
    assert score(home, home.open(), HOME) is None


def test_what_was_learned_is_familiar_and_the_rest_is_strange(home: Household) -> None:
    anna = home.open()
    for _ in range(3):
        anna = learn(home, anna, HOME, times=4)
    learn(home, home.open("1002", requester_id="p-ben"), AWAY, times=12)
    own, near, away = (score(home, anna, visit) for visit in (HOME, NEXT_DOOR, AWAY))
    assert own is not None
    assert near is not None
    assert own < near < 16.0
    assert away == 16.0


def test_what_was_learned_by_mistake_is_unlearned(home: Household) -> None:
    anna = learn(home, home.open(), HOME)
    assert score(home, anna, HOME) is not None
    assert score(home, learn(home, anna, HOME, times=-1), HOME) is None


def test_sr_121_after_six_months_a_person_has_no_history_again(home: Household) -> None:
    anna = learn(home, home.open(), HOME)
    home.clock.forward(days=31 * 4)
    assert score(home, anna, HOME) is not None
    home.clock.forward(days=31 * 2)
    assert score(home, anna, HOME) is None


def test_nothing_that_is_kept_can_be_read(home: Household) -> None:
    anna = home.open()
    clear = ("192.0.2.7", "Mozilla", "NO", "64496", "Firefox", "Linux", "desktop", anna.subject_id)
    for one in lesson(home.house, anna, here(home, HOME), home.clock.now()):
        assert not [text for text in clear if text in one.owner or text in one.value]


def test_a_lesson_in_the_same_month_counts_nobody_twice(home: Household) -> None:
    anna = learn(home, home.open(), HOME)
    again = lesson(home.house, anna, here(home, HOME), home.clock.now())
    assert not [one for one in again if one.feature.startswith("distinct")]
