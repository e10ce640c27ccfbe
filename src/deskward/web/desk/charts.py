"""Bars of the dashboard, drawn on the server: an SVG whose numbers stand in a table beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle

WIDTH, HEIGHT, GAP = 720.0, 160.0, 0.25
MOST_BARS, MOST_LINES = 31, 4


@dataclass(frozen=True)
class Span:
    """Days that one bar stands for, both included."""

    first: date
    last: date

    @property
    def title(self) -> str:
        """Name it: one day, or from which to which."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Piece:
    """One part of a bar, in units of the drawing."""

    colour: str
    x: float
    y: float
    width: float
    height: float
    said: str


@dataclass(frozen=True)
class Chart:
    """Bars: `kinds` are their parts by name, with a class of the style sheet; `rows` have a number for each kind.

    `top` is the end of the scale, `marks` its lines.
    """

    kinds: Mapping[str, str]
    rows: Sequence[tuple[Span, Sequence[int]]]
    top: int
    marks: Sequence[int]

    @property
    def pieces(self) -> Iterator[Piece]:
        """Lay the numbers of each bar on each other, the first kind lowest."""
        step = WIDTH / max(1, len(self.rows))
        for place, (span, numbers) in enumerate(self.rows):
            below = 0.0
            for (name, colour), number in zip(self.kinds.items(), numbers, strict=True):
                height = number / self.top * HEIGHT if self.top else 0.0
                if number:
                    x, y = place * step + step * GAP / 2, HEIGHT - below - height
                    said = f"{span.title}: {name} {number}"
                    yield Piece(
                        colour, round(x, 1), round(y, 1), round(step * (1 - GAP), 1), round(height, 1), said
                    )
                below += height

    @property
    def lines(self) -> Iterator[tuple[float, int]]:
        """Give the lines of the scale: how far down, and the number."""
        return ((round(HEIGHT - mark / self.top * HEIGHT, 1), mark) for mark in self.marks)

    @property
    def said(self) -> str:
        """Say in one sentence what was added up."""
        sums = (sum(numbers[n] for _, numbers in self.rows) for n in range(len(self.kinds)))
        return ", ".join(f"{name} {number}" for name, number in zip(self.kinds, sums, strict=True))


def spans(first: date, last: date) -> Sequence[Span]:
    """Cut a range into at most MOST_BARS spans of the same number of days; the last one may be shorter."""
    days = (last - first).days + 1
    each = -(-days // MOST_BARS)
    starts = (first + timedelta(days=n) for n in range(0, days, each))
    return [Span(start, min(last, start + timedelta(days=each - 1))) for start in starts]


def chart_of(colours: Mapping[str, str], cut: Sequence[Span], numbers: Mapping[tuple[str, str], int]) -> Chart:
    """Draw the numbers by day (2026-05-31) and name, in this order of names; what was not counted is left out."""
    kinds = {name: colour for name, colour in colours.items() if any(found == name for _, found in numbers)}
    rows = []
    for span in cut:
        days = [str(span.first + timedelta(days=n)) for n in range((span.last - span.first).days + 1)]
        rows.append((span, [sum(numbers.get((day, name), 0) for day in days) for name in kinds]))
    highest = max((sum(row) for _, row in rows), default=0)
    step = _step(highest)
    top = -(-highest // step) * step
    return Chart(kinds, rows, top, range(step, top + 1, step))


def _step(highest: int) -> int:
    """Choose a round distance between the lines of the scale: 1, 2, 5, 10, 20, 50 …, at most four lines."""
    step, factors = 1, cycle((2, 2.5, 2))
    while highest > MOST_LINES * step:
        step = int(step * next(factors))
    return step
