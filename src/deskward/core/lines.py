"""A note as lines, before it is put into a profile; and text from outside, made harmless (SR-104)."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

LONGEST_VALUE = 200
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean(text: object) -> str:
    """Remove control, bidirectional and zero-width characters, fold white space, cut at 200 (SR-104)."""
    told = str(text)
    if not told.isprintable():  # what is, has none of these
        spaced = "".join(" " if c in "\r\n\t\u2028\u2029" else c for c in told)
        told = "".join(c for c in spaced if unicodedata.category(c) not in _HIDDEN)
    folded = " ".join(told.split())
    return folded if len(folded) <= LONGEST_VALUE else folded[: LONGEST_VALUE - 1] + "…"


def some(names: Sequence[str], most: int) -> str:
    """Write the first of many names, and how many more there are: “Ada, Bob and 7 more”."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


@dataclass(frozen=True)
class Line:
    """One line of a note: a label with a value, or a label that links to `url`."""

    label: str
    value: str = ""
    url: str = ""


@dataclass(frozen=True)
class Note:
    """A note before it is put into a profile; `marker` makes it findable."""

    title: str
    lines: tuple[Line, ...]
    marker: str

    def as_text(self) -> str:
        """Render the `text` profile: label, colon, value or bare address."""
        body = [f"{line.label}: {line.url or line.value}" if line.label else line.value for line in self.lines]
        return "\n".join([self.title, *body, f"Ref: {self.marker}"])

    def as_html(self) -> str:
        """Render the `html` profile: everything escaped, the label itself is the anchor."""
        body = "".join(f"<br>{_html_line(line)}" for line in self.lines)
        return f"<p><strong>{escape(self.title)}</strong>{body}<br>Ref: {escape(self.marker)}</p>"


@dataclass(frozen=True)
class NoteWords:
    """What the notes of one installation share: the brand, the console's address, titles of actions."""

    brand: str
    desk_url: str
    action_titles: Mapping[str, str]

    def action(self, name: str) -> str:
        """Give the title of an action; verify only where there is none."""
        return self.action_titles.get(name, name) or "Identity check"


def _html_line(line: Line) -> str:
    if line.url and line.value:
        return f'{escape(line.label)}: <a href="{escape(line.url)}">{escape(line.value)}</a>'
    if line.url:
        return f'<a href="{escape(line.url)}">{escape(line.label)}</a>'
    return f"{escape(line.label)}: {escape(line.value)}" if line.label else escape(line.value)
