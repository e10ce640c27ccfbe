"""Zones against clocks and countries."""

from datetime import UTC, datetime

import pytest

from tests.signals.visits import look

SUMMER = datetime(2026, 7, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "offset", "country", "weight"),
    [
        ("Asia/Calcutta", 330, "IN", 0.0),
        ("Europe/Kiev", 120, "UA", 0.0),
        ("Asia/Calcutta", 330, "DE", 1.0),
        ("America/Chicago", -360, "US", 0.0),
        ("US/Pacific", -480, "US", 0.0),
        ("UTC", 0, "DE", 1.0),
        ("Europe/Paris", 60, "DE", 1.0),
        ("Asia/Kathmandu", 345, "NP", 0.0),
    ],
)
def test_a_zone_fits_its_country_whatever_name_it_has(zone: str, offset: int, country: str, weight: float) -> None:
    assert look("time_zone", readings={"time_zone": zone, "offset": offset}, country=country).weight == weight


def test_summer_time_is_known() -> None:
    assert look("time_zone", readings={"offset": 120}, at=SUMMER).weight == 0
    assert look("time_zone", readings={"offset": 60}, at=SUMMER).weight == 1.5


def test_a_device_with_the_rules_of_three_years_ago_is_no_contradiction() -> None:
    almaty = {"time_zone": "Asia/Almaty"}
    now = datetime(2026, 1, 20, 12, tzinfo=UTC)
    weights = [
        look("time_zone", readings=almaty | {"offset": o}, country="KZ", at=now).weight for o in (300, 360, 420)
    ]
    assert weights == [0, 0, 1.5]


def test_without_an_offset_the_zone_alone_counts() -> None:
    assert look("time_zone", readings={"offset": None}).weight == 0


def test_servers_have_words_of_their_own() -> None:
    assert "the time of servers (UTC)" in look("time_zone", readings={"time_zone": "UTC", "offset": 0}).text


@pytest.mark.parametrize("country", ["", "XX"])
def test_sr_28_without_a_country_nothing_is_said_of_the_zone(country: str) -> None:
    assert look("time_zone", country=country).unknown


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "Ünder/Where", ""])
def test_a_zone_that_nobody_knows_is_unknown(zone: str) -> None:
    assert look("time_zone", readings={"time_zone": zone}).unknown
