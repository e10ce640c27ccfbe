"""What the house remembers of addresses, and what that makes of those a directory names (SR-33, SR-34)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from deskward.core.destinations import OWN, Destination
from deskward.core.records import Address


@dataclass(frozen=True)
class Remembered:
    """The addresses of one person, those that were removed too, by trust root.

    `imported_at` is when the person's directory was first imported; None as long as it never was.
    """

    rows: Mapping[str, Address]
    imported_at: datetime | None = None


def seen(
    destination: Destination, row: Address, old: Address | None, known: Remembered, *, elsewhere: bool
) -> Address:
    """Give the row of an address that a directory names now; `row` is what a first sight would write.

    The age counts from the source's own stamp at the first import and for people who are new. An address that
    comes later, comes back or was another person's (`elsewhere`) counts anew, whatever its stamp says: the house
    looked, and it was not there.
    """
    if old and not old.removed_at:
        changed = later(old.changed_at, destination.changed_at)
        return replace(old, source=row.source, label=row.label, changed_at=changed)
    if known.imported_at is None:
        return replace(row, baseline=True)
    believed = destination.changed_at is not None and not (known.rows or elsewhere)
    return row if believed else replace(row, changed_at=later(destination.changed_at, row.first_seen_at))


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Give the later of two times; None where there is neither."""
    return max((at for at in (one, other) if at), default=None)


def remembered(destination: Destination, row: Address, shared: int) -> Destination:
    """Add what the house remembers to what the directory says."""
    return replace(
        destination,
        changed_at=row.changed_at,
        first_seen_at=row.first_seen_at,
        confirmed_at=row.confirmed_at,
        used_at=row.used_at,
        shared=shared,
    )


def own_destination(row: Address, shared: int) -> Destination:
    """Give an address that its owner confirmed here and no directory has; it counts from then on."""
    return Destination(
        id=row.id,
        kind=row.kind,
        value=row.value.reveal(),
        label=row.label,
        source=OWN,
        changed_at=row.confirmed_at,
        confirmed_at=row.confirmed_at,
        used_at=row.used_at,
        shared=shared,
        declared=False,
        first_seen_at=row.first_seen_at,
    )


def stands(row: Address) -> bool:
    """Tell whether an own address counts: confirmed, and not taken away."""
    return row.own and bool(row.value) and row.confirmed_at is not None and row.removed_at is None
