"""Runs errands on as many processes and machines as wanted, by Procrastinate: for PostgreSQL."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Lock, Thread
from typing import Any, LiteralString, cast

import structlog
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from sqlalchemy import URL

from deskward.core.console import ErrandRows
from deskward.core.ports import Clock
from deskward.store.rounds import Round, guarded, most_of, system_of

log = structlog.get_logger()

TASK = "deskward.drain"
MOST_LANES = 500
AWAY_SECONDS = 1.0
ENDINGS = 3


class ProcrastinateRunner:
    """One job drains one lane; `lock` keeps it alone on all machines, `queueing_lock` keeps it to one waiting.

    Our rows are the truth: a job of a dead worker is thrown away, and the sweep rings its lane again.
    """

    def __init__(
        self,
        url: URL,
        rows: ErrandRows,
        clock: Clock,
        *,
        concurrency: int = 4,
        sweep_seconds: float = 0.5,
        tick_seconds: float = 1.0,
        stalled_seconds: float = 15.0,
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._concurrency = concurrency
        self._sweep_seconds = sweep_seconds
        self._tick_seconds = tick_seconds
        self._stalled_seconds = stalled_seconds
        self._connection: dict[str, Any] = {
            "conninfo": url.set(drivername="postgresql").render_as_string(hide_password=False),
            "kwargs": {"options": "-c search_path=procrastinate"},
            "min_size": 1,
        }
        self._lanes = _Lanes(concurrency, self.ring)
        self._worker: _Worker | None = None
        self._rounds: list[Round] = []
        self._ringer = App(connector=SyncPsycopgConnector(**self._connection, max_size=4, timeout=5.0))
        self._ringer.open()

    def start(self, drain: Callable[[str], None], tick: Callable[[], None]) -> None:
        """Start the worker in a thread with its own loop, the sweep and the tick."""
        drain_once = partial(self._lanes.drain, drain)
        self._worker = _Worker(self._connection, drain_once, self._concurrency, self._stalled_seconds)
        self._rounds = [
            Round("sweep", self._sweep_seconds, self._sweep),
            Round("tick", self._tick_seconds, tick),
        ]

    def ring(self, lanes: Iterable[str]) -> None:
        """Ask for drains of these lanes by any process; never raises, since a lost ring costs time only."""
        try:
            for lane in lanes:
                self._ring_one(lane)
        except ConnectorException:
            log.warning("bell lost", reason="the database cannot be reached")

    def stop(self) -> None:
        """Stop after the drains that are under way."""
        for circle in self._rounds:
            circle.stop()
        if self._worker:
            self._worker.stop()
        self._ringer.close()

    def _ring_one(self, lane: str) -> None:
        job = self._ringer.configure_task(TASK, lock=lane, queueing_lock=lane)
        with suppress(AlreadyEnqueued):
            job.defer(lane=lane)

    def _sweep(self) -> None:
        due = self._rows.due_lanes(self._clock.now(), MOST_LANES)
        self.ring(lane for lane in due if not self._lanes.full(lane))


class _Lanes:
    """The lanes that this process drains: a job that was taken over while we slept must not meet itself.

    A lane whose outside system holds as many threads here as it may is put off: its job ends at once, and the
    lane is rung again when a drain of that system ends. Other processes may take it before.
    """

    def __init__(self, concurrency: int, ring: Callable[[Iterable[str]], None]) -> None:
        self._most = most_of(concurrency)
        self._ring = ring
        self._lock = Lock()
        self._draining: set[str] = set()
        self._put_off: dict[str, None] = {}

    def drain(self, drain: Callable[[str], None], lane: str) -> None:
        if self._entered(lane):
            guarded("drain", partial(drain, lane))
            self._ring(self._left(lane))

    def full(self, lane: str) -> bool:
        """Tell whether the lane's outside system may hold no more threads of this process."""
        with self._lock:
            return self._is_full(lane)

    def _is_full(self, lane: str) -> bool:
        return sum(system_of(other) == system_of(lane) for other in self._draining) >= self._most

    def _entered(self, lane: str) -> bool:
        with self._lock:
            if lane in self._draining:
                return False
            if self._is_full(lane):
                self._put_off.setdefault(lane)
                return False
            self._put_off.pop(lane, None)
            self._draining.add(lane)
            return True

    def _left(self, lane: str) -> list[str]:
        """Take the lane out; gives the one that was put off longest for the same system."""
        with self._lock:
            self._draining.discard(lane)
            following = [other for other in self._put_off if system_of(other) == system_of(lane)][:1]
            for other in following:
                del self._put_off[other]
        return following


