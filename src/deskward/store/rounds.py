"""Things that are done again and again, each in a thread of its own."""

from collections.abc import Callable
from threading import Event, Thread

import structlog

from deskward.core.errors import places

log = structlog.get_logger()


class Round:
    """Calls `what` at once and then every `seconds`, until it is stopped; an error ends one call only."""

    def __init__(self, name: str, seconds: float, what: Callable[[], None]) -> None:
        self._seconds = seconds
        self._what = what
        self._stopped = Event()
        self._thread = Thread(target=self._go_round, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop and wait for the call that is under way."""
        self._stopped.set()
        self._thread.join()

    def _go_round(self) -> None:
        while not self._stopped.is_set():
            guarded(self._thread.name, self._what)
            self._stopped.wait(self._seconds)


def system_of(lane: str) -> str:
    """Name the outside system that a lane leads to."""
    return lane.partition(":")[0]


def most_of(threads: int) -> int:
    """Give how many threads one outside system may hold, so that a slow one never holds all (DESIGN 6)."""
    return max(1, threads - 1)


def guarded(name: str, what: Callable[[], None]) -> None:
    """Call it; an error goes no further than the log: this is the outermost edge of a runner's thread.

    The log names the error's type and place only, since its text and locals may hold addresses or passwords.
    """
    try:
        what()
    except Exception as error:  # noqa: BLE001 - the outermost edge
        log.warning("runner call failed", call=name, error=type(error).__name__, where=places(error))
