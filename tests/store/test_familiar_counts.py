"""The counters of familiarity, on both databases."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlalchemy import select

from deskward.core.familiarity import ALL, DISTINCT, OWNERS, first_month, learned, month_of, wanted
from deskward.core.ports import Change
from deskward.core.surroundings import Habits, Learned, Tally
from deskward.core.verification import Outcome
from deskward.store.opening import Opened
from deskward.store.sightings import _met
from deskward.store.tables import familiar
from tests.store.samples import StandingClock, a_verification

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
    opened.store.prune(clock.now())
    assert months() == {"2026-06", "2026-07"}
    clock.time = datetime(2026, 12, 1, tzinfo=UTC)
    opened.store.prune(clock.now())
    assert months() == {"2026-07"}


def test_reading_looks_rows_up_and_never_walks_the_table(opened: Opened) -> None:
    learner = Learner(opened)
    many = [Learned("", "address", f"v{n}", "2026-05") for n in range(2000)]
    learner.add(many)
    names = wanted(HOME)
    told = {f"name{n}": name for n, name in enumerate(names)}
    told |= {f"value{n}": value for n, value in enumerate(names.values())}
    statement = _met(len(names)).params(owner="anna", since="2026-01", **told)
    with opened.store.database.write() as connection:
        connection.exec_driver_sql("ANALYZE familiar")
        written = statement.compile(connection, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        plan = [str(row) for row in connection.exec_driver_sql(f"{explain} {written}")]
    assert [row for row in plan if "familiar" in row]
    assert not [row for row in plan if "SCAN familiar" in row or "Seq Scan" in row]
