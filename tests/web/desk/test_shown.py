"""What the desk's templates write again and again."""

from datetime import UTC, datetime

import pytest

from deskward.core.risk import RiskLevel
from deskward.web.desk.shown import options, risk, templates, time


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


def test_choices_are_written_with_the_one_that_is_chosen_and_names_are_text() -> None:
    named = {"a-1": "Åsa <b>", 'x"y': "Ben & Co"}
    written = '<option value="a-1">Åsa &lt;b&gt;</option><option value="x&#34;y" selected>Ben &amp; Co</option>'
    assert options(named, 'x"y') == written
    assert templates().made.from_string("{{ named|options(chosen) }}").render(named=named, chosen='x"y') == written
    assert " selected" not in options(named, "nobody")
