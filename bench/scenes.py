"""Scenes for the whole engine: what is seen of people on all sorts of days, and of attackers, with variations."""

import dataclasses
import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from deskward.core.destinations import Destination, Kind
from deskward.core.familiarity import ALL, DISTINCT, OWNERS, PARTS, score
from deskward.core.people import Person
from deskward.core.risk import Finding, provenance_finding, repeats_finding, sharing_finding
from deskward.core.signals import Seen
from deskward.core.surroundings import (
    Anonymous,
    Device,
    Facet,
    Network,
    Past,
    Place,
    Sighting,
    Source,
    Visit,
)

NOW = datetime(2026, 5, 6, tzinfo=UTC)
BERLIN = Place("DE", "Berlin", 52.52, 13.4, 20.0)
MADRID, LAGOS, ASHBURN = (
    Place("ES", "Madrid", 40.42, -3.7, 20.0),
    Place("NG", "Lagos", 6.52, 3.38, 50.0),
    Place("US", "Ashburn", 39.04, -77.49, 50.0),
)
ZONES = {"DE": ("Europe/Berlin", 120), "ES": ("Europe/Madrid", 120), "NG": ("Africa/Lagos", 60)}
HOME, OFFICE, MOBILE, PROXY, HOST = 64496, 64497, 64498, 64499, 64511
NETWORK = ("address", "asn", "country")
ENDPOINT = ("agent", "browser", "system", "kind")
SHARES = {"address": 0.002, "asn": 0.2, "country": 0.9, "agent": 0.02, "browser": 0.08, "system": 0.2, "kind": 0.6}
VISITS, PEOPLE, LEAST = 3000, 600, 3
ECHO, PROXIED = (hashlib.sha256(host).hexdigest() for host in (b"portal.example.com", b"portal-example.net"))


@dataclass(frozen=True)
class Machine:
    """A device: what its User-Agent says, and what its scripts read."""

    device: Device
    headers: Mapping[str, str]
    readings: Mapping[str, Any]


@dataclass(frozen=True)
class Scene:
    """One variation; `told` are findings that the house makes without a signal."""

    seen: Seen
    told: tuple[Finding, ...] = ()


@dataclass
class Draft:
    """What a scenario changes about an ordinary day; `apart` are the features that the person never had."""

    machine: Machine
    place: Place = BERLIN
    asn: int = HOME
    hidden: frozenset[Anonymous] = frozenset()
    hour: float = 10.0
    visits: int = 6
    known_device: bool = True
    apart: tuple[str, ...] = ()
    changed: timedelta | None = None
    readings: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    past: dict[str, Any] = field(default_factory=dict)
    before: Place = BERLIN
    days: float = 20.0
    opens: int = 1
    told: tuple[Finding | None, ...] = ()


def _chrome(platform: str, agent: str, hinted: str, gpu: str) -> Machine:
    whole = f"Mozilla/5.0 ({agent}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
    system, version = ("Windows", "10") if hinted == "Windows" else ("Mac OS X", "10.15")
    headers = {
        "user-agent": whole,
        "accept-language": "de-DE,de;q=0.9",
        "sec-ch-ua": '"Chromium";v="140", "Google Chrome";v="140", "Not=A?Brand";v="24"',
        "sec-ch-ua-mobile": "?0",
        "sec-ch-ua-platform": f'"{hinted}"',
    }
    readings = _readings(whole, platform, gpu, touch=0, screen=(1920, 1080)) | {
        "hinted_platform": hinted,
        "hinted_mobile": False,
        "memory": 8,
    }
    return Machine(Device("Chrome", "140", system, version, "desktop"), headers, readings)


def _phone() -> Machine:
    whole = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.5 Mobile/15E148 Safari/604.1"
    )
    readings = _readings(whole, "iPhone", "Apple GPU", touch=5, screen=(390, 844))
    headers = {"user-agent": whole, "accept-language": "de-DE,de;q=0.9"}
    return Machine(Device("Mobile Safari", "18.5", "iOS", "18.5", "mobile"), headers, readings)


def _readings(agent: str, platform: str, gpu: str, *, touch: int, screen: tuple[int, int]) -> dict[str, Any]:
    return {
        "script_agent": agent,
        "script_platform": platform,
        "webdriver": False,
        "automation_marks": False,
        "permissions_contradict": False,
        "plugins": 5,
        "outer_width": screen[0],
        "gpu_vendor": "Apple" if "Apple" in gpu else "Google Inc.",
        "gpu_renderer": gpu,
        "touch_points": touch,
        "cores": 8,
        "screen_width": screen[0],
        "screen_height": screen[1],
        "languages": ["de-DE", "de"],
        "press_trusted": True,
        "press_by": "touch" if touch else "mouse",
        "origin_echo": ECHO,
    }


