"""Plays scenarios through every signal and the assessment, and counts detections and false alarms."""

import inspect
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.accuracy_tables import markdown
from bench.scenes import (
    ASHBURN,
    ENDPOINT,
    HOST,
    LAGOS,
    MACHINES,
    MADRID,
    NETWORK,
    PHONE,
    PROXIED,
    PROXY,
    WINDOWS,
    Draft,
    Machine,
    Scene,
    many,
    ordinary,
    scene,
    stranger,
    unestablished,
)
from deskward import plugins
from deskward.core.errors import SettingsError
from deskward.core.risk import Assessment, RiskLevel, assess
from deskward.core.signals import Signal
from deskward.core.surroundings import Anonymous, Consent
from deskward.lifecycle.looking import unseen

SEED, VARIATIONS = 20260, 200
VPN, HOSTING, RESIDENTIAL = (
    frozenset({kind}) for kind in (Anonymous.VPN, Anonymous.HOSTING, Anonymous.RESIDENTIAL)
)
ALL_READINGS = tuple({name for machine in MACHINES for name in machine.readings} | {"time_zone", "offset"})
Drafting = Callable[[random.Random], Draft]


@dataclass(frozen=True)
class Scenario:
    """A kind of day or of attack; `good` tells that the person is who they say."""

    name: str
    good: bool
    draft: Drafting

    def scenes(self, seed: int, variations: int) -> list[Scene]:
        """Make its variations, always the same for a seed."""
        chances = random.Random(f"{seed} {self.name}")
        return [scene(self.draft(chances), chances) for _ in range(variations)]


@dataclass(frozen=True)
class Result:
    """What came out of one scenario: the assessment of each variation."""

    scenario: Scenario
    assessments: tuple[Assessment, ...]

    def share(self, *levels: RiskLevel) -> float:
        """Give the share of variations with one of these levels."""
        return sum(a.level in levels for a in self.assessments) / len(self.assessments)


def _first(chances: random.Random) -> Draft:
    return replace(ordinary(chances), visits=0)


def _travel(chances: random.Random) -> Draft:
    machine = chances.choice((PHONE, WINDOWS))
    days = chances.uniform(1, 20)
    return replace(ordinary(chances), machine=machine, place=MADRID, asn=PROXY, apart=NETWORK, days=days)


def _new_phone(chances: random.Random) -> Draft:
    return replace(ordinary(chances), machine=PHONE, known_device=False, apart=ENDPOINT)


def _vpn(chances: random.Random) -> Draft:
    apart = () if chances.random() < 0.6 else ("address", "asn")
    return replace(ordinary(chances), asn=HOST, hidden=VPN, apart=apart)


def _kiosk(chances: random.Random) -> Draft:
    past = {"device_others": chances.randint(0, 4), "address_others": chances.randint(0, 6)}
    return replace(ordinary(chances), machine=WINDOWS, known_device=False, apart=("agent",), past=past)


def _private_browser(chances: random.Random) -> Draft:
    without = ("gpu_vendor", "gpu_renderer", "device_key", "plugins", "hinted_platform", "hinted_mobile", "cores")
    return replace(ordinary(chances), without=without, known_device=False)


def _planted(chances: random.Random) -> Draft:
    changed = timedelta(days=chances.uniform(0.1, 10))
    told = (unestablished(),) if chances.random() < 0.7 else ()
    return stranger(chances, changed=changed, told=told)


def _right_city(chances: random.Random) -> Draft:
    hidden = RESIDENTIAL if chances.random() < 0.5 else frozenset()
    return stranger(chances, hidden=hidden)


def _remote(chances: random.Random) -> Draft:
    rendered = {
        "gpu_vendor": "Microsoft",
        "gpu_renderer": "ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11)",
    }
    pressed = {"press_trusted": chances.random() < 0.5}
    return replace(ordinary(chances), machine=WINDOWS, readings=rendered | pressed)


def _scanner(chances: random.Random) -> Draft:
    headers = {
        **WINDOWS.headers,
        "user-agent": WINDOWS.headers["user-agent"].replace("Chrome/", "HeadlessChrome/"),
    }
    machine = Machine(replace(WINDOWS.device, browser="HeadlessChrome", kind="bot"), headers, WINDOWS.readings)
    driven = {"webdriver": chances.random() < 0.7, "plugins": 0, "press_trusted": False, "press_seconds": 0.2}
    drawn = {"gpu_renderer": "ANGLE (Google, Vulkan 1.3 (SwiftShader Device))", "time_zone": "UTC", "offset": 0}
    return stranger(chances, machine=machine, place=ASHBURN, hidden=HOSTING, readings=driven | drawn)


