"""Round trips: the browser's own against that of its connection, which ends where somebody passes it on."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deskward.core.errors import SettingsError
from deskward.core.networks import distance_km, lack, source_name
from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen
from deskward.core.surroundings import Facet, Network, Place

PASSED_ON, TOO_SOON = 1.5, 1.0
LIGHT_KM = 103.0  # per millisecond of a round trip: half of what light goes in glass
ASSUMED_RADIUS_KM = 100.0
SOURCE = "our own proxy and the browser"
_NAME = re.compile(r"x-[a-z0-9-]{1,60}")
_MICROSECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class _Times:
    """Round trips in milliseconds: of the connection and of the browser; None where it is not known."""

    transport: float | None
    browser: float | None

    @property
    def raw(self) -> dict[str, str]:
        told = {"transport_ms": self.transport, "browser_ms": self.browser}
        return {name: f"{time:.1f}" for name, time in told.items() if time is not None}


class Signal:
    """Compares two round trips; delay can be added, never removed, so only a longer one tells something.

    `header` names what our own proxy sets to the round trip of the connection, in microseconds. The browser's
    is far above it where both `apart_ms` and `times` are passed. `latitude` and `longitude` say where that proxy
    stands: then an answer that comes sooner than light allows from where the address is said to be is seen too.
    """

    name = "round_trip"
    section = Section.NETWORK
    title = "Time of a message"
    about = "How long a message between your browser and us takes, to notice somebody who passes it on."
    reads: tuple[str, ...] = ("round_trip",)

    def __init__(
        self,
        *,
        header: str,
        apart_ms: float = 150.0,
        times: float = 3.0,
        latitude: float | None = None,
        longitude: float | None = None,
    ) -> None:
        self.proxy_header = header.lower()
        self._apart, self._times = apart_ms, times
        self._here = Place("", "", latitude, longitude)
        if not _NAME.fullmatch(self.proxy_header):
            raise SettingsError(
                f"signals.round_trip.header is “{header}”.", "Name a header of your own, such as X-Transport-RTT."
            )
        if not (apart_ms > 0 and times > 1):
            text = f"signals.round_trip has apart_ms {apart_ms:g} and times {times:g}."
            raise SettingsError(text, "Choose apart_ms above 0 and times above 1.")
        if not _on_earth(self._here):
            text = "signals.round_trip has only one of latitude and longitude, or one that is no degree."
            raise SettingsError(text, "Give both, such as 52.5 and 13.4, or none.")

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Weigh how far the two are apart, and whether light can have come from there."""
        if seen.network.own:
            text = "The address is one of our own networks, whose proxies may pass messages on."
            return [Finding(self.name, self.section, 0.0, text, "networks.own")]
        times = _Times(_transport(seen.visit.headers.get(self.proxy_header, "")), _browser(seen))
        return [self._compared(times), *self._bounded(times, seen.network)]

    def _compared(self, times: _Times) -> Finding:
        if times.transport is None:
            return self._unknown("Our own proxy did not tell the round trip of the connection.")
        if times.browser is None:
            return self._unknown("The browser did not tell how long a message takes.")
        longer = times.browser - times.transport
        if longer > self._apart and times.browser > self._times * times.transport:
            text = "Messages of the browser take far longer than its connection needs: somebody may pass them on."
            return Finding(self.name, self.section, PASSED_ON, text, SOURCE, raw=times.raw)
        text = "Messages of the browser take about as long as its connection needs."
        return Finding(self.name, self.section, 0.0, text, SOURCE, raw=times.raw)

    def _bounded(self, times: _Times, network: Network) -> Iterator[Finding]:
        """Compare with the country file; says something only where both are known and contradict each other."""
        place = network.place
        if times.transport is None or place is None or lack(network, Facet.PLACE):
            return
        km, radius = distance_km(self._here, place), place.radius_km
        least = (km or 0.0) - (ASSUMED_RADIUS_KM if radius is None else radius)
        if least > times.transport * LIGHT_KM:
            text = "The connection answers sooner than light could from where its address is said to be."
            raw = times.raw | {"km": f"{km:.0f}"}
            yield Finding(self.name, self.section, TOO_SOON, text, source_name(network, Facet.PLACE), raw=raw)

    def _unknown(self, text: str) -> Finding:
        return unknown(self.name, self.section, text, SOURCE)


def _on_earth(place: Place) -> bool:
    if place.latitude is None or place.longitude is None:
        return place.latitude is place.longitude
    return abs(place.latitude) <= 90 and abs(place.longitude) <= 180  # noqa: PLR2004 - degrees


def _transport(text: str) -> float | None:
    """Read microseconds as milliseconds; None for anything else, and for 0, which is not measured."""
    told = int(text) / 1000 if _MICROSECONDS.fullmatch(text) else 0.0
    return told or None


def _browser(seen: Seen) -> float | None:
    told = seen.visit.number("round_trip")
    return told if told is not None and told > 0 else None
