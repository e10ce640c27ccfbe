"""The account in the directory: its state, and contact addresses that changed shortly before (A-38)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from deskward.core.destinations import Destination
from deskward.core.errors import SettingsError
from deskward.core.people import Person
from deskward.core.risk import HIGH_FROM, Finding, Section, unknown
from deskward.core.signals import Seen

JOINER, CHANGED = 1.0, 2.0
JOINER_DAYS, LEAST_DAYS = 30, 7
SOURCE = "directory"
ADDRESSES = "directory and what is remembered of addresses"


class Signal:
    """Looks at the account; a contact address younger than `days` raises the risk, 7 or more."""

    name = "account"
    section = Section.PERSONA
    title = "Account"
    about = "We look at the state of your account and at how long your contact addresses are known."
    reads: tuple[str, ...] = ()

    def __init__(self, *, days: int = 14) -> None:
        if days < LEAST_DAYS:
            raise SettingsError(f"signals.account.days is {days}.", f"Choose {LEAST_DAYS} or more (SR-34).")
        self._days = days

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Weigh state, first day at work and contact addresses."""
        at = seen.visit.at
        return [*_state(seen.person), _joined(seen.person, at), self._contacts(seen.person, at)]

    def _contacts(self, person: Person, at: datetime) -> Finding:
        stamps = {d.changed_at: d for d in person.destinations if d.changed_at}
        newest = max(stamps, default=None)
        if newest and at - newest < timedelta(days=self._days):
            return _young(stamps[newest], newest, at)
        if not person.destinations:
            return _unknown("No contact address of this person is known.", ADDRESSES)
        if newest is None and not person.recalled:
            return _unknown("Nobody knows since when this person's contact addresses are so.", ADDRESSES)
        return _finding(0.0, f"No contact address of this person was changed within {self._days} days.", ADDRESSES)


def _state(person: Person) -> Iterator[Finding]:
    if not person.enabled:
        yield _finding(HIGH_FROM, "The account is disabled.", SOURCE, critical=True)
    if person.privileged:
        text = "The account is privileged. Privileged accounts are never served by link."
        yield _finding(HIGH_FROM, text, SOURCE, critical=True)
    if person.locked:
        yield _finding(0.0, "The account is locked.", SOURCE)


def _joined(person: Person, at: datetime) -> Finding:
    if person.started_on is None:
        return _unknown("The directory does not tell this person's first day at work.", SOURCE)
    days = (at.date() - person.started_on).days
    raw = {"started_on": person.started_on.isoformat()}
    if days < 0:
        return _finding(JOINER, "This person does not work here yet.", SOURCE, raw)
    if days < JOINER_DAYS:
        return _finding(JOINER, f"This person is new: the first day at work was {_ago(days)}.", SOURCE, raw)
    return _finding(0.0, f"This person has worked here for {JOINER_DAYS} days or longer.", SOURCE, raw)


def _young(destination: Destination, changed: datetime, at: datetime) -> Finding:
    firsts = {destination.first_seen_at: "first seen", destination.confirmed_at: "first confirmed"}
    what, days = firsts.get(changed, "changed"), max(0, (at - changed).days)
    raw = {"changed_at": changed.isoformat(), "kind": destination.kind.value, "from": destination.source}
    return _finding(CHANGED, f"A contact address of this person was {what} {_ago(days)}.", ADDRESSES, raw)


def _ago(days: int) -> str:
    return "today" if not days else f"{days} day{'s' if days > 1 else ''} ago"


def _finding(
    weight: float, text: str, source: str, raw: dict[str, str] | None = None, *, critical: bool = False
) -> Finding:
    return Finding("account", Section.PERSONA, weight, text, source, critical=critical, raw=raw or {})


def _unknown(text: str, source: str) -> Finding:
    return unknown("account", Section.PERSONA, text, source)
