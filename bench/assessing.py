"""What one full assessment costs, with few and with many earlier visits of the person and of everybody."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, text

from bench.lines import Line
from bench.scenes import WINDOWS
from deskward import plugins
from deskward.browsers import Devices
from deskward.core.ports import Change
from deskward.core.surroundings import Visit
from deskward.core.verification import Outcome, Verification
from deskward.lifecycle.learning import learn
from deskward.lifecycle.looking import looked_at
from deskward.networks import Networks
from sandbox.networks import STRETCHES, write_networks
from tests.fakes import ANNA, FakeClock
from tests.household import Household

ADDRESS = STRETCHES["home"].address
ROUNDS, WARMING = 400, 50
LIMIT = "1 ms"
MANY_PEOPLE = 50_000
# Copies of one visit: whose, when, from where and by which device differ.
COPIED = """
INSERT INTO verifications ({names})
WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < :count)
SELECT {values} FROM many, verifications AS one WHERE one.id = :one
"""


@dataclass(frozen=True)
class Filling:
    """How many earlier visits there are: of the person, and of everybody."""

    own: int
    all: int


SMALL, LARGE = Filling(10, 1_000), Filling(1_000, 1_000_000)
QUICK = Filling(100, 10_000)


def lines(where: str, folder: Path, urls: Sequence[str], *, quick: bool) -> list[Line]:
    """Measure CPU milliseconds of an assessment on an almost empty store, then on a full one."""
    few, many = (
        _measured(folder, url, f) for url, f in zip(urls, (SMALL, QUICK if quick else LARGE), strict=True)
    )
    full = QUICK if quick else LARGE
    floor = f"with {SMALL.own} and {SMALL.all:,}"
    name = f"{where}: CPU per assessment, {full.own:,} visits of the person, {full.all:,} in all"
    return [
        Line(f"{name}, median", median(many), "ms", median(few), floor),
        Line(f"{name}, 99 %", _percentile(many), "ms", _percentile(few), floor, LIMIT),
    ]


def _percentile(sorted_times: Sequence[float]) -> float:
    return sorted_times[int(len(sorted_times) * 0.99)]


def _measured(folder: Path, url: str, filling: Filling) -> list[float]:
    clock = FakeClock(datetime.now(UTC))
    home = Household(url, clock=clock)
    networks = Networks(write_networks(folder / f"networks-{filling.all}", clock.now()), clock=clock)
    by_default = [n for n in plugins.names("signals") if not plugins.needs_settings("signals", n)]
    home.change(
        signals={n: plugins.find("signals", n)() for n in by_default}, networks=networks, devices=Devices()
    )
    visit = _visit(clock.now())
    _fill(home, looked_at(home.house, home.open("1"), ANNA, visit), filling)
    verification = home.open("2")
    times = sorted(_once(home, verification, _visit(clock.now())) for _ in range(ROUNDS + WARMING))[:-WARMING]
    networks.close()
    home.opened.close()
    return times


def _visit(at: datetime) -> Visit:
    return Visit(
        at, ADDRESS, WINDOWS.headers, {**WINDOWS.readings, "device_key": "k" * 43, "time_zone": "Europe/Berlin"}
    )


def _once(home: Household, verification: Verification, visit: Visit) -> float:
    """Look with every signal, and weigh it; gives CPU milliseconds."""
    began = time.thread_time()
    looked = looked_at(home.house, verification, ANNA, visit)
    home.lifecycle.verdict(looked, ANNA)
    return (time.thread_time() - began) * 1000


def _fill(home: Household, looked: Verification, filling: Filling) -> None:
    earlier = looked.looked_at - timedelta(days=1) if looked.looked_at else None
    one = home.store.save(replace(looked, looked_at=earlier, outcome=Outcome.PASSED, ended_at=earlier), Change())
    learn(home.house)
    with home.store.database.write() as connection:
        _copy(connection, one, "o", filling.own, own=True)
        _copy(connection, one, "x", filling.all - filling.own, own=False)
        connection.execute(text("UPDATE familiar SET times = :times WHERE times > 0"), {"times": filling.own})
    with home.store.database.write() as connection:
        connection.execute(text("ANALYZE"))


def _copy(connection: Connection, one: Verification, prefix: str, count: int, *, own: bool) -> None:
    names = connection.execute(text("SELECT * FROM verifications LIMIT 0")).keys()
    number = f"'{prefix}' || n"
    other = {
        n: f"'{n}-' || (n % {MANY_PEOPLE})" for n in ("subject_id", "agent_id", "seen_address", "seen_device")
    }
    changed = {"id": number, "ticket_id": number, "pin": "''", "link_digest": "''", "is_open": "false"} | (
        {} if own else other
    )
    values = ", ".join(changed.get(name, f'one."{name}"') for name in names)
    statement = COPIED.format(names=", ".join(f'"{name}"' for name in names), values=values)
    told: dict[str, Any] = {"count": count, "one": one.id}
    connection.execute(text(statement), told)
