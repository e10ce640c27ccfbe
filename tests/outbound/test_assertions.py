from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from deskward.core.errors import SettingsError, UnreachableError
from deskward.core.secret import Secret
from deskward.outbound.assertions import LIFE, Assertion
from deskward.outbound.tokens import TokenOutbound
from tests.servers.tokens import Source, serving, told

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def pem(key: Private) -> str:
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, plain).decode()


def public(key: Private) -> str:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def read(form: dict[str, str], key: rsa.RSAPrivateKey) -> tuple[dict[str, Any], dict[str, Any]]:
    token = jwt.decode(form["client_assertion"], RSAKey.import_key(public(key)), algorithms=["RS256"])
    return token.header, token.claims


def test_an_assertion_names_client_and_server_once_and_for_five_minutes(key: rsa.RSAPrivateKey) -> None:
    made = Assertion(
        Secret(pem(key)), client_id="c-1", audience="https://a/token", key_id="k-1", now=lambda: 1000.9
    )
    (header, claims), (_, again) = read(made.form(), key), read(made.form(), key)
    assert (header["alg"], header["kid"]) == ("RS256", "k-1")
    assert claims.pop("jti") != again.pop("jti")
    assert claims == {"iss": "c-1", "sub": "c-1", "aud": "https://a/token", "iat": 1000, "exp": 1000 + LIFE}
    assert made.form()["client_assertion_type"].endswith(":jwt-bearer")
    bare = Assertion(Secret(pem(key)), client_id="c-1", audience="https://a/token")
    assert "kid" not in read(bare.form(), key)[0]


MAKE: list[Callable[[rsa.RSAPrivateKey], str]] = [
    lambda _: "",
    lambda _: "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----",
    public,
    lambda _: pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
    lambda _: pem(ec.generate_private_key(ec.SECP256R1())),
]


@pytest.mark.parametrize("make", MAKE)
def test_what_is_no_private_key_or_too_short_is_told_and_not_shown(
    key: rsa.RSAPrivateKey, make: Callable[[rsa.RSAPrivateKey], str]
) -> None:
    with pytest.raises(SettingsError, match="private_key") as trouble:
        Assertion(Secret(make(key)), client_id="c", audience="a")
    assert "BEGIN" not in f"{trouble.value.text}{trouble.value.hint}"


def test_a_token_is_given_for_the_right_signature_only(key: rsa.RSAPrivateKey) -> None:
    def signed_by(assertion: str) -> bool:
        return bool(read({"client_assertion": assertion}, key)[1]["iss"] == "c-1")

    with serving(Source(lambda _: told({}), signed_by=signed_by)) as source:
        for client, good in (("c-1", True), ("c-2", False)):
            made = Assertion(Secret(pem(key)), client_id=client, audience=source.token_url)
            out = TokenOutbound(source.url, token_url=source.token_url, client_id=client, assertion=made)
            if good:
                assert out.call("GET", "x").ok
            else:
                with pytest.raises(UnreachableError, match="does not accept our credentials"):
                    out.call("GET", "x")
            out.close()
