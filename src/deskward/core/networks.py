"""Reading what is known of a network: why a fact is missing, how far two places are apart."""

import math
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from deskward.core.surroundings import Facet, Network, Place

EARTH_KM = 6371.0
CALLED = {Facet.PLACE: "country", Facet.OPERATOR: "ASN", Facet.HIDDEN: "anonymous address"}
INSIDE = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)


def lack(network: Network, facet: Facet) -> str:
    """Say why a fact of this kind cannot be relied on, and what to do; empty when it can (SR-28)."""
    source = network.sources.get(facet)
    if source is None:
        return _unasked(network, facet)
    if _known(network, facet) and not (source.broken or source.stale):
        return ""
    file = f"{CALLED[facet]} file"
    if source.broken:
        return f"The {file} cannot be read. Put a sound one in its place."
    if source.stale:
        day = day_of(source.built_at)
        return f"The {file} is from {day}; it is too old to be relied on. Put a newer one in its place."
    return f"The {file} does not know the address."


def source_name(network: Network, facet: Facet) -> str:
    """Give the name of the file that was asked; what was looked for where there is none."""
    source = network.sources.get(facet)
    return source.name if source else f"{CALLED[facet]} file"


def built_at(network: Network, facet: Facet) -> datetime | None:
    """Give when the file that was asked was built."""
    source = network.sources.get(facet)
    return source.built_at if source else None


def day_of(at: datetime) -> str:
    """Write a day as people do, such as “3 March 2026”."""
    return f"{at.day} {at:%B %Y}"


def distance_km(one: Place, other: Place) -> float | None:
    """Give the way between two places along the ground in km; None where one has no coordinates."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return None
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(one.longitude - other.longitude)
    chord = math.sin((north - south) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, an IPv4 one also in IPv6's spelling; None for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def inside(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address only means something within a network, such as 10.0.0.1."""
    return any(address in network for network in INSIDE)


def _unasked(network: Network, facet: Facet) -> str:
    address = read_address(network.address)
    if address is None:
        return "The address cannot be read."
    if inside(address):
        return "The address is a private one, which no file can place."
    return f"No {CALLED[facet]} file is configured. Set networks.{facet}."


def _known(network: Network, facet: Facet) -> bool:
    if facet is Facet.PLACE:
        return network.place is not None
    return network.asn is not None if facet is Facet.OPERATOR else network.hidden is not None
