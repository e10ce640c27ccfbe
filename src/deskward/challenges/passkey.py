"""Proves by a passkey: WebAuthn with user verification, on this device or with a phone nearby."""

import hashlib
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from deskward.core.authenticators import Authenticator, Used
from deskward.core.challenges import TRIES, Asked, Asking, Checked, Enrolled, Option
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.exchange import Field
from deskward.core.proof import Evidence
from deskward.core.secret import Secret

LONGEST, SHORTEST_WAIT, LONGEST_WAIT = 8_000, 30, 600
# What the library lets through where a browser's answer is no answer at all.
BROKEN = (
    WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, struct.error
)  # fmt: skip


class Challenge:
    """A passkey of the person for this very site; `wait_seconds` is how long the browser waits for it."""

    name = "passkey"
    title = "Passkey"
    evidence = Evidence.PASSKEY
    ease = 10
    tries = TRIES
    script = "passkey.js"
    about = "Fingerprint, face or PIN of your device. The fastest and safest."
    replaces = False

    def __init__(self, *, wait_seconds: int = 180) -> None:
        if not SHORTEST_WAIT <= wait_seconds <= LONGEST_WAIT:
            raise SettingsError(
                f"challenges.passkey.wait_seconds is {wait_seconds}.",
                f"Choose {SHORTEST_WAIT} to {LONGEST_WAIT}; finding one's phone takes a while.",
            )
        self._wait = wait_seconds * 1000

    def options(self, asking: Asking) -> Sequence[Option]:
        """Offer it to whom one is enrolled."""
        hint = "With your fingerprint, face or PIN, on this device or with your phone."
        return [Option(self.name, "Use your passkey", hint)] if asking.authenticators else []

    def ask(self, asking: Asking) -> Asked:
        """Ask the browser to sign this asking's challenge with one of the person's passkeys."""
        made = generate_authentication_options(
            rp_id=asking.site.rp_id,
            challenge=_challenge("get", asking),
            timeout=self._wait,
            allow_credentials=_descriptors(asking.authenticators),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        field = Field("passkey", "Use your passkey", "script", "Your device asks for fingerprint, face or PIN.")
        shown = {"way": "get", "options": options_to_json_dict(made)}
        return Asked("Use the passkey that you set up for this page.", (field,), shown=shown)

    def check(self, asking: Asking, asked: Mapping[str, Any], answers: Mapping[str, Secret]) -> Checked:  # noqa: ARG002 - the port's own signature
        """Check signature, challenge, origin, relying party, user verification and counter (SR-25)."""
        answer = _answer(answers)
        one = _named(asking.authenticators, answer)
        if one is None:
            return Checked(right=False)
        try:
            signed = verify_authentication_response(
                credential=answer,
                expected_challenge=_challenge("get", asking),
                expected_rp_id=asking.site.rp_id,
                expected_origin=asking.site.origin,
                credential_public_key=_bytes(one.sealed.reveal()),
                credential_current_sign_count=max(one.counter, 0),
                require_user_verification=True,
            )
        except BROKEN:
            return Checked(right=False)
        return Checked(
            right=True,
            root=f"passkey:{one.ref}",
            ceiling=one.ceiling,
            established=one.counts_from <= asking.now,
            used=Used(one.id, counter=signed.new_sign_count or None),
        )

    def enrol_ask(self, asking: Asking) -> Asked:
        """Ask the browser for a new passkey that the device finds by itself."""
        made = generate_registration_options(
            rp_id=asking.site.rp_id,
            rp_name=asking.site.name,
            user_name=asking.person.login,
            user_id=hashlib.sha256(
                f"passkey owner\x1f{asking.site.rp_id}\x1f{asking.person.id}".encode()
            ).digest(),
            user_display_name=asking.person.name,
            challenge=_challenge("create", asking),
            timeout=self._wait,
            exclude_credentials=_descriptors(asking.authenticators),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        field = Field("passkey", "Create a passkey", "script", "Your device asks for fingerprint, face or PIN.")
        shown = {"way": "create", "options": options_to_json_dict(made)}
        return Asked("Create a passkey on this device, on your phone or on a security key.", (field,), shown=shown)

    def enrol_check(self, asking: Asking, answers: Mapping[str, Secret]) -> tuple[Enrolled, ...]:
        """Keep public key and credential id of a passkey that was made for this asking, with user verification."""
        try:
            made = verify_registration_response(
                credential=_answer(answers),
                expected_challenge=_challenge("create", asking),
                expected_rp_id=asking.site.rp_id,
                expected_origin=asking.site.origin,
                require_user_verification=True,
            )
        except BROKEN as error:
            hint = "Try again, and unlock it with fingerprint, face or PIN when you are asked."
            raise InvalidError("This passkey cannot be used here.", hint, "passkey") from error
        label = "Passkey, synced between devices" if made.credential_backed_up else "Passkey on one device"
        key = Secret(_text(made.credential_public_key))
        return (Enrolled(label, key, ref=_text(made.credential_id), counter=made.sign_count),)


def _challenge(way: str, asking: Asking) -> bytes:
    return hashlib.sha256(f"passkey {way}\x1f{asking.nonce}".encode()).digest()


def _owner_mark(asking: Asking) -> bytes:
    return hashlib.sha256(f"passkey owner\x1f{asking.site.rp_id}\x1f{asking.person.id}".encode()).digest()


def _answer(answers: Mapping[str, Secret]) -> str:
    answer = answers.get("passkey", Secret("")).reveal()
    if not answer or len(answer) > LONGEST:
        hint = "Press the button, then unlock with fingerprint, face or PIN."
        raise InvalidError("No passkey was given.", hint, "passkey")
    return answer


def _named(authenticators: Sequence[Authenticator], answer: str) -> Authenticator | None:
    try:
        ref = _text(parse_authentication_credential_json(answer).raw_id)
    except BROKEN as error:
        raise InvalidError("What the browser answered cannot be read.", "Try again.", "passkey") from error
    return next((a for a in authenticators if a.ref == ref), None)


def _descriptors(authenticators: Sequence[Authenticator]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=_bytes(a.ref)) for a in authenticators]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
