"""Proves by the code of an authenticator app (RFC 6238: SHA-1, 6 digits, 30 seconds)."""

import hashlib
import hmac
from base64 import b32decode, b32encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from deskward.core.authenticators import Authenticator, Used
from deskward.core.challenges import TRIES, Asked, Asking, Checked, Enrolled, Option
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.exchange import Field
from deskward.core.links import digits_of
from deskward.core.proof import Evidence
from deskward.core.secret import Secret

DIGITS, STEP, SECRET_BYTES, MOST_WINDOW, LONGEST = 6, 30, 20, 2, 40


class Challenge:
    """An app that shows a new code every 30 seconds.

    `issuer` is what the app shows, empty for the organisation; `window` is how many steps a clock may be off.
    """

    name = "totp"
    title = "Authenticator app"
    evidence = Evidence.AUTHENTICATOR
    ease = 20
    tries = TRIES
    script = ""
    about = "An app on your phone shows codes. It works without a network."
    replaces = False

    def __init__(self, *, issuer: str = "", window: int = 1) -> None:
        if not 0 <= window <= MOST_WINDOW:
            text = f"challenges.totp.window is {window}."
            raise SettingsError(text, f"Choose 0 to {MOST_WINDOW}; 1 forgives a clock that is 30 seconds off.")
        self._issuer, self._window = issuer, window
        self._field = Field("code", "Code from your app", "code", "6 digits. It changes every 30 seconds.", DIGITS)

    def options(self, asking: Asking) -> Sequence[Option]:
        """Offer it to whom an app is set up for."""
        hint = "Open the app and type the code it shows."
        return [Option(self.name, "Use your authenticator app", hint)] if asking.authenticators else []

    def ask(self, asking: Asking) -> Asked:
        """Ask for the code."""
        return Asked(f"Open your authenticator app and find the entry “{self._named(asking)}”.", (self._field,))

    def check(self, asking: Asking, asked: Mapping[str, Any], answers: Mapping[str, Secret]) -> Checked:  # noqa: ARG002 - the port's own signature
        """Accept a code of this step or one beside it, later than the last one used (SR-11)."""
        code = _code(answers)
        for one in asking.authenticators:
            step = self._step(_key(one.sealed), code, asking.now, above=one.counter)
            if step is not None:
                return _right(one, step, asking.now)
        return Checked(right=False)

    def enrol_ask(self, asking: Asking) -> Asked:
        """Show the secret as a picture and in letters, and ask for the first code."""
        key = _fresh_key(asking)
        uri = _totp(key).get_provisioning_uri(asking.person.login, self._named(asking))
        letters = b32encode(key).decode()
        shown = {
            "qr": segno.make(uri, micro=False, error="m").svg_data_uri(scale=4, border=4, light="#fff"),
            "uri": uri,
            "secret": " ".join(letters[n : n + 4] for n in range(0, len(letters), 4)),
        }
        text = "Scan this picture with an authenticator app, or open it in the app on this phone."
        return Asked(text, (self._field,), shown=shown)

    def enrol_check(self, asking: Asking, answers: Mapping[str, Secret]) -> tuple[Enrolled, ...]:
        """Keep the secret once its app has shown a right code; that code is used up."""
        key = _fresh_key(asking)
        step = self._step(key, _code(answers), asking.now, above=-1)
        if step is None:
            raise InvalidError(
                "This is not the code that the app shows for this entry.",
                "Wait for the next code and check that the time on your phone is set automatically.",
                "code",
            )
        sealed, ref = Secret(b32encode(key).decode()), hashlib.sha256(key).hexdigest()
        return (Enrolled("Authenticator app", sealed, ref, step),)

    def _named(self, asking: Asking) -> str:
        return self._issuer or asking.site.name

    def _step(self, key: bytes, code: str, now: datetime, *, above: int) -> int | None:
        """Find the time step of a code; every step is computed, so that the time taken tells nothing."""
        current = int(now.timestamp()) // STEP
        near = range(current - self._window, current + self._window + 1)
        fitting = [step for step in near if _fits(key, step, code)]
        return max((step for step in fitting if step > above), default=None)


def _fits(key: bytes, step: int, code: str) -> bool:
    return hmac.compare_digest(_totp(key).generate(step * STEP), code.encode())


def _totp(key: bytes) -> TOTP:
    return TOTP(key, DIGITS, SHA1(), STEP)  # noqa: S303 - what every app expects


def _fresh_key(asking: Asking) -> bytes:
    return hashlib.sha256(f"totp secret\x1f{asking.nonce}".encode()).digest()[:SECRET_BYTES]


def _key(sealed: Secret) -> bytes:
    return b32decode(sealed.reveal())


def _code(answers: Mapping[str, Secret]) -> str:
    typed = answers.get("code", Secret("")).reveal()
    code = digits_of(typed)
    if len(code) != DIGITS or len(typed) > LONGEST or any(c.isalnum() for c in typed if c not in code):
        raise InvalidError(f"The code has {DIGITS} digits.", "Type what the app shows now.", "code")
    return code


def _right(one: Authenticator, step: int, now: datetime) -> Checked:
    return Checked(
        right=True,
        root=f"totp:{one.id}",
        ceiling=one.ceiling,
        established=one.counts_from <= now,
        used=Used(one.id, counter=step),
    )
