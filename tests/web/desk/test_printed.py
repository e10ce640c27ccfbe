"""The report as a PDF: the same content, whatever letters it is in, for the roles that may read it."""

import re
import zlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskward.core.accounts import Role
from deskward.core.replay import Thresholds
from deskward.core.report import Line, Part, Report, report_of
from deskward.core.risk import Direction, RiskLevel, Section
from deskward.core.traces import Fact
from deskward.core.verification import Verification
from deskward.web.desk.printed import Printed, pdf_of, shown
from tests.core.samples import NOON, a_verification
from tests.web.desk.conftest import Desk
from tests.web.desk.test_analysis import RAW, TOLD, Judged, Made, judged, made

__all__ = ["judged", "made"]
SCRIPTS = (
    "Łukasz Żółć",
    "山田太郎",
    "محمد الأحمد",
    "Нина Иванова",
    "שרה",
    "नीरज",
    "🙂🏳️‍🌈",
    "\u202eevil\x00",
    "ẞ ﬁ Ⅷ",
)
ROW = {"question": "Who is your manager?", "answer": "", "grading": "skipped"}


def text_of(pdf: bytes) -> str:
    """Read the words of a PDF of ours: its streams unpacked, its strings joined."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    pages = b" ".join(zlib.decompressobj().decompress(s) for s in streams if s[:1] == b"x")
    words = re.findall(rb"\(((?:[^()\\]|\\.)*)\)", pages)
    return " ".join(re.sub(rb"\\(.)", rb"\1", w).decode("cp1252") for w in words)


def printed(report: Report, verification: Verification, text: str = "x") -> Printed:
    events = ((NOON, "Link sent", text, text), (NOON, "Started", text, ""))
    rows = (ROW, {"question": text, "answer": text, "grading": "correct"})
    return Printed(report, verification, "Reset", "P2", rows, events, text, NOON)


def a_report(text: str, count: int = 1) -> Report:
    lines = tuple(
        Line(text, 1.0, Direction.RAISES, text, text, critical=True, facts=(Fact(text, text),))
        for _ in range(count)
    )
    parts = tuple(Part(s, 1.0 * count, lines, (Line(text, 0.0, Direction.UNKNOWN, text),)) for s in Section)
    facts = (Fact(text, text),) * count
    return Report(
        RiskLevel.HIGH, 4.0, text, text, text, parts, text, (text,), None, True, True, text, facts, facts, facts
    )


@pytest.mark.parametrize("role", [Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR, Role.AGENT])
def test_sr_92_the_pdf_has_what_its_reader_may_read(desk: Desk, judged: Judged, made: Made, role: Role) -> None:
    made(role)
    verification = judged(transcript=(ROW | {"answer": "Grace Okafor"},))
    answer = desk.client.get(f"/verifications/{verification.id}/report.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'inline; filename="{verification.id}.pdf"'
    text = text_of(answer.content)
    for words in (*(row[3] for row in TOLD), verification.ticket_number, "12 days old", "Link", "Analysis Report"):
        assert words in text or words == "Link"
    assert f"score {verification.risk_score:.1f} of 10" in text
    for value in (*(r for r in RAW if not r.startswith("Berlin")), "Example Hosting", "Grace Okafor"):
        assert (value in text) is (role is not Role.AGENT), value


def test_the_page_leads_to_the_pdf(desk: Desk, judged: Judged) -> None:
    path = f"/verifications/{judged().id}"
    assert f'href="{path}/report.pdf"' in desk.get(path)
    assert desk.client.get("/verifications/DW-2222222222/report.pdf").status_code == 404


def test_sr_121_a_pdf_says_that_raw_values_are_gone(desk: Desk, judged: Judged, made: Made) -> None:
    made(Role.AUDITOR)
    verification = judged(surroundings={})
    answer = desk.client.get(f"/verifications/{verification.id}/report.pdf")
    assert "They are deleted: their time is over." in text_of(answer.content)


@pytest.mark.parametrize("text", [*SCRIPTS, "x" * 5_000, "long words " * 900, "", "(a) \\ (b"])
def test_any_script_of_the_world_and_any_length_is_printed(text: str) -> None:
    row = a_verification(requester_name=text, ticket_subject=text, ticket_number=text or "n", agent_name=text)
    pdf = pdf_of(printed(a_report(text), row, text))
    assert pdf.startswith(b"%PDF-")
    assert "Analysis Report" in text_of(pdf)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200))
def test_whatever_the_text_a_pdf_comes_of_it(text: str) -> None:
    assert pdf_of(printed(a_report(text), a_verification(requester_name=text), text)).startswith(b"%PDF-")


def test_a_long_report_goes_on_over_pages() -> None:
    pdf = pdf_of(printed(a_report("A finding that says something of some length.", 60), a_verification()))
    assert pdf.count(b"/Type /Page\n") > 3


def test_what_is_not_there_is_left_out() -> None:
    empty = report_of(a_verification(opened_at=NOON - timedelta(days=1)), Thresholds())
    text = text_of(pdf_of(printed(empty, a_verification())))
    assert "Nothing was found." in text
    assert "Not decided yet" in text
    assert "Raw values" not in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Łukasz Żółć", "Lukasz Zólc"),
        ("naïve “quotes” – €", "naïve “quotes” – €"),
        ("e\u0301\u0323 ﬁn", "e fin"),
        ("山", "?"),
        ("a\nb\x00", "a b?"),
    ],
)
def test_letters_that_cannot_be_shown_are_replaced(text: str, words: str) -> None:
    assert shown(text) == words
