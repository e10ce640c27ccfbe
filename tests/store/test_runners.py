"""What both runners promise; each on its own database."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Lock
from typing import Any

import pytest
from procrastinate import App
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from sqlalchemy import text

from deskward.core.console import Runner
from deskward.core.ports import ErrandState
from deskward.store.opening import Opened, open_store
from deskward.store.rounds import Round
from deskward.store.runner_embedded import EmbeddedRunner
from deskward.store.runner_procrastinate import ENDINGS, ProcrastinateRunner, _Lanes, _Worker
from deskward.store.sql import SilentBell
from tests.servers.postgres import drop_database, fresh_database, restart, shared_postgres
from tests.store.samples import RunningClock, an_errand, until

LEASE = timedelta(seconds=1)


def runner_for(opened: Opened) -> Runner:
    """Make the runner of this database, quick to sweep and quick to miss the dead."""
    if opened.database.dialect == "sqlite":
        return EmbeddedRunner(opened.rows, opened.clock, threads=3, sweep_seconds=0.05, tick_seconds=0.05)
    return ProcrastinateRunner(
        opened.database.url,
        opened.rows,
        opened.clock,
        concurrency=3,
        sweep_seconds=0.05,
        tick_seconds=0.05,
        stalled_seconds=1.5,
    )


@dataclass
class Desk:
    """An open store with a running runner; `done` holds the keys in the order in which they were done."""

    opened: Opened
    runner: Runner
    done: list[str] = field(default_factory=list)
    most_at_once: Counter[str] = field(default_factory=Counter)
    now_at_once: Counter[str] = field(default_factory=Counter)
    before: Callable[[str], object] = str
    ticks: int = 0
    lock: Lock = field(default_factory=Lock)

    def drain(self, lane: str) -> None:
        with self.lock:
            self.now_at_once[lane] += 1
            self.most_at_once[lane] = max(self.most_at_once[lane], self.now_at_once[lane])
        try:
            self._drain(lane)
        finally:
            with self.lock:
                self.now_at_once[lane] -= 1

    def _drain(self, lane: str) -> None:
        now = self.opened.clock.now
        self.before(lane)
        while errand := self.opened.rows.claim(lane, "desk", now(), now() + LEASE):
            self.done.append(errand.key)
            self.opened.rows.finish(errand, now())

    def tick(self) -> None:
        self.ticks += 1
        if self.ticks == 1:
            raise RuntimeError("the first tick fails")

    def enqueue(self, *keys: str, **changes: Any) -> None:
        due = {"due_at": self.opened.clock.now()} | changes
        self.opened.store.enqueue([an_errand(key, key.split("-")[0], **due) for key in keys])


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    opened = open_store(database_url, RunningClock())
    runner = runner_for(opened)
    opened.store.bell = runner
    desk = Desk(opened, runner)
    runner.start(desk.drain, desk.tick)
    yield desk
    runner.stop()
    opened.close()


def test_errands_of_a_lane_are_done_in_order_by_one_at_a_time(desk: Desk) -> None:
    for number in range(10):
        desk.enqueue(*(f"{lane}-{number}" for lane in "abc"))
    until(lambda: len(desk.done) == 30)
    for lane in "abc":
        assert [key for key in desk.done if key[0] == lane] == [f"{lane}-{n}" for n in range(10)]
    assert set(desk.most_at_once.values()) == {1}


def test_a_slow_lane_holds_up_itself_only(desk: Desk) -> None:
    go_on = Event()
    desk.before = lambda lane: lane == "slow" and go_on.wait(30)
    desk.enqueue("slow-1")
    until(lambda: desk.now_at_once["slow"])
    desk.enqueue("slow-2", "quick-1", "quick-2")
    until(lambda: desk.done == ["quick-1", "quick-2"])
    go_on.set()
    until(lambda: desk.done[2:] == ["slow-1", "slow-2"])
    assert desk.most_at_once["slow"] == 1


def test_a_slow_system_never_holds_all_threads_of_a_process(desk: Desk) -> None:
    go_on = Event()
    desk.before = lambda lane: lane.startswith("changegear:") and go_on.wait(30)
    desk.enqueue(*(f"changegear:{number}-1" for number in range(9)))
    until(lambda: sum(desk.now_at_once.values()) == 2)
    desk.enqueue("smtp:1-1")
    until(lambda: desk.done == ["smtp:1-1"])
    go_on.set()
    until(lambda: len(desk.done) == 10)
    assert set(desk.most_at_once.values()) == {1}


def test_a_lost_bell_is_healed(desk: Desk) -> None:
    desk.opened.store.bell = SilentBell()
    desk.enqueue("a-1")
    until(lambda: desk.done == ["a-1"])


def test_an_errand_that_is_due_later_is_done_then(desk: Desk) -> None:
    due_at = desk.opened.clock.now() + timedelta(seconds=0.4)
    desk.enqueue("a-1", due_at=due_at)
    until(lambda: desk.done == ["a-1"])
    assert desk.opened.clock.now() >= due_at


def test_a_ring_during_a_drain_drains_again(desk: Desk) -> None:
    go_on, drained = Event(), Counter[str]()

    def count(lane: str) -> None:
        drained[lane] += 1
        go_on.wait(30)

    desk.before = count
    desk.runner.ring(["empty"])
    until(lambda: drained["empty"] == 1)
    desk.runner.ring(["empty"])
    desk.runner.ring(["empty"])
    go_on.set()
    until(lambda: drained["empty"] == 2)
    assert desk.most_at_once["empty"] == 1


def test_an_error_ends_neither_drains_nor_ticks(desk: Desk) -> None:
    failures = iter([RuntimeError("once")])

    def fail_once(_lane: str) -> None:
        for error in failures:
            raise error

    desk.before = fail_once
    desk.enqueue("a-1")
    until(lambda: desk.done == ["a-1"])
    until(lambda: desk.ticks > 2)


def test_stopping_waits_for_the_drain_that_is_under_way(database_url: str) -> None:
    opened = open_store(database_url, RunningClock())
    runner = runner_for(opened)
    desk, leave = Desk(opened, runner), Event()
    desk.before = lambda _lane: leave.wait(0.3)
    runner.start(desk.drain, desk.tick)
    desk.enqueue("a-1")
    runner.ring(["a"])
    until(lambda: desk.now_at_once["a"])
    runner.stop()
    assert desk.done == ["a-1"]
    opened.close()


def test_a_runner_that_was_never_started_stops(opened: Opened) -> None:
    runner = runner_for(opened)
    runner.ring(["a"])
    runner.stop()


def test_a_leased_errand_of_the_dead_is_taken_over(desk: Desk) -> None:
    now = desk.opened.clock.now()
    desk.opened.store.bell = SilentBell()
    desk.enqueue("a-1", due_at=now + timedelta(seconds=0.5))
    later = now + timedelta(seconds=1)
    assert desk.opened.rows.claim("a", "the dead", later, later)
    until(lambda: desk.opened.console.errands("v1")[0].state is ErrandState.DONE)
    assert desk.done == ["a-1"]
    assert desk.opened.console.errands("v1")[0].attempts == 2


@pytest.fixture
def grown() -> Iterator[Opened]:
    url = fresh_database(shared_postgres())
    opened = open_store(url, RunningClock())
    yield opened
    opened.close()
    drop_database(url)


def test_a_process_without_a_worker_rings_one_that_has_one(grown: Opened) -> None:
    web, worker = runner_for(grown), runner_for(grown)
    grown.store.bell = web
    desk = Desk(grown, web)
    worker.start(desk.drain, desk.tick)
    desk.enqueue("a-1", "a-2")
    until(lambda: desk.done == ["a-1", "a-2"])
    worker.stop()
    web.stop()


def test_the_worker_begins_again_after_the_database_crashed(grown: Opened) -> None:
    runner = runner_for(grown)
    grown.store.bell = runner
    desk = Desk(grown, runner)
    runner.start(desk.drain, desk.tick)
    desk.enqueue("a-1")
    until(lambda: desk.done == ["a-1"])
    restart(shared_postgres())
    desk.enqueue("a-2", "b-2")
    until(lambda: set(desk.done) == {"a-1", "a-2", "b-2"})
    runner.stop()


def test_a_drain_that_takes_long_holds_up_no_other_where_the_worker_begins_again(grown: Opened) -> None:
    runner, leave = runner_for(grown), Event()
    grown.store.bell = runner
    desk = Desk(grown, runner)
    desk.before = lambda lane: lane != "a" or leave.wait(60)
    runner.start(desk.drain, desk.tick)
    desk.enqueue("a-1")
    until(lambda: desk.now_at_once["a"])
    _run_sql(grown, "ALTER TABLE procrastinate_jobs RENAME TO gone")
    time.sleep(1.5)
    _run_sql(grown, "ALTER TABLE gone RENAME TO procrastinate_jobs")
    desk.enqueue("b-1")
    until(lambda: desk.done == ["b-1"], 30)
    leave.set()
    until(lambda: desk.done == ["b-1", "a-1"])
    assert desk.most_at_once["a"] == 1
    runner.stop()


@pytest.mark.parametrize("words", [1, ENDINGS])
def test_the_worker_begins_again_also_where_words_to_end_are_lost(
    grown: Opened, monkeypatch: pytest.MonkeyPatch, words: int
) -> None:
    lost: list[str] = []
    run = _Worker._run

    async def deaf(worker: _Worker, app: App, failed: asyncio.Event) -> None:
        """Go on after a cancellation, as one does that meets the end of a wait."""
        try:
            await run(worker, app, failed)
        except asyncio.CancelledError:
            while len(lost) < words:
                lost.append("cancelled")
                with suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
            raise

    monkeypatch.setattr(_Worker, "_run", deaf)
    runner = runner_for(grown)
    grown.store.bell = runner
    desk = Desk(grown, runner)
    runner.start(desk.drain, desk.tick)
    until(lambda: _workers(grown) == 1)
    _run_sql(grown, "ALTER TABLE procrastinate_jobs RENAME TO gone")
    until(lambda: len(lost) == words)
    _run_sql(grown, "ALTER TABLE gone RENAME TO procrastinate_jobs")
    desk.enqueue("a-1")
    until(lambda: desk.done == ["a-1"])
    runner.stop()


def test_the_worker_begins_again_after_the_engine_failed(grown: Opened) -> None:
    runner = runner_for(grown)
    grown.store.bell = SilentBell()
    desk = Desk(grown, runner)
    runner.start(desk.drain, desk.tick)
    until(lambda: _workers(grown) == 1)
    _run_sql(grown, "ALTER TABLE procrastinate.procrastinate_workers RENAME TO away")
    _run_sql(grown, "ALTER TABLE procrastinate.procrastinate_jobs RENAME TO gone")
    desk.enqueue("a-1")
    time.sleep(1.5)
    _run_sql(grown, "ALTER TABLE procrastinate.gone RENAME TO procrastinate_jobs")
    _run_sql(grown, "ALTER TABLE procrastinate.away RENAME TO procrastinate_workers")
    until(lambda: desk.done == ["a-1"])
    runner.stop()


def test_a_job_of_a_dead_worker_does_not_hold_its_lane(grown: Opened) -> None:
    runner = runner_for(grown)
    runner.ring(["a"])
    _run_sql(grown, "UPDATE procrastinate.procrastinate_jobs SET status = 'doing'")
    desk = Desk(grown, runner)
    desk.enqueue("a-1")
    runner.start(desk.drain, desk.tick)
    until(lambda: desk.done == ["a-1"])
    runner.stop()


def test_a_job_of_a_dead_worker_does_not_hold_its_lane_after_a_fault_in_looking_for_it(
    grown: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, faults = JobManager.get_stalled_jobs, ["one"]

    async def faulty(manager: JobManager, **options: Any) -> Iterable[Job]:
        if faults:
            raise RuntimeError(faults.pop())
        return await look(manager, **options)

    monkeypatch.setattr(JobManager, "get_stalled_jobs", faulty)
    runner = runner_for(grown)
    runner.ring(["a"])
    _run_sql(grown, "UPDATE procrastinate.procrastinate_jobs SET status = 'doing'")
    desk = Desk(grown, runner)
    desk.enqueue("a-1")
    runner.start(desk.drain, desk.tick)
    until(lambda: desk.done == ["a-1"], 60)
    runner.stop()


def _run_sql(opened: Opened, statement: str) -> None:
    with opened.database.write() as connection:
        connection.execute(text("SET LOCAL search_path TO procrastinate"))
        connection.execute(text(statement))


def _workers(opened: Opened) -> int:
    with opened.database.read() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM procrastinate.procrastinate_workers")) or 0)


def test_a_ring_into_a_database_that_is_away_is_lost_quietly(grown: Opened) -> None:
    runner = runner_for(grown)
    drop_database(grown.database.url.render_as_string())
    runner.ring(["a"])
    runner.stop()


def test_a_lane_that_this_process_drains_already_is_left_to_it() -> None:
    lanes, drained = _Lanes(4, lambda _lanes: None), list[str]()

    def drain(lane: str) -> None:
        drained.append(lane)
        lanes.drain(drain, lane)

    lanes.drain(drain, "a")
    lanes.drain(drain, "a")
    assert drained == ["a", "a"]


def test_a_lane_that_was_put_off_is_rung_when_its_system_has_room() -> None:
    rung, tried, done = list[str](), list[bool](), list[str]()
    lanes = _Lanes(2, rung.extend)

    def drain(_lane: str) -> None:
        for other in ("cg:2", "cg:3", "smtp:1"):
            tried.append(lanes.full(other))
            lanes.drain(done.append, other)

    lanes.drain(drain, "cg:1")
    assert tried == [True, True, False]
    assert (done, rung) == (["smtp:1"], ["cg:2"])
    assert not lanes.full("cg:3")


def test_a_round_calls_until_it_is_stopped() -> None:
    calls = list[int]()
    circle = Round("count", 0.01, lambda: calls.append(1))
    until(lambda: len(calls) > 2)
    circle.stop()
    assert len(calls) > 2