class _Watched(PsycopgConnector):
    """Tells when a query failed: its job may now stand as “doing” with nobody doing it."""

    def __init__(self, failed: asyncio.Event, **options: Any) -> None:
        super().__init__(**options)
        self._failed = failed

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        with self._watching():
            await super().execute_query_async(query, **arguments)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        with self._watching():
            row: dict[str, Any] = await super().execute_query_one_async(query, **arguments)
        return row

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        with self._watching():
            rows: list[dict[str, Any]] = await super().execute_query_all_async(query, **arguments)
        return rows

    @contextmanager
    def _watching(self) -> Iterator[None]:
        try:
            yield
        except ConnectorException:
            self._failed.set()
            raise


class _Worker:
    """A Procrastinate worker in a thread with its own loop; begins again when the database was away."""

    def __init__(
        self, options: Mapping[str, Any], drain: Callable[[str], None], concurrency: int, stalled_seconds: float
    ) -> None:
        self._options = options
        self._drain = drain
        self._concurrency = concurrency
        self._stalled_seconds = stalled_seconds
        self._ready = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="errands", daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Let the drains under way end, then leave."""
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(self._concurrency, thread_name_prefix="errands"))
        self._task = cast("asyncio.Task[None]", asyncio.current_task())
        self._ready.set()
        with suppress(asyncio.CancelledError):
            while True:
                await self._work()
                log.warning("worker begins again", reason="the database did not answer")
                await asyncio.sleep(AWAY_SECONDS)

    async def _work(self) -> None:
        failed = asyncio.Event()
        app = App(connector=_Watched(failed, **self._options, max_size=self._concurrency + 2))
        app.task(name=TASK)(self._drain)
        parts = {asyncio.create_task(self._run(app, failed)), asyncio.create_task(_seen(failed))}
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # A worker after a failure is a new one: the jobs of the old one are seen to be stalled.
            await self._end(parts)

    async def _end(self, parts: set[asyncio.Task[None]]) -> None:
        """Cancel and wait, but not for good: a drain may take long, and a wait that ends just then swallows it.

        That is what `asyncio.wait_for` does in Python 3.11, which the driver waits with.
        """
        for _ in range(ENDINGS):
            for part in parts:
                part.cancel()
            ended, parts = await asyncio.wait(parts, timeout=self._stalled_seconds / ENDINGS)
            await asyncio.gather(*ended, return_exceptions=True)
            if not parts:
                return
        log.warning("worker left behind", reason="it does not end")

    async def _run(self, app: App, failed: asyncio.Event) -> None:
        async with app.open_async():
            reaper = asyncio.create_task(self._reap(app.job_manager))
            reaper.add_done_callback(lambda _: failed.set())
            try:
                await app.run_worker_async(
                    concurrency=self._concurrency,
                    delete_jobs="always",
                    fetch_job_polling_interval=1.0,
                    install_signal_handlers=False,
                    update_heartbeat_interval=self._stalled_seconds / 3,
                    stalled_worker_timeout=self._stalled_seconds,
                )
            finally:
                reaper.cancel()

    async def _reap(self, jobs: JobManager) -> None:
        while True:
            with suppress(ConnectorException):
                stalled = await jobs.get_stalled_jobs(seconds_since_heartbeat=self._stalled_seconds)
                for job in stalled:
                    await jobs.finish_job_by_id_async(job.id or 0, Status.FAILED, delete_job=True)
            await asyncio.sleep(self._stalled_seconds / 3)


async def _seen(failed: asyncio.Event) -> None:
    await failed.wait()
