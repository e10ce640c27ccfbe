"""Imports whole directories at the first start and daily, so that an address that is planted is seen (A-38)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from deskward.core.destinations import Kind
from deskward.core.errors import UnreachableError
from deskward.core.people import Person
from deskward.core.records import Address
from deskward.core.vault import Remembered
from deskward.lifecycle.house import House
from deskward.lifecycle.vault import address_id, recalled, rows_of, strangers

EVERY = timedelta(days=1)
BATCH = 200


def due(house: House, directory: str, now: datetime) -> bool:
    """Tell whether a directory was not imported within a day."""
    mark = house.store.imported(directory)
    return mark is None or mark.used_at is None or now - mark.used_at >= EVERY


def import_directory(house: House, directory: str) -> int:
    """Import everybody's addresses; gives how many people.

    The first whole import is the baseline: what is there then counts as old (DESIGN 9.6). One that was broken off
    changes no age and takes nothing away; the next one does it again.
    """
    named, count = set[str](), 0
    for some in _batches(house.people[directory].everyone()):
        named |= _imported(house, directory, some)
        count += len(some)
    if not count:
        raise UnreachableError(
            f"The directory “{directory}” named nobody, so nothing was imported.",
            "Check its settings and rights with: deskward doctor.",
        )
    house.store.finish_import(directory, named, house.clock.now())
    return count


def _imported(house: House, directory: str, people: list[Person]) -> set[str]:
    kept, owners = recalled(house, directory, people), strangers(house, people)
    named: set[str] = set()
    fresh: list[Address] = []
    for person in people:
        rows = rows_of(house, directory, person, kept[person.id], owners) or [_nothing(house, directory, person)]
        named |= {row.id for row in rows}
        fresh += [row for row in rows if _differs(row, kept[person.id])]
    house.store.keep_addresses(fresh)
    return named


def _differs(row: Address, kept: Remembered) -> bool:
    old = kept.rows.get(row.root)
    return old != row and not (old and not row.root)


def _nothing(house: House, directory: str, person: Person) -> Address:
    """Remember a person without any address: the first one that comes later is then seen to be new."""
    return Address(
        id=address_id(house, directory, person.id, ""),
        directory=directory,
        subject_id=person.id,
        kind=Kind.EMAIL,
        root="",
        source="no address on file",
        label="",
        first_seen_at=house.clock.now(),
    )


def _batches(people: Iterable[Person]) -> Iterator[list[Person]]:
    rest = iter(people)
    while some := list(islice(rest, BATCH)):
        yield some
