"""The country counts by the settings, else against the last visit."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from deskward import plugins
from deskward.core.errors import SettingsError
from deskward.core.risk import Direction, RiskLevel, assess
from deskward.core.surroundings import Facet, Past
from deskward.signals.country import Signal
from sandbox.networks import SYDNEY
from tests.signals.origins import NOW, last, network, only, seen


@pytest.mark.parametrize(
    ("trace", "weight", "text"),
    [
        ("home", 0, "The address is in Germany, as at the last visit."),
        ("far", 1.5, "The address is in Australia; the last visit was from Germany."),
    ],
)
def test_without_settings_the_last_visit_is_what_is_ordinary(
    trace: str, weight: float, text: str, tmp_path: Path
) -> None:
    finding = only(Signal(), seen(network(tmp_path, trace)))
    assert (finding.weight, finding.text) == (weight, text)


@pytest.mark.parametrize("past", [Past(), last(replace(SYDNEY, country=""))], ids=["none", "unknown"])
def test_without_an_earlier_country_it_weighs_nothing(past: Past, tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, "far"), past))
    assert (finding.direction, finding.text) == (
        Direction.NEUTRAL,
        "The address is in Australia; there is no earlier visit to compare with.",
    )


@pytest.mark.parametrize(("trace", "weight"), [("home", 0), ("far", 1.5)])
def test_what_is_usual_comes_from_the_settings(trace: str, weight: float, tmp_path: Path) -> None:
    signal = Signal(usual=["de", "CH"])
    assert only(signal, seen(network(tmp_path, trace), last(SYDNEY))).weight == weight


def test_a_blocked_country_makes_the_level_high(tmp_path: Path) -> None:
    finding = only(Signal(usual=["AU"], blocked=["AU"]), seen(network(tmp_path, "far"), last(SYDNEY)))
    assert finding.critical
    assert finding.text == "The address is in Australia, a country that is blocked here."
    assert assess([finding]).level is RiskLevel.HIGH


def test_blocked_countries_leave_the_comparison_as_it_is(tmp_path: Path) -> None:
    assert only(Signal(blocked=["BR"]), seen(network(tmp_path, "far"))).weight == 1.5


def test_the_country_of_our_own_exit_says_nothing(tmp_path: Path) -> None:
    finding = only(Signal(usual=["DE"], blocked=["NL"]), seen(network(tmp_path, "own")))
    assert (finding.direction, finding.critical) == (Direction.NEUTRAL, False)


def test_sr_28_without_a_file_the_country_is_unknown_and_the_key_is_named(tmp_path: Path) -> None:
    finding = only(Signal(blocked=["AU"]), seen(network(tmp_path, "far", without=[Facet.PLACE])))
    assert finding.unknown
    assert finding.text == "No country file is configured. Set networks.country."


def test_sr_28_an_old_file_makes_the_country_unknown_and_its_day_is_named(tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, "home", age=timedelta(days=72))))
    assert finding.unknown
    assert finding.text.startswith("The country file is from 3 March 2026; it is too old to be relied on.")


def test_sr_92_the_finding_carries_its_file_with_its_age_and_the_values(tmp_path: Path) -> None:
    finding = only(Signal(), seen(network(tmp_path, "far")))
    assert (finding.source, finding.as_of) == ("Sandbox-City", NOW - timedelta(days=1))
    assert finding.raw == {"country": "AU", "city": "Sydney", "before": "DE"}


@pytest.mark.parametrize("code", ["Germany", "D", "", "1A", "ÄÖ"])
@pytest.mark.parametrize("key", ["usual", "blocked"])
def test_a_country_that_is_none_stops_the_start(key: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"signals.country.{key}"):
        plugins.build("signals", "country", {key: ["DE", code]}, near=tmp_path)
