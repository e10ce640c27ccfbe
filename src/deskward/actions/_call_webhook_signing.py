"""Standard Webhooks 1.0 (standardwebhooks.com): what is signed, and with which keys (SR-97)."""

import hmac
import time
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence

from deskward.core.errors import SettingsError
from deskward.core.secret import Secret

PREFIX, SHORTEST, LONGEST = "whsec_", 24, 64  # bytes of a key


def key_of(secret: Secret, setting: str) -> bytes:
    """Read a key: “whsec_” and 24 to 64 bytes in base64; SettingsError for every other."""
    text = secret.reveal()
    try:
        key = b64decode(text.removeprefix(PREFIX), validate=True)
    except (Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        hint = f"Write “{PREFIX}” and {SHORTEST} to {LONGEST} random bytes in base64: openssl rand -base64 32"
        raise SettingsError(f"{setting} is no key of a Standard Webhook.", hint)
    return key


def signed(message_id: str, body: bytes, keys: Sequence[bytes]) -> Mapping[str, str]:
    """Give the three headers; one signature for each key, so that a receiver may still have the old one."""
    at = str(int(time.time()))
    content = f"{message_id}.{at}.".encode() + body
    marks = [b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