def _between(chances: random.Random) -> Draft:
    hidden = HOSTING if chances.random() < 0.7 else frozenset()
    apart = ("address", "asn", "country")
    return replace(
        ordinary(chances), place=ASHBURN, asn=HOST, hidden=hidden, apart=apart, readings={"origin_echo": PROXIED}
    )


def _abroad(chances: random.Random) -> Draft:
    hidden = chances.choice((HOSTING, VPN, frozenset()))
    odd = {"time_zone": "Africa/Lagos", "offset": 60}
    place = LAGOS if not hidden else chances.choice((ASHBURN, MADRID))
    return stranger(chances, place=place, hidden=hidden, readings=odd, hour=chances.uniform(0, 23))


def _many_people(chances: random.Random) -> Draft:
    others = chances.randint(1, 9)
    past = {"device_others": others, "address_others": others, "agent_people": chances.randint(0, 12)}
    return stranger(chances, past=past, told=tuple(many(others)))


def _silent(chances: random.Random) -> Draft:
    return stranger(chances, without=(*ALL_READINGS, "device_key", "press_seconds"))


SCENARIOS = (
    Scenario("ordinary day", good=True, draft=ordinary),
    Scenario("first verification", good=True, draft=_first),
    Scenario("travel", good=True, draft=_travel),
    Scenario("new phone", good=True, draft=_new_phone),
    Scenario("home office on a VPN", good=True, draft=_vpn),
    Scenario("shared kiosk, not listed", good=True, draft=_kiosk),
    Scenario("browser that tells little", good=True, draft=_private_browser),
    Scenario("planted contact", good=False, draft=_planted),
    Scenario("residential proxy in the right city", good=False, draft=_right_city),
    Scenario("remote control", good=False, draft=_remote),
    Scenario("headless scanner", good=False, draft=_scanner),
    Scenario("page in between (AiTM)", good=False, draft=_between),
    Scenario("caller from abroad", good=False, draft=_abroad),
    Scenario("one caller for many people", good=False, draft=_many_people),
    Scenario("stranger without readings", good=False, draft=_silent),
)


def signals() -> tuple[list[Signal], list[str]]:
    """Build every signal with its defaults; those that need settings of their own are only named."""
    built, left = [], []
    for name in plugins.names("signals"):
        required = [
            p for p in inspect.signature(plugins.find("signals", name)).parameters.values() if p.default is p.empty
        ]
        if required:
            left.append(name)
        else:
            built.append(_built(name))
    return built, left


def _built(name: str) -> Signal:
    try:
        made: Signal = plugins.build("signals", name, {}, near=Path())
    except SettingsError as error:
        raise RuntimeError(f"the signal {name} cannot be built with its defaults") from error
    return made


def play(
    looking: Sequence[Signal],
    scenarios: Iterable[Scenario] = SCENARIOS,
    *,
    seed: int = SEED,
    variations: int = VARIATIONS,
) -> list[Result]:
    """Let every signal look at every scene, and assess what they find."""
    return [
        Result(one, tuple(_assessed(looking, made) for made in one.scenes(seed, variations))) for one in scenarios
    ]


def _assessed(looking: Sequence[Signal], made: Scene) -> Assessment:
    silent = () if made.seen.visit.readings else (unseen(Consent.AGREED),)
    return assess([*made.told, *silent, *(finding for signal in looking for finding in signal.look(made.seen))])


def told(results: Iterable[Result], left: Sequence[str]) -> str:
    """Write the table: detections of attacks, false alarms of good days."""
    head = ("Scenario", "Is", "Medium or High", "High", "Not assessed", "Median score")
    rows = [_row(result) for result in results]
    note = f"\n\nNot played, because they need settings: {', '.join(left)}." if left else ""
    return markdown(head, rows) + note


def _row(result: Result) -> tuple[Any, ...]:
    shares = (
        result.share(RiskLevel.MEDIUM, RiskLevel.HIGH),
        result.share(RiskLevel.HIGH),
        result.share(RiskLevel.NOT_ASSESSED),
    )
    middle = median(a.score for a in result.assessments)
    kind = "good" if result.scenario.good else "attack"
    return result.scenario.name, kind, *(f"{share:.0%}" for share in shares), f"{middle:.1f}"


def run(*, quick: bool) -> str:
    """Play everything with the signals that are there."""
    looking, left = signals()
    if not looking:
        return "No signals are there."
    return told(play(looking, variations=VARIATIONS // 10 if quick else VARIATIONS), left)
