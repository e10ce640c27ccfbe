"""The question “is this your address?”: its link, its code and its message."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from deskward.core.destinations import Kind
from deskward.core.links import Keyring
from deskward.core.messages import Portal, grouped
from deskward.core.notes import clean
from deskward.core.ports import Message
from deskward.core.secret import Secret

LIVES = {Kind.SMS: timedelta(minutes=10), Kind.EMAIL: timedelta(hours=24)}
_PARTS = 4


@dataclass(frozen=True)
class Confirmation:
    """A code on its way to one address; link and code are derived, nothing of them is stored (DESIGN 9.1).

    `verification_id` names the verification after which it was asked, empty in a campaign.
    """

    address_id: str
    until: datetime
    verification_id: str = ""

    @property
    def name(self) -> str:
        """Name it: also the budget of its tries."""
        return f"{self.address_id}.{int(self.until.timestamp())}.{self.verification_id}"

    def code(self, keyring: Keyring) -> Secret:
        """Derive the code of 6 digits (SR-34)."""
        return keyring.code(self.address_id, f"confirm:{self.name}")

    def matches(self, keyring: Keyring, typed: str) -> bool:
        """Compare in constant time."""
        return keyring.code_matches(self.address_id, f"confirm:{self.name}", typed)

    def token(self, keyring: Keyring) -> Secret:
        """Derive what its link carries in the fragment (SR-03)."""
        return Secret(f"{self.name}.{keyring.own_token('confirm', self.name).reveal()}")


def confirmation_of(keyring: Keyring, token: str, now: datetime) -> Confirmation | None:
    """Read a token back; None for one that is not ours or too old."""
    parts = token.split(".")
    if len(parts) != _PARTS or not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) <= 11):  # noqa: PLR2004
        return None
    found = Confirmation(parts[0], datetime.fromtimestamp(int(parts[1]), UTC), parts[2])
    genuine = hmac.compare_digest(found.token(keyring).reveal().encode(), token.encode("utf-8", "replace"))
    return found if genuine and found.until > now else None


def confirm_message(
    portal: Portal, confirmation: Confirmation, keyring: Keyring, *, message_id: str, kind: Kind, to: str
) -> Message:
    """Write the message with the code, and by mail with the link where it is typed."""
    name, code = clean(portal.organisation), grouped(confirmation.code(keyring).reveal())
    if kind is Kind.SMS:
        text = f"{name} IT help desk: your code is {code}. Type it on our page. Never read it to anybody."
        return Message(message_id, to, "", text)
    link = f"{portal.url}/confirm#{confirmation.token(keyring).reveal()}"
    ends = f"{confirmation.until:%d %B %Y, %H:%M} UTC"
    text = (
        f"Hello,\n\nis this an address of yours? Then the IT help desk of {name} can use it to check that it is "
        f"you.\n\nOpen this link until {ends}:\n{link}\n\nand type this code: {code}\n\n"
        "Nobody from the help desk will ever ask you to read the code to them.\n"
        "This says nothing to you? Do nothing; then nothing changes.\n"
    )
    html = (
        '<!doctype html><html lang="en"><body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;'
        'color:#1c2330;background:#f4f6f9"><div style="max-width:520px;margin:auto;background:#fff;'
        'border:1px solid #dde3ec;border-radius:12px;padding:28px">'
        '<h1 style="font-size:20px;margin:0 0 12px">Is this your address?</h1>'
        f"<p>Then the IT help desk of {escape(name)} can use it to check that it is you.</p>"
        f'<p style="font-size:28px;letter-spacing:.1em;font-weight:600">{code}</p>'
        f'<p><a href="{escape(link)}" style="display:inline-block;background:#1f5eff;color:#fff;'
        'text-decoration:none;padding:12px 20px;border-radius:8px;font-weight:600">Type the code</a></p>'
        f'<p style="color:#5b6577;font-size:14px">It works until {ends}. Nobody from the help desk will ever ask '
        "you to read the code to them. This says nothing to you? Do nothing; then nothing changes.</p>"
        "</div></body></html>"
    )
    return Message(message_id, to, f"{name} IT help desk: is this your address?", text, html)
