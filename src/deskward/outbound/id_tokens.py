"""ID tokens of OpenID Connect: whether one is genuine, ours, fresh, and of this very sign-in (Core 3.1.3.7)."""

import hmac
import json
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, RSAKey

from deskward.core.errors import RejectedError

KINDS: Mapping[str, type[RSAKey | ECKey]] = {"RS256": RSAKey, "PS256": RSAKey, "ES256": ECKey}
LEEWAY = 60  # seconds that two clocks may differ
LONGEST_SUBJECT = 255
Keys = Sequence[RSAKey | ECKey]


class FaultError(RejectedError):
    """An answer of the provider that must not be believed; `reason` is for the log."""

    status = 403

    def __init__(self, reason: str) -> None:
        super().__init__(
            "The answer of single sign-on cannot be accepted.", "Try again; the log says what is wrong."
        )
        self.reason = reason


class StaleError(FaultError):
    """Whoever came was last asked for their factors too long ago."""


class UnknownKeyError(FaultError):
    """The token names a key that is not among those known; the keys may have been rotated."""


@dataclass(frozen=True)
class Expected:
    """What a token has to say; times are seconds since 1970, `since` is the oldest login that counts.

    `acr` and `amr` are values of which one must be told, where there are any (Core 2).
    """

    issuer: str
    client_id: str
    nonce: str
    now: float
    since: float
    acr: Sequence[str] = ()
    amr: Sequence[str] = ()


def keys_of(told: Any) -> Keys:
    """Take the keys that may sign out of a JWK set; those that cannot be read or are too short are left out."""
    rows = told.get("keys") if isinstance(told, Mapping) else None
    found = [_key(row) for row in rows or () if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return [key for key in found if key is not None]


def checked(token: str, keys: Keys, expected: Expected, access_token: str = "") -> Mapping[str, Any]:
    """Give the claims of a token; UnknownKeyError, StaleError or FaultError where it must not be believed."""
    header = _header(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in KINDS:
        raise FaultError(f"the algorithm {str(algorithm)[:20]!r} is not allowed")
    try:
        claims = jwt.decode(token, _chosen(keys, algorithm, header.get("kid")), algorithms=[algorithm]).claims
        _registry(expected).validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise FaultError(str(error)[:200]) from error
    _check_parties(claims, expected)
    _check_access_token(claims, access_token)
    _check_login(claims, expected)
    return claims


def _registry(expected: Expected) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(expected.now),
        leeway=LEEWAY,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": expected.nonce},
    )


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    """Take a token for us alone: no other audience is trusted."""
    if claims["aud"] not in (expected.client_id, [expected.client_id]):
        raise FaultError("the audience has others beside us")
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise FaultError("azp names another client")
    if not isinstance(claims["nonce"], str) or not 0 < len(claims["sub"]) <= LONGEST_SUBJECT:
        raise FaultError("sub or nonce cannot be read")


def _check_access_token(claims: Mapping[str, Any], access_token: str) -> None:
    """Compare at_hash where it is told (Core 3.1.3.8); all our algorithms hash with SHA-256."""
    if "at_hash" not in claims:
        return
    half = sha256(access_token.encode()).digest()[:16]
    wanted = urlsafe_b64encode(half).decode().rstrip("=")
    if not access_token or not hmac.compare_digest(str(claims["at_hash"]).encode(), wanted.encode()):
        raise FaultError("at_hash does not fit the access token")


def _check_login(claims: Mapping[str, Any], expected: Expected) -> None:
    """Check when and how the person gave their factors."""
    at = claims.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float) or not at <= expected.now + LEEWAY:
        raise FaultError("auth_time is missing or cannot be")
    if at < expected.since - LEEWAY:
        raise StaleError("auth_time is too old")
    if expected.acr and claims.get("acr") not in expected.acr:
        raise FaultError("acr is none of those wanted")
    told = claims.get("amr")
    if expected.amr and not (isinstance(told, list) and any(one in told for one in expected.amr)):
        raise FaultError("amr has none of those wanted")


def _header(token: str) -> Mapping[str, Any]:
    """Read the header before anything is believed: which key it names, and which algorithm."""
    try:
        first = token.partition(".")[0]
        told = json.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise FaultError("this is no ID token")
    return told


def _chosen(keys: Keys, algorithm: str, named: Any) -> RSAKey | ECKey:
    """Choose by name, or the only one there is; never a key that was made for something else."""
    fitting = [k for k in keys if isinstance(k, KINDS[algorithm]) and k.get("alg") in (None, algorithm)]
    found = [k for k in fitting if named in (None, k.get("kid"))]
    if len(found) != 1:
        raise UnknownKeyError("the key is not known")
    return found[0]


def _key(row: Mapping[str, Any]) -> RSAKey | ECKey | None:
    if row.get("kty") not in ("RSA", "EC") or row.get("use", "sig") != "sig":
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SecurityWarning)  # for a key that is too short
            return RSAKey.import_key(dict(row)) if row["kty"] == "RSA" else ECKey.import_key(dict(row))
    except (JoseError, ValueError, TypeError, KeyError, SecurityWarning):
        return None
