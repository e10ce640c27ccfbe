"""Working days: in which zone and on which days people work, and when so many of these days are over."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Protocol, runtime_checkable

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKING = DAYS[:5]


@dataclass(frozen=True)
class Week:
    """The days on which people work, some of DAYS, in their own time zone."""

    zone: tzinfo = UTC
    days: Collection[str] = WORKING

    def after(self, at: datetime, days: int) -> datetime:
        """Give the moment that is so many working days later, in UTC; a day off counts from its end."""
        local = at.astimezone(self.zone)
        if not self._works(local):
            local = datetime.combine(self._next(local), time(), self.zone)
        for _ in range(days):
            local = self._next(local)
        return local.astimezone(UTC)

    def _works(self, local: datetime) -> bool:
        return DAYS[local.weekday()] in self.days

    def _next(self, local: datetime) -> datetime:
        """Give the same time on the next working day; where nobody ever works, on the next day."""
        later = (local + timedelta(days=n) for n in range(1, len(DAYS) + 1))
        return next((day for day in later if self._works(day)), local + timedelta(days=1))


@runtime_checkable
class KeepsWeek(Protocol):
    """Something in the settings that knows the organisation's zone and working days."""

    @property
    def week(self) -> Week | None:
        """Give them; None where they are not set."""
        ...
