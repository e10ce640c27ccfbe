"""Tokens and codes, derived from a nonce under a key that is kept outside the database (DESIGN 9.1)."""

import hashlib
import hmac
import ipaddress
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cached_property

from deskward.core.secret import Secret

CODE_DIGITS = 6
FALLBACK_DIGITS = 8
REVERSE_DIGITS = 4
TOKEN_LENGTH = 43
_ID_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_nonce() -> str:
    """Give 256 random bits as hexadecimal text (SR-01)."""
    return secrets.token_hex(32)


def new_id(prefix: str) -> str:
    """Give a short readable id with 49 random bits; not a secret."""
    return f"{prefix}-{''.join(secrets.choice(_ID_ALPHABET) for _ in range(10))}"


def digest(token: str) -> str:
    """Give the SHA-256 of a token with at least 128 random bits, as it is stored (SR-02)."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, repr=False)
class Keyring:
    """Derives every token and code of the house from one 256-bit key."""

    key: bytes

    @cached_property
    def _keyed(self) -> hmac.HMAC:
        return hmac.new(self.key, digestmod="sha256")

    def _mac(self, purpose: str, *parts: str) -> bytes:
        mac = self._keyed.copy()  # a new one looks the key and the algorithm up each time
        mac.update("\x1f".join((purpose, *parts)).encode())
        return mac.digest()

    def _number(self, digits: int, purpose: str, *parts: str) -> str:
        number = int.from_bytes(self._mac(purpose, *parts)[:16], "big") % 10**digits
        return str(number).zfill(digits)

    def token(self, verification_id: str, nonce: str) -> Secret:
        """Derive the link token: 43 characters, 256 bits, for one link of one verification (SR-13)."""
        return Secret(urlsafe_b64encode(self._mac("link", verification_id, nonce)).decode().rstrip("="))

    def fallback(self, verification_id: str, nonce: str) -> Secret:
        """Derive the hand-typed code of 8 digits that stands for the link (SR-12)."""
        return Secret(self._number(FALLBACK_DIGITS, "fallback", verification_id, nonce))

    def fallback_digest(self, code: str) -> str:
        """Give the keyed digest under which a fallback code is looked up."""
        return self._mac("fallback-digest", code).hex()

    def code(self, verification_id: str, nonce: str) -> Secret:
        """Derive the call code of 6 digits (SR-08)."""
        return Secret(self._number(CODE_DIGITS, "code", verification_id, nonce))

    def code_matches(self, verification_id: str, nonce: str, typed: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.code(verification_id, nonce).reveal().encode(), typed.encode())

    def own_token(self, purpose: str, row_id: str) -> Secret:
        """Derive the token of one message or permission: 43 characters, 256 bits; the row keeps its digest."""
        return Secret(urlsafe_b64encode(self._mac("own", purpose, row_id)).decode().rstrip("="))

    def reverse_code(self, verification_id: str) -> str:
        """Derive what ticket and portal both show, so that the requester can check the help desk (SR-78)."""
        return self._number(REVERSE_DIGITS, "reverse", verification_id)

    def sealing_key(self) -> bytes:
        """Derive the 32 bytes under which rows are sealed."""
        return self._mac("sealing")

    def begun(self, typed: str, form_key: str, value: str) -> Secret:
        """Derive the portal session that this very form begins: the same again when it is sent twice.

        `form_key` holds 256 random bits that only the page with the form knows (SR-80).
        """
        return Secret(urlsafe_b64encode(self._mac("session", typed, form_key, value)).decode().rstrip("="))

    def page_nonce(self, pin: str, version: int) -> str:
        """Derive what the browser's key signs on the page of this version (SR-15)."""
        return self._mac("page", pin, str(version)).hex()

    def kept_root(self, root: str) -> str:
        """Name a trust root as rows keep it: comparable, and nothing to read."""
        return self.private("root", root)

    def private(self, purpose: str, value: str) -> str:
        """Give a keyed digest of a value that a counter is kept for."""
        return self._mac("count", purpose, value).hex()[:32]


def network_of(address: str) -> str:
    """Give what one subscriber has: an IPv4 address, the /64 of an IPv6 one; anything else as it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(parsed if parsed.version == 4 else ipaddress.ip_network((address, 64), strict=False))  # noqa: PLR2004


def digits_of(typed: str) -> str:
    """Keep the ASCII digits of what a person typed, so that “123 456” and “123-456” are welcome."""
    return "".join(c for c in typed if c in "0123456789")
