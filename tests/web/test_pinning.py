"""The browser key, with a key of our own in the browser's stead."""

from base64 import urlsafe_b64encode
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient

from deskward.core.verification import State
from deskward.lifecycle import Lifecycle, Reading
from deskward.web.guard import Guard
from deskward.web.pinning import is_key, signed
from deskward.web.portal import create_app
from tests.web.conftest import Sent

Key = ec.EllipticCurvePrivateKey


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def public(key: Key) -> str:
    return base64url(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def sign(key: Key, text: str) -> str:
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    return base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


@pytest.fixture(scope="module")
def key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def test_a_signature_of_the_key_over_the_text_is_taken(key: Key) -> None:
    assert is_key(public(key))
    assert signed(public(key), "nonce", sign(key, "nonce"))
    assert not signed(public(key), "other", sign(key, "nonce"))
    assert not signed(public(ec.generate_private_key(ec.SECP256R1())), "nonce", sign(key, "nonce"))


@pytest.mark.parametrize("junk", ["", "x", "ü", "\0", "A" * 86, "A" * 87, "=" * 90, "A" * 5000, "BA=="])
def test_junk_is_neither_key_nor_signature(key: Key, junk: str) -> None:
    assert not is_key(junk)
    assert not signed(public(key), "nonce", junk)
    assert not signed(junk, "nonce", sign(key, "nonce"))


def test_sr_15_and_a_04_a_stolen_cookie_without_the_key_moves_nothing(
    lifecycle: Lifecycle, reading: Reading, guard: Guard, sent: Callable[..., Sent], key: Key
) -> None:
    link, app = sent(), create_app(lifecycle, reading, guard)
    owner, thief = (
        TestClient(app, base_url=guard.portal_url, headers={"sec-fetch-site": "same-origin"}) for _ in "ab"
    )
    refused = owner.post("/v/start", data={"token": link.token, "value": link.code, "pin_key": "junk"})
    assert refused.status_code == 422
    assert "Your browser sent something that cannot be used." in refused.text
    owner.post("/v/start", data={"token": link.token, "value": link.code, "pin_key": public(key)})
    for name, value in owner.cookies.items():
        thief.cookies.set(name, value, domain="portal.acme.example")
    started = lifecycle.get(link.verification.id)
    assert started.pin_key == public(key)
    nonce = reading.portal(started).page_nonce
    other = ec.generate_private_key(ec.SECP256R1())
    version = str(started.version)
    for forged in ("", "junk", sign(other, nonce), sign(key, "another nonce")):
        answer = thief.post("/v/continue", data={"version": version, "signature": forged})
        assert answer.status_code == 404
        assert lifecycle.get(started.id) == started
    owner.post("/v/continue", data={"version": version, "signature": sign(key, nonce)})
    passed = lifecycle.get(started.id)
    assert passed.state is State.PASSED
    replayed = {"version": str(passed.version), "signature": sign(key, nonce), "password": "x" * 20}
    assert thief.post("/v/act", data=replayed).status_code == 404
    assert lifecycle.get(started.id) == passed
