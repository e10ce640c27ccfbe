"""Asks everybody without an established address to confirm those on file, and counts who could pass today."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from deskward.core.destinations import Destination, Kind, Provenance, masked, provenance_of
from deskward.core.lines import some
from deskward.core.people import Person
from deskward.core.proof import ActionClass, ProofLevel, needed
from deskward.core.tickets import Check
from deskward.lifecycle.adding import confirm_errand
from deskward.lifecycle.desk_rights import rights_check
from deskward.lifecycle.house import House
from deskward.lifecycle.vault import kept_root, known_all

BATCH, SHOWN, TWO = 200, 5, 2


@dataclass(frozen=True)
class Asked:
    """One address that is asked to be confirmed, masked."""

    login: str
    masked: str


def campaign(house: House, directory: str, *, send: bool) -> Iterator[Asked]:
    """List every address that is to be confirmed; with `send` write the errand that asks, once a day at most."""
    channel = next((c for c in house.channels.values() if c.kind is Kind.EMAIL), None)
    for person in everyone(house, directory):
        asked = [d for d in person.destinations if channel and _wants(house, person, d)]
        if send and channel:
            roots = [kept_root(house, d.kind, d.value) for d in asked]
            rows = (house.store.address_of_root(directory, person.id, root) for root in roots)
            house.store.enqueue(confirm_errand(house, row, channel.name) for row in rows if row)
        yield from (Asked(person.login, masked(d.kind, d.value)) for d in asked)


def readiness(house: House, directory: str) -> Iterator[Check]:
    """Say which share of people could pass today, for each class too (DESIGN 9.6), and who can too much."""
    people = [person for person in everyone(house, directory) if person.enabled]
    counts = {one.id: _established(house, one) for one in people}
    one, two = (sum(1 for n in counts.values() if n >= least) for least in (1, TWO))
    text = f"One established address: {_share(one, people)}; two or more: {_share(two, people)}."
    without = some([p.login for p in people if not counts[p.id]], SHOWN)
    ask = f" Without: {without}. Ask them to confirm theirs: deskward confirm --dry-run" if without else ""
    yield Check("addresses", one > 0, f"{text}{ask}", "Import addresses, or ask people to confirm theirs.")
    for name in ActionClass:
        able = sum(1 for p in people if needed(name, p.aal) <= _reach(p, counts[p.id]))
        yield Check(f"class {name}", well=True, text=f"Could pass today by link: {_share(able, people)}.")
    yield rights_check(house, directory, people)


def everyone(house: House, directory: str) -> Iterator[Person]:
    """Read a whole directory with everything that is remembered, in batches."""
    rest: Iterable[Person] = iter(house.people[directory].everyone())
    while some := list(islice(rest, BATCH)):
        yield from known_all(house, directory, some)


def _wants(house: House, person: Person, destination: Destination) -> bool:
    able = destination.kind is Kind.EMAIL and destination.trusted and not destination.same_login
    return able and destination.confirmed_at is None and person.enabled and not _established(house, person)


def _established(house: House, person: Person) -> int:
    now, min_age = house.clock.now(), house.policy.limits.min_age
    found = (provenance_of(d, now, min_age) for d in person.destinations)
    return sum(1 for provenance in found if provenance is Provenance.ESTABLISHED)


def _reach(person: Person, established: int) -> ProofLevel:
    """Give the level a link can prove (SR-31, SR-37)."""
    if established:
        return ProofLevel.P2
    return ProofLevel.P1 if person.destinations else ProofLevel.P0


def _share(count: int, people: Sequence[Person]) -> str:
    return f"{count} of {len(people)} ({round(100 * count / max(1, len(people)))} %)"
