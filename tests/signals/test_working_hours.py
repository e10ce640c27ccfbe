from datetime import UTC, datetime
from typing import Any

import pytest

from deskward.core.errors import SettingsError
from deskward.core.risk import Direction
from deskward.signals.working_hours import Signal
from tests.signals.callers import only


def weight(told: str, **settings: Any) -> float:
    """Weigh a moment in UTC, by the hours of Berlin where nothing else is set."""
    signal = Signal(**({"zone": "Europe/Berlin"} | settings))
    return only(signal, at=datetime.fromisoformat(told).replace(tzinfo=UTC)).weight


def test_hours_that_are_not_set_are_unknown() -> None:
    finding = only(Signal())
    assert (finding.direction, finding.text) == (Direction.UNKNOWN, "No working hours are set.")


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-05-04 05:59", 1.0),
        ("2026-05-04 06:00", 0.0),
        ("2026-05-04 15:59", 0.0),
        ("2026-05-04 16:00", 1.0),
        ("2026-05-04 21:59", 1.0),
        ("2026-05-04 22:00", 1.5),
        ("2026-05-05 02:59", 1.5),
        ("2026-05-05 03:00", 1.0),
        ("2026-05-09 10:00", 1.0),
        ("2026-05-10 00:30", 1.5),
    ],
)
def test_outside_hours_weighs_little_and_night_a_little_more(utc: str, expected: float) -> None:
    assert weight(utc) == expected


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-03-27 06:59", 1.0),  # a Friday in winter: 07:59
        ("2026-03-27 07:00", 0.0),
        ("2026-03-30 05:59", 1.0),  # the Monday after the change: 07:59
        ("2026-03-30 06:00", 0.0),
        ("2026-10-23 06:00", 0.0),  # a Friday in summer: 08:00
        ("2026-10-26 06:00", 1.0),  # the Monday after the change back: 07:00
        ("2026-10-26 07:00", 0.0),
    ],
)
def test_a_34_hours_follow_the_clock_on_the_wall_across_both_changes(utc: str, expected: float) -> None:
    assert weight(utc) == expected


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-03-29 00:59", 1.5),  # 01:59, the last minute before the hour that is left out
        ("2026-03-29 01:00", 1.5),  # 03:00
        ("2026-03-29 03:00", 1.0),  # 05:00
        ("2026-10-25 00:30", 1.5),  # 02:30 for the first time
        ("2026-10-25 01:30", 1.5),  # 02:30 for the second time
        ("2026-10-25 04:00", 1.0),  # 05:00
    ],
)
def test_a_34_the_night_of_a_change_is_a_night(utc: str, expected: float) -> None:
    assert weight(utc) == expected


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-05-08 21:00", 0.0),  # Friday 23:00
        ("2026-05-09 02:00", 0.0),  # Saturday 04:00, the shift of Friday
        ("2026-05-09 04:00", 1.0),  # Saturday 06:00
        ("2026-05-09 21:00", 1.0),  # Saturday 23:00
        ("2026-05-11 02:00", 1.5),  # Monday 04:00, the shift of Sunday
        ("2026-05-11 10:00", 1.0),  # Monday noon
    ],
)
def test_a_night_shift_belongs_to_the_day_on_which_it_began(utc: str, expected: float) -> None:
    assert weight(utc, opens="22:00", closes="06:00") == expected


def test_equal_hours_last_a_whole_day_and_midnight_can_close() -> None:
    assert [weight(f"2026-05-04 {h}:00", opens="00:00", closes="00:00") for h in ("01", "20")] == [0.0, 0.0]
    assert [weight(f"2026-05-04 {h}:59", closes="00:00") for h in ("21", "22")] == [0.0, 1.5]


def test_days_are_those_of_the_settings() -> None:
    assert weight("2026-05-03 10:00", days=["Sun"]) == 0.0
    assert weight("2026-05-04 10:00", days=["Sun"]) == 1.0


def test_the_local_time_is_said() -> None:
    night = only(Signal(zone="America/New_York"), at=datetime(2026, 5, 4, 6, 5, tzinfo=UTC))
    assert night.text == "The requester comes at night, at 02:05 local time."
    late = only(Signal(zone="Asia/Kolkata"), at=datetime(2026, 5, 8, 14, 0, tzinfo=UTC))
    assert late.text == "The requester comes outside working hours, on Friday at 19:30 local time."
    assert late.raw == {"local": "Fri 19:30", "zone": "Asia/Kolkata"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"zone": "../secret"}, "secret"),
        ({"zone": "Europe"}, "Europe"),
        ({"days": ["Montag"]}, "Montag"),
        ({"opens": "8"}, "opens"),
        ({"closes": "evening"}, "closes"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Signal(**settings)
