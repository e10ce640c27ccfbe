"""What a person has to look after: files and imports that cannot be relied on."""

from dataclasses import dataclass, replace
from datetime import timedelta

from deskward.core.surroundings import Network
from deskward.core.tickets import Check
from deskward.lifecycle.watching import relied_on
from tests.household import Household


@dataclass
class OldFiles:
    """Files of which one is too old."""

    def look_up(self, address: str) -> Network:
        return Network(address)

    def troubles(self) -> tuple[Check, ...]:
        return (Check("networks.country", well=False, text="too old", hint="Get a newer one."),)


def test_old_files_and_imports_that_did_not_come_are_told(home: Household) -> None:
    house = replace(home.house, networks=OldFiles())
    (name,) = house.people
    assert [c.name for c in relied_on(house)] == ["networks.country", f"directories.{name}"]
    house.store.finish_import(name, {"a"}, house.clock.now() - timedelta(days=2))
    assert [c.name for c in relied_on(house)] == ["networks.country"]
    house.store.finish_import(name, {"a"}, house.clock.now() - timedelta(days=2, seconds=1))
    assert "were last imported on" in [c.text for c in relied_on(house)][-1]
    assert next(relied_on(replace(home.house, networks=None))).hint.endswith("deskward doctor.")
