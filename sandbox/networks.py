"""Made-up networks over documentation addresses, as MMDB files, so that every finding can be seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deskward.core.surroundings import Anonymous, Facet, Place
from sandbox.mmdb import Value, mmdb

BERLIN = Place("DE", "Berlin", 52.52, 13.405, 20.0)
SYDNEY = Place("AU", "Sydney", -33.87, 151.21, 20.0)
ASHBURN = Place("US", "Ashburn", 39.04, -77.49, 20.0)
AMSTERDAM = Place("NL", "Amsterdam", 52.37, 4.9, 20.0)
ZURICH = Place("CH", "Zurich", 47.37, 8.54, 20.0)


@dataclass(frozen=True)
class Stretch:
    """Networks that are alike: `address` is one of them, to come from; `own` is the organisation's VPN exit."""

    address: str
    networks: tuple[str, ...]
    place: Place
    asn: int
    operator: str
    hidden: Anonymous | None = None
    own: bool = False


STRETCHES: Mapping[str, Stretch] = {
    "home": Stretch(
        "192.0.2.10",
        ("127.0.0.0/8", "::1/128", "192.0.2.0/26", "2001:db8::/34"),
        BERLIN,
        64496,
        "Example Broadband",
    ),
    "mobile": Stretch("192.0.2.70", ("192.0.2.64/26",), BERLIN, 64497, "Example Mobile"),
    "far": Stretch(
        "198.51.100.10", ("198.51.100.0/26", "2001:db8:4000::/34"), SYDNEY, 64498, "Example Telecom Australia"
    ),
    "hosting": Stretch(
        "203.0.113.10",
        ("203.0.113.0/27", "2001:db8:8000::/34"),
        ASHBURN,
        64499,
        "Example Hosting",
        Anonymous.HOSTING,
    ),
    "vpn": Stretch("203.0.113.40", ("203.0.113.32/27",), AMSTERDAM, 64500, "Example VPN", Anonymous.VPN),
    "tor": Stretch("203.0.113.70", ("203.0.113.64/27",), ZURICH, 64501, "Example Relays", Anonymous.TOR),
    "residential": Stretch(
        "203.0.113.100", ("203.0.113.96/27",), BERLIN, 64496, "Example Broadband", Anonymous.RESIDENTIAL
    ),
    "proxy": Stretch("203.0.113.130", ("203.0.113.128/27",), ASHBURN, 64502, "Example Proxies", Anonymous.PROXY),
    "own": Stretch(
        "203.0.113.230",
        ("203.0.113.224/27",),
        AMSTERDAM,
        64503,
        "Example Organisation",
        Anonymous.VPN,
        own=True,
    ),
}
OWN = tuple(network for stretch in STRETCHES.values() if stretch.own for network in stretch.networks)
UNLISTED = "198.51.100.200"  # in no file
FLAGS = {
    Anonymous.HOSTING: "is_hosting_provider",
    Anonymous.VPN: "is_anonymous_vpn",
    Anonymous.PROXY: "is_public_proxy",
    Anonymous.RESIDENTIAL: "is_residential_proxy",
    Anonymous.TOR: "is_tor_exit_node",
}


def write_networks(folder: Path, built_at: datetime) -> Mapping[Facet, Path]:
    """Write the three files into a folder; a file that is there is replaced at once."""
    made = {
        Facet.PLACE: mmdb("Sandbox-City", _rows(_place), built_at),
        Facet.OPERATOR: mmdb("Sandbox-ASN", _rows(_operator), built_at),
        Facet.HIDDEN: mmdb("Sandbox-Anonymous-IP", _rows(_hidden), built_at),
    }
    folder.mkdir(parents=True, exist_ok=True)
    return {facet: _written(folder / f"{facet}.mmdb", content) for facet, content in made.items()}


def _written(path: Path, content: bytes) -> Path:
    new = path.with_suffix(".new")
    new.write_bytes(content)
    return new.replace(path)


def _rows(told: Callable[[Stretch], Value]) -> Mapping[str, Value]:
    return {network: told(stretch) for stretch in STRETCHES.values() for network in stretch.networks}


def _place(stretch: Stretch) -> Value:
    place = stretch.place
    return {
        "country": {"iso_code": place.country},
        "city": {"names": {"en": place.city}},
        "location": {
            "latitude": place.latitude or 0.0,
            "longitude": place.longitude or 0.0,
            "accuracy_radius": int(place.radius_km or 0),
        },
    }


def _operator(stretch: Stretch) -> Value:
    return {"autonomous_system_number": stretch.asn, "autonomous_system_organization": stretch.operator}


def _hidden(stretch: Stretch) -> Value:
    return {"is_anonymous": True, FLAGS[stretch.hidden]: True} if stretch.hidden else {"is_anonymous": False}
