"""Contradictions between User-Agent, hints and script."""

from typing import Any

import pytest

from tests.signals.visits import FIREFOX, WINDOWS, look

HINTS = {"sec-ch-ua": None, "sec-ch-ua-mobile": None, "sec-ch-ua-platform": None}
ODD: dict[str, dict[str, Any]] = {
    "claims Windows, but its hints say Linux": {
        "headers": {"sec-ch-ua-platform": '"Linux"'},
        "readings": {"hinted_platform": "Linux"},
    },
    "its hints say Windows, but its script says macOS": {"readings": {"hinted_platform": "macOS"}},
    "its hints say Windows, but its script says a system that is not known": {
        "readings": {"hinted_platform": "Plan 9"}
    },
    "claims Windows, but runs on Linux.": {"readings": {"script_platform": "Linux x86_64"}},
    "claims to be a computer, but its hints say otherwise": {
        "headers": {"sec-ch-ua-mobile": "?1"},
        "readings": {"hinted_mobile": True},
    },
    "do not agree whether it is a phone": {"readings": {"hinted_mobile": True}},
    "give another version": {"headers": {"sec-ch-ua": '"Chromium";v="99"'}},
}


@pytest.mark.parametrize("words", ODD)
def test_each_contradiction_is_said(words: str) -> None:
    finding = look("client_hints", **ODD[words])
    assert finding.weight == 1.5
    assert words in finding.text


def test_hints_of_chromium_do_not_go_with_another_browser() -> None:
    agent = FIREFOX.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64")
    finding = look("client_hints", headers={"user-agent": agent}, readings={"script_agent": agent})
    assert "claims to be another browser" in finding.text


def test_a_phone_that_is_none_is_said() -> None:
    finding = look("client_hints", "emulated_pixel", headers={"sec-ch-ua-mobile": "?0"})
    assert "it claims to be a phone, but its hints say otherwise" in finding.text
    assert "as emulators do" in finding.text


def test_many_contradictions_count_3_points_at_most() -> None:
    told = {"script_platform": "MacIntel", "hinted_platform": "macOS", "script_agent": "other"}
    assert look("client_hints", readings=told).weight == 3.0


def test_without_hints_the_script_is_compared_and_without_both_nothing() -> None:
    read = ("script_agent", "script_platform", "hinted_platform", "hinted_mobile")
    assert look("client_hints", headers=HINTS).weight == 0
    assert look("client_hints", headers=HINTS, readings=dict.fromkeys(read)).unknown
    assert look("client_hints", headers={"user-agent": None}).unknown
    assert look("client_hints", readings=dict.fromkeys(read)).weight == 0


def test_a_very_long_agent_is_compared_as_far_as_it_was_kept() -> None:
    agent = (WINDOWS + "x" * 400)[:300]
    assert look("client_hints", headers={"user-agent": agent}, readings={"script_agent": agent}).weight == 0


def test_an_unknown_system_contradicts_nothing() -> None:
    other = {"user-agent": "Mozilla/5.0 (Plan9) Chrome/140.0.0.0", "sec-ch-ua-platform": '"Unknown"'}
    told = {"script_agent": other["user-agent"], "script_platform": "Plan9", "hinted_platform": "Unknown"}
    assert look("client_hints", headers=other, readings=told).weight == 0
