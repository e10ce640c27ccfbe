"""Signed words about who we are, which a token server takes in place of a secret (RFC 7523 2.2, RFC 7519)."""

import secrets
import time
import warnings
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import RSAKey

from deskward.core.errors import SettingsError
from deskward.core.secret import Secret

LIFE = 300  # seconds
HINT = "Give an RSA key of 2048 bits or more in PEM, without a passphrase."


class Assertion:
    """Makes an assertion of `client_id` for the token server `audience`, signed with RS256.

    `private_key` is in PEM; `key_id` names it where there are several. `now` gives seconds since 1970.
    """

    def __init__(
        self,
        private_key: Secret,
        *,
        client_id: str,
        audience: str,
        key_id: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", SecurityWarning)  # for a key that is too short
                self._key = RSAKey.import_key(private_key.reveal())
        except (ValueError, TypeError, JoseError, SecurityWarning) as error:
            raise SettingsError("The private_key cannot be used.", HINT) from error
        if not self._key.is_private:
            raise SettingsError("The private_key is a public one.", HINT)
        self._header = {"alg": "RS256", **({"kid": key_id} if key_id else {})}
        self._client, self._audience, self._now = client_id, audience, now

    def form(self) -> dict[str, str]:
        """Give the form fields that stand for our credentials, good once and for five minutes."""
        now = int(self._now())
        claims: dict[str, Any] = {
            "iss": self._client,
            "sub": self._client,
            "aud": self._audience,
            "iat": now,
            "exp": now + LIFE,
            "jti": secrets.token_urlsafe(16),
        }
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(self._header, claims, self._key),
        }
