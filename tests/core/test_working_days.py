"""So many working days later: days off do not count, and the organisation's own clock does."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from deskward.core.working_days import Week

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("week", "begins", "days", "ends"),
    [
        (Week(), "2026-11-23 12:00", 1, "2026-11-24 12:00"),
        (Week(), "2026-11-27 12:00", 1, "2026-11-30 12:00"),
        (Week(), "2026-11-26 12:00", 3, "2026-12-01 12:00"),
        (Week(), "2026-11-28 12:00", 1, "2026-12-01 00:00"),
        (Week(), "2026-11-29 23:59", 1, "2026-12-01 00:00"),
        (Week(BERLIN), "2026-11-27 23:30", 1, "2026-11-30 23:00"),
        (Week(BERLIN), "2026-10-23 12:00", 1, "2026-10-26 13:00"),
        (Week(days=("sun", "mon")), "2026-11-23 12:00", 1, "2026-11-29 12:00"),
        (Week(days=("sat",)), "2026-11-28 12:00", 1, "2026-12-05 12:00"),
        (Week(days=()), "2026-11-28 12:00", 1, "2026-11-30 00:00"),
    ],
)
def test_days_off_do_not_count_and_the_zone_does(week: Week, begins: str, days: int, ends: str) -> None:
    assert week.after(at(begins), days) == at(ends)
