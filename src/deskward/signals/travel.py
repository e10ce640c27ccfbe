"""Looks at whether a person can have come here since the last visit."""

from collections.abc import Iterable
from dataclasses import dataclass

from deskward.core.errors import SettingsError
from deskward.core.networks import built_at, distance_km, lack, source_name
from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen
from deskward.core.surroundings import Facet, Network, Place, Sighting

TOO_FAST, TOO_FAST_BUT_HIDDEN = 3.0, 1.0
ASSUMED_RADIUS_KM, LEAST_HOURS, LONG = 100.0, 1 / 60, 2


@dataclass(frozen=True)
class _Way:
    """The least way between two places after both accuracy radii are taken off, and the time there was for it."""

    km: float
    hours: float

    @property
    def kmh(self) -> float:
        return self.km / self.hours


class Signal:
    """The speed since the person's last passed visit; `kmh` is the fastest that people travel."""

    name = "travel"
    section = Section.NETWORK
    title = "Travel"
    about = "How far your network address is from the last one, to see whether one person can have been at both."
    reads: tuple[str, ...] = ()

    def __init__(self, *, kmh: float = 850.0) -> None:
        if not kmh > 0:
            raise SettingsError(f"signals.travel.kmh is {kmh:g}.", "Give a speed above 0, such as 850.")
        self._kmh = kmh

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Weigh the speed."""
        network, source = seen.network, source_name(seen.network, Facet.PLACE)
        way = _way(network.place, seen)
        if network.own:
            text = "The address is one of our own; it does not tell where the person is."
            yield Finding(self.name, self.section, 0.0, text, source, as_of=built_at(network, Facet.PLACE))
        elif lacking := lack(network, Facet.PLACE):
            yield unknown(self.name, self.section, lacking, source)
        elif way is None:
            yield unknown(self.name, self.section, _missing(seen.past.last), source)
        else:
            yield self._weighed(network, way, source)

    def _weighed(self, network: Network, way: _Way, source: str) -> Finding:
        fast, hidden = way.kmh > self._kmh, bool(network.hidden)
        weight = (TOO_FAST_BUT_HIDDEN if hidden else TOO_FAST) if fast else 0.0
        return Finding(
            *(self.name, self.section, weight, _text(way, fast=fast, hidden=hidden), source),
            as_of=built_at(network, Facet.PLACE),
            raw={"km": f"{way.km:.0f}", "hours": f"{way.hours:.2f}", "kmh": f"{way.kmh:.0f}"},
        )


def _way(here: Place | None, seen: Seen) -> _Way | None:
    last, last_at = seen.past.last, seen.past.last_at
    if here is None or last is None or last_at is None:
        return None
    there = Place(last.country, "", last.latitude, last.longitude, last.radius_km)
    apart = distance_km(here, there)
    if apart is None:
        return None
    hours = (seen.visit.at - last_at).total_seconds() / 3600
    return _Way(max(0.0, apart - _radius(here) - _radius(there)), max(LEAST_HOURS, hours))


def _radius(place: Place) -> float:
    return ASSUMED_RADIUS_KM if place.radius_km is None else place.radius_km


def _missing(last: Sighting | None) -> str:
    if last is None:
        return "There is no earlier visit to measure from."
    if last.latitude is None or last.longitude is None:
        return "Where the last visit came from is not known closely enough."
    return "The country file does not tell closely enough where the address is."


def _text(way: _Way, *, fast: bool, hidden: bool) -> str:
    if not way.km:
        return "The address is where the last visit came from, as closely as the file tells."
    count, unit = (way.hours, "hour") if way.hours >= LONG else (way.hours * 60, "minute")
    time = f"{count:.0f} {unit}{'' if round(count) == 1 else 's'}"
    apart = f"The last visit was at least {way.km:,.0f} km away, {time} ago"
    if not fast:
        return f"{apart}; a person can travel that."
    why = " But the address hides its origin, so this tells little." if hidden else ""
    return f"{apart}; nobody travels that fast.{why}"
