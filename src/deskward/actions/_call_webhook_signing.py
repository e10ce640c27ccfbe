"""Standard Webhooks 1.0 (standardwebhooks.com): what is signed, and with which keys (SR-97)."""

import hmac
import time
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence

from deskward.core.errors import SettingsError
from deskward.core.secret import Secret, Withheld

PREFIX, SHORTEST, LONGEST = "whsec_", 24, 64  # bytes of a key


def keys_of(section: str, secrets: Mapping[str, Secret | None]) -> Sequence[bytes]:
    """Read the keys by their settings; none in a process where the gateway's are withheld."""
    there = {name: one for name, one in secrets.items() if one is not None and not isinstance(one, Withheld)}
    return [key_of(one, f"{section}.{name}") for name, one in there.items()]


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
    assert keys, "only the gateway calls, which holds the keys"
    at = str(int(time.time()))
    content = f"{message_id}.{at}.".encode() + body
    marks = [b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
