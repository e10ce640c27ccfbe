"""What earlier visits tell, on both databases."""

import itertools
import re
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from deskward.core.lately import Since
from deskward.core.ports import Change
from deskward.core.retention import Retention
from deskward.core.surroundings import MOST_PEOPLE, MOST_VISITS, Habits, Learned, Met, Past, Sighting, Tally
from deskward.core.verification import Outcome, State, Verification
from deskward.store.opening import Opened
from deskward.store.runs import asked_of
from deskward.store.sightings import _PAST, MOST_WALKED, _asked, _told
from deskward.store.tables import verifications
from tests.servers.statements import plan_of
from tests.store.samples import NOON, StandingClock, a_verification

HERE = Sighting("here", "phone", "DE", 64496, 52.5, 13.4, 20.0)
NOBODY = Habits("nobody", {"address": "x"}, "2026-06")
SINCE = Since(opened=NOON - timedelta(days=9), ended=NOON - timedelta(days=1), reached=NOON - timedelta(days=30))


def visit(
    opened: Opened, name: str, *, ago: timedelta = timedelta(minutes=5), passed: bool = True, **changes: Any
) -> Verification:
    """Keep a visit; by default one that passed, from here, by the same phone."""
    sighting = asdict(HERE) | {n: changes.pop(n) for n in asdict(HERE) if n in changes}
    outcome = Outcome.PASSED if passed else Outcome.FAILED
    looked = {"looked_at": NOON - ago, "sighting": sighting, "agent_id": "kim", "outcome": outcome}
    return opened.store.save(a_verification(name, **(looked | changes)), Change())


def past(opened: Opened, **changes: Any) -> Past:
    """Look from here, now."""
    sighting = replace(HERE, **{n: changes.pop(n) for n in asdict(HERE) if n in changes})
    looking = a_verification("now", **({"agent_id": "kim"} | changes))
    return opened.store.sightings.past(looking, NOON, sighting, NOBODY, SINCE)[0]


def test_nobody_has_a_past_at_first(opened: Opened) -> None:
    assert past(opened) == Past()


def test_the_newest_visit_that_passed_is_the_last_one(opened: Opened) -> None:
    visit(opened, "v1", ago=timedelta(days=3), country="FR")
    visit(opened, "v2", ago=timedelta(days=2), country="ES", latitude=None, longitude=None, radius_km=None)
    visit(opened, "v3", ago=timedelta(days=1), passed=False)
    told = past(opened)
    assert told.last == Sighting("here", "phone", "ES", 64496, None, None, None)
    assert told.last_at == NOON - timedelta(days=2)
    assert told.visits == 2


def test_its_own_verification_is_no_earlier_visit(opened: Opened) -> None:
    visit(opened, "now")
    assert past(opened) == Past()


def test_visits_with_this_device_are_the_persons_own_that_passed(opened: Opened) -> None:
    visit(opened, "v1")
    visit(opened, "v2", device="tablet")
    visit(opened, "v3", passed=False)
    visit(opened, "v4", subject_id="s2")
    told = past(opened)
    assert (told.visits, told.device_passed) == (2, 1)
    assert past(opened, device="").device_passed == 0


def test_no_device_is_not_a_device_that_people_share(opened: Opened) -> None:
    visit(opened, "v1", device="", subject_id="s2", address="there")
    assert past(opened, device="").device_others == 0


@pytest.mark.parametrize(
    ("name", "span"),
    [
        ("device_others", timedelta(days=30)),
        ("address_others", timedelta(days=1)),
        ("agent_people", timedelta(hours=1)),
    ],
)
def test_other_people_are_counted_within_a_span_whether_they_passed_or_not(
    opened: Opened, name: str, span: timedelta
) -> None:
    visit(opened, "v1", subject_id="s2", ago=span, passed=False)
    visit(opened, "v2", subject_id="s2", ago=span / 2)
    visit(opened, "v3", subject_id="s3", ago=span + timedelta(seconds=1))
    visit(opened, "v4", directory="other", ago=span / 2)
    visit(opened, "v5", ago=span / 2)
    assert getattr(past(opened), name) == 2


def test_another_device_address_or_agent_counts_nobody(opened: Opened) -> None:
    visit(opened, "v1", subject_id="s2")
    told = past(opened, device="tablet", address="there", agent_id="sam")
    assert (told.device_others, told.address_others, told.agent_people) == (0, 0, 0)


def test_visits_are_counted_up_to_ten_and_people_up_to_fifty(opened: Opened) -> None:
    for n in range(MOST_PEOPLE + 2):
        visit(opened, f"v{n}")
        visit(opened, f"w{n}", subject_id=f"o{n}")
    told = past(opened)
    assert (told.visits, told.device_passed, told.device_others) == (MOST_VISITS, MOST_VISITS, MOST_PEOPLE)


def test_people_are_counted_among_the_newest_visits_however_many_there_are(opened: Opened) -> None:
    visit(opened, "w", subject_id="s2", ago=timedelta(minutes=9))
    for n in range(MOST_WALKED):
        visit(opened, f"v{n}", subject_id="s3")
    told = past(opened)
    assert (told.device_others, told.address_others, told.agent_people) == (1, 1, 1)


def test_the_counts_of_habits_come_with_the_past(opened: Opened) -> None:
    habits = Habits("anna", {"address": "A", "asn": "B"}, "2026-06")
    lesson = [Learned("anna", "address", "A", "2026-11", 2), Learned("", "asn", "B", "2026-10", 3)]
    told = {("anna", "address"): Tally(2, "2026-11"), ("", "asn"): Tally(3, "2026-10")}
    opened.store.sightings.teach(visit(opened, "v1"), lesson)
    earlier, met, _ = opened.store.sightings.past(a_verification("now"), NOON, HERE, habits, SINCE)
    assert (earlier.visits, met) == (1, Met({"address": 2}, {"asn": 3}))
    assert dict(opened.store.sightings.familiarity(habits)) == told


