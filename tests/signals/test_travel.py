"""Who was elsewhere a moment ago cannot be here, once both radii are taken off."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from deskward import plugins
from deskward.core.errors import SettingsError
from deskward.core.surroundings import Facet, Network, Past, Place, Source
from deskward.signals.travel import Signal
from sandbox.networks import ASHBURN, BERLIN, SYDNEY
from tests.signals.origins import NOW, last, network, only, seen


def at(place: Place) -> Network:
    return Network("192.0.2.10", place, hidden=frozenset(), sources={Facet.PLACE: Source("Some-City", NOW)})


def test_nobody_is_in_sydney_two_hours_after_berlin(tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, "far"), last(ago=timedelta(hours=2))))
    assert finding.weight == 3.0
    assert finding.text == ("The last visit was at least 16,055 km away, 2 hours ago; nobody travels that fast.")
    assert finding.raw == {"km": "16055", "hours": "2.00", "kmh": "8027"}


def test_a_day_later_one_can_be_in_sydney(tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, "far"), last(ago=timedelta(hours=30))))
    assert finding.weight == 0
    assert finding.text.endswith("30 hours ago; a person can travel that.")


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(0), " 1 minute ago"),
        (timedelta(seconds=-5), " 1 minute ago"),
        (timedelta(minutes=90), "90 minutes ago"),
    ],
)
def test_no_time_between_two_visits_is_no_error(ago: timedelta, told: str) -> None:
    finding = only(Signal(), seen(at(SYDNEY), last(ago=ago)))
    assert finding.weight == 3.0
    assert told in finding.text


@pytest.mark.parametrize(("radius", "weight"), [(20.0, 3.0), (300.0, 0.0), (1000.0, 0.0)])
def test_both_radii_are_taken_off_before_dividing(radius: float, weight: float) -> None:
    near = Place("PL", "", 52.52, 21.0, radius)  # 510 km from Berlin
    past = last(replace(BERLIN, radius_km=radius), ago=timedelta(minutes=20))
    assert only(Signal(), seen(at(near), past)).weight == weight


def test_the_same_place_is_the_same_place_at_any_speed() -> None:
    finding = only(Signal(), seen(at(BERLIN), last(ago=timedelta(seconds=1))))
    assert finding.weight == 0
    assert finding.text == "The address is where the last visit came from, as closely as the file tells."


def test_a_file_without_radii_is_taken_to_be_off_by_a_hundred_km() -> None:
    near, past = Place("PL", "", 52.52, 16.0), last(replace(BERLIN, radius_km=None), ago=timedelta(minutes=1))
    assert only(Signal(), seen(at(near), past)).weight == 0  # 176 km
    assert only(Signal(), seen(at(replace(near, radius_km=0.0)), past)).weight == 3.0


def test_the_speed_is_a_setting() -> None:
    past = last(ago=timedelta(hours=12))
    assert only(Signal(), seen(at(SYDNEY), past)).weight == 3.0
    assert only(Signal(kmh=2000), seen(at(SYDNEY), past)).weight == 0


@pytest.mark.parametrize("kmh", [0, -5, float("nan")])
def test_a_speed_that_is_none_stops_the_start(kmh: float, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"signals\.travel\.kmh"):
        plugins.build("signals", "travel", {"kmh": kmh}, near=tmp_path)


@pytest.mark.parametrize("trace", ["vpn", "hosting", "tor", "proxy"])
def test_a_28_behind_a_hidden_origin_the_distance_counts_less_and_says_so(trace: str, tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, trace), last(SYDNEY, ago=timedelta(hours=1))))
    assert finding.weight == 1.0
    assert finding.text.endswith("But the address hides its origin, so this tells little.")


def test_our_own_exit_does_not_tell_where_the_person_is(tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, "own"), last(SYDNEY, ago=timedelta(hours=1))))
    assert (finding.weight, finding.unknown) == (0, False)
    assert finding.text == "The address is one of our own; it does not tell where the person is."


@pytest.mark.parametrize(
    ("place", "past", "text"),
    [
        (BERLIN, Past(), "There is no earlier visit to measure from."),
        (BERLIN, last(Place("DE")), "Where the last visit came from is not known closely enough."),
        (BERLIN, last(Place("DE", "", 1.0)), "Where the last visit came from is not known closely enough."),
        (Place("DE"), last(), "The country file does not tell closely enough where the address is."),
    ],
)
def test_sr_28_without_two_places_the_travel_is_unknown(place: Place, past: Past, text: str) -> None:
    finding = only(Signal(), seen(at(place), past))
    assert (finding.unknown, finding.text) == (True, text)


@pytest.mark.parametrize(("age", "without"), [(1, [Facet.PLACE]), (72, [])])
def test_sr_28_without_a_file_of_this_month_the_travel_is_unknown(
    age: int, without: list[Facet], tmp_path: Path
) -> None:
    looked_up = network(tmp_path, "far", age=timedelta(days=age), without=without)
    finding = only(Signal(), seen(looked_up, last(ago=timedelta(hours=1))))
    assert finding.unknown
    assert finding.text.startswith("No country file" if without else "The country file is from 3 March 2026;")


def test_sr_92_the_finding_carries_its_file_with_its_age() -> None:
    finding = only(Signal(), seen(at(ASHBURN)))
    assert (finding.source, finding.as_of) == ("Some-City", NOW)
