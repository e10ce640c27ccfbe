"""Visits from the sandbox's networks, looked up in real files."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from deskward.core.people import Person
from deskward.core.risk import Finding
from deskward.core.signals import Seen, Signal
from deskward.core.surroundings import Facet, Network, Past, Place, Sighting, Visit
from deskward.networks import Networks
from deskward.signals import country, hidden, operator, travel
from sandbox.networks import BERLIN, OWN, STRETCHES, write_networks
from tests.fakes import START, FakeClock

NOW = START + timedelta(days=10)
ANNA = Person("1", "anna", "Anna Berg", "anna@example.com")
SIGNALS: tuple[Signal, ...] = (country.Signal(), operator.Signal(), hidden.Signal(), travel.Signal())


def network(
    folder: Path, trace: str, *, age: timedelta = timedelta(days=1), without: Sequence[Facet] = ()
) -> Network:
    """Look the address of a trace, or an address, up in files of some age."""
    paths = {f: p for f, p in write_networks(folder, NOW - age).items() if f not in without}
    with closing(Networks(paths, clock=FakeClock(NOW), own=OWN)) as networks:
        return networks.look_up(STRETCHES[trace].address if trace in STRETCHES else trace)


def last(place: Place = BERLIN, asn: int = 64496, *, ago: timedelta = timedelta(days=3)) -> Past:
    """Remember one passed visit."""
    where = (place.country, asn, place.latitude, place.longitude, place.radius_km)
    return Past(last=Sighting("address", "device", *where), last_at=NOW - ago, visits=1)


def seen(network: Network, past: Past | None = None, headers: Mapping[str, str] | None = None) -> Seen:
    """Put a visit together."""
    return Seen(Visit(NOW, network.address, headers=headers or {}), network, ANNA, past=past or last())


def findings(seen: Seen) -> list[Finding]:
    """Let all network signals look."""
    return [finding for signal in SIGNALS for finding in signal.look(seen)]


def only(signal: Signal, seen: Seen) -> Finding:
    """Give the one finding of a signal."""
    (finding,) = signal.look(seen)
    return finding
