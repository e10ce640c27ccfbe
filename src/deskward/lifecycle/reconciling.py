"""Compares what a directory's own log tells with our grants: a reset without one is an incident (SR-68, A-13)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deskward.core.errors import ConflictError, RefusedError
from deskward.core.events import Event, EventKind
from deskward.core.links import new_id
from deskward.core.resets import KeepsLog, LoggedReset, Reset, ResetKind, kinds_of
from deskward.core.verification import Verification
from deskward.lifecycle.fencing import undoing
from deskward.lifecycle.house import Actor, House, reason_given

LATE = timedelta(hours=2)  # Microsoft, Okta: rows appear within minutes as a rule, and are read again this long
AT_ONCE = timedelta(days=1)
SOON = timedelta(seconds=15)  # by then what we do is written, too, if it is not written before
NEAR = timedelta(minutes=5)  # clocks differ, and an action takes its time
LONGEST_RUN, MOST_RUNS = timedelta(days=45), 50
MOST = 200
ONCE = frozenset({ResetKind.PASSWORD, ResetKind.UNLOCK})  # of factors, one action may take several away
_SETTLED = frozenset({EventKind.ACTING, EventKind.ACTION_REFUSED, EventKind.DONE})
Spent = set[tuple[str, ResetKind]]


@dataclass(frozen=True)
class Looked:
    """What one round found: the new incidents, and whether more of the log waits."""

    incidents: Sequence[LoggedReset] = ()
    more: bool = False


@dataclass(frozen=True)
class Permit:
    """What explains resets of one account, of some kinds, within a time: a consumed grant, or an objection."""

    id: str
    kinds: frozenset[ResetKind]
    since: datetime
    until: datetime
    once: bool = True

    def explains(self, reset: Reset, spent: Spent) -> bool:
        """Tell whether this made it: a password and a lock-out once each."""
        used = self.once and reset.kind in ONCE and (self.id, reset.kind) in spent
        return reset.kind in self.kinds and self.since <= reset.at <= self.until and not used


def logs_of(house: House) -> dict[str, KeepsLog]:
    """Give the directories whose log can be read."""
    return {name: one for name, one in house.people.items() if isinstance(one, KeepsLog)}


def reconcile(house: House, directory: str, log: KeepsLog) -> Looked:
    """Look at what is new in a log, each row once; nothing counts that was before the first round.

    OutsideError where the log does not answer; the mark stays then.
    """
    now, marks = house.clock.now() - SOON, house.store.resets.marks(directory)
    if marks is None:
        house.store.resets.follow(directory, None, now)
        return Looked()
    begun, mark = marks
    since, until = max(begun, mark - LATE), min(now, mark + AT_ONCE)
    if until <= mark:
        return Looked()
    known = house.store.resets.known(directory, since)
    spent = {*house.store.resets.spent(directory, since - NEAR)}
    told = (one for one in log.resets(since, until) if since <= one.at < until and not one.own)
    fresh = {one.id: one for one in told if one.id not in known}
    looked = [_looked(house, directory, one, spent) for one in sorted(fresh.values(), key=lambda r: (r.at, r.id))]
    mine = house.store.resets.follow(directory, mark, until, looked)
    return Looked([one for one in looked if mine and not one.explained_by], more=until < now)


def review(house: House, incident_id: str, actor: Actor, reason: str) -> None:
    """Settle an incident; InvalidError without a reason, ConflictError where somebody else was faster.

    RefusedError for who made the reset, or whose account it is, by the login.
    """
    said = reason_given(reason, "what it was")
    found = next((i for i in house.store.resets.incidents(MOST, reviewed=False) if i.id == incident_id), None)
    agent = house.accounts.agent(actor.id) if house.accounts else None
    if found and agent and agent.login.casefold() in {found.by.casefold(), found.login.casefold()}:
        raise RefusedError("Nobody settles what they did, or what was done to their account.", "Ask a colleague.")
    if found is None or not house.store.resets.review(incident_id, house.clock.now(), actor.name, said):
        raise ConflictError("This incident was settled already.", "Look at the list again.")


def _looked(house: House, directory: str, reset: Reset, spent: Spent) -> LoggedReset:
    permits = _permits(house, directory, reset)
    why = next((one.id for one in permits if one.explains(reset, spent)), "")
    if why:
        spent.add((why, reset.kind))
    return LoggedReset(
        id=new_id("IN"),
        directory=directory,
        event_id=reset.id,
        at=reset.at,
        kind=reset.kind,
        subject_id=reset.subject_id,
        login="" if why else reset.login,
        by="" if why else reset.by,
        seen_at=house.clock.now(),
        explained_by=why,
    )


def _permits(house: House, directory: str, reset: Reset) -> Iterator[Permit]:
    """Give what may have made a reset of this account, those nearest in time first."""
    since = reset.at - LONGEST_RUN
    runs = house.store.earlier(directory, reset.subject_id, since, MOST_RUNS)
    found = [one for run in runs for one in _permits_of(house, run)]
    yield from sorted(found, key=lambda one: abs(one.since + NEAR - reset.at))


def _permits_of(house: House, run: Verification) -> Iterator[Permit]:
    kinds, events = kinds_of(house.actions.get(run.action)), house.store.events(run.id)
    for number, event in enumerate(events):
        if event.kind is EventKind.ACTING and _acted(events[number + 1 :]):
            yield Permit(str(event.fields["grant"]), kinds, event.at - NEAR, event.at + NEAR)
        elif event.kind is EventKind.ACCESS_ENDED:
            yield Permit(event.marker, kinds, event.at - NEAR, event.at + NEAR)
        elif event.kind is EventKind.DISPUTED and undoing(run, event.at):
            yield from _taken_back(house, event, events[number:])


def _taken_back(house: House, objection: Event, after: Sequence[Event]) -> Iterator[Permit]:
    """Give what taking back may have made: as often as it was tried, and once about when it was done (SR-47)."""
    done = next((one.at for one in after if one.kind is EventKind.REVOKED), None)
    kinds, name = frozenset({ResetKind.PASSWORD}), objection.marker
    yield Permit(name, kinds, objection.at, done or house.clock.now(), once=False)
    if done:
        yield Permit(f"{name}-done", kinds, done - NEAR, done + NEAR)


def _acted(after: Sequence[Event]) -> bool:
    """Tell whether what began may have happened: nothing says that it did not."""
    ends = (one.kind for one in after if one.kind in _SETTLED)
    return next(ends, None) is not EventKind.ACTION_REFUSED
