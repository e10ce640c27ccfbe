"""What is seen around a requester: network, device, the visit itself, and what was seen earlier."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from deskward.core.tickets import Check

LONGEST_TEXT, MOST_TEXTS, LONGEST_READINGS, LARGEST = 300, 20, 8_000, 1e15
# Counts of earlier visits and of other people end here.
MOST_VISITS, MOST_PEOPLE = 10, 50
HEADERS = (
    "user-agent",
    "accept-language",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
)


class Anonymous(StrEnum):
    """What an address hides behind, as the operator's file of anonymous addresses says."""

    HOSTING = "hosting"
    VPN = "vpn"
    PROXY = "proxy"
    RESIDENTIAL = "residential_proxy"
    TOR = "tor"


class Facet(StrEnum):
    """A kind of file that the operator supplies."""

    PLACE = "country"
    OPERATOR = "asn"
    HIDDEN = "anonymous"


@dataclass(frozen=True)
class Place:
    """Where an address is: ISO country, city where known, degrees, and the radius within which it is, in km."""

    country: str
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = None


@dataclass(frozen=True)
class Source:
    """The file that a fact came from, when it was built, whether that is too long ago, whether it is broken."""

    name: str
    built_at: datetime
    stale: bool = False
    broken: bool = False


@dataclass(frozen=True)
class Network:
    """What the operator's files say of an address; None and missing sources mean unknown, never good.

    `own` is one of the organisation's own networks, such as an office or the exit of its VPN.
    """

    address: str
    place: Place | None = None
    asn: int | None = None
    operator: str = ""
    hidden: frozenset[Anonymous] | None = None
    sources: Mapping[Facet, Source] = field(default_factory=dict)
    own: bool = False


@dataclass(frozen=True)
class Device:
    """What a User-Agent claims; `kind` is “desktop”, “mobile”, “tablet”, “bot” or “unknown”. Empty is unknown."""

    browser: str = ""
    browser_version: str = ""
    system: str = ""
    system_version: str = ""
    kind: str = "unknown"


class Consent(StrEnum):
    """What the requester said to being looked at (SR-119)."""

    AGREED = "agreed"
    DECLINED = "declined"


@dataclass(frozen=True)
class Visit:
    """The visit that is looked at: `headers` by lower-case name, `readings` are what the browser's script gave.

    No readings: the script did not run, or the requester declined.
    """

    at: datetime
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, Any] = field(default_factory=dict)
    consent: Consent = Consent.AGREED

    def text(self, name: str) -> str | None:
        """Give a reading that is text; None where there is none."""
        value = self.readings.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> float | None:
        """Give a reading that is a number; None where there is none."""
        value = self.readings.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool | None:
        """Give a reading that is yes or no; None where there is none."""
        value = self.readings.get(name)
        return value if isinstance(value, bool) else None

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Give a reading that is a list of texts; None where there is none."""
        value = self.readings.get(name)
        return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else None


@dataclass(frozen=True)
class Sighting:
    """One visit as it is remembered for later ones; addresses and devices are digests, nothing to read."""

    address: str
    device: str
    country: str
    asn: int
    latitude: float | None
    longitude: float | None
    radius_km: float | None


@dataclass(frozen=True)
class Learned:
    """One count of the familiarity model: how often `owner` (a person, or everyone: “”) had this value.

    `month` is “YYYY-MM”, so that what is older than six months can go; values are digests.
    """

    owner: str
    feature: str
    value: str
    month: str
    times: int = 1


@dataclass(frozen=True)
class Habits:
    """Which counts to read: of `owner` and of everyone, the `wanted` value by feature, since the month `since`."""

    owner: str
    wanted: Mapping[str, str]
    since: str


@dataclass(frozen=True)
class Lesson:
    """What somebody's visits teach: digested features that they had `times` times in a month.

    `habits` are the counts that have to be known for it.
    """

    habits: Habits
    features: Mapping[str, str]
    month: str
    times: int = 1


@dataclass(frozen=True)
class Tally:
    """How often something was there within the months asked for, and the newest month that it was there."""

    times: int
    last: str


@dataclass(frozen=True)
class Met:
    """How often each wanted feature was there: of the owner, and of everyone; what never was is left out."""

    own: Mapping[str, int] = field(default_factory=dict)
    everyone: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Past:
    """What earlier visits tell.

    `last` is the person's newest earlier one that passed, at `last_at`, and `visits` how many passed.
    `device_passed` counts the person's passed visits with this device; `device_others` and `address_others` are
    how many other people used this device within 30 days, this address within 24 hours; `agent_people` is for
    how many people the agent had a verification within the hour; MOST_VISITS and MOST_PEOPLE stand for “or more”.
    `familiarity` is the score of `core.familiarity`, None without history.
    """

    last: Sighting | None = None
    last_at: datetime | None = None
    visits: int = 0
    device_passed: int = 0
    device_others: int = 0
    address_others: int = 0
    agent_people: int = 0
    familiarity: float | None = None


class Networks(Protocol):
    """What looks an address up."""

    def look_up(self, address: str) -> Network:
        """Give what is known of an address; never raises."""
        ...

    def troubles(self) -> Iterable[Check]:
        """Give the checks of files that are set and cannot be relied on."""
        ...


class Devices(Protocol):
    """What reads a User-Agent."""

    def read(self, user_agent: str) -> Device:
        """Give what it claims; never raises."""
        ...


def readings_of(text: str, names: Sequence[str]) -> dict[str, Any]:
    """Take readings out of what a browser sent: flat, short, and only those asked for; {} for garbage."""
    if len(text) > LONGEST_READINGS:
        return {}
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    return {n: told[n] for n in names if n in told and _readable(told[n])}


def _readable(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= MOST_TEXTS and all(isinstance(v, str) and _readable(v) for v in value)
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT and value.isprintable()
    if isinstance(value, bool):
        return True
    return isinstance(value, int | float) and abs(value) < LARGEST
