"""Addresses of people: where they came from, how they are shown, which count as established."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What a destination is; also the kind of the channel that serves it."""

    EMAIL = "email"
    SMS = "sms"

    @property
    def said(self) -> str:
        """Give the word people use."""
        return {Kind.EMAIL: "e-mail", Kind.SMS: "SMS"}[self]


class Provenance(StrEnum):
    """Whether an address can carry proof."""

    ESTABLISHED = "established"
    SAME_LOGIN = "behind the same login"
    CALLER_SUPPLIED = "caller-supplied"


OWN = "confirmed by the requester"


class Coded(StrEnum):
    """Why an address that is not established is used all the same (SR-38)."""

    OUT_OF_REACH = "The requester cannot reach any address on file"
    OUT_OF_DATE = "The addresses on file are out of date"
    NEW_HERE = "The requester is new and has no address on file"
    OTHER = "Another reason"


@dataclass(frozen=True)
class Destination:
    """One address of a person: normalised value, label (“private e-mail”), source and change stamp.

    `changed_at` None means that nobody knows since when it is so; at first import that counts as old (DESIGN 9.6).
    `trusted` tells that its source may be believed, `declared` that the source declares its addresses confirmed.
    `same_login` tells that it opens with the very account that is to be recovered (SR-21). `confirmed_at` is
    when its owner confirmed it, `shared` how many other people used it lately (SR-41).
    """

    id: str
    kind: Kind
    value: str
    label: str
    source: str
    trusted: bool = True
    changed_at: datetime | None = None
    same_login: bool = False
    confirmed_at: datetime | None = None
    used_at: datetime | None = None
    shared: int = 0
    declared: bool = True
    first_seen_at: datetime | None = None


@dataclass(frozen=True)
class Choice:
    """A destination as the Send page offers it: masked, ranked, with its reason in words."""

    id: str
    kind: Kind
    masked: str
    label: str
    provenance: Provenance
    reason: str


MIN_AGE = timedelta(days=14)


def provenance_of(destination: Destination, now: datetime, min_age: timedelta = MIN_AGE) -> Provenance:
    """Compute “established”: trusted, confirmed, unchanged for the minimum age, one person's (SR-34, SR-41)."""
    if destination.same_login:
        return Provenance.SAME_LOGIN
    old = destination.changed_at is None or now - destination.changed_at >= min_age
    proven = destination.trusted and (destination.declared or destination.confirmed_at is not None)
    whole = proven and old and not destination.shared
    return Provenance.ESTABLISHED if whole else Provenance.CALLER_SUPPLIED


def masked(kind: Kind, value: str) -> str:
    """Show enough to recognise and too little to use: “m•••@g•••.com”, “+1 ••• ••• 42”."""
    if kind is Kind.SMS:
        return f"{value[:2]} ••• ••• {value[-2:]}"
    name, _, domain = value.rpartition("@")
    host, _, suffix = domain.rpartition(".")
    return f"{name[:1]}•••@{host[:1]}•••.{suffix}"


def root_of(kind: Kind, value: str) -> str:
    """Name the trust root: one mailbox, or one phone number (SR-21)."""
    return f"{kind.value}:{value.casefold()}"


def choices(destinations: Iterable[Destination], now: datetime, min_age: timedelta) -> tuple[Choice, ...]:
    """Rank the known destinations, established first, each with its reason (SR-35)."""
    offered = [_choice(d, now, min_age) for d in destinations]
    return tuple(sorted(offered, key=lambda c: c.provenance is not Provenance.ESTABLISHED))


def _choice(destination: Destination, now: datetime, min_age: timedelta) -> Choice:
    return Choice(
        destination.id,
        destination.kind,
        masked(destination.kind, destination.value),
        destination.label,
        provenance_of(destination, now, min_age),
        reason_of(destination, now, min_age),
    )


def reason_of(destination: Destination, now: datetime, min_age: timedelta) -> str:
    """Say why an address ranks as it does: “from HR, confirmed 14 March 2025”."""
    source = destination.source if destination.source == OWN else f"from {destination.source}"
    parts = [source, *_standing(destination, now, min_age), *_use(destination)]
    return ", ".join(parts)


def _standing(destination: Destination, now: datetime, min_age: timedelta) -> Iterator[str]:
    if destination.same_login:
        yield "opens with the account itself"
        return
    if not destination.trusted:
        yield "not a trusted source"
        return
    changed, confirmed = destination.changed_at, destination.confirmed_at
    if changed and now - changed < min_age:
        firsts = {destination.first_seen_at: "first seen", confirmed: "confirmed"}
        what = firsts.get(changed, "changed")
        yield f"{what} {_ago(now - changed)}"
        yield "not yet established"
    elif not destination.declared and not confirmed:
        yield "never confirmed by the requester"
    elif seen := confirmed or changed:
        yield f"confirmed {_day(seen)}"
    elif destination.first_seen_at:
        yield f"known since {_day(destination.first_seen_at)}"


def _use(destination: Destination) -> Iterator[str]:
    if destination.shared:
        others = "another person" if destination.shared == 1 else f"{destination.shared} other people"
        yield f"also used by {others}"
    if destination.used_at:
        yield f"last used {_day(destination.used_at)}"


def _ago(age: timedelta) -> str:
    days = max(0, age.days)
    return "today" if not days else f"{days} day{'s' if days > 1 else ''} ago"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
