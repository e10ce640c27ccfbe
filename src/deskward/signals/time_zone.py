"""The time zone of the browser: whether its clock fits it, and whether it is one of the network's country."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

import pytz

from deskward.core.countries import country_name
from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen

CONTRADICTS, ELSEWHERE = 1.5, 1.0
YEARS_OF_OLD_RULES = 5
YEAR, MONTH, MONTHS = timedelta(days=365.25), timedelta(days=30), 13
SOURCE = "browser, tz database"


class Signal:
    """Compares the zone with the clock's offset and with the country; travellers are why it weighs little."""

    name = "time_zone"
    section = Section.ENDPOINT
    title = "Time zone"
    about = "The time zone of your device, to see whether it fits the country of your network."
    reads: tuple[str, ...] = ("time_zone", "offset")

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say whether zone, clock and country fit."""
        told, offset = seen.visit.text("time_zone"), seen.visit.number("offset")
        zone = _zone(told or "")
        if not told or zone is None:
            return [unknown(self.name, self.section, "The browser told no time zone that is known.", "browser")]
        country = seen.network.place.country if seen.network.place else ""
        raw = {"time_zone": told, "offset": "" if offset is None else f"{offset:g}", "country": country}
        if offset is not None and offset not in _offsets(zone, seen.visit.at):
            text = f"The clock of the device is not that of its time zone ({told})."
            return [Finding(self.name, self.section, CONTRADICTS, text, SOURCE, raw=raw)]
        if country not in pytz.country_timezones:
            text = f"The country of the network is not known, so the time zone ({told}) tells nothing."
            return [unknown(self.name, self.section, text, SOURCE)]
        weight, text = _weighed(told, country, seen.visit.at)
        return [Finding(self.name, self.section, weight, text, SOURCE, raw=raw)]


def _weighed(told: str, country: str, at: datetime) -> tuple[float, str]:
    name = country_name(country)
    if _is_of(told, country, at):
        return 0.0, f"The time zone ({told}) is one of the network's country ({name})."
    if told in {"UTC", "GMT"} or told.startswith("Etc/"):
        return ELSEWHERE, f"The device has the time of servers ({told}), not of the network's country ({name})."
    return ELSEWHERE, f"The time zone ({told}) is not of the network's country ({name})."


@lru_cache(maxsize=1_000)
def _zone(told: str) -> tzinfo | None:
    try:
        found: tzinfo = pytz.timezone(told)
    except pytz.UnknownTimeZoneError:
        return None
    return found


def _offsets(zone: tzinfo, at: datetime) -> frozenset[float]:
    """Give the offsets in minutes at this time of the year; old devices keep the rules of earlier years."""
    return frozenset(_offset(zone, at - years * YEAR) for years in range(YEARS_OF_OLD_RULES))


def _offset(zone: tzinfo, at: datetime) -> float:
    offset = at.astimezone(zone).utcoffset()
    return offset.total_seconds() / 60 if offset is not None else 0.0


def _is_of(told: str, country: str, at: datetime) -> bool:
    """Tell whether a zone is of a country; an old name, which no country has, goes by its clock over a year."""
    names = pytz.country_timezones[country]
    if told in names:
        return True
    if any(told in listed for listed in pytz.country_timezones.values()):
        return False
    month = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return _year(told, month) in {_year(name, month) for name in names}


@lru_cache(maxsize=10_000)
def _year(name: str, at: datetime) -> tuple[float, ...]:
    zone = pytz.timezone(name)
    return tuple(_offset(zone, at - months * MONTH) for months in range(MONTHS))
