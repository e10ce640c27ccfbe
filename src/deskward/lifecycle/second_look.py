"""The second look: who has judged a run already, and by when somebody else has to look (SR-124)."""

from datetime import datetime, timedelta

from deskward.core.events import EventKind
from deskward.core.sums import Need, need_of
from deskward.core.verification import Verification
from deskward.core.working_days import KeepsWeek, Week
from deskward.lifecycle.house import House

BEFORE = timedelta(days=30)
_JUDGED = {EventKind.FAILED, EventKind.REVIEW}


def judges(house: House, verification: Verification) -> frozenset[str]:
    """Name every agent who rejected this run or handed it to an approver."""
    return _judges_of(house, verification.id)


def judges_of_ticket(house: House, verification: Verification) -> frozenset[str]:
    """Name those of this run and of the earlier ones of its ticket: starting again gives nobody a second vote."""
    since = verification.opened_at - BEFORE
    runs = house.store.runs(verification.directory, verification.subject_id, since)
    same = {run.id for run in runs if run.ticket_id == verification.ticket_id} | {verification.id}
    return frozenset(agent for name in same for agent in _judges_of(house, name))


def due_at(house: House, need: Need, since: datetime | None, deadline: datetime) -> datetime | None:
    """Tell by when what waits `since` then has to be looked at; None where nothing says so.

    A review is over at its own deadline at the latest.
    """
    if since is None or need not in {Need.REVIEW, Need.SECOND_LOOK}:
        return None
    target = _week_of(house).after(since, house.policy.limits.second_look)
    return min(target, deadline) if need is Need.REVIEW else target


def due_of(house: House, verification: Verification) -> datetime | None:
    """Tell it of a verification."""
    since = verification.ended_at or verification.decided_at
    return due_at(house, need_of(verification), since, verification.deadline)


def _judges_of(house: House, verification_id: str) -> frozenset[str]:
    judged = (e.actor for e in house.store.events(verification_id) if e.kind in _JUDGED)
    return frozenset(actor.removeprefix("agent:") for actor in judged if actor.startswith("agent:"))


def _week_of(house: House) -> Week:
    """Take the organisation's week from the settings of a signal; Monday to Friday of UTC without any."""
    told = (one.week for one in house.signals.values() if isinstance(one, KeepsWeek))
    return next((week for week in told if week), Week())
