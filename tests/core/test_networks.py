"""What is missing is said in words, and distances are those of the globe."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.networks import built_at, day_of, distance_km, inside, lack, read_address, source_name
from deskward.core.surroundings import Facet, Network, Place, Source

MARCH = datetime(2026, 3, 3, 12, tzinfo=UTC)
SOURCE = Source("Some-City", MARCH)
BERLIN, SYDNEY = Place("DE", "Berlin", 52.52, 13.405), Place("AU", "Sydney", -33.87, 151.21)
KNOWN = Network("198.51.100.1", BERLIN, 64496, "Example", frozenset(), dict.fromkeys(Facet, SOURCE))
COORDINATES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def told_by(source: Source) -> Network:
    return replace(KNOWN, sources=dict.fromkeys(Facet, source))


@pytest.mark.parametrize("facet", Facet)
def test_nothing_is_missing_where_a_sound_and_new_file_knows(facet: Facet) -> None:
    assert lack(KNOWN, facet) == ""
    assert source_name(KNOWN, facet) == "Some-City"
    assert built_at(KNOWN, facet) == MARCH


@pytest.mark.parametrize(
    ("facet", "text"),
    [
        (Facet.PLACE, "No country file is configured. Set networks.country."),
        (Facet.OPERATOR, "No ASN file is configured. Set networks.asn."),
        (Facet.HIDDEN, "No anonymous address file is configured. Set networks.anonymous."),
    ],
)
def test_a_file_that_is_not_configured_is_named_with_its_key(facet: Facet, text: str) -> None:
    nothing = Network("198.51.100.1")
    assert lack(nothing, facet) == text
    assert source_name(nothing, facet) in text
    assert built_at(nothing, facet) is None


def test_a_stale_file_is_named_with_its_day() -> None:
    text = "The country file is from 3 March 2026; it is too old to be relied on. Put a newer one in its place."
    assert lack(told_by(replace(SOURCE, stale=True)), Facet.PLACE) == text


def test_a_broken_file_is_named_even_where_it_is_stale() -> None:
    text = "The ASN file cannot be read. Put a sound one in its place."
    assert lack(told_by(replace(SOURCE, stale=True, broken=True)), Facet.OPERATOR) == text


@pytest.mark.parametrize("facet", Facet)
def test_an_address_that_the_file_does_not_know_is_said_so(facet: Facet) -> None:
    unlisted = Network("198.51.100.1", sources=KNOWN.sources)
    assert lack(unlisted, facet).endswith("file does not know the address.")


def test_a_private_address_is_no_matter_of_files() -> None:
    assert lack(Network("192.168.1.5"), Facet.PLACE) == "The address is a private one, which no file can place."


def test_an_address_that_is_none_is_said_so() -> None:
    assert lack(Network("<b>here</b>"), Facet.PLACE) == "The address cannot be read."


@pytest.mark.parametrize("text", ["10.1.2.3", "127.0.0.1", "100.64.0.9", "::1", "fd00::1", "::ffff:192.168.0.1"])
def test_addresses_within_a_network_are_told_from_those_of_the_world(text: str) -> None:
    address = read_address(text)
    assert address is not None
    assert inside(address)


@pytest.mark.parametrize("text", ["192.0.2.1", "8.8.8.8", "2001:db8::1", "::ffff:198.51.100.1"])
def test_addresses_of_the_world_are_not_within_a_network(text: str) -> None:
    address = read_address(text)
    assert address is not None
    assert not inside(address)


def test_a_day_is_written_as_people_do() -> None:
    assert day_of(MARCH) == "3 March 2026"


def test_the_distance_is_the_great_circle() -> None:
    assert distance_km(BERLIN, SYDNEY) == pytest.approx(16_100, rel=0.005)
    assert distance_km(BERLIN, BERLIN) == 0


@given(COORDINATES, COORDINATES)
def test_a_distance_is_the_same_both_ways_and_at_most_half_the_globe(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    here, there = Place("DE", "", *one), Place("AU", "", *other)
    way = distance_km(here, there)
    assert way is not None
    assert 0 <= way <= 20_016
    assert way == pytest.approx(distance_km(there, here), abs=1e-6)


@pytest.mark.parametrize("part", ["latitude", "longitude"])
def test_there_is_no_distance_without_coordinates(part: str) -> None:
    vague = Place(
        "DE", latitude=None if part == "latitude" else 1.0, longitude=None if part == "longitude" else 1.0
    )
    assert distance_km(vague, BERLIN) is None
    assert distance_km(BERLIN, vague) is None
