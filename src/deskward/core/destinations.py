"""Addresses of people: where they came from, how they are shown, which count as established."""

from collections.abc import Iterable
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


@dataclass(frozen=True)
class Destination:
    """One address of a person: normalised value, label (“private e-mail”), source and change stamp.

    `changed_at` None means that nobody knows since when it is so; at first import that counts as old (DESIGN 9.6).
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
    """Compute “established”: trusted source, unchanged for the minimum age (SR-34, DESIGN 9.6)."""
    if destination.same_login:
        return Provenance.SAME_LOGIN
    old = destination.changed_at is None or now - destination.changed_at >= min_age
    return Provenance.ESTABLISHED if destination.trusted and old else Provenance.CALLER_SUPPLIED


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
    provenance = provenance_of(destination, now, min_age)
    return Choice(
        destination.id,
        destination.kind,
        masked(destination.kind, destination.value),
        destination.label,
        provenance,
        _reason(destination, provenance, min_age),
    )


def _reason(destination: Destination, provenance: Provenance, min_age: timedelta) -> str:
    since = f", unchanged since {destination.changed_at:%d %b %Y}" if destination.changed_at else ""
    if provenance is Provenance.ESTABLISHED:
        return f"from {destination.source}{since}"
    if provenance is Provenance.SAME_LOGIN:
        return f"from {destination.source}, opens with the account itself"
    if not destination.trusted:
        return f"from {destination.source}, not a trusted source"
    return f"from {destination.source}, changed less than {min_age.days} days ago"
