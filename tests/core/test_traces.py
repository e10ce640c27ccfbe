"""Network and device in words."""

from typing import Any

import pytest

from deskward.core.countries import COUNTRIES, country_name
from deskward.core.traces import Fact, device_facts, network_facts, place_words, raw_facts, reading_facts


def test_every_country_has_a_code_of_two_letters_and_a_name() -> None:
    assert len(COUNTRIES) == 250
    assert all(len(code) == 2 and code.isupper() and name[0].isupper() for code, name in COUNTRIES.items())
    assert country_name("de") == "Germany"
    assert country_name("ZZ") == "ZZ"


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"place": {}}, ""),
        ({"place": {"country": "FR"}}, "France"),
        ({"place": {"country": "FR", "city": "Lyon", "radius_km": 1000.0}}, "Lyon, France, within 1,000 km"),
        (
            {"place": {"country": "FR"}, "sources": {"country": ["c", "2020-01-02T00:00:00+00:00", True]}},
            "France, by the country file of 2 January 2020, which is too old",
        ),
    ],
)
def test_a_place_is_told_without_a_map(network: dict[str, Any], words: str) -> None:
    assert place_words({"network": network}) == words
    assert place_words({}) == ""


def test_what_is_not_known_of_a_network_is_called_unknown() -> None:
    values = [fact.value for fact in network_facts({"network": {"address": "", "hidden": None}})]
    assert values == ["Unknown", "Unknown", "Unknown", "Unknown", "no file is set up"]


def test_a_network_names_operator_and_what_it_hides_behind() -> None:
    network = {"address": "192.0.2.7", "asn": 64500, "operator": "Example Net", "hidden": ["hosting", "tor"]}
    values = {fact.label: fact.value for fact in network_facts({"network": network})}
    assert values["Network"] == "AS64500 Example Net"
    assert values["Hides behind"] == "a hosting company, Tor"
    clean = network_facts({"network": network | {"hidden": [], "sources": {"x": ["x", "2026-01-02", False]}}})
    assert clean[3].value == "nothing known"
    assert clean[4].value == "x of 2 January 2026"


def test_a_device_says_what_it_claims() -> None:
    device = {"browser": "Firefox", "browser_version": "140", "kind": "mobile"}
    assert [f.value for f in device_facts({"device": device})] == ["Firefox 140", "Unknown", "Mobile"]
    assert device_facts({}) == network_facts({}) == reading_facts({}) == ()


def test_readings_are_told_as_they_came() -> None:
    readings = {"touch_points": 5, "webdriver": True, "headless": False, "ratio": 1.5, "languages": ["de", "en"]}
    told = reading_facts({"readings": readings | {"plugins": []}, "headers": {"accept-language": "de"}})
    assert Fact("accept-language", "de") in told
    assert {f.label: f.value for f in told} == {
        "accept-language": "de",
        "headless": "no",
        "languages": "de, en",
        "plugins": "none",
        "ratio": "1.5",
        "touch points": "5",
        "webdriver": "yes",
    }


def test_the_values_behind_a_finding_are_told_in_words() -> None:
    told = raw_facts({"press_trusted": "True", "hinted_mobile": "False", "city": "Berlin"})
    assert told == (Fact("press trusted", "yes"), Fact("hinted mobile", "no"), Fact("city", "Berlin"))
