"""Results go after their time with all that hangs on them, then the log's entries; nothing open goes (SR-121)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Select, func, select, text, update
from sqlalchemy.exc import DatabaseError

from deskward.core.audit import SYSTEM, Deed, Entry, Sought
from deskward.core.authenticators import Enrolment
from deskward.core.break_glass import GlassKind, GlassStep
from deskward.core.console import Counted, Search
from deskward.core.events import EventKind
from deskward.core.ports import Change
from deskward.core.proof import ProofLevel
from deskward.core.records import Fence, Vouch
from deskward.core.retention import Retention
from deskward.core.sums import Named, Need
from deskward.core.verification import Outcome, State, Verification
from deskward.store import deleting
from deskward.store.database import Database
from deskward.store.opening import Opened
from deskward.store.tables import errands, metadata, requester_parts, requesters, verifications
from tests.store.samples import NOON, StandingClock, a_grant, a_sending, a_verification, an_errand, an_event
from tests.store.test_retention import everything

KEPT = Retention(results=timedelta(days=365), audit=timedelta(days=2557))
MINUTE = timedelta(minutes=1)


def ended(name: str = "v1", **changes: Any) -> Verification:
    """Make a result that ended at NOON."""
    told = {"state": State.DONE, "outcome": Outcome.PASSED, "ended_at": NOON, "agent_id": "a1"}
    return a_verification(name, **(told | changes))


def a_fence(name: str, **changes: Any) -> Fence:
    return replace(Fence(f"f-{name}", "roster", f"s-{name}", name, NOON, None, pinned=True), **changes)


def whole(opened: Opened, name: str = "v1", **changes: Any) -> Verification:
    """Write a result with a row in every table that may hang on one, and a look at it."""
    told = (an_errand(f"note-{name}", f"lane-{name}", verification_id=name),)
    vouch = Vouch(f"w-{name}", name, "roster", "s1", "s2", NOON)
    enrolment = Enrolment(
        f"e-{name}", "roster", "s1", f"digest-{name}", "", ProofLevel.P2, NOON, NOON + MINUTE, verification_id=name
    )
    saved = opened.store.save(
        ended(name, **changes),
        Change(
            event=an_event(name, EventKind.DONE),
            errands=told,
            sendings=(a_sending(f"m-{name}", verification_id=name),),
            grant=a_grant(f"g-{name}", verification_id=name),
            vouches=(vouch,),
            enrolments=(enrolment,),
            fence=a_fence(name, lifted_at=NOON),
        ),
    )
    errand = opened.rows.claim(f"lane-{name}", "me", NOON, NOON + MINUTE)
    assert errand
    opened.rows.finish(errand, NOON)
    opened.audit.add([Entry(Deed.DETAILS, NOON + MINUTE, "agent:a1", name)])
    return saved


def rows(opened: Opened) -> dict[str, int]:
    """Count the rows of each table that has any, but for the version and the first start."""
    with opened.database.read() as connection:
        found = {
            t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in metadata.sorted_tables
        }
    return {name: number for name, number in found.items() if number and name != "installation"}


def test_sr_121_after_12_months_a_result_is_gone_with_all_that_hangs_on_it(
    opened: Opened, clock: StandingClock
) -> None:
    whole(opened)
    before = rows(opened)
    assert {"errands", "sendings", "grants", "vouches", "enrolments", "fences", "requesters"} <= before.keys()
    clock.move(days=365)
    assert not opened.store.prune(clock.now(), KEPT)
    assert rows(opened) == before
    clock.move(seconds=1)
    assert not opened.store.prune(clock.now(), KEPT)
    assert rows(opened) == {
        "deleted_verifications": 1,
        "desk_entries": 2,
        "events": 1,
        "day_sums": before["day_sums"],
    }
    assert opened.store.get("v1") is None
    assert opened.store.deleted_at("v1") == clock.now()
    assert opened.store.deleted_at("v2") is None
    left = everything(opened)
    assert not [word for word in ("Grace", "grace", "Password reset", "root", "digest-v1") if word in left]


def test_sr_69_a_use_of_break_glass_stays_until_it_is_reviewed(opened: Opened, clock: StandingClock) -> None:
    steps = tuple(GlassStep(kind, NOON, "a1", "Ada", "Now.") for kind in (GlassKind.ASKED, GlassKind.CONFIRMED))
    used = whole(opened, glass=steps, approved_at=NOON)
    assert opened.console.counted(Search(need=Need.BREAK_GLASS)).number == 1
    clock.move(days=400)
    opened.store.prune(clock.now(), KEPT)
    assert opened.store.get("v1") == used
    reviewed = GlassStep(GlassKind.REVIEWED, clock.now(), "a2", "Eve", "It was her.")
    opened.store.save(replace(used, glass=(*steps, reviewed)), Change())
    opened.store.prune(clock.now(), KEPT)
    assert opened.store.get("v1") is None


def test_sr_121_the_log_still_tells_who_when_what_and_of_which_ticket(
    opened: Opened, clock: StandingClock
) -> None:
    whole(opened, "V1", ticket_number="IR-77")
    kept = opened.audit.page(Sought()).rows
    clock.move(days=366)
    opened.store.prune(clock.now(), KEPT)
    assert opened.audit.page(Sought(until=clock.now())).rows == kept
    assert {row.ticket_number for row in kept} == {"IR-77"}
    for about in ("IR-77", "ir-77", "v1", "V1"):
        assert opened.audit.page(Sought(about=about, until=clock.now())).rows == kept
    [deletion] = opened.audit.page(Sought(since=clock.now())).rows
    assert (deletion.kind, deletion.actor, deletion.at) == (Deed.RESULTS_DELETED, SYSTEM, clock.now())
    until = (clock.now() - KEPT.results).isoformat(timespec="seconds")
    assert deletion.fields == {"number": 1, "until": until}


def test_sr_121_nothing_that_is_open_is_ever_deleted(opened: Opened, clock: StandingClock) -> None:
    opened.store.save(a_verification("open"), Change())
    opened.store.save(ended("due"), Change(errands=(an_errand("n", verification_id="due"),)))
    for name, fence in (
        ("fenced", {}),
        ("until", {"ends_at": NOON + timedelta(days=400)}),
        ("lapsed", {"ends_at": NOON + MINUTE}),
        ("lifted", {"lifted_at": NOON}),
    ):
        opened.store.save(ended(name), Change(fence=a_fence(name, **fence)))
    opened.store.save(ended("parked"), Change(errands=(an_errand("p", "other", verification_id="parked"),)))
    errand = opened.rows.claim("other", "me", NOON, NOON + MINUTE)
    assert errand
    opened.rows.park(errand, "no")
    clock.move(days=399)
    opened.store.prune(clock.now(), KEPT)
    with opened.database.read() as connection:
        left = connection.scalars(select(verifications.c.id).order_by(verifications.c.id)).all()
        assert left == ["due", "fenced", "open", "until"]
        assert connection.scalars(select(errands.c.verification_id)).all() == ["due"]
    clock.move(days=2)
    opened.store.prune(clock.now(), KEPT)
    assert opened.store.get("until") is None
    assert opened.store.get("open")


def test_sr_121_after_7_years_entries_go_and_say_so_in_the_log(opened: Opened, clock: StandingClock) -> None:
    whole(opened)
    clock.move(days=366)
    opened.store.prune(clock.now(), KEPT)
    clock.time = NOON + KEPT.audit + MINUTE
    opened.store.prune(clock.now(), KEPT)
    told = [(row.kind, row.fields["number"]) for row in opened.audit.page(Sought()).rows if "number" in row.fields]
    assert told == [(Deed.ENTRIES_DELETED, 1), (Deed.RESULTS_DELETED, 1)]
    [look] = opened.audit.page(Sought(about="IR-v1")).rows
    assert (look.kind, look.ticket_number) == (Deed.DETAILS, "IR-v1")
    clock.move(seconds=1)
    opened.store.prune(clock.now(), KEPT)
    opened.store.prune(clock.now(), KEPT)
    assert not opened.audit.page(Sought(about="IR-v1")).rows
    assert rows(opened).keys() <= {"desk_entries", "day_sums"}
    assert [row.kind for row in opened.audit.page(Sought()).rows] == [
        Deed.ENTRIES_DELETED,
        Deed.ENTRIES_DELETED,
        Deed.RESULTS_DELETED,
    ]


def test_sr_121_the_entries_of_what_is_there_stay_however_old(opened: Opened, clock: StandingClock) -> None:
    opened.store.save(ended(), Change(event=an_event(), fence=a_fence("v1")))
    clock.time = NOON + KEPT.audit + MINUTE
    opened.store.prune(clock.now(), KEPT)
    assert opened.store.events("v1") == [replace(an_event(), seq=1)]


def test_sr_115_sr_121_the_database_itself_lets_an_event_go_only_after_its_verification(
    opened: Opened, clock: StandingClock
) -> None:
    for name in ("v1", "v2"):
        opened.store.save(ended(name), Change(event=an_event(name), fence=a_fence(name) if name == "v2" else None))
    clock.move(days=366)
    opened.store.prune(clock.now(), KEPT)
    statements = ("DELETE FROM events", "UPDATE events SET actor = 'nobody' WHERE verification_id = 'v1'")
    for statement in statements:
        with pytest.raises(DatabaseError, match="append only"), opened.database.write() as connection:
            connection.execute(text(statement))
    assert [len(opened.store.events(name)) for name in ("v1", "v2")] == [1, 1]


def test_a_requester_is_found_until_the_last_verification_of_theirs_is_gone(
    opened: Opened, clock: StandingClock
) -> None:
    for name, at in (("v1", NOON), ("v2", NOON), ("v3", NOON + 10 * MINUTE)):
        opened.store.save(ended(name, ended_at=at), Change())
    opened.store.save(ended("v4", requester_name="Bo Li", requester_email="bo@example.org"), Change())
    clock.time = NOON + KEPT.results + MINUTE
    opened.store.prune(clock.now(), KEPT)
    with opened.database.read() as connection:
        assert connection.scalars(select(requesters.c.times)).all() == [1]
        assert len(connection.scalars(select(requester_parts.c.requester_number).distinct()).all()) == 1
    assert [row.id for row in opened.console.page(Search(text="grace")).rows] == ["v3"]
    assert opened.console.counted(Search(text="grace hopper")) == Counted(1)
    assert not opened.console.page(Search(text="li")).rows
    clock.move(minutes=10)
    opened.store.prune(clock.now(), KEPT)
    assert not {"requesters", "requester_parts"} & rows(opened).keys()
    opened.store.save(a_verification("v5"), Change())
    assert [row.id for row in opened.console.page(Search(text="hopper")).rows] == ["v5"]


def test_the_sums_of_the_dashboard_are_those_of_the_rows_that_are_left(
    opened: Opened, clock: StandingClock
) -> None:
    opened.store.save(ended("v1"), Change())
    opened.store.save(ended("v2", ended_at=NOON + 10 * MINUTE), Change())
    day = NOON.date()
    assert opened.console.sums(day, day).number(Named.LEVEL) == 2
    clock.time = NOON + KEPT.results + MINUTE
    opened.store.prune(clock.now(), KEPT)
    sums = opened.console.sums(day, day)
    assert sums.number(Named.LEVEL) == sums.number(Named.AGENT, ["a1"]) == 1


def test_sr_121_more_than_is_done_at_one_go_is_left_to_the_next_and_told(
    opened: Opened, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "AT_ONCE", 2)
    monkeypatch.setattr(deleting, "MOST_TIMES", 2)
    for number in range(5):
        opened.store.save(
            ended(f"v{number}", ended_at=NOON + number * MINUTE), Change(event=an_event(f"v{number}"))
        )
    clock.move(days=366)
    assert opened.store.prune(clock.now(), KEPT)
    assert [bool(opened.store.get(f"v{number}")) for number in range(5)] == [False] * 4 + [True]
    assert not opened.store.prune(clock.now(), KEPT)
    told = [row.fields["number"] for row in opened.audit.page(Sought(kinds=(Deed.RESULTS_DELETED.value,))).rows]
    assert told == [1, 2, 2]
    clock.time = NOON + KEPT.audit + timedelta(days=1)
    assert opened.store.prune(clock.now(), KEPT)
    assert rows(opened)["events"] == 1
    assert opened.store.prune(clock.now(), KEPT)
    assert not opened.store.prune(clock.now(), KEPT)
    assert rows(opened).keys() <= {"desk_entries", "day_sums"}


def test_sr_121_whoever_dies_in_the_middle_leaves_nothing_half_done(
    opened: Opened, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole(opened)
    before = everything(opened)
    clock.move(days=366)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(deleting, "_record", dies)
        with pytest.raises(KeyboardInterrupt):
            opened.store.prune(clock.now(), Retention(raw=timedelta(days=999)))
    assert everything(opened) == before
    opened.store.prune(clock.now(), KEPT)
    assert opened.store.get("v1") is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_sr_121_a_result_that_somebody_writes_just_now_is_left_to_the_next_time(
    opened: Opened, clock: StandingClock
) -> None:
    opened.store.save(ended("v1"), Change())
    opened.store.save(ended("v2"), Change())
    clock.move(days=366)
    with opened.database.write() as connection:
        connection.execute(update(verifications).where(verifications.c.id == "v1").values(opens=1))
        opened.store.prune(clock.now(), KEPT)
        assert opened.store.deleted_at("v2")
    assert opened.store.get("v1")
    opened.store.prune(clock.now(), KEPT)
    assert opened.store.get("v1") is None


@pytest.mark.parametrize(
    ("made", "indexes"),
    [
        (lambda at: deleting.old_results(at, at), ("ix_verifications_ended",)),
        (deleting.old_events, ("ix_events_newest", "verifications")),
        (deleting.old_entries, ("ix_desk_entries_newest",)),
    ],
)
def test_sr_121_what_is_old_is_found_by_an_index_however_many_rows_there_are(
    opened: Opened, made: Callable[[datetime], Select[Any]], indexes: tuple[str, ...]
) -> None:
    with opened.database.read() as connection:
        plan = plan_of(connection, opened.database, made(NOON))
    assert not [name for name in indexes if name not in plan]
    assert "Seq Scan" not in plan
    assert not [line for line in plan.splitlines() if line.startswith("SCAN") and "INDEX" not in line]


def plan_of(connection: Connection, database: Database, query: Select[Any]) -> str:
    grown = database.dialect == "postgresql"
    for switch in ("seqscan", "hashjoin", "mergejoin") if grown else ():
        connection.exec_driver_sql(f"SET enable_{switch} = off")
    written = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN" if grown else "EXPLAIN QUERY PLAN"
    plan = connection.exec_driver_sql(f"{explain} {written.replace('%', '%%')}").fetchall()
    for switch in ("seqscan", "hashjoin", "mergejoin") if grown else ():
        connection.exec_driver_sql(f"RESET enable_{switch}")
    return "\n".join(str(row[-1]) for row in plan)
