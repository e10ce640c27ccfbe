"""How familiar a visit is, and what is learned from it, in a whole house."""

from deskward.core.ports import Change
from deskward.core.verification import Verification
from deskward.lifecycle.familiar import familiarity_of, lesson
from tests.household import Household

HOME = {
    "address": "192.0.2.7",
    "asn": "64496",
    "country": "NO",
    "agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "browser": "Firefox 140",
    "system": "Linux",
    "kind": "desktop",
}
AWAY = {name: f"other {value}" for name, value in HOME.items()}
NEIGHBOUR = HOME | {"address": "192.0.2.99", "agent": "Mozilla/5.0 (Windows NT 10.0)"}


def learn(home: Household, verification: Verification, features: dict[str, str], times: int = 1) -> Verification:
    return home.store.save(verification, Change(learned=lesson(home.house, verification, features, times)))


def test_a_person_without_history_has_no_score(home: Household) -> None:
    assert familiarity_of(home.house, home.open(), HOME) is None


def test_what_was_learned_is_familiar_and_the_rest_is_strange(home: Household) -> None:
    anna = learn(home, home.open(), HOME, times=12)
    ben = home.open("1002", requester_id="p-ben")
    learn(home, ben, AWAY, times=12)
    own, near, away = (familiarity_of(home.house, anna, features) for features in (HOME, NEIGHBOUR, AWAY))
    assert own is not None
    assert near is not None
    assert away is not None
    assert own < near < away
    assert away == 16.0


def test_sr_121_after_six_months_a_person_has_no_history_again(home: Household) -> None:
    anna = learn(home, home.open(), HOME)
    home.clock.forward(days=31 * 4)
    assert familiarity_of(home.house, anna, HOME) is not None
    home.clock.forward(days=31 * 2)
    assert familiarity_of(home.house, anna, HOME) is None


def test_nothing_that_is_kept_can_be_read(home: Household) -> None:
    for one in lesson(home.house, home.open(), HOME):
        told = (one.owner, one.value)
        assert not [text for text in (*HOME.values(), "o-anna") if any(text in kept for kept in told)]


def test_a_lesson_in_the_same_month_counts_nobody_twice(home: Household) -> None:
    anna = learn(home, home.open(), HOME)
    learn(home, anna, HOME)
    again = lesson(home.house, anna, HOME)
    assert not [one for one in again if one.feature.startswith("distinct")]
