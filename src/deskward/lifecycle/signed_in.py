"""What sign-ins teach: where and with what somebody works every day counts for familiarity, like a visit."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from deskward.core.authenticators import person_owner
from deskward.core.familiarity import digested, features_of, month_of
from deskward.core.sign_ins import SignIn
from deskward.core.surroundings import Device, Lesson, Network, Visit
from deskward.lifecycle.familiar import habits_in
from deskward.lifecycle.house import House

AT_ONCE = 500
FARTHEST = timedelta(days=30)
LATER = timedelta(days=1)  # so that whoever got in just before the call gains nothing, and no late row is missed
NEXT = timedelta(microseconds=1)


def learn_sign_ins(house: House, directory: str, at_once: int = AT_ONCE) -> bool:
    """Learn the next sign-ins of a directory's log, each once; True when more wait.

    They are learned a day after they were. OutsideError where the log does not answer.
    """
    until = house.clock.now() - LATER
    mark = house.store.sightings.read_to(directory)
    since = until - FARTHEST if mark is None else max(mark, until - FARTHEST)
    if since >= until:
        return False
    rows = list(islice(house.sign_ins[directory].sign_ins(since, until), at_once + 1))
    whole, new = _whole(rows, until, at_once)
    house.store.sightings.follow(directory, mark, new, tuple(_lessons(house, directory, whole)))
    return new < until


def _whole(rows: Sequence[SignIn], until: datetime, at_once: int) -> tuple[Sequence[SignIn], datetime]:
    """Give what to learn and the new mark: all, or those before the last time, of which there may be more.

    Where so many share one time, the rest of them is left out rather than waited for.
    """
    if len(rows) <= at_once:
        return rows, until
    last = rows[-1].at
    before = [row for row in rows if row.at < last]
    return (before, last) if before else (rows, last + NEXT)


def _lessons(house: House, directory: str, rows: Sequence[SignIn]) -> Iterator[Lesson]:
    """Say the same once with its number: most people sign in again and again from the same place."""
    for one, times in Counter(replace(row, at=_month(row.at)) for row in rows).items():
        features = _features(house, one)
        habits = habits_in(house, person_owner(directory, one.person_id), features, one.at)
        yield Lesson(habits, features, month_of(one.at), times)


def _month(at: datetime) -> datetime:
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _features(house: House, one: SignIn) -> Mapping[str, str]:
    """Give the digests, of what the log knows only: an agent or a kind that is not told counts for nothing."""
    network = house.networks.look_up(one.address) if house.networks else Network(one.address)
    device = house.devices.read(one.agent) if one.agent and house.devices else one.device
    told = features_of(Visit(one.at, one.address, {"user-agent": one.agent}), network, device)
    unknown = {("agent", ""), ("kind", Device.kind)}
    return digested({n: v for n, v in told.items() if (n, v) not in unknown}, house.keyring.private)
