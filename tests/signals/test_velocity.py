from typing import Any

import pytest

from deskward.core.errors import SettingsError
from deskward.core.risk import Direction, RiskLevel, assess
from deskward.signals.velocity import Signal
from tests.signals.callers import look, only, weighed


@pytest.mark.parametrize(
    ("past", "weights"),
    [
        ({}, []),
        ({"device_others": 1}, [3.0]),
        ({"device_others": 2}, [3.0]),
        ({"device_others": 3}, [5.0]),
        ({"address_others": 1}, [1.0]),
        ({"address_others": 2}, [1.0]),
        ({"address_others": 3}, [3.0]),
        ({"address_others": 7}, [3.0]),
        ({"address_others": 8}, [5.0]),
        ({"agent_people": 7}, []),
        ({"agent_people": 8}, [2.0]),
        ({"device_others": 1, "address_others": 3, "agent_people": 8}, [3.0, 3.0, 2.0]),
    ],
)
def test_a_33_sr_41_each_kind_of_sharing_has_its_weight(past: dict[str, int], weights: list[float]) -> None:
    assert weighed(Signal(), past=past) == weights


def test_nothing_shared_is_said_without_weight() -> None:
    finding = only(Signal())
    assert finding.direction is Direction.NEUTRAL
    assert finding.text == "Nothing shows one caller who acts for many people."


def test_what_is_shared_is_said_in_words() -> None:
    said = {f.text for f in look(Signal(), past={"device_others": 1, "address_others": 4, "agent_people": 9})}
    assert said == {
        "This device was used for another person within 30 days.",
        "This address was used for 4 other people within 24 hours.",
        "The agent had verifications for 9 other people within the hour.",
    }


def test_a_count_that_went_on_no_further_says_or_more() -> None:
    (finding,) = look(Signal(), past={"agent_people": 50})
    assert finding.text == "The agent had verifications for 50 or more other people within the hour."


def test_one_caller_for_many_people_makes_the_risk_high() -> None:
    """The pattern of Clorox v. Cognizant: one caller, one machine, one agent, reset after reset."""
    findings = look(Signal(), past={"device_others": 4, "address_others": 4, "agent_people": 8})
    assert assess(findings).level is RiskLevel.HIGH


def test_sr_28_a_browser_without_a_key_leaves_the_device_unknown() -> None:
    assert [f.direction for f in look(Signal(), readings={})] == [Direction.UNKNOWN, Direction.NEUTRAL]
    assert weighed(Signal(), readings={}, past={"address_others": 8}) == [5.0]


@pytest.mark.parametrize("address", ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1"])
def test_sharing_is_ordinary_at_a_kiosk_and_an_agent_in_a_hurry_is_not(address: str) -> None:
    signal = Signal(kiosks=["192.0.2.0/28", "2001:db8::/64"])
    past = {"device_others": 9, "address_others": 9}
    finding = only(signal, address=address, past=past)
    assert (finding.weight, finding.unknown) == (0.0, False)
    assert finding.text == "Sharing is ordinary at this address: it is on the list of kiosks."
    assert weighed(signal, address=address, past=past | {"agent_people": 8}) == [2.0]


@pytest.mark.parametrize("address", ["192.0.2.16", "2001:db9::1", "", "testclient"])
def test_another_address_is_no_kiosk(address: str) -> None:
    signal = Signal(kiosks=["192.0.2.0/28", "2001:db8::/64"])
    assert weighed(signal, address=address, past={"address_others": 8}) == [5.0]


def test_the_values_behind_it_are_kept_for_those_who_may() -> None:
    assert only(Signal(), past={"device_others": 3}).raw == {"device_others": "3"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"agent_people": 0}, "agent_people"),
        ({"kiosks": ["everywhere"]}, "everywhere"),
        ({"kiosks": ["192.0.2.1/28"]}, "192.0.2.1/28"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Signal(**settings)
