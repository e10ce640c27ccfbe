"""Working hours: whether the requester comes at an ordinary time."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deskward.core.errors import SettingsError
from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen
from deskward.core.working_days import DAYS, WORKING, Week

OUTSIDE, NIGHT = 1.0, 1.5
MORNING = time(5)
SOURCE = "clock"


class Signal:
    """Compares the time with the hours in the settings; without a `zone` the hours are not set.

    `zone` is an IANA name like “Europe/Berlin”; `days` are “mon” to “sun”; `opens` and `closes` are local times
    like “08:00”. Hours that close before they open end on the next day; equal ones last a whole day.
    """

    name = "working_hours"
    section = Section.PERSONA
    title = "Working hours"
    about = "We compare the time with the usual working hours, because false calls often come at odd times."
    reads: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        zone: str = "",
        days: Sequence[str] = WORKING,
        opens: str = "08:00",
        closes: str = "18:00",
    ) -> None:
        self._zone = _zone(zone) if zone else None
        self._days = frozenset(_day(day) for day in days)
        self._opens, self._closes = _time(opens, "opens"), _time(closes, "closes")

    @property
    def week(self) -> Week | None:
        """Give zone and days, for whatever else counts working days; None without a zone."""
        return Week(self._zone, self._days) if self._zone and self._days else None

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Weigh the local time of the visit."""
        if self._zone is None:
            return [unknown(self.name, self.section, "No working hours are set.", "settings")]
        local = seen.visit.at.astimezone(self._zone)
        weight, text = self._weighed(local)
        raw = {"local": f"{local:%a %H:%M}", "zone": self._zone.key}
        return [Finding(self.name, self.section, weight, text, SOURCE, raw=raw)]

    def _weighed(self, local: datetime) -> tuple[float, str]:
        if self._open(local):
            return 0.0, "The requester comes within working hours."
        if local.time() < MORNING:
            return NIGHT, f"The requester comes at night, at {local:%H:%M} local time."
        return OUTSIDE, f"The requester comes outside working hours, on {local:%A} at {local:%H:%M} local time."

    def _open(self, local: datetime) -> bool:
        """Tell whether a shift is open; one over midnight belongs to the day on which it began."""
        now, over_midnight = local.time(), self._closes <= self._opens
        early = over_midnight and now < self._closes
        began = local - timedelta(days=1) if early else local
        inside = early or (now >= self._opens and (over_midnight or now < self._closes))
        return inside and DAYS[began.weekday()] in self._days


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = "Write a name like Europe/Berlin; if it is right, install the system's time zones (tzdata)."
        raise SettingsError(f"signals.working_hours.zone is “{name}”, which is not known here.", hint) from error


def _day(text: str) -> str:
    if text.casefold() not in DAYS:
        raise SettingsError(f"signals.working_hours.days names “{text}”.", f"Choose from {', '.join(DAYS)}.")
    return text.casefold()


def _time(text: str, key: str) -> time:
    try:
        read = time.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"signals.working_hours.{key} is “{text}”.", "Write a time like 08:00, and 00:00 for midnight."
        ) from error
    return read.replace(tzinfo=None)
