"""One line of the table, and how it is printed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A number beside its floor, both in `unit`; `limit` says what is allowed, in words."""

    name: str
    number: float
    unit: str
    floor: float
    floor_name: str
    limit: str = ""

    def cells(self) -> tuple[str, str, str, str, str, str]:
        """Give the cells: what, number, floor, ratio, floor's name, limit."""
        ratio = f"{self.number / self.floor:.1f}" if self.floor else "–"
        floor = self._written(self.floor) if self.floor_name else ""
        return self.name, self._written(self.number), floor, ratio, self.floor_name, self.limit

    def _written(self, number: float) -> str:
        whole = number == int(number) or number >= 100
        return f"{number:.0f} {self.unit}" if whole else f"{number:.2f} {self.unit}"


def table(lines: list[Line]) -> str:
    """Write the lines as a Markdown table."""
    rows = [("What", "Number", "Floor", "×", "The floor is", "Limit"), *(line.cells() for line in lines)]
    widths = [max(len(row[n]) for row in rows) for n in range(6)]
    written = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(r, widths, strict=True)) + " |" for r in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([written[0], rule, *written[1:]])
