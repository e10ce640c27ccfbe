"""The vault: people as the directory gives them, with everything the house remembers of their addresses."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deskward.core.destinations import Destination, Kind, root_of
from deskward.core.people import Person
from deskward.core.records import Address
from deskward.core.vault import Remembered, own_destination, remembered, seen, stands
from deskward.core.verification import Verification
from deskward.lifecycle.house import House

SHARED_FOR = timedelta(days=30)
Pairs = Mapping[str, AbstractSet[tuple[str, str]]]


def kept_root(house: House, kind: Kind, value: str) -> str:
    """Name the trust root as rows keep it: comparable, and no address to read."""
    return house.keyring.kept_root(root_of(kind, value))


def address_id(house: House, directory: str, person_id: str, root: str) -> str:
    """Name the row of a person's address, the same for whoever writes it."""
    return f"AD-{house.keyring.private('address', f'{directory}:{person_id}:{root}')}"


def known(house: House, directory: str, person: Person) -> Person:
    """Give the person with all that is remembered of the addresses, and with those of their own (SR-33)."""
    return person if person.recalled else known_all(house, directory, [person])[0]


def known_all(house: House, directory: str, people: Sequence[Person]) -> list[Person]:
    """Give many people at once, in a handful of queries."""
    now, roots = house.clock.now(), _roots(house, people)
    kept = recalled(house, directory, people)
    everything = {root for one in (*roots.values(), *(k.rows for k in kept.values())) for root in one}
    reached = house.store.reached(sorted(everything), now - SHARED_FOR)
    later = [p for p in people if kept[p.id].imported_at]
    strange = [root for p in later for root in roots[p.id] if root not in kept[p.id].rows]
    owners = house.store.owners(strange) if strange else {}
    book = _Book(house, directory, reached, owners, now)
    return [book.person(p, kept[p.id]) for p in people]


def recalled(house: House, directory: str, people: Sequence[Person]) -> Mapping[str, Remembered]:
    """Recall what is known of these people, by object id."""
    rows: dict[str, dict[str, Address]] = defaultdict(dict)
    for row in house.store.addresses(directory, ["", *(p.id for p in people)]):
        rows[row.subject_id][row.root] = row
    mark = rows[""].get("")
    return {p.id: Remembered(rows[p.id], mark.first_seen_at if mark else None) for p in people}


def rows_of(house: House, directory: str, person: Person, kept: Remembered, owners: Pairs) -> list[Address]:
    """Give the rows of everything the directory names for a person, as an import writes them."""
    book = _Book(house, directory, {}, owners, house.clock.now())
    return [book.row(person, d, kept) for d in person.destinations]


def strangers(house: House, people: Sequence[Person]) -> Pairs:
    """Tell whose the addresses of these people are or were."""
    return house.store.owners([root for roots in _roots(house, people).values() for root in roots])


def used_now(house: House, verification: Verification, root: str) -> tuple[Address, ...]:
    """Give the address of this kept root, used now; nothing for one that no directory names."""
    row = house.store.address_of_root(verification.directory, verification.subject_id, root) if root else None
    return (replace(row, used_at=house.clock.now()),) if row else ()


def shared_by(house: House, directory: str, person: Person, root: str) -> int:
    """Count the other people whom a link or code reached there lately."""
    reached = house.store.reached([root], house.clock.now() - SHARED_FOR)
    return _others(reached, root, (directory, person.id))


@dataclass(frozen=True)
class _Book:
    house: House
    directory: str
    reached: Pairs
    owners: Pairs
    now: datetime

    def person(self, person: Person, kept: Remembered) -> Person:
        named = {kept_root(self.house, d.kind, d.value): d for d in person.destinations}
        told = [self._destination(person, root, d, kept) for root, d in named.items()]
        own = (row for root, row in kept.rows.items() if stands(row) and root not in named)
        added = [own_destination(row, _others(self.reached, row.root, self._pair(person))) for row in own]
        return replace(person, destinations=(*told, *added), recalled=True)

    def row(self, person: Person, destination: Destination, kept: Remembered) -> Address:
        root = kept_root(self.house, destination.kind, destination.value)
        first = Address(
            id=address_id(self.house, self.directory, person.id, root),
            directory=self.directory,
            subject_id=person.id,
            kind=destination.kind,
            root=root,
            source=destination.source,
            label=destination.label,
            first_seen_at=self.now,
            changed_at=destination.changed_at,
        )
        elsewhere = _others(self.owners, root, self._pair(person)) > 0
        return seen(destination, first, kept.rows.get(root), kept, elsewhere=elsewhere)

    def _destination(self, person: Person, root: str, destination: Destination, kept: Remembered) -> Destination:
        shared = _others(self.reached, root, self._pair(person))
        return remembered(destination, self.row(person, destination, kept), shared)

    def _pair(self, person: Person) -> tuple[str, str]:
        return (self.directory, person.id)


def _roots(house: House, people: Iterable[Person]) -> Mapping[str, list[str]]:
    return {p.id: [kept_root(house, d.kind, d.value) for d in p.destinations] for p in people}


def _others(pairs: Pairs, root: str, own: tuple[str, str]) -> int:
    return len(pairs.get(root, frozenset()) - {own})
