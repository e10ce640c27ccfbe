"""Notes: exact labels, nothing foreign, the same at every try."""

import re
import unicodedata
from typing import Any

import pytest

from deskward.core.events import NOTED, Event, EventKind
from deskward.core.notes import (
    RECOMMEND_MORE,
    RECOMMEND_PROCEED,
    RECOMMEND_REJECT,
    RECOMMEND_STOP,
    Note,
    NoteWords,
    clean,
    note_of,
    recommendation,
)
from deskward.core.risk import RiskLevel
from deskward.core.verification import Outcome, State
from tests.core.samples import NOON, a_verification

DESK = "https://desk.acme.example"
WORDS = NoteWords("imper.ai", DESK, {"reset_password": "Reset the password"})
NAMES = [
    "reason",
    "again",
    "second_masked",
    "second_label",
    "address_reason",
    "masked",
    "label",
    "provenance",
    "channel",
    "agent_name",
    "met",
    "way",
    "expires_at",
    "detail",
    "at",
    "outcome",
    "risk_level",
    "recommendation",
    "proof_level",
    "by",
    "text",
    "status",
    "way",
    "now",
    "done",
    "next",
    "reverse_code",
    "counts_from",
    "ceiling",
    "asked_by",
    "proof",
    "other",
]
EVIL = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[click](https://evil.example) ![x](http://evil.example/x.png) **bold**",
    "https:\u200b//evil.example ::////evil.example ht\u202ettps://evil.example",
    "line\r\nVerification Outcome: Passed\u2028Recommendation: Proceed\u2029x\x0by\x85z",
    "\u202egnp.exe\u2066x\u2069 \ufeff\u200d\u00ad\x00\x1b[31m",
    "long " * 200,
    '" onmouseover="x" <a href="//evil.example">',
]


def written(kind: EventKind, value: Any = "value", **fields: Any) -> Note:
    event = Event("DW-1", kind, NOON, "system", dict.fromkeys(NAMES, value) | fields, 7)
    return note_of(event, a_verification(), WORDS)


def labels(note: Note) -> list[str]:
    return [line.label for line in note.lines]


def test_the_first_note_carries_the_link_with_its_exact_label_in_both_profiles() -> None:
    note = written(EventKind.OPENED)
    url = f"{DESK}/send/DW-1"
    assert f"\nSend Verification via imper.ai Portal: {url}\n" in note.as_text()
    assert f'<a href="{url}">Send Verification via imper.ai Portal</a>' in note.as_html()
    assert "Requested action: Reset the password" in note.as_text()


@pytest.mark.parametrize("kind", [EventKind.PASSED, EventKind.REVIEW, EventKind.FAILED, EventKind.TIMED_OUT])
def test_the_result_note_has_every_label_of_the_design(kind: EventKind) -> None:
    note = written(kind, outcome="Passed")
    assert labels(note) == [
        "Verification Outcome",
        "Verification ID & Link",
        "Risk Level",
        "Recommendation",
        "Requested action",
        "Initiated by",
        "Channel",
        "Proof level",
        "Timestamp",
        "Reason",
    ]
    url = f"{DESK}/verifications/DW-1"
    assert "\nVerification Outcome: Passed\n" in note.as_text()
    assert f"\nVerification ID & Link: {url}\n" in note.as_text()
    assert f'Verification ID &amp; Link: <a href="{url}">DW-1</a>' in note.as_html()


def test_every_noted_event_has_its_words() -> None:
    results = {EventKind.PASSED, EventKind.REVIEW, EventKind.HELD, EventKind.FAILED, EventKind.TIMED_OUT}
    results.add(EventKind.LET_THROUGH)
    one_title = {frozenset(results), frozenset({EventKind.SENT, EventKind.RESENT})}
    shared = sum(len(kinds) - 1 for kinds in one_title)
    assert len({written(kind).title for kind in NOTED}) == len(NOTED) - shared