def test_what_passed_waits_to_be_learned_once(opened: Opened) -> None:
    visit(opened, "v1", passed=False)
    opened.store.save(a_verification("v2", outcome=Outcome.PASSED), Change())
    mine = visit(opened, "v3")
    (waiting,) = opened.store.sightings.untaught(10)
    assert waiting == mine
    for _ in range(2):
        opened.store.sightings.teach(waiting, [Learned("anna", "address", "A", "2026-11")])
    assert opened.store.sightings.untaught(10) == []
    met = opened.store.sightings.familiarity(Habits("anna", {"address": "A"}, "2026-11"))
    assert met == {("anna", "address"): Tally(1, "2026-11")}


def test_what_was_learned_is_taken_back_once_its_owner_objects(opened: Opened) -> None:
    mine = visit(opened, "v1", state=State.DONE)
    opened.store.sightings.teach(mine, [Learned("anna", "address", "A", "2026-11")])
    disputed = opened.store.save(replace(mine, outcome=Outcome.FAILED), Change())
    (waiting,) = opened.store.sightings.untaught(10)
    assert waiting == disputed
    opened.store.sightings.teach(waiting, [Learned("anna", "address", "A", "2026-11", -1)])
    assert opened.store.sightings.untaught(10) == []
    assert opened.store.sightings.familiarity(Habits("anna", {"address": "A"}, "2026-11")) == {}
    assert past(opened).visits == 0


def test_a_later_change_learns_nothing_twice(opened: Opened) -> None:
    mine = visit(opened, "v1")
    opened.store.sightings.teach(mine, [])
    opened.store.save(mine, Change())
    assert opened.store.sightings.untaught(10) == []


def test_sr_121_what_is_remembered_of_a_visit_goes_after_six_months(opened: Opened, clock: StandingClock) -> None:
    visit(opened, "v1", ago=timedelta())

    def kept() -> tuple[Any, ...]:
        shown = select(*(verifications.c[name] for name in ("sighting", "seen_address", "seen_device")))
        with opened.store.database.read() as connection:
            return tuple(connection.execute(shown).one())

    clock.time = NOON + Retention().visits
    opened.store.prune(clock.now(), Retention())
    assert kept() == (asdict(HERE), "here", "phone")
    clock.move(seconds=1)
    opened.store.prune(clock.now(), Retention())
    assert kept() == ({}, "", "")
    assert past(opened) == Past(visits=1)


def test_the_statement_is_short_enough_for_the_driver_to_keep_it_read() -> None:
    assert len(_PAST._form("postgresql").text) <= 4096, "psycopg reads a longer statement anew each time"


def _everything() -> dict[str, Any]:
    looking = a_verification("now")
    return _told(looking, NOON, HERE) | _asked(NOBODY) | asked_of(looking, SINCE)


def test_reading_the_past_walks_no_table(opened: Opened) -> None:
    for n in range(20):
        visit(opened, f"v{n}")
    told = _everything()
    with opened.store.database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = plan_of(_PAST, connection, told)
    used = [row for row in plan if "verifications" in row and "Recheck" not in row]
    # With few rows PostgreSQL may as well choose the index by which the table of verifications filters agents.
    for indexes in ("seen_person", "seen_own_device", "seen_device", "seen_address", "seen_agent agent_id"):
        names = [f"ix_verifications_{name}" for name in indexes.split()]
        assert [row for row in used if any(name in row for name in names)], (names, plan)
    assert not [row for row in plan if "SCAN v" in row or "Seq Scan on verifications" in row]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_people_of_an_agent_are_read_from_the_index_alone(opened: Opened) -> None:
    visit(opened, "v1")
    told = _everything()
    with opened.store.database.read() as connection:
        plan = plan_of(_PAST, connection, told)
    assert [
        row for row in plan if "COVERING INDEX ix_verifications_seen_agent (agent_id=? AND looked_at>?)" in row
    ]


COPIED = """
INSERT INTO verifications SELECT (jsonb_populate_record(v, jsonb_build_object(
    'id', 'c' || n, 'ticket_id', 't' || n, 'subject_id', 's' || n, 'agent_id', 'a' || mod(n, 3), 'is_open', false
))).* FROM verifications v, generate_series(1, 5000) n
"""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_plan_that_postgresql_makes_once_for_all_values_walks_everybody(opened: Opened) -> None:
    visit(opened, "v1")
    asked = _PAST._form("postgresql").text
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", asked)))
    for n, name in enumerate(names, start=1):
        asked = asked.replace(f"%({name})s", f"${n}")
    with opened.store.database.write() as connection:
        for statement in (
            COPIED,
            "ANALYZE verifications",
            "SET LOCAL plan_cache_mode = force_generic_plan",
            f"PREPARE past AS {asked}",
        ):
            connection.exec_driver_sql(statement)
        nothing = ", ".join("NULL" for _ in names)
        plan = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN EXECUTE past({nothing})")]
        connection.exec_driver_sql("DEALLOCATE past")
    for scan, cond in itertools.pairwise(plan):
        if "Scan" in scan and " on verifications" in scan:
            assert "Cond:" in cond, plan
    # The newest visit and the count of visits: by the index that has the visits of a person in order, not by all.
    assert len([row for row in plan if "ix_verifications_seen_person" in row]) == 2, plan
