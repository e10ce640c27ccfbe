"""What the console asks: the verifications table, and errands as people see them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from deskward.core.ports import Errand
from deskward.core.verification import Verification

PAGE = 50
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Search:
    """Which rows to show; empty means all.

    `statuses` are pairs of state and outcome; `after` is the cursor (opened_at ISO, id) of the last row seen.
    """

    text: str = ""
    state: str = ""
    statuses: tuple[tuple[str, str], ...] = ()
    level: str = ""
    category: str = ""
    agent_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[str, str] | None = None


@dataclass(frozen=True)
class Page:
    """One page of the table, newest first; `total` is capped at MOST_COUNTED + 1; `after` leads on."""

    rows: tuple[Verification, ...]
    total: int
    after: tuple[str, str] | None


class Console(Protocol):
    """The reading side of the store."""

    def page(self, search: Search, size: int = PAGE) -> Page:
        """Read one page by keyset."""
        ...

    def decided(self, since: datetime | None = None) -> Iterator[Verification]:
        """Give what was opened since and has been decided, newest first, a few at a time."""
        ...

    def errands(self, verification_id: str) -> Sequence[Errand]:
        """List the errands of a verification, oldest first."""
        ...

    def stuck(self, limit: int) -> Sequence[Errand]:
        """List errands that are parked or keep failing, oldest first."""
        ...

    def replay(self, errand_id: int, now: datetime, actor: str) -> Errand | None:
        """Make a parked or waiting errand due now, and record by whom; None when there is nothing to replay.

        ConflictError when its verification changes at this moment.
        """
        ...


class ErrandRows(Protocol):
    """The running side of the store: what a runner does with errands."""

    def claim(self, lane: str, holder: str, now: datetime, lease_until: datetime) -> Errand | None:
        """Take the head of a lane: `sending`, one more attempt, leased; None when nothing can be done now.

        The head is the oldest errand that is neither done nor parked. Nothing is claimed while it is not
        due yet, or while another holder's lease on it lives: the lane keeps its order.
        """
        ...

    def finish(self, errand: Errand, now: datetime) -> None:
        """Mark it done, if this attempt still holds it."""
        ...

    def retry(self, errand: Errand, due_at: datetime, error: str) -> None:
        """Make it due again later, with what went wrong in words."""
        ...

    def park(self, errand: Errand, error: str) -> None:
        """Leave it to a person; the lane goes on."""
        ...

    def due_lanes(self, now: datetime, limit: int) -> Sequence[str]:
        """List lanes whose head can be claimed now."""
        ...

    def release(self, holder: str) -> None:
        """Give back the leases of a holder that is known to be dead."""
        ...


class Runner(Protocol):
    """What runs the errands; also the store's bell."""

    def start(self, drain: Callable[[str], None], tick: Callable[[], None]) -> None:
        """Begin: `drain(lane)` for lanes that are rung or due, one at a time each; `tick()` every second."""
        ...

    def ring(self, lanes: Iterable[str]) -> None:
        """Tell that these lanes have due errands; works without `start` too."""
        ...

    def stop(self) -> None:
        """End after the drains that are under way."""
        ...
