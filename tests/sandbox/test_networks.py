"""The sandbox's made-up networks show every kind of finding."""

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from deskward.core.surroundings import Anonymous
from deskward.networks import Networks
from sandbox.networks import OWN, STRETCHES, UNLISTED, Stretch, write_networks
from tests.fakes import START, FakeClock

DOCUMENTATION = [
    ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "127.0.0.0/8", "::1/128")
]


@pytest.fixture
def networks(tmp_path: Path) -> Iterator[Networks]:
    made = Networks(write_networks(tmp_path / "networks", START), clock=FakeClock(), own=OWN)
    yield made
    made.close()


@pytest.mark.parametrize("stretch", STRETCHES.values(), ids=STRETCHES)
def test_every_network_is_told_as_it_was_written(networks: Networks, stretch: Stretch) -> None:
    for address in (stretch.address, *(str(ip_network(text).network_address) for text in stretch.networks)):
        seen = networks.look_up(address)
        assert (seen.place, seen.asn, seen.operator) == (stretch.place, stretch.asn, stretch.operator)
        assert seen.hidden == frozenset({stretch.hidden} if stretch.hidden else ())
        assert seen.own is stretch.own


def test_every_kind_of_hiding_is_there() -> None:
    assert {stretch.hidden for stretch in STRETCHES.values()} == {None, *Anonymous}


def test_only_documentation_addresses_and_the_machine_itself_are_placed() -> None:
    for stretch in STRETCHES.values():
        assert ip_address(stretch.address) in ip_network(
            next(text for text in stretch.networks if ip_address(stretch.address) in ip_network(text))
        )
        for text in stretch.networks:
            network = ip_network(text)
            assert any(
                network.version == around.version and network.subnet_of(around)  # type: ignore[arg-type]
                for around in DOCUMENTATION
            )


def test_an_address_in_no_file_stays_unknown(networks: Networks) -> None:
    assert networks.look_up(UNLISTED).place is None


def test_files_are_replaced_where_they_are(tmp_path: Path) -> None:
    first = write_networks(tmp_path, START)
    again = write_networks(tmp_path, datetime(2027, 1, 1, tzinfo=UTC))
    assert first == again
    assert sorted(p.name for p in tmp_path.iterdir()) == ["anonymous.mmdb", "asn.mmdb", "country.mmdb"]