WINDOWS = _chrome(
    "Win32", "Windows NT 10.0; Win64; x64", "Windows", "ANGLE (Intel, Intel(R) UHD Graphics 620 Direct3D11)"
)
MAC = _chrome(
    "MacIntel", "Macintosh; Intel Mac OS X 10_15_7", "macOS", "ANGLE (Apple, ANGLE Metal Renderer: Apple M2)"
)
PHONE = _phone()
MACHINES = (WINDOWS, MAC, PHONE)


def scene(draft: Draft, chances: random.Random) -> Scene:
    """Make everything that is seen of a draft."""
    at = NOW + timedelta(hours=draft.hour, days=chances.randrange(3))
    address = f"192.0.2.{chances.randrange(1, 255)}"
    zone, offset = ZONES.get(draft.place.country, ("America/New_York", -240))
    readings = {**draft.machine.readings, "time_zone": zone, "offset": offset, "device_key": "k" * 43}
    readings |= {"press_seconds": round(chances.uniform(3, 40), 1)} | draft.readings
    kept = {name: value for name, value in readings.items() if name not in draft.without}
    made: dict[str, Any] = {
        "visit": Visit(at, address, draft.machine.headers, kept),
        "network": _network(draft, address),
        "person": _person(draft, at),
        "device": draft.machine.device,
        "past": _past(draft, at),
        "opens": draft.opens,
        "link_kind": "email",
        "origin_echo": ECHO,
    }
    there = {one.name for one in dataclasses.fields(Seen)}
    told = tuple(finding for finding in draft.told if finding)
    return Scene(Seen(**{name: value for name, value in made.items() if name in there}), told)


def _network(draft: Draft, address: str) -> Network:
    sources = {facet: Source(f"{facet.value}.mmdb", NOW - timedelta(days=3)) for facet in Facet}
    return Network(address, draft.place, draft.asn, "A network", draft.hidden, sources)


def _person(draft: Draft, at: datetime) -> Person:
    changed = at - draft.changed if draft.changed else None
    mail = Destination("d1", Kind.EMAIL, "anna@example.com", "private e-mail", "directory", changed_at=changed)
    return Person(
        "o-anna",
        "anna",
        "Anna Example",
        "anna@corp.example",
        (mail,),
        started_on=date(2019, 3, 1),
        recalled=True,
    )


def _past(draft: Draft, at: datetime) -> Past:
    if not draft.visits:
        return replace(Past(), **draft.past)
    place = draft.before
    where = (place.country, HOME, place.latitude, place.longitude, place.radius_km)
    last, last_at = Sighting("digest", "digest", *where), at - timedelta(days=draft.days)
    passed = draft.visits if draft.known_device else 0
    made = Past(last, last_at, draft.visits, passed, familiarity=familiarity(draft.visits, draft.apart))
    return replace(made, **draft.past)


def familiarity(visits: int, apart: tuple[str, ...]) -> float | None:
    """Give the score of a person whose visits were all alike but for the features that are new now."""
    own = {name: visits for name in SHARES if name not in apart} | {ALL: visits}
    everyone = {name: round(share * VISITS) for name, share in SHARES.items()} | {ALL: VISITS, OWNERS: PEOPLE}
    everyone |= {DISTINCT + name: 20 for name in PARTS}
    if "country" in apart:
        everyone |= {"address": 0, "asn": LEAST, "country": LEAST}
    return score(SHARES, own, everyone)


def ordinary(chances: random.Random) -> Draft:
    """Draft an ordinary day: a device that is known, at home, in the office or on the way."""
    machine, asn = chances.choice(MACHINES), chances.choice((HOME, HOME, OFFICE, MOBILE))
    fresh = ("address",) if chances.random() < 0.3 or asn == MOBILE else ()
    apart = fresh if asn == HOME else (*fresh, "asn") if asn == MOBILE and chances.random() < 0.3 else fresh
    return Draft(
        machine,
        asn=asn,
        hour=chances.uniform(8, 16),
        visits=chances.randint(2, 12),
        apart=apart,
        days=chances.uniform(5, 150),
        opens=chances.randint(0, 3),
    )


def stranger(chances: random.Random, **changes: Any) -> Draft:
    """Draft somebody who is not the person: another device that was never seen, on a connection of their own."""
    draft = ordinary(chances)
    apart = ("address", "asn", *(ENDPOINT if chances.random() < 0.5 else ("agent", "browser")))
    return replace(draft, asn=PROXY, known_device=False, apart=apart, **changes)


def many(people: int) -> Iterator[Finding | None]:
    """Give what the house itself says of an address that went to several people."""
    yield sharing_finding(people)
    yield repeats_finding(0)


def unestablished() -> Finding | None:
    """Give what the house itself says of an address that is not established."""
    return provenance_finding(established=False)
