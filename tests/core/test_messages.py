"""What requesters get."""

import re

import pytest

from deskward.core.destinations import Kind
from deskward.core.messages import Portal, code_message, link_message, vouch_message
from deskward.core.ports import Message
from deskward.core.secret import Secret
from tests.core.samples import NOON

PORTAL = Portal("Acme <&> Co\r\nBcc: x@evil.example", "https://portal.acme.example")
NOT_ME = Secret("obj")


def a_link(kind: Kind) -> Message:
    return link_message(
        PORTAL,
        message_id="M1",
        kind=kind,
        to="a@b.c",
        token=Secret("tok"),
        fallback=Secret("12345678"),
        until=NOON,
        objection=NOT_ME,
    )


def test_sr_03_sr_04_the_link_is_the_configured_address_with_the_token_in_the_fragment() -> None:
    mail, sms = a_link(Kind.EMAIL), a_link(Kind.SMS)
    for text in (mail.text, mail.html, sms.text):
        found = set(re.findall(r"https?://[^\s\"<]+#[^\s\"<]*", text))
        assert found == {"https://portal.acme.example/v#tok", "https://portal.acme.example/not-me#obj"}
    assert "1234 5678" in mail.text
    assert "1234 5678" in mail.html
    assert "12:00 UTC" in mail.text
    assert sms.html == sms.subject == ""


def a_vouch(kind: Kind) -> Message:
    who = "Anna <b>\nBcc: x@evil.example"
    return vouch_message(
        PORTAL, message_id="M3", kind=kind, to="a@b.c", token=Secret("tok"), requester=who, until=NOON
    )


@pytest.mark.parametrize("kind", Kind)
def test_a_colleague_is_told_to_speak_with_them_first(kind: Kind) -> None:
    message = a_vouch(kind)
    assert "on a number you" in message.text
    assert "https://portal.acme.example/vouch#tok" in message.text
    assert "12:00 UTC" in message.text
    assert bool(message.html) == (kind is Kind.EMAIL)


@pytest.mark.parametrize("kind", Kind)
def test_sr_110_no_value_adds_a_header_or_markup(kind: Kind) -> None:
    code = code_message(PORTAL, message_id="M2", kind=kind, to="a@b.c", code=Secret("123456"), objection=NOT_ME)
    for message in (code, a_link(kind), a_vouch(kind)):
        assert "\n" not in message.subject
        assert "\r" not in message.subject + message.text
        assert "\nBcc" not in message.text
        assert "<&>" not in message.html
        assert "<b>" not in message.html


@pytest.mark.parametrize("kind", Kind)
def test_the_second_code_comes_with_no_link_but_that_of_an_objection(kind: Kind) -> None:
    message = code_message(PORTAL, message_id="M2", kind=kind, to="a@b.c", code=Secret("123456"), objection=NOT_ME)
    assert "123 456" in message.text
    links = re.findall(r"http[^\s\"<]+", message.text + message.html)
    assert set(links) == {"https://portal.acme.example/not-me#obj"}
    assert bool(message.html) == (kind is Kind.EMAIL)
