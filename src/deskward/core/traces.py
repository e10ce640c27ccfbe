"""What is kept of network and device in words: facts for people, and a place without a map."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deskward.core.countries import country_name
from deskward.core.surroundings import Anonymous, Facet

HIDDEN: Mapping[str, str] = {
    Anonymous.HOSTING: "a hosting company",
    Anonymous.VPN: "a VPN",
    Anonymous.PROXY: "a proxy",
    Anonymous.RESIDENTIAL: "a residential proxy",
    Anonymous.TOR: "Tor",
}
FILES: Mapping[str, str] = {
    Facet.PLACE: "country file",
    Facet.OPERATOR: "network file",
    Facet.HIDDEN: "file of anonymous addresses",
}
UNKNOWN = "Unknown"
_ANSWERS = {True: "yes", False: "no"}
_RAW = {"True": "yes", "False": "no"}


@dataclass(frozen=True)
class Fact:
    """A label with its value in words."""

    label: str
    value: str


def place_words(around: Mapping[str, Any]) -> str:
    """Say where the address is, such as “Berlin, Germany, within 50 km, by the country file of 3 March 2026”."""
    network: Mapping[str, Any] = around.get("network") or {}
    place = network.get("place")
    if not place:
        return ""
    radius, source = place.get("radius_km"), (network.get("sources") or {}).get(Facet.PLACE.value)
    parts = (
        place.get("city"),
        country_name(place["country"]),
        f"within {radius:,.0f} km" if radius else "",
        f"by the {file_words(Facet.PLACE, source)}" if source else "",
    )
    return ", ".join(part for part in parts if part)


def file_words(facet: str, source: tuple[str, str, bool]) -> str:
    """Name a file of the operator with its day, and whether it is too old."""
    _, built_at, stale = source
    late = ", which is too old" if stale else ""
    return f"{FILES.get(facet, facet)} of {day(datetime.fromisoformat(built_at))}{late}"


def day(at: datetime) -> str:
    """Write a day, such as “3 March 2026”."""
    return f"{at.day} {at:%B %Y}"


def network_facts(around: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Give what is known of the address; nothing where nothing is kept."""
    network = around.get("network")
    if not network:
        return ()
    sources = [file_words(facet, source) for facet, source in (network.get("sources") or {}).items()]
    return (
        Fact("Address", network.get("address") or UNKNOWN),
        Fact("Place", place_words(around) or UNKNOWN),
        Fact("Network", _operator(network)),
        Fact("Hides behind", _hidden(network.get("hidden"))),
        Fact("Looked up in", "; ".join(sources) or "no file is set up"),
    )


def device_facts(around: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Give what the browser says of itself; nothing where nothing is kept."""
    device = around.get("device")
    if not device:
        return ()
    return (
        Fact("Browser", _both(device, "browser")),
        Fact("System", _both(device, "system")),
        Fact("Kind", str(device.get("kind", "unknown")).capitalize()),
    )


def reading_facts(around: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Give headers and readings as they came."""
    told = {**(around.get("headers") or {}), **(around.get("readings") or {})}
    return tuple(Fact(name.replace("_", " "), _said(value)) for name, value in sorted(told.items()))


def raw_facts(raw: Mapping[str, str]) -> tuple[Fact, ...]:
    """Give the values behind a finding."""
    return tuple(Fact(name.replace("_", " "), _RAW.get(value, value)) for name, value in raw.items())


def _operator(network: Mapping[str, Any]) -> str:
    number = f"AS{network['asn']}" if network.get("asn") else ""
    return " ".join(part for part in (number, network.get("operator") or "") if part) or UNKNOWN


def _hidden(told: Any) -> str:
    if told is None:
        return UNKNOWN
    return ", ".join(HIDDEN.get(name, name) for name in told) or "nothing known"


def _both(device: Mapping[str, Any], name: str) -> str:
    return f"{device.get(name, '')} {device.get(f'{name}_version', '')}".strip() or UNKNOWN


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return _ANSWERS[value]
    if isinstance(value, list):
        return ", ".join(str(v) for v in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
