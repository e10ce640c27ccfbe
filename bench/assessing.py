"""What one full assessment costs, with few and with many earlier visits of the person and of everybody."""

import gc
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, text

from bench.console_rows import vacuumed, without_trigger
from bench.lines import Line
from bench.scenes import MACHINES, Machine
from deskward import plugins
from deskward.browsers import Devices
from deskward.core.familiarity import WINDOW, month_of
from deskward.core.ports import Change
from deskward.core.proof import LINK, Proof
from deskward.core.retention import Retention
from deskward.core.surroundings import Visit
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle.learning import learn
from deskward.lifecycle.looking import looked_at
from deskward.networks import Networks
from deskward.store.columns import UtcTime
from deskward.store.tables import verifications
from sandbox.networks import STRETCHES, UNLISTED, write_networks
from tests.fakes import ANNA, FakeClock
from tests.household import Household

ADDRESSES = (*(stretch.address for stretch in STRETCHES.values()), UNLISTED)
KEYS = ("k" * 43, "n" * 43)
KINDS = len(KEYS) * len(ADDRESSES) * len(MACHINES)
ROUNDS, ROUNDS_QUICK, WARMING = 2_000, 20, 50
LIMIT = "1 ms"
MANY_PEOPLE, AGENTS = 50_000, 20
SPAN = timedelta(days=730)
FILLING_KB = 500_000
KEPT = Retention()
# Copies of one visit: whose, when, from where and by which device differ. `age` is in seconds.
COPIED = """
INSERT INTO verifications ({names})
WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < :count),
aged AS (SELECT n, (:count - n + 1) * CAST({span} AS bigint) / :count AS age FROM many)
SELECT {values} FROM aged, one
"""
HABITS = """
INSERT INTO familiar (owner, feature, value, month, times)
WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < :people)
SELECT 'person-' || n, feature, value || n, month, times FROM many, familiar WHERE owner <> ''
"""
MONTH = """
INSERT INTO familiar (owner, feature, value, month, times)
SELECT owner, feature, value, :month, times FROM familiar WHERE month = :newest AND owner NOT LIKE 'person-%'
"""
EARLIER = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', one.\"{name}\", '-' || age || ' seconds')",
    "postgresql": "one.\"{name}\" - age * interval '1 second'",
}


@dataclass(frozen=True)
class Filling:
    """How many earlier visits there are: of the person, and of everybody."""

    own: int
    all: int


@dataclass(frozen=True)
class Times:
    """Milliseconds of every round, sorted: CPU of this thread, and by the clock on the wall.

    `kinds` are the medians of the CPU of each kind of visit: the rounds of one differ by the machine alone.
    """

    cpu: Sequence[float]
    wall: Sequence[float]
    kinds: Sequence[float]


SMALL, LARGE = Filling(10, 1_000), Filling(1_000, 1_000_000)
QUICK = Filling(100, 2_000)


def lines(where: str, folder: Path, urls: Sequence[str], *, quick: bool) -> list[Line]:
    """Measure an assessment on an almost empty store, then on a full one."""
    full, rounds = (QUICK, ROUNDS_QUICK) if quick else (LARGE, ROUNDS)
    few, many = (_measured(folder, url, f, rounds) for url, f in zip(urls, (SMALL, full), strict=True))
    floor = f"with {SMALL.own} and {SMALL.all:,}"
    name = f"per assessment, {full.own:,} visits of the person, {full.all:,} in all"
    return [
        Line(f"{where}: CPU {name}, median", median(many.cpu), "ms", median(few.cpu), floor),
        Line(f"{where}: CPU {name}, 99 %", _percentile(many.cpu), "ms", _percentile(few.cpu), floor, LIMIT),
        Line(f"{where}: CPU {name}, costliest of {KINDS} kinds", many.kinds[-1], "ms", few.kinds[-1], floor),
        Line(f"{where}: time {name}, median", median(many.wall), "ms", median(few.wall), floor),
        Line(f"{where}: time {name}, 99 %", _percentile(many.wall), "ms", _percentile(few.wall), floor),
    ]


def _percentile(sorted_times: Sequence[float]) -> float:
    return sorted_times[int(len(sorted_times) * 0.99)]


def _measured(folder: Path, url: str, filling: Filling, rounds: int) -> Times:
    clock = FakeClock(datetime.now(UTC))
    home = Household(url, clock=clock)
    networks = Networks(write_networks(folder / f"networks-{filling.all}", clock.now()), clock=clock)
    once = made_ready(home, networks, filling)
    for _ in range(min(rounds, WARMING)):
        once()
    gc.freeze()  # as a process of the product does after its start
    cpu, wall = zip(*(_timed(once) for _ in range(rounds)), strict=True)
    networks.close()
    home.opened.close()
    kinds = [cpu[n::KINDS] for n in range(min(rounds, KINDS))]
    return Times(sorted(cpu), sorted(wall), sorted(map(median, kinds)))


