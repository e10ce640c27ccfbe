"""What the owner of an account is told beside the link, and how they can say “This is not me” (SR-43, SR-45)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from html import escape

from deskward.core.destinations import Kind
from deskward.core.messages import Portal
from deskward.core.notes import clean
from deskward.core.ports import Message

OBJECTION_FOR = timedelta(hours=72)
FAILURES_TOLD = 3
WORDS = (
    *("anchor", "apple", "autumn", "basket", "bridge", "butter", "candle", "carpet", "castle", "cherry"),
    *("cloud", "copper", "cotton", "desert", "dinner", "dragon", "engine", "falcon", "feather", "flower"),
    *("forest", "garden", "ginger", "guitar", "hammer", "harbor", "island", "jacket", "kettle", "ladder"),
    *("lemon", "lantern", "marble", "meadow", "mirror", "monkey", "mountain", "needle", "ocean", "orange"),
    *("paper", "pencil", "pepper", "pillow", "planet", "pocket", "rabbit", "ribbon", "river", "saddle"),
    *("salmon", "shadow", "silver", "spider", "spring", "stone", "summer", "temple", "thunder", "tiger"),
    *("timber", "tunnel", "velvet", "window"),
)


class Purpose(StrEnum):
    """The notices, as sendings name them."""

    START = "notice-start"
    DONE = "notice-done"
    FAILED = "notice-failed"
    PASSED = "notice-passed"
    ADDRESS = "notice-address"
    MEANS = "notice-means"
    GLASS = "notice-break-glass"


class Copy(StrEnum):
    """The copies for the manager of the account's owner, as sendings name them (SR-44)."""

    START = "copy-start"
    DONE = "copy-done"
    GLASS = "copy-break-glass"


NOTICES = frozenset(p.value for p in (*Purpose, *Copy))


@dataclass(frozen=True)
class Told:
    """What a notice names: action, time, ticket, agent, and the address for an objection."""

    action: str
    at: datetime
    ticket: str
    agent: str
    objection: str


def word_of(secret: str) -> str:
    """Choose the word that the page shows and that is typed back, by what only this message carries (SR-46)."""
    return WORDS[int(hashlib.sha256(secret.encode()).hexdigest(), 16) % len(WORDS)]


_SAID = {
    Purpose.START: ("somebody asked for: {action}", "A request for your account"),
    Purpose.DONE: ("this was done on your account: {action}", "Your account was changed"),
    Purpose.FAILED: ("somebody failed to prove to be you, for: {action}", "Failed attempts on your account"),
    Purpose.PASSED: (
        "somebody proved to be you after failed attempts, for: {action}",
        "Proof after failed attempts on your account",
    ),
    Purpose.ADDRESS: (
        "a new address was added that can receive links for your account",
        "A new address for your account",
    ),
    Purpose.MEANS: (
        "a new way to prove to be you was set up for your account",
        "A new way to prove to be you",
    ),
    Purpose.GLASS: (
        "two people let this go on without enough proof that it is you: {action}",
        "A request for your account was let through",
    ),
}


_COPIED = {
    Copy.START: ("somebody made a request for the account of {whose}", "A request for the account of {whose}"),
    Copy.DONE: ("the account of {whose} was changed", "The account of {whose} was changed"),
    Copy.GLASS: (
        "two people let a request for the account of {whose} go on without enough proof",
        "A request for the account of {whose} was let through",
    ),
}
_WHY = "You get this because you are named as their manager. There is nothing to do if it is expected."


def copy_of_notice(portal: Portal, copy: Copy, told: Told, whose: str, *, message_id: str, to: str) -> Message:
    """Write what the manager reads along; it holds no link at all."""
    name, (said, title) = clean(portal.organisation), (t.format(whose=clean(whose)) for t in _COPIED[copy])
    call = f"If this looks wrong, call the IT help desk of {name} on a number you know."
    lines, rows = _lines(_facts(told)), _rows(_facts(told))
    text = f"Hello,\n\nat the IT help desk of {name}, {said}.\n\n{lines}\n\n{_WHY}\n\n{call}\n"
    html = (
        f"{_opening(title)}<p>At the IT help desk of {escape(name)}, {escape(said)}.</p>{rows}"
        f"<p>{_WHY}</p><p>{escape(call)}</p></div></body></html>"
    )
    return Message(message_id, to, f"{name} IT help desk: {title[0].lower()}{title[1:]}", text, html)


def notice(portal: Portal, purpose: Purpose, told: Told, *, message_id: str, kind: Kind, to: str) -> Message:
    """Write a notice; it holds no password and no link that can approve anything."""
    name, (said, title) = clean(portal.organisation), _SAID[purpose]
    what = said.format(action=clean(told.action))
    if kind is Kind.SMS:
        ticket = f"ticket {clean(told.ticket)}, " if told.ticket else ""
        text = (
            f"{name} IT help desk: {what} ({ticket}{told.at:%d %b %H:%M} UTC, "
            f"agent {clean(told.agent)}). Not you? {told.objection} or call the help desk on a number you know."
        )
        return Message(message_id, to, "", text)
    facts = _facts(told)
    subject = f"{name} IT help desk: {title[0].lower()}{title[1:]}"
    return Message(message_id, to, subject, _text(name, what, facts, told), _html(name, title, what, facts, told))


def _facts(told: Told) -> tuple[tuple[str, str], ...]:
    return (
        ("Requested action", clean(told.action)),
        ("Time", f"{told.at:%d %b %Y, %H:%M} UTC"),
        ("Ticket", clean(told.ticket) or "none"),
        ("Help desk agent", clean(told.agent) or "none"),
    )


def _lines(facts: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"{label}: {value}" for label, value in facts)


def _rows(facts: tuple[tuple[str, str], ...]) -> str:
    rows = "".join(
        f'<tr><td style="padding:4px 16px 4px 0;color:#5b6577">{label}</td><td>{escape(value)}</td></tr>'
        for label, value in facts
    )
    return f'<table style="border-collapse:collapse;margin:0 0 16px">{rows}</table>'


def _opening(title: str) -> str:
    return (
        '<!doctype html><html lang="en"><body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;'
        'color:#1c2330;background:#f4f6f9"><div style="max-width:520px;margin:auto;background:#fff;'
        'border:1px solid #dde3ec;border-radius:12px;padding:28px">'
        f'<h1 style="font-size:20px;margin:0 0 12px">{escape(title)}</h1>'
    )


def _text(name: str, what: str, facts: tuple[tuple[str, str], ...], told: Told) -> str:
    return (
        f"Hello,\n\nat the IT help desk of {name}, {what}.\n\n{_lines(facts)}\n\n"
        "Was it you? Then there is nothing to do.\n\n"
        f"This is not me:\n{told.objection}\n\n"
        f"Or call the IT help desk of {name} on a number you already know. They will never ask you to read "
        "a code or a password to them.\n"
    )


def _html(name: str, title: str, what: str, facts: tuple[tuple[str, str], ...], told: Told) -> str:
    return (
        f"{_opening(title)}"
        f"<p>At the IT help desk of {escape(name)}, {escape(what)}.</p>"
        f"{_rows(facts)}"
        "<p>Was it you? Then there is nothing to do.</p>"
        f'<p><a href="{escape(told.objection)}" style="display:inline-block;border:1px solid #b3261e;'
        'color:#b3261e;text-decoration:none;padding:12px 20px;border-radius:8px;font-weight:600">'
        "This is not me</a></p>"
        f'<p style="color:#5b6577;font-size:14px">Or call the IT help desk of {escape(name)} on a number you '
        "already know. They will never ask you to read a code or a password to them.</p></div></body></html>"
    )
