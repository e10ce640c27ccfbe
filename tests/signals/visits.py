"""Visits to look at: recorded ones, some written by hand, and each changed where a test wants it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deskward import plugins
from deskward.browsers import Devices
from deskward.core.people import Person
from deskward.core.risk import Finding
from deskward.core.signals import Seen
from deskward.core.surroundings import Network, Place, Visit, readings_of

TRACES = Path(__file__).parent / "traces"
ENDPOINT = ("time_zone", "languages", "client_hints", "renderer", "screen", "automation", "input", "origin")
ANNA = Person("p-anna", "anna", "Anna Lind", "anna@example.com")
WINTER = datetime(2026, 1, 20, 12, tzinfo=UTC)
ECHO = "ab" * 32
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Chrome/140.0.0.0 Safari/537.36"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {APPLE} Version/18.5 Mobile/15E148 Safari/604.1"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HERE: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "offset": 60,
    "languages": ["de-DE", "de", "en"],
    "webdriver": False,
    "automation_marks": False,
    "permissions_contradict": False,
    "press_trusted": True,
    "press_seconds": 6.4,
    "origin_echo": ECHO,
}
BY_HAND: dict[str, dict[str, Any]] = {
    "windows_chrome": {
        "headers": {
            "user-agent": WINDOWS,
            "accept-language": "de-DE,de;q=0.9,en;q=0.8",
            "sec-ch-ua": '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
            "sec-ch-ua-mobile": "?0",
            "sec-ch-ua-platform": '"Windows"',
        },
        "readings": HERE
        | {
            "script_agent": WINDOWS,
            "script_platform": "Win32",
            "hinted_platform": "Windows",
            "hinted_mobile": False,
            "gpu_vendor": "Google Inc. (Intel)",
            "gpu_renderer": "ANGLE (Intel, Intel(R) UHD Graphics 620 Direct3D11 vs_5_0 ps_5_0, D3D11)",
            "touch_points": 0,
            "cores": 8,
            "memory": 8,
            "screen_width": 1920,
            "screen_height": 1080,
            "plugins": 5,
            "outer_width": 1920,
            "press_by": "mouse",
        },
    },
    "iphone_safari": {
        "headers": {"user-agent": IPHONE, "accept-language": "de-DE,de;q=0.9"},
        "readings": HERE
        | {
            "script_agent": IPHONE,
            "script_platform": "iPhone",
            "gpu_vendor": "Apple Inc.",
            "gpu_renderer": "Apple GPU",
            "touch_points": 5,
            "cores": 4,
            "screen_width": 393,
            "screen_height": 852,
            "plugins": 5,
            "outer_width": 393,
            "press_by": "touch",
        },
    },
    "linux_firefox": {
        "headers": {"user-agent": FIREFOX, "accept-language": "de,en-US;q=0.7,en;q=0.3"},
        "readings": HERE
        | {
            "script_agent": FIREFOX,
            "script_platform": "Linux x86_64",
            "gpu_vendor": "AMD",
            "gpu_renderer": "Radeon HD 3200 Graphics, or similar",
            "touch_points": 0,
            "cores": 8,
            "screen_width": 2560,
            "screen_height": 1440,
            "plugins": 5,
            "outer_width": 1280,
            "press_by": "keyboard",
        },
    },
}


def trace(name: str) -> dict[str, Any]:
    """Give one visit, recorded or written by hand."""
    if name in BY_HAND:
        return BY_HAND[name] | {"at": WINTER.isoformat(), "origin_echo": ECHO}
    made: dict[str, Any] = json.loads((TRACES / f"{name}.json").read_text(encoding="utf-8"))
    return made


def seen(
    name: str = "windows_chrome",
    *,
    readings: Mapping[str, Any] | None = None,
    headers: Mapping[str, str | None] | None = None,
    country: str = "DE",
    at: datetime | None = None,
    echo: str | None = None,
) -> Seen:
    """Give what a signal looks at; None takes a reading or a header away."""
    made = trace(name)
    told = {k: v for k, v in (made["headers"] | dict(headers or {})).items() if v is not None}
    given = {k: v for k, v in (made["readings"] | dict(readings or {})).items() if v is not None}
    checked = readings_of(json.dumps(given), tuple(given))
    assert checked == given
    visit = Visit(at or datetime.fromisoformat(made["at"]), "203.0.113.7", told, checked)
    place = Place(country) if country else None
    expected = made["origin_echo"] if echo is None else echo
    device = Devices().read(told.get("user-agent", ""))
    return Seen(visit, Network(visit.address, place), ANNA, device, origin_echo=expected)


def look(signal: str, *told: str, **changes: Any) -> Finding:
    """Let one signal look; gives its only finding."""
    (finding,) = plugins.find("signals", signal)().look(seen(*told, **changes))
    assert isinstance(finding, Finding)
    return finding


def weights(*told: str, **changes: Any) -> dict[str, float]:
    """Let all signals of the endpoint look; gives the weights that are not 0."""
    found = {signal: look(signal, *told, **changes).weight for signal in ENDPOINT}
    return {signal: weight for signal, weight in found.items() if weight}
