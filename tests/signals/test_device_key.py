from typing import Any

import pytest

from deskward.core.risk import Direction
from deskward.signals.device_key import Signal
from tests.signals.callers import only


@pytest.mark.parametrize(
    ("past", "weight", "text"),
    [
        (
            {"device_passed": 3, "visits": 5},
            -2.0,
            "This device was used in 3 earlier verifications that passed.",
        ),
        ({"device_passed": 1, "visits": 1}, -2.0, "This device was used in 1 earlier verification that passed."),
        (
            {"visits": 2},
            0.5,
            "This device is new: 2 earlier verifications of this person passed with other devices.",
        ),
        (
            {"device_passed": 10, "visits": 10},
            -2.0,
            "This device was used in 10 or more earlier verifications that passed.",
        ),
        ({}, 0.0, "This is the first verification of this person, so no device is known yet."),
    ],
)
def test_a_known_device_calms_and_a_new_one_raises_a_little(
    past: dict[str, int], weight: float, text: str
) -> None:
    finding = only(Signal(), past=past)
    assert (finding.weight, finding.text, finding.unknown) == (weight, text, False)


@pytest.mark.parametrize("readings", [{}, {"device_key": ""}, {"device_key": 7}, {"device_key": ["MFkw"]}])
def test_sr_28_a_browser_without_a_key_is_unknown_whatever_the_past(readings: dict[str, Any]) -> None:
    finding = only(Signal(), readings=readings, past={"device_passed": 3, "visits": 3})
    assert finding.direction is Direction.UNKNOWN


def test_the_key_is_the_one_reading_and_appears_nowhere() -> None:
    assert Signal.reads == ("device_key",)
    assert "MFkw" not in f"{only(Signal(), past={'device_passed': 3, 'visits': 3})}"
