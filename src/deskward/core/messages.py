"""What requesters get by e-mail or SMS: plain text and HTML from the same words."""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from deskward.core.destinations import Kind
from deskward.core.notes import clean
from deskward.core.ports import Message
from deskward.core.secret import Secret


@dataclass(frozen=True)
class Portal:
    """Where the portal is and whose it is."""

    organisation: str
    url: str

    def link(self, token: Secret) -> str:
        """Build the link; the token travels in the fragment (SR-03), the address is configured (SR-04)."""
        return f"{self.url}/v#{token.reveal()}"

    def vouching(self, token: Secret) -> str:
        """Build the link under which a colleague speaks for a requester."""
        return f"{self.url}/vouch#{token.reveal()}"

    def objection(self, token: Secret) -> str:
        """Build the link under which somebody says “This is not me” (SR-46)."""
        return f"{self.url}/not-me#{token.reveal()}"


def grouped(code: str) -> str:
    """Write a code in two groups that can be read aloud: “123 456”."""
    half = len(code) // 2
    return f"{code[:half]} {code[half:]}"


def link_message(
    portal: Portal,
    *,
    message_id: str,
    kind: Kind,
    to: str,
    token: Secret,
    fallback: Secret,
    until: datetime,
    objection: Secret,
) -> Message:
    """Write the message with the link, the code that stands for it where links do not work, and the objection."""
    link, typed, not_me = portal.link(token), grouped(fallback.reveal()), portal.objection(objection)
    name = clean(portal.organisation)
    if kind is Kind.SMS:
        text = (
            f"{name} IT help desk: confirm it is you: {link}\n"
            f"If it does not open: {portal.url}/v and type {typed}\n"
            f"Not you? {not_me}"
        )
        return Message(message_id, to, "", text)
    ends = f"{until:%H:%M} UTC"
    text = (
        f"Hello,\n\nyou asked the IT help desk of {name} for something that needs your confirmation.\n\n"
        f"Open this link until {ends}:\n{link}\n\n"
        f"If the link does not open, go to {portal.url}/v and type {typed}\n\n"
        "The help desk will never ask you to read a code or a password to them.\n"
        f"You did not ask for this? Say so: {not_me}\n"
    )
    html = (
        '<!doctype html><html lang="en"><body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;'
        'color:#1c2330;background:#f4f6f9"><div style="max-width:520px;margin:auto;background:#fff;'
        'border:1px solid #dde3ec;border-radius:12px;padding:28px">'
        f'<h1 style="font-size:20px;margin:0 0 12px">Confirm it is you</h1><p>You asked the IT help desk of '
        f"{escape(name)} for something that needs your confirmation.</p>"
        f'<p><a href="{escape(link)}" style="display:inline-block;background:#1f5eff;color:#fff;'
        'text-decoration:none;padding:12px 20px;border-radius:8px;font-weight:600">Continue</a></p>'
        f"<p>The link works until {ends}. If it does not open, go to {escape(portal.url)}/v and type "
        f"<strong>{typed}</strong>.</p>"
        '<p style="color:#5b6577;font-size:14px">The help desk will never ask you to read a code or a password '
        f'to them. You did not ask for this? <a href="{escape(not_me)}" style="color:#b3261e">This is not me</a>'
        "</p></div></body></html>"
    )
    return Message(message_id, to, f"{name} IT help desk: confirm it is you", text, html)


def code_message(
    portal: Portal, *, message_id: str, kind: Kind, to: str, code: Secret, objection: Secret
) -> Message:
    """Write the message with the second code, for a requester who is not on the phone (DESIGN 9.2)."""
    name, shown, not_me = clean(portal.organisation), grouped(code.reveal()), portal.objection(objection)
    text = (
        f"{name} IT help desk: your code is {shown}. Type it on the page you opened from our other message. "
        f"Never read it to anybody. Not you? {not_me}"
    )
    if kind is Kind.SMS:
        return Message(message_id, to, "", text)
    html = (
        '<!doctype html><html lang="en"><body style="font:16px/1.5 system-ui,sans-serif;color:#1c2330">'
        f"<p>{escape(name)} IT help desk: your code is</p>"
        f'<p style="font-size:28px;letter-spacing:.1em;font-weight:600">{shown}</p>'
        "<p>Type it on the page you opened from our other message. Never read it to anybody.</p>"
        f'<p style="font-size:14px">You did not ask for this? <a href="{escape(not_me)}">This is not me</a></p>'
        "</body></html>"
    )
    return Message(message_id, to, f"{name} IT help desk: your code", text, html)


def vouch_message(
    portal: Portal, *, message_id: str, kind: Kind, to: str, token: Secret, requester: str, until: datetime
) -> Message:
    """Write the message that asks a colleague to speak for a requester (SR-29)."""
    name, who, link, ends = (
        clean(portal.organisation),
        clean(requester),
        portal.vouching(token),
        f"{until:%H:%M} UTC",
    )
    if kind is Kind.SMS:
        text = (
            f"{name} IT help desk: {who} needs help and names you as somebody who knows them. Speak with them in "
            f"person or on a number you know, then open until {ends}: {link}"
        )
        return Message(message_id, to, "", text)
    about = f"{who} asked the IT help desk of {name} for help and needs people who know them to confirm it."
    first = f"First speak with {who} in person, or call them on a number you already know."
    never = "The help desk will never ask you to read a code or a password to them."
    text = f"Hello,\n\n{about}\n\n{first}\n\nThen open this link until {ends}:\n{link}\n\n{never}\n"
    html = (
        '<!doctype html><html lang="en"><body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;'
        'color:#1c2330;background:#f4f6f9"><div style="max-width:520px;margin:auto;background:#fff;'
        'border:1px solid #dde3ec;border-radius:12px;padding:28px">'
        f'<h1 style="font-size:20px;margin:0 0 12px">Do you know {escape(who)}?</h1><p>{escape(about)}</p>'
        f"<p><strong>{escape(first)}</strong></p>"
        f'<p><a href="{escape(link)}" style="display:inline-block;background:#1f5eff;color:#fff;'
        'text-decoration:none;padding:12px 20px;border-radius:8px;font-weight:600">Look at the request</a></p>'
        f'<p style="color:#5b6577;font-size:14px">The link works until {ends}. {never}</p></div></body></html>'
    )
    return Message(message_id, to, f"{name} IT help desk: please confirm that it is {who}", text, html)
