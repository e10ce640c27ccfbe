"""What the console asks: the verifications table, and errands as people see them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from deskward.core.ports import Errand
from deskward.core.risk import RiskLevel
from deskward.core.sums import Need, Sums
from deskward.core.verification import Outcome, State, Status, Verification, status_of

PAGE = 50
MOST_COUNTED = 10_000
MOST_NEW = 99
Cursor = tuple[datetime, str]


@dataclass(frozen=True)
class Search:
    """Which rows to show; empty means all.

    `text` is looked for in tickets' numbers, requesters and ids, and `named` are the agents that it means by name;
    `number` is the very number of a ticket.
    `status` is a label of the table of statuses, `score` the least risk score, `reached` a word of `core.sums`.
    `after` and `before` are cursors: rows older or newer than that one.
    """

    text: str = ""
    named: tuple[str, ...] = ()
    number: str = ""
    status: str = ""
    level: str = ""
    category: str = ""
    agent_id: str = ""
    score: float | None = None
    reached: str = ""
    need: Need = Need.NONE
    agents: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    after: Cursor | None = None
    before: Cursor | None = None


@dataclass(frozen=True)
class Listed:
    """One row of the table."""

    id: str
    connector: str
    ticket_id: str
    ticket_number: str
    requester_name: str
    requester_email: str
    risk_level: RiskLevel
    risk_score: float | None
    state: State
    outcome: Outcome
    category: str
    agent_name: str
    opened_at: datetime
    decided_at: datetime | None
    ended_at: datetime | None
    deadline: datetime
    need: str
    refusal: str
    version: int

    @property
    def status(self) -> Status:
        """Give the status as people read it."""
        return status_of(self.state, self.outcome)

    @property
    def cursor(self) -> Cursor:
        """Name the place of this row."""
        return self.opened_at, self.id


@dataclass(frozen=True)
class Counted:
    """How many rows there are; without `exact` at least so many."""

    number: int
    exact: bool = True


@dataclass(frozen=True)
class Page:
    """One page of the table, newest first; `after` and `before` lead on.

    `looked_to` is how far back it was looked where that did not fill the page: there may be more behind it.
    """

    rows: tuple[Listed, ...]
    after: Cursor | None = None
    before: Cursor | None = None
    looked_to: datetime | None = None


class Console(Protocol):
    """The reading side of the store."""

    def sharing(self) -> AbstractContextManager[None]:
        """Let all reads of this thread, whoever makes them, have one connection until the end of the block.

        Nothing outside may be waited for meanwhile: there are fewer connections than threads.
        """
        ...

    def page(self, search: Search, size: int = PAGE) -> Page:
        """Read one page by keyset."""
        ...

    def counted(self, search: Search) -> Counted:
        """Count the rows, up to MOST_COUNTED; with `before` the newer ones, while `after` does not matter."""
        ...

    def page_and_count(self, search: Search) -> tuple[Page, Counted]:
        """Read one page, and count all rows."""
        ...

    def listed(self, ids: Sequence[str]) -> Sequence[Listed]:
        """Read these rows as they are now."""
        ...

    def sums(self, first: date, last: date) -> Sums:
        """Read what was counted from this day on to that, both included; days of UTC."""
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
