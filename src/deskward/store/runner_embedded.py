"""Runs errands inside this process by a few threads: for SQLite."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from threading import Condition, Thread

from deskward.core.console import ErrandRows
from deskward.core.ports import Clock
from deskward.store.rounds import Round, guarded, most_of, system_of

MOST_LANES = 500


class EmbeddedRunner:
    """A lane is drained by one thread at a time; a ring during its drain makes it drain once more."""

    def __init__(
        self,
        rows: ErrandRows,
        clock: Clock,
        *,
        threads: int = 4,
        sweep_seconds: float = 0.5,
        tick_seconds: float = 1.0,
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._count = threads
        self._sweep_seconds = sweep_seconds
        self._tick_seconds = tick_seconds
        self._changed = Condition()
        self._waiting: dict[str, None] = {}
        self._draining: set[str] = set()
        self._again: set[str] = set()
        self._stopping = False
        self._threads: list[Thread] = []
        self._rounds: list[Round] = []

    def start(self, drain: Callable[[str], None], tick: Callable[[], None]) -> None:
        """Start the threads: `drain(lane)` for each rung or due lane, `tick()` every second."""
        self._threads = [
            Thread(target=self._serve, args=(drain,), name=f"errands-{number}", daemon=True)
            for number in range(self._count)
        ]
        for thread in self._threads:
            thread.start()
        self._rounds = [
            Round("sweep", self._sweep_seconds, self._sweep),
            Round("tick", self._tick_seconds, tick),
        ]

    def ring(self, lanes: Iterable[str]) -> None:
        """Ask for drains of these lanes soon."""
        with self._changed:
            for lane in lanes:
                if lane in self._draining:
                    self._again.add(lane)
                else:
                    self._waiting.setdefault(lane)
            self._changed.notify_all()

    def stop(self) -> None:
        """Stop after the drains that are under way; what is left is found at the next start."""
        for circle in self._rounds:
            circle.stop()
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _sweep(self) -> None:
        self.ring(self._rows.due_lanes(self._clock.now(), MOST_LANES))

    def _serve(self, drain: Callable[[str], None]) -> None:
        while (lane := self._next()) is not None:
            guarded("drain", partial(drain, lane))
            self._finished(lane)

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._ready())
            lane = self._ready()
            if self._stopping or lane is None:
                return None
            del self._waiting[lane]
            self._draining.add(lane)
            return lane

    def _ready(self) -> str | None:
        """Give the first lane that may be drained: one outside system never holds all threads (DESIGN 6)."""
        busy = Counter(system_of(lane) for lane in self._draining)
        most = most_of(self._count)
        return next((lane for lane in self._waiting if busy[system_of(lane)] < most), None)

    def _finished(self, lane: str) -> None:
        with self._changed:
            self._draining.discard(lane)
            if lane in self._again:
                self._again.discard(lane)
                self._waiting.setdefault(lane)
            self._changed.notify_all()
