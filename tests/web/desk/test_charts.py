"""Bars: spans of days, a round scale, and pieces that add up."""

from datetime import date

import pytest

from deskward.web.desk.charts import HEIGHT, MOST_BARS, MOST_LINES, chart_of, spans

NEW_YEAR = date(2026, 1, 1)


@pytest.mark.parametrize("days", [1, 7, 31, 32, 90, 366])
def test_spans_hold_every_day_once_and_are_few(days: int) -> None:
    last = date.fromordinal(NEW_YEAR.toordinal() + days - 1)
    cut = spans(NEW_YEAR, last)
    assert len(cut) <= MOST_BARS
    assert [d for s in cut for d in range(s.first.toordinal(), s.last.toordinal() + 1)] == list(
        range(NEW_YEAR.toordinal(), last.toordinal() + 1)
    )


@pytest.mark.parametrize("highest", [1, 4, 5, 19, 81, 999, 123_456])
def test_the_scale_is_round_and_holds_the_highest_bar(highest: int) -> None:
    chart = chart_of(
        {"a": "red", "b": "blue", "c": "grey"}, spans(NEW_YEAR, NEW_YEAR), {("2026-01-01", "b"): highest}
    )
    assert list(chart.kinds) == ["b"]
    assert highest <= chart.top <= highest * 2
    assert 1 <= len(chart.marks) <= MOST_LINES
    (piece,) = chart.pieces
    assert piece.said == f"2026-01-01: b {highest}"
    assert piece.height == pytest.approx(HEIGHT * highest / chart.top, abs=0.1)
    assert piece.y + piece.height == pytest.approx(HEIGHT, abs=0.1)
    assert [mark for _, mark in chart.lines][-1] == chart.top


def test_pieces_of_one_bar_lie_on_each_other_and_a_span_of_days_is_one_bar() -> None:
    cut = spans(NEW_YEAR, date(2026, 3, 1))
    counts = {("2026-01-01", "a"): 1, ("2026-01-02", "b"): 3, ("2026-01-09", "a"): 2}
    chart = chart_of({"a": "red", "b": "blue"}, cut, counts)
    low, high, other = chart.pieces
    assert high.y + high.height == pytest.approx(low.y, abs=0.1)
    assert low.x == high.x < other.x
    assert low.said == "2026-01-01 to 2026-01-02: a 1"
    assert chart.said == "a 3, b 3"


def test_nothing_to_draw_is_an_empty_drawing() -> None:
    chart = chart_of({"a": "red"}, spans(NEW_YEAR, NEW_YEAR), {})
    assert (list(chart.pieces), chart.top, list(chart.lines)) == ([], 0, [])
