"""The counters of familiarity, on both databases."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from deskward.core.familiarity import ALL, DISTINCT, OWNERS, first_month, learned, month_of, wanted
from deskward.core.ports import Change
from deskward.core.retention import Retention
from deskward.core.surroundings import Habits, Learned, Lesson, Tally
from deskward.core.verification import Outcome
from deskward.store.opening import Opened
from deskward.store.sightings import _KNOWN, _asked
from deskward.store.tables import familiar
from tests.servers.statements import plan_of
from tests.store.samples import NOON, StandingClock, a_verification

HOME = {"address": "A", "asn": "B", "country": "C", "agent": "D"}
AWAY = {"address": "E", "asn": "F", "country": "C", "agent": "D"}


def at(month: str) -> datetime:
    return datetime.fromisoformat(f"{month}-15").replace(tzinfo=UTC)


class Learner:
    """Learns one visit after the other, each after reading what is known."""

    def __init__(self, opened: Opened) -> None:
        self.opened, self.number = opened, 0

    def met(self, owner: str, features: Mapping[str, str], now: str) -> Mapping[tuple[str, str], Tally]:
        return self.opened.store.sightings.familiarity(Habits(owner, wanted(features), first_month(at(now))))

    def learn(self, owner: str, features: Mapping[str, str], month: str, times: int = 1) -> None:
        self.add(learned(owner, features, month, times, self.met(owner, features, month)))

    def add(self, lesson: Iterable[Learned]) -> None:
        self.number += 1
        passed = a_verification(f"v{self.number}", looked_at=at("2026-01"), outcome=Outcome.PASSED)
        self.opened.store.sightings.teach(self.opened.store.save(passed, Change()), lesson)


def test_counts_are_kept_for_the_person_and_for_everyone(opened: Opened) -> None:
    learner = Learner(opened)
    learner.learn("anna", HOME, "2026-05")
    learner.learn("anna", HOME, "2026-06", times=4)
    learner.learn("ben", AWAY, "2026-06")
    met = learner.met("anna", HOME, "2026-06")
    assert met[("anna", "address")] == Tally(5, "2026-06")
    assert met[("anna", "country")] == met[("anna", ALL)] == Tally(5, "2026-06")
    assert met[("", "country")] == met[("", ALL)] == Tally(6, "2026-06")
    strange = learner.met("anna", AWAY, "2026-06")
    assert ("anna", "asn") not in strange
    assert strange[("", "asn")] == Tally(1, "2026-06")


def test_distinct_people_and_values_are_counted_once(opened: Opened) -> None:
    learner = Learner(opened)
    for month in ("2026-03", "2026-04", "2026-05"):
        learner.learn("anna", HOME, month)
        learner.learn("anna", HOME, month)
    learner.learn("ben", AWAY, "2026-05")
    met = learner.met("anna", HOME, "2026-05")
    assert met[("", OWNERS)].times == 2
    assert met[("", DISTINCT + "asn")].times == 2
    assert met[("", DISTINCT + "country")].times == 1
    assert ("", DISTINCT + "browser") not in met


def test_sr_121_what_is_older_than_six_months_counts_no_more(opened: Opened) -> None:
    learner = Learner(opened)
    learner.learn("anna", HOME, "2026-01")
    learner.learn("ben", AWAY, "2026-02")
    learner.learn("anna", AWAY, "2026-03")
    met = learner.met("anna", HOME, "2026-07")
    assert ("anna", "address") not in met
    assert met[("anna", ALL)].times == 1
    assert met[("", OWNERS)].times == 2
    assert met[("", DISTINCT + "asn")].times == 1
    assert learner.met("anna", HOME, "2026-09") == {}


def test_sr_121_what_is_older_than_six_months_is_deleted(opened: Opened, clock: StandingClock) -> None:
    learner = Learner(opened)
    clock.time = at("2026-06")
    learner.learn("anna", HOME, month_of(clock.now()))
    learner.learn("anna", AWAY, "2026-07")

    def months() -> set[str]:
        with opened.store.database.read() as connection:
            return set(connection.scalars(select(familiar.c.month).distinct()))

    clock.time = at("2026-11")
    opened.store.prune(clock.now(), Retention())
    assert months() == {"2026-06", "2026-07"}
    clock.time = datetime(2026, 12, 1, tzinfo=UTC)
    opened.store.prune(clock.now(), Retention())
    assert months() == {"2026-07"}


def test_reading_looks_rows_up_and_never_walks_the_table(opened: Opened) -> None:
    learner = Learner(opened)
    many = [Learned("", "address", f"v{n}", "2026-05") for n in range(20_000)]
    learner.add(many)
    habits = Habits("anna", wanted(HOME), "2026-01")
    with opened.store.database.write() as connection:
        connection.exec_driver_sql("ANALYZE familiar")
        plan = plan_of(_KNOWN, connection, _asked(habits))
    assert [row for row in plan if "SEARCH f USING PRIMARY KEY" in row or "using pk_familiar" in row]
    assert not [row for row in plan if "SCAN f" in row or "Seq Scan" in row]


EARLIER, LATER = at("2026-04"), at("2026-05")


def a_lesson(owner: str = "anna", features: Mapping[str, str] = HOME, times: int = 1) -> Lesson:
    return Lesson(Habits(owner, wanted(features), "2025-12"), features, "2026-05", times)


def test_a_log_has_no_mark_at_first_and_keeps_it_to_the_microsecond(opened: Opened) -> None:
    sightings = opened.store.sightings
    assert sightings.read_to("roster") is None
    exact = NOON.replace(microsecond=123456)
    sightings.follow("roster", None, exact, ())
    assert sightings.read_to("roster") == exact
    assert sightings.read_to("other") is None


def test_lessons_of_one_log_know_of_each_other(opened: Opened) -> None:
    learner = Learner(opened)
    lessons = [a_lesson(times=3), a_lesson(features=AWAY), a_lesson("ben", AWAY)]
    opened.store.sightings.follow("roster", None, LATER, lessons)
    met = learner.met("anna", HOME, "2026-05")
    assert met[("anna", ALL)].times == 4
    assert met[("anna", "address")].times == 3
    assert met[("", ALL)].times == 5
    assert met[("", OWNERS)].times == 2
    assert met[("", DISTINCT + "asn")].times == 2
    assert met[("", DISTINCT + "country")].times == 1


@pytest.mark.parametrize("old", [None, EARLIER], ids=["the first time", "later"])
def test_a_mark_that_somebody_else_moved_teaches_nothing(opened: Opened, old: datetime | None) -> None:
    learner, sightings = Learner(opened), opened.store.sightings
    if old:
        sightings.follow("roster", None, old, ())
    for _ in range(2):
        sightings.follow("roster", old, LATER, [a_lesson()])
    assert sightings.read_to("roster") == LATER
    assert learner.met("anna", HOME, "2026-05")[("anna", ALL)].times == 1


def test_whoever_dies_while_learning_leaves_neither_mark_nor_counts(opened: Opened) -> None:
    learner, sightings = Learner(opened), opened.store.sightings

    def dying() -> Iterator[Lesson]:
        yield a_lesson()
        raise MemoryError

    with pytest.raises(MemoryError):
        sightings.follow("roster", None, LATER, dying())
    assert sightings.read_to("roster") is None
    assert learner.met("anna", HOME, "2026-05") == {}
    sightings.follow("roster", None, LATER, [a_lesson()])
    assert learner.met("anna", HOME, "2026-05")[("anna", ALL)].times == 1


@pytest.mark.parametrize("old", [None, EARLIER], ids=["the first time", "later"])
def test_many_who_learn_the_same_at_once_count_it_once(opened: Opened, old: datetime | None) -> None:
    learner, sightings = Learner(opened), opened.store.sightings
    if old:
        sightings.follow("roster", None, old, ())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sightings.follow("roster", old, LATER, [a_lesson(), a_lesson("ben")]), range(16)))
    met = learner.met("anna", HOME, "2026-05")
    assert met[("anna", ALL)].times == 1
    assert (met[("", ALL)].times, met[("", OWNERS)].times) == (2, 2)
