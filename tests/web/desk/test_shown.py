"""What the desk's templates write again and again."""

from datetime import UTC, datetime

import pytest

from deskward.core.risk import RiskLevel
from deskward.web.desk.shown import risk, templates, time


def test_a_time_is_written_for_people_and_for_scripts() -> None:
    at = datetime(2026, 3, 9, 7, 5, 6, 789, tzinfo=UTC)
    written = '<time datetime="2026-03-09T07:05:06+00:00">09 Mar 2026, 07:05 UTC</time>'
    assert time(at) == written
    assert templates().made.from_string("{{ at|time }}").render(at=at) == written


@pytest.mark.parametrize(
    ("level", "colour"),
    [
        (RiskLevel.VERIFIED, "green"),
        (RiskLevel.MEDIUM, "amber"),
        (RiskLevel.HIGH, "red"),
        (RiskLevel.NOT_ASSESSED, "grey"),
    ],
)
def test_a_level_is_written_in_its_colour(level: RiskLevel, colour: str) -> None:
    assert risk(level) == f'<span class="chip {colour}">{level.value}</span>'
    assert templates().made.from_string("{{ level|risk }}").render(level=level) == risk(level)
