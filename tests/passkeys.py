"""A passkey in software: what a browser and its authenticator answer, right or wrong on purpose."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, BACKED_UP, ATTESTED = 0x01, 0x04, 0x18, 0x40


def b64(raw: bytes) -> str:
    """Write bytes as WebAuthn's JSON does."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class SoftPasskey:
    """One credential; its flags and counter can be set to what an attacker would send."""

    id: bytes = b"credential-1"
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    origin: str = "https://portal.example.com"
    rp_id: str = "portal.example.com"
    flags: int = PRESENT | VERIFIED
    counter: int = 0

    def created(self, options: Mapping[str, Any]) -> str:
        """Answer `navigator.credentials.create`."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        told = {"fmt": "none", "attStmt": {}, "authData": self._told(ATTESTED) + attested}
        answer = {"attestationObject": b64(cbor2.dumps(told))}
        return self._written("webauthn.create", options, answer)

    def given(self, options: Mapping[str, Any]) -> str:
        """Answer `navigator.credentials.get`."""
        told, client = self._told(0), self._client("webauthn.get", options)
        signature = self.key.sign(told + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        return self._written(
            "webauthn.get", options, {"authenticatorData": b64(told), "signature": b64(signature)}
        )

    def _told(self, more: int) -> bytes:
        flags = bytes([self.flags | more])
        return hashlib.sha256(self.rp_id.encode()).digest() + flags + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, options: Mapping[str, Any]) -> bytes:
        told = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _written(self, kind: str, options: Mapping[str, Any], answer: dict[str, str]) -> str:
        response = {"clientDataJSON": b64(self._client(kind, options)), **answer}
        whole = {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response}
        return json.dumps(whole)