def made_ready(home: Household, networks: Networks, filling: Filling) -> Callable[[], object]:
    """Fill the store; gives what assesses once with every signal, each time another kind of visit in turn."""
    clock = home.clock
    by_default = [n for n in plugins.names("signals") if not plugins.needs_settings("signals", n)]
    home.change(
        signals={n: plugins.find("signals", n)() for n in by_default}, networks=networks, devices=Devices()
    )
    kinds = itertools.cycle(itertools.product(KEYS, ADDRESSES, MACHINES))
    seen = looked_at(home.house, home.open("1"), ANNA, _visit(clock.now(), *next(kinds)))
    _fill(home, seen.verification, filling)
    proof = Proof(
        LINK, home.house.keyring.kept_root(ANNA.email), established=True, at=clock.now(), subject_id=ANNA.id
    )
    verification = replace(home.open("2"), proofs=(proof,))

    def once() -> object:
        looked = looked_at(home.house, verification, ANNA, _visit(clock.now(), *next(kinds)))
        return home.lifecycle.verdict(looked.verification, ANNA, looked=looked)

    return once


def _visit(at: datetime, key: str, address: str, machine: Machine) -> Visit:
    readings = {**machine.readings, "device_key": key, "time_zone": "Europe/Berlin"}
    return Visit(at, address, machine.headers, readings)


def _timed(once: Callable[[], object]) -> tuple[float, float]:
    began, cpu = time.perf_counter(), time.thread_time()
    once()
    return (time.thread_time() - cpu) * 1000, (time.perf_counter() - began) * 1000


def _fill(home: Household, looked: Verification, filling: Filling) -> None:
    passed = replace(looked, state=State.DONE, outcome=Outcome.PASSED, started_at=looked.looked_at)
    one = home.store.save(replace(passed, decided_at=looked.looked_at, ended_at=looked.looked_at), Change())
    learn(home.house)
    with home.store.database.write() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA cache_size = -{FILLING_KB}")
        trigger = without_trigger(connection)
        connection.execute(
            text(f"CREATE TEMPORARY TABLE one AS SELECT * FROM verifications WHERE id = '{one.id}'")
        )
        _copy(connection, "o", filling.own, own=True)
        _copy(connection, "x", filling.all - filling.own, own=False)
        connection.execute(text(HABITS), {"people": min(MANY_PEOPLE, filling.all)})
        connection.execute(text("UPDATE familiar SET times = :times WHERE owner = ''"), {"times": filling.all})
        newest = month_of(home.clock.now())
        for days in range(31, WINDOW * 31, 31):
            told = {"month": month_of(home.clock.now() - timedelta(days=days)), "newest": newest}
            connection.execute(text(MONTH), told)
        connection.execute(text(trigger))
    with home.store.database.write() as connection:
        connection.execute(text("ANALYZE"))
    vacuumed(home.store.database)


def _copy(connection: Connection, prefix: str, count: int, *, own: bool) -> None:
    """Copy one visit over two years, without what retention has taken away of it since.

    Those of others are without their findings, which no statement here reads and which take long to write.
    """
    dialect = connection.dialect.name
    number = f"'{prefix}' || n"
    changed = {
        c.name: EARLIER[dialect].format(name=c.name) for c in verifications.c if isinstance(c.type, UtcTime)
    }
    changed |= {"id": number, "ticket_id": number, "pin": "''", "link_digest": "''", "is_open": "false"}
    seen = {name: f"one.{name}" for name in ("seen_address", "seen_device")}
    if not own:
        seen = {name: f"'{name}-' || (n % {MANY_PEOPLE})" for name in seen}
        changed |= {"findings": "'[]'", "observed": "'[]'"}
        changed["subject_id"] = f"'subject-' || (n % {MANY_PEOPLE})"
        changed["agent_id"] = f"CASE n % {AGENTS} WHEN 0 THEN one.agent_id ELSE 'agent-' || (n % {AGENTS}) END"
    changed |= {name: _kept(kept, KEPT.visits, "''") for name, kept in seen.items()}
    changed["sighting"] = _kept("one.sighting", KEPT.visits, "'{}'")
    changed["surroundings"] = _kept("one.surroundings", KEPT.raw, "'{}'")
    changed["has_raw"] = _kept("one.has_raw", KEPT.raw, "false")
    names = [c.name for c in verifications.c]
    statement = COPIED.format(
        names=", ".join(f'"{name}"' for name in names),
        span=int(SPAN.total_seconds()),
        values=", ".join(changed.get(name, f'one."{name}"') for name in names),
    )
    connection.execute(text(statement), {"count": count})


def _kept(value: str, kept: timedelta, gone: str) -> str:
    return f"CASE WHEN age < {int(kept.total_seconds())} THEN {value} ELSE {gone} END"