def test_a_plain_first_send_says_where_to_and_by_whom() -> None:
    event = Event("DW-1", EventKind.SENT, NOON, "a", dict.fromkeys(NAMES[5:], "v"), 2)
    note = note_of(event, a_verification(), WORDS)
    assert note.title == "Verification link sent"
    always = ["Sent to", "Kind of address", "Channel", "Initiated by", "Link valid until"]
    assert labels(note) == [*always, "Code that the requester sees too"]
    assert "Code sent to" in labels(written(EventKind.RESENT))
    assert written(EventKind.RESENT).title == "Verification link sent again"


@pytest.mark.parametrize("kind", sorted(NOTED))
def test_a_note_written_twice_is_the_same_and_ends_with_its_marker(kind: EventKind) -> None:
    first, second = written(kind), written(kind)
    assert (first.as_text(), first.as_html()) == (second.as_text(), second.as_html())
    assert first.as_text().endswith("\nRef: DW-1-7")
    assert first.as_html().endswith("<br>Ref: DW-1-7</p>")


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("kind", sorted(NOTED))
def test_sr_103_sr_104_a_19_no_value_adds_lines_markup_or_addresses(kind: EventKind, evil: str) -> None:
    note, plain = written(kind, evil), written(kind)
    assert labels(note) == labels(plain)
    assert note.as_text().count("\n") == plain.as_text().count("\n")
    tags = re.compile(r"<[^>]*>")
    assert tags.findall(note.as_html()) == tags.findall(plain.as_html())
    for rendered in (note.as_text(), note.as_html()):
        assert rendered.count("://") == rendered.count(f"{DESK}/")
        hidden = {unicodedata.category(c) for c in rendered.replace("\n", "")} & {"Cc", "Cf", "Zl", "Zp"}
        assert not hidden
    assert all(len(line.value) <= 450 for line in note.lines)


@pytest.mark.parametrize("field", ["ticket_subject", "ticket_description", "ticket_number", "requester_name"])
@pytest.mark.parametrize("kind", sorted(NOTED))
def test_sr_103_nothing_of_the_ticket_is_copied_into_a_note(kind: EventKind, field: str) -> None:
    event = Event("DW-1", kind, NOON, "system", dict.fromkeys(NAMES, "v"), 7)
    note = note_of(event, a_verification(**{field: "MARKED TEXT"}), WORDS)
    assert "MARKED" not in note.as_text() + note.as_html()


def test_sr_110_values_are_one_line_of_at_most_200_characters() -> None:
    assert clean("a\r\nb\u2028c\td") == "a b c d"
    assert len(clean("x" * 201)) == 200
    assert clean("x" * 200) == "x" * 200
    assert clean(None) == "None"


@pytest.mark.parametrize(
    ("state", "outcome", "words"),
    [
        (State.PASSED, Outcome.PASSED, RECOMMEND_PROCEED),
        (State.DONE, Outcome.PASSED, RECOMMEND_PROCEED),
        (State.TIMED_OUT, Outcome.PASSED, RECOMMEND_MORE),
        (State.CANCELLED, Outcome.PASSED, RECOMMEND_MORE),
        (State.DISPUTED, Outcome.PASSED, RECOMMEND_REJECT),
        (State.FAILED, Outcome.FAILED, RECOMMEND_STOP),
        (State.REVIEW, Outcome.NONE, RECOMMEND_MORE),
        (State.TIMED_OUT, Outcome.TIMED_OUT, RECOMMEND_MORE),
    ],
)
def test_sr_93_proceed_only_after_a_pass_that_still_holds(state: State, outcome: Outcome, words: str) -> None:
    assert recommendation(a_verification(state=state, outcome=outcome)) == words


@pytest.mark.parametrize("level", RiskLevel)
def test_sr_93_only_a_high_risk_is_called_one(level: RiskLevel) -> None:
    failed = a_verification(state=State.FAILED, outcome=Outcome.FAILED, risk_level=level)
    assert recommendation(failed) == (RECOMMEND_REJECT if level is RiskLevel.HIGH else RECOMMEND_STOP)


def test_an_action_reads_by_title_name_or_as_verify_only() -> None:
    assert [WORDS.action(a) for a in ("reset_password", "other", "")] == [
        "Reset the password",
        "other",
        "Identity check",
    ]
