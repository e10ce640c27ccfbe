"""The second look: who has judged a run already, and by when somebody else has to look (SR-124)."""

from datetime import datetime, timedelta
from typing import Protocol

from deskward.core.events import EventKind
from deskward.core.sums import Need, need_of
from deskward.core.verification import Verification
from deskward.lifecycle.house import House

BEFORE = timedelta(days=30)
_JUDGED = {EventKind.FAILED, EventKind.REVIEW}


class Waiting(Protocol):
    """What may wait for a person: a verification, or its row in the table."""

    @property
    def decided_at(self) -> datetime | None:
        """Give when it was decided."""
        ...

    @property
    def ended_at(self) -> datetime | None:
        """Give when it ended."""
        ...

    @property
    def deadline(self) -> datetime:
        """Give when it ends by itself."""
        ...


def judges(house: House, verification: Verification) -> frozenset[str]:
    """Name every agent who rejected this run or handed it to an approver."""
    return _judges_of(house, verification.id)


def judges_of_ticket(house: House, verification: Verification) -> frozenset[str]:
    """Name those of this run and of the earlier ones of its ticket: starting again gives nobody a second vote."""
    since = verification.opened_at - BEFORE
    runs = house.store.runs(verification.directory, verification.subject_id, since)
    same = {run.id for run in runs if run.ticket_id == verification.ticket_id} | {verification.id}
    return frozenset(agent for name in same for agent in _judges_of(house, name))


def due_at(house: House, need: Need, waiting: Waiting) -> datetime | None:
    """Tell by when what waits has to be looked at; None where nothing says so.

    A review is over at its own deadline at the latest.
    """
    since = waiting.ended_at or waiting.decided_at
    if since is None or need not in {Need.REVIEW, Need.SECOND_LOOK, Need.BREAK_GLASS}:
        return None
    target = house.week.after(since, house.policy.limits.second_look)
    return min(target, waiting.deadline) if need is Need.REVIEW else target


def due_of(house: House, verification: Verification) -> datetime | None:
    """Tell it of a verification."""
    return due_at(house, need_of(verification), verification)


def _judges_of(house: House, verification_id: str) -> frozenset[str]:
    judged = (e.actor for e in house.store.events(verification_id) if e.kind in _JUDGED)
    return frozenset(actor.removeprefix("agent:") for actor in judged if actor.startswith("agent:"))
