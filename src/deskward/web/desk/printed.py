"""The analysis report as a PDF, in the letters of Western Europe that every reader has (cp1252)."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from deskward.core.report import Line, Part, Report
from deskward.core.risk import TOP, Direction
from deskward.core.traces import Fact
from deskward.core.verification import Verification

if TYPE_CHECKING:
    from fpdf import FPDF

LETTERS, MISSING = "cp1252", "?"
STROKED = str.maketrans("ŁłĐđĦħŦŧı", "LlDdHhTti")  # Unicode takes these apart no further
INK, MUTED, FAINT, LOUD = (26, 32, 44), (86, 96, 114), (223, 227, 234), (75, 85, 102)
LABELS, POINTS, ROW, WITH_TITLE = 45.0, 18.0, 5.0, 24.0
LONGEST_TEXT = 4_000
SIGNS: Mapping[Direction, str] = {
    Direction.RAISES: "raises",
    Direction.CALMS: "calms",
    Direction.NEUTRAL: "no effect",
    Direction.UNKNOWN: "not seen",
}
UNSHOWN = "Letters that this file cannot show are replaced by “?”; the page in the console shows them all."


@dataclass(frozen=True)
class Printed:
    """All that is printed: the report as its reader may see it, and the facts of the verification beside it."""

    report: Report
    verification: Verification
    action: str
    proof: str
    transcript: tuple[Mapping[str, Any], ...]
    events: tuple[tuple[datetime, str, str, str], ...]
    by: str
    at: datetime


def pdf_of(printed: Printed) -> bytes:
    """Write the PDF; whatever the texts are, it never fails."""
    # Loading it takes most of a second and 50 MB, which only who prints shall pay.
    from fpdf import FPDF  # noqa: PLC0415 - see above

    pdf = FPDF(format="A4")
    pdf.core_fonts_encoding = LETTERS
    pdf.set_creation_date(printed.at)
    pdf.set_title(f"Verification {printed.verification.id}")
    pdf.set_lang("en")
    pdf.set_margin(18)
    pdf.set_auto_page_break(auto=True, margin=18)
    pdf.add_page()
    _Paper(pdf).write(printed)
    return bytes(pdf.output())


def shown(text: object) -> str:
    """Give a text in the letters there are: accents taken off where that helps, else “?”; long ones cut."""
    plain = " ".join(str(text)[:LONGEST_TEXT].translate(STROKED).split())
    return "".join(_letter(letter) for letter in unicodedata.normalize("NFC", plain))


def _letter(letter: str) -> str:
    if _there(letter):
        return letter
    bare = unicodedata.normalize("NFKD", letter)
    kept = "".join(c for c in bare if _there(c) and not unicodedata.combining(c))
    return kept or ("" if unicodedata.combining(letter) else MISSING)


def _there(letter: str) -> bool:
    try:
        letter.encode(LETTERS)
    except UnicodeEncodeError:
        return False
    return letter.isprintable()


def _when(at: datetime) -> str:
    return f"{at:%d %b %Y, %H:%M} UTC"


class _Paper:
    """Writes one part under the other."""

    def __init__(self, pdf: "FPDF") -> None:
        self.pdf = pdf

    def write(self, printed: Printed) -> None:
        """Write everything in the order of the page."""
        report, row = printed.report, printed.verification
        self._text("Analysis Report", 18, bold=True, height=9)
        self._text(f"{row.ticket_number}  {row.ticket_subject}", 11, colour=MUTED)
        self.pdf.ln(3)
        self._text(report.recommendation or "Not decided yet", 14, bold=True, height=7)
        level = f"Risk Level {report.level.value}, score {report.score:.1f} of {TOP:.0f}"
        self._text(f"{level}. {row.status.label}.", 11)
        self.pdf.ln(3)
        self._facts(self._about(printed))
        for part in report.parts:
            self._part(part)
        self._listed("What would change this", report.changes)
        self._facts_under("Network", report.network)
        self._facts_under("Device", report.device)
        self._facts_under("Readings and headers", report.readings)
        self._questions(printed.transcript)
        self._listed("Time line", [_event(*event) for event in printed.events])
        self.pdf.ln(4)
        self._text(f"Printed by {printed.by}, {_when(printed.at)}. {UNSHOWN}", 8, colour=MUTED)

    def _about(self, printed: Printed) -> tuple[Fact, ...]:
        report, row = printed.report, printed.verification
        told = {
            "Verification ID": row.id,
            "Requested action": printed.action,
            "Requester": f"{row.requester_name}  {row.requester_email}",
            "Initiated by": row.agent_name or "Nobody yet",
            "Timestamp": _when(row.decided_at or row.ended_at or row.opened_at),
            "Proof level": printed.proof,
            "Reason": report.reason,
            "Looked at": report.looked,
            "Not seen": report.blind,
            "Raw values": "They are deleted: their time is over." if report.gone else "",
        }
        return tuple(Fact(label, value) for label, value in told.items() if value)

    def _text(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: tuple[int, int, int] = INK,
        height: float = ROW,
    ) -> None:
        self.pdf.set_font("helvetica", "B" if bold else "", size)
        self.pdf.set_text_color(*colour)
        self.pdf.multi_cell(0, height, shown(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def _title(self, text: str) -> None:
        self._room(WITH_TITLE)
        self.pdf.ln(4)
        self._text(text, 12, bold=True, height=6)

    def _facts(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            self._row(fact.label, fact.value)

    def _facts_under(self, title: str, facts: tuple[Fact, ...]) -> None:
        if facts:
            self._title(title)
            self._facts(facts)

    def _row(self, label: str, value: str) -> None:
        """Write a label and its value beside each other, on a page that has room for the first lines of both."""
        self._room(2 * ROW)
        top = self.pdf.get_y()
        self.pdf.set_font("helvetica", "", 9)
        self.pdf.set_text_color(*MUTED)
        self.pdf.multi_cell(LABELS, ROW, shown(label), align="L", new_x="RIGHT", new_y="TOP", max_line_height=ROW)
        page, below = self.pdf.page, self.pdf.get_y()
        self.pdf.set_xy(self.pdf.l_margin + LABELS, top)
        self._text(value, 9)
        if page == self.pdf.page:
            self.pdf.set_y(max(below, self.pdf.get_y()))

    def _part(self, part: Part) -> None:
        self._title(f"{part.title}: {part.points:.1f} of {TOP:.0f}")
        self._bar(part.points)
        for line in (*part.lines, *part.unseen):
            self._finding(line)
        if not part.lines and not part.unseen:
            self._text("Nothing was found.", 9, colour=MUTED)

    def _bar(self, points: float) -> None:
        pdf, left, top = self.pdf, self.pdf.l_margin + self.pdf.c_margin, self.pdf.get_y()
        width = pdf.epw - 2 * pdf.c_margin
        pdf.set_fill_color(*FAINT)
        pdf.rect(left, top, width, 1.6, style="F")
        pdf.set_fill_color(*LOUD)
        if points > 0:
            pdf.rect(left, top, width * points / TOP, 1.6, style="F")
        pdf.set_y(top + 3)

    def _finding(self, line: Line) -> None:
        self._room(2 * ROW)
        points = f"{line.points:+.1f}" if line.points else "0.0"
        top = self.pdf.get_y()
        self.pdf.set_font("helvetica", "", 9)
        self.pdf.set_text_color(*INK)
        self.pdf.cell(POINTS, ROW, "" if line.direction is Direction.UNKNOWN else points)
        self.pdf.set_xy(self.pdf.l_margin + POINTS, top)
        self.pdf.multi_cell(0, ROW, shown(line.text), align="L", new_x="LMARGIN", new_y="NEXT")
        facts = "; ".join(f"{f.label}: {f.value}" for f in line.facts)
        beside = [SIGNS[line.direction], line.source, line.age, "decides alone" if line.critical else "", facts]
        self.pdf.set_x(self.pdf.l_margin + POINTS)
        self._text(", ".join(x for x in beside if x), 8, colour=MUTED, height=4)

    def _listed(self, title: str, lines: Iterable[str]) -> None:
        told = list(lines)
        if told:
            self._title(title)
        for line in told:
            self._text(line, 9)

    def _questions(self, transcript: Iterable[Mapping[str, Any]]) -> None:
        rows = [f"{r['question']}  {r['answer'] or 'No answer'}  ({r['grading']})" for r in transcript]
        self._listed("Transcript", rows)

    def _room(self, height: float) -> None:
        if self.pdf.will_page_break(height):
            self.pdf.add_page()


def _event(at: datetime, title: str, who: str, text: str) -> str:
    return f"{_when(at)}  {title}, {who}{f': {text}' if text else ''}"
