"""The round trips of connection and browser, and how far light comes."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward import plugins
from deskward.core.errors import SettingsError
from deskward.core.risk import MEDIUM_FROM, Direction, Finding, RiskLevel, assess
from deskward.core.signals import ReadsProxy, Seen
from deskward.core.surroundings import Facet, Network, Visit
from deskward.signals.round_trip import Signal
from tests.signals.origins import ANNA, NOW, network

HEADER = "X-Transport-RTT"
FAR = "Messages of the browser take far longer than its connection needs: somebody may pass them on."
NEAR = "Messages of the browser take about as long as its connection needs."
TOO_SOON = "The connection answers sooner than light could from where its address is said to be."
SYDNEY: dict[str, Any] = {"latitude": -33.9, "longitude": 151.2}
BERLIN: dict[str, Any] = {"latitude": 52.5, "longitude": 13.4}


def seen(micros: str | None, ms: Any, where: Network | None = None) -> Seen:
    headers: Mapping[str, str] = {} if micros is None else {"x-transport-rtt": micros}
    readings = {} if ms is None else {"round_trip": ms}
    near = where or Network("203.0.113.7")
    return Seen(Visit(NOW, near.address, headers, readings), near, ANNA)


def look(micros: str | None, ms: Any, where: Network | None = None, **settings: Any) -> list[Finding]:
    return list(Signal(header=HEADER, **settings).look(seen(micros, ms, where)))


def test_it_is_off_until_somebody_names_the_header() -> None:
    assert plugins.needs_settings("signals", "round_trip")
    assert isinstance(Signal(header=HEADER), ReadsProxy)
    assert Signal(header=HEADER).proxy_header == "x-transport-rtt"


@pytest.mark.parametrize(
    ("micros", "ms", "weight", "text"),
    [
        ("20000", 230, 1.5, FAR),
        ("20000", 21.5, 0, NEAR),
        ("20000", 170, 0, NEAR),
        ("90000", 260, 0, NEAR),
        ("90000", 271, 1.5, FAR),
        ("300000", 40, 0, NEAR),
    ],
)
def test_a_browser_far_behind_its_connection_raises_the_risk_a_little(
    micros: str, ms: float, weight: float, text: str
) -> None:
    (finding,) = look(micros, ms)
    assert (finding.weight, finding.text, finding.critical) == (weight, text, False)
    assert finding.raw == {"transport_ms": f"{int(micros) / 1000:.1f}", "browser_ms": f"{float(ms):.1f}"}


def test_the_margins_are_settings() -> None:
    assert look("20000", 100, apart_ms=50, times=4)[0].weight == 1.5
    assert look("20000", 70, apart_ms=40, times=4)[0].weight == 0


@pytest.mark.parametrize("micros", [None, "", "0", "-5", "1e3", "12.5", "٣", "9" * 10, "20000, 3", "x"])
def test_sr_28_without_the_time_of_the_connection_nothing_is_known(micros: str | None) -> None:
    (finding,) = look(micros, 400, **BERLIN)
    assert finding.direction is Direction.UNKNOWN
    assert finding.text == "Our own proxy did not tell the round trip of the connection."


@pytest.mark.parametrize("ms", [None, 0, -3, "400", True, [400]])
def test_sr_28_without_the_time_of_the_browser_nothing_is_known(ms: Any) -> None:
    (finding,) = look("20000", ms)
    assert finding.direction is Direction.UNKNOWN
    assert finding.text == "The browser did not tell how long a message takes."


@given(micros=st.integers(1, 10**8), ms=st.floats(0.1, 10**5), more=st.floats(0, 10**5))
def test_delay_that_is_added_never_lowers_the_risk(micros: int, ms: float, more: float) -> None:
    (sooner,), (later,) = look(str(micros), ms), look(str(micros), ms + more)
    assert sooner.weight <= later.weight


def test_an_answer_sooner_than_light_from_that_place_is_seen(tmp_path: Path) -> None:
    home = network(tmp_path, "home")
    compared, bounded = look("20000", 25, home, **SYDNEY)
    assert (compared.weight, bounded.weight, bounded.text) == (0, 1.0, TOO_SOON)
    assert bounded.raw["transport_ms"] == "20.0"
    assert 15_000 < float(bounded.raw["km"]) < 17_000


@pytest.mark.parametrize(
    ("micros", "settings"),
    [("300000", SYDNEY), ("20000", BERLIN), ("20000", {}), ("1", BERLIN)],
    ids=["slow enough", "near", "no place of our own", "within the radius"],
)
def test_light_that_could_come_says_nothing(tmp_path: Path, micros: str, settings: dict[str, Any]) -> None:
    assert len(look(micros, 25, network(tmp_path, "home"), **settings)) == 1


def test_a_file_that_cannot_be_relied_on_is_not_compared_with(tmp_path: Path) -> None:
    assert len(look("20000", 25, network(tmp_path, "home", without=[Facet.PLACE]), **SYDNEY)) == 1
    assert len(look("20000", 25, network(tmp_path, "home", age=timedelta(days=90)), **SYDNEY)) == 1


def test_our_own_networks_may_pass_messages_on() -> None:
    (finding,) = look("20000", 900, Network("203.0.113.7", own=True), **SYDNEY)
    assert (finding.direction, finding.source) == (Direction.NEUTRAL, "networks.own")


def test_it_never_decides_alone(tmp_path: Path) -> None:
    found = look("1000", 900, network(tmp_path, "home"), **SYDNEY)
    assert [finding.weight for finding in found] == [1.5, 1.0]
    assert assess(found).score < MEDIUM_FROM
    assert assess(found).level is not RiskLevel.HIGH


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"header": "cookie"}, "header"),
        ({"header": "X-"}, "header"),
        ({"header": "X-Time: 1"}, "header"),
        ({"apart_ms": 0}, "apart_ms"),
        ({"times": 1}, "times"),
        ({"latitude": 52.5}, "latitude"),
        ({"longitude": 13.4}, "longitude"),
        ({"latitude": 91.0, "longitude": 13.4}, "latitude"),
        ({"latitude": 52.5, "longitude": 181.0}, "latitude"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Signal(**({"header": HEADER} | settings))
