"""What the owner of an account is told."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from deskward.core.destinations import Kind
from deskward.core.messages import Portal
from deskward.core.notices import WORDS, Copy, Purpose, Told, copy_of_notice, notice, word_of
from deskward.core.ports import Message
from tests.core.samples import NOON

PORTAL = Portal("Acme <&> Co\r\nBcc: x@evil.example", "https://portal.acme.example")
NOT_ME = "https://portal.acme.example/not-me#obj"
TOLD = Told("Password reset", NOON, "IR-7", "Kim Agent", NOT_ME)
CASES = [(p, k) for p in Purpose for k in Kind]


def written(purpose: Purpose, kind: Kind, told: Told = TOLD) -> Message:
    return notice(PORTAL, purpose, told, message_id="M1", kind=kind, to="a@b.c")


@pytest.mark.parametrize(("purpose", "kind"), CASES)
def test_sr_45_a_notice_says_what_when_where_who_how_to_object_and_whom_to_call(
    purpose: Purpose, kind: Kind
) -> None:
    message = written(purpose, kind)
    action = () if kind is Kind.SMS and purpose in {Purpose.ADDRESS, Purpose.MEANS} else ("Password reset",)
    for text in filter(None, (message.text, message.html)):
        for said in (*action, "12:00 UTC", "IR-7", "Kim Agent", NOT_ME, "call the"):
            assert said in text.replace("Or call", "call")
        assert set(re.findall(r"https?://[^\s\"<]+", text)) == {NOT_ME}
        assert "password" not in text.replace("a code or a password to", "")
    assert bool(message.html) == bool(message.subject) == (kind is Kind.EMAIL)


def test_each_notice_has_words_of_its_own() -> None:
    assert len({written(p, Kind.EMAIL).subject for p in Purpose}) == len(Purpose)
    assert len({written(p, Kind.SMS).text for p in Purpose}) == len(Purpose)


@pytest.mark.parametrize(("purpose", "kind"), CASES)
def test_sr_110_no_value_adds_a_header_or_markup(purpose: Purpose, kind: Kind) -> None:
    evil = "<script>\r\nBcc: x@evil.example"
    message = written(purpose, kind, replace(TOLD, action=evil, ticket=evil, agent=evil))
    assert "\r" not in message.subject + message.text
    assert "\nBcc" not in message.subject + message.text
    assert "<script>" not in message.html
    assert "<&>" not in message.html


def test_a_notice_without_an_agent_says_so() -> None:
    assert "Help desk agent: none" in written(Purpose.FAILED, Kind.EMAIL, replace(TOLD, agent="")).text


def test_sr_46_words_are_plain_distinct_and_spread() -> None:
    assert len(set(WORDS)) == len(WORDS) == 64
    assert all(re.fullmatch(r"[a-z]{4,8}", word) for word in WORDS)
    seen = Counter(word_of(str(number)) for number in range(6400))
    assert set(seen) == set(WORDS)
    assert max(seen.values()) < 200


@pytest.mark.parametrize("copy", Copy)
def test_sr_44_a_copy_names_whose_account_and_holds_no_link_and_no_markup(copy: Copy) -> None:
    evil = "Rita <script>\r\nBcc: x@evil.example {whose}"
    message = copy_of_notice(PORTAL, copy, TOLD, evil, message_id="M1", to="a@b.c")
    for text in (message.text, message.html):
        assert "on a number you know" in text
        assert "http" not in text
        for said in ("the account of Rita", "Password reset", "12:00 UTC", "IR-7", "Kim Agent"):
            assert said in text
    assert "<script>" not in message.html
    assert "\nBcc" not in message.subject + message.text
