"""What Deskward relies on and a person has to look after: network files, and imports of the directories."""

from collections.abc import Iterator
from datetime import timedelta

from deskward.core.tickets import Check
from deskward.lifecycle.house import House, when

OLD = timedelta(days=2)


def relied_on(house: House) -> Iterator[Check]:
    """Give what cannot be relied on just now: files that are too old, and imports that did not come."""
    if house.networks:
        yield from house.networks.troubles()
    for name in house.people:
        mark, hint = house.store.imported(name), "Check the directory with: deskward doctor."
        last = mark.used_at if mark else None
        if last is None:
            yield Check(f"directories.{name}", well=False, text="its addresses were never imported", hint=hint)
        elif house.clock.now() - last > OLD:
            text = f"its addresses were last imported on {when(last)}; what changed since is not seen"
            yield Check(f"directories.{name}", well=False, text=text, hint=hint)
