"""A provider of single sign-on: OpenID Connect by code flow with PKCE (Core, Discovery, RFC 7636; SR-84)."""

import re
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from deskward.core.errors import OutsideError
from deskward.core.secret import Secret
from deskward.core.tickets import Check
from deskward.outbound import Answer, Outbound
from deskward.outbound.id_tokens import KINDS, Expected, FaultError, Keys, UnknownKeyError, checked, keys_of

KEPT = 3600.0  # seconds that what the provider says of itself is kept
HOLD = 10.0  # seconds after a failure in which it is left alone, so that pages do not queue for it
WELL_KNOWN = "/.well-known/openid-configuration"
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
CALLED = ("token_endpoint", "jwks_uri")
END = "end_session_endpoint"
_PRINTABLE = re.compile(r"[\x21-\x7e]{1,4000}")


@dataclass(frozen=True)
class Begun:
    """One sign-in that was begun: three values that nobody else knows, and when (seconds since 1970)."""

    state: str
    nonce: str
    verifier: Secret
    at: float


class Provider:
    """One provider, named by its issuer, and we as its client; safe to share by threads.

    `redirect` is the one address that it sends people back to. `now` gives seconds since 1970. Calls raise
    OutsideError where it does not answer, and FaultError where its answer must not be believed.
    """

    def __init__(
        self,
        issuer: str,
        *,
        client_id: str,
        client_secret: Secret,
        redirect: str,
        now: Callable[[], float],
        scopes: Sequence[str] = ("openid", "profile"),
        acr: Sequence[str] = (),
        amr: Sequence[str] = (),
        timeout: float = 5.0,
    ) -> None:
        self.issuer, self.redirect = issuer, redirect
        self.client_id, self._secret = client_id, client_secret
        self._scope = " ".join(dict.fromkeys(("openid", *scopes)))
        self.acr, self.amr = acr, amr
        self._now, self._timeout = now, timeout
        self._lock = threading.Lock()
        self._told: tuple[float, Mapping[str, Any]] | None = None
        self._failed: tuple[float, OutsideError] | None = None
        self._keys: Keys = ()

    def begin_at(self, begun: Begun, *, max_age: int, again: bool) -> str:
        """Give the address where the person signs in; with `again` they are asked even if they are signed in."""
        challenge = urlsafe_b64encode(sha256(begun.verifier.reveal().encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect,
            "scope": self._scope,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "max_age": str(max_age),
            **({"prompt": "login"} if again else {}),
            **({"acr_values": " ".join(self.acr)} if self.acr else {}),
        }
        return _with(self._metadata()["authorization_endpoint"], asked)

    def finish(self, code: str, begun: Begun, *, since: float, named: str | None) -> Mapping[str, Any]:
        """Give the claims that a code stands for; `named` is the issuer that came with it (RFC 9207).

        StaleError where the person gave their factors before `since`.
        """
        metadata = self._metadata()
        if named != self.issuer and (
            named is not None or metadata.get("authorization_response_iss_parameter_supported")
        ):
            raise FaultError("the answer came from another issuer")
        if not _PRINTABLE.fullmatch(code):
            raise FaultError("there is no code")
        told = self._exchanged(code, begun, metadata)
        expected = Expected(
            self.issuer, self.client_id, begun.nonce, self._now(), since, acr=self.acr, amr=self.amr
        )
        return self._believed(str(told["id_token"]), expected, str(told.get("access_token", "")))

    def end_at(self, back: str) -> str:
        """Give the address where the person signs out there too (RP-Initiated Logout); empty if there is none."""
        end = self._metadata().get(END, "")
        return _with(end, {"client_id": self.client_id, "post_logout_redirect_uri": back}) if end else ""

    def doctor(self) -> Iterable[Check]:
        """Check what the provider says of itself, and its keys."""
        try:
            metadata = self._metadata(fresh=True)
            keys = self._fetched(metadata)
        except OutsideError as trouble:
            text = trouble.reason if isinstance(trouble, FaultError) else trouble.text
            yield Check(
                "provider", well=False, text=text, hint="Check issuer and network, and the provider itself."
            )
            return
        yield Check("provider", well=True, text=f"reached; register the redirect address {self.redirect} there")
        fit = {*KINDS} & {*_listed(metadata, "id_token_signing_alg_values_supported", ["RS256"])}
        pkce = "S256" in _listed(metadata, "code_challenge_methods_supported", ["S256"])
        yield Check(
            "keys",
            well=bool(keys and fit and pkce),
            text=f"{len(keys)} usable; signs with {', '.join(sorted(fit)) or 'nothing that is allowed'}",
            hint=f"Let it sign ID tokens with one of {', '.join(KINDS)}, and allow PKCE with S256.",
        )

    def _believed(self, token: str, expected: Expected, access_token: str) -> Mapping[str, Any]:
        """Check a token; where it names an unknown key, the keys are read anew, once (Core 10.1.1)."""
        metadata = self._metadata()
        keys, fetched = self._keys, not self._keys
        if fetched:
            keys = self._fetched(metadata)
        try:
            return checked(token, keys, expected, access_token)
        except UnknownKeyError:
            if fetched:
                raise
        return checked(token, self._fetched(metadata), expected, access_token)

    def _exchanged(self, code: str, begun: Begun, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": begun.verifier.reveal(),
        }
        basic: tuple[str, Secret] | None = None
        ways = _listed(metadata, "token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in ways or "client_secret_post" not in ways:
            # RFC 6749 2.3.1 encodes both before they go into Basic.
            basic = (quote_plus(self.client_id), Secret(quote_plus(self._secret.reveal())))
        else:
            form |= {"client_id": self.client_id, "client_secret": self._secret.reveal()}
        answer = self._called("POST", metadata["token_endpoint"], form=form, basic=basic, repeatable=True)
        told = answer.json()
        if not answer.ok or not isinstance(told, Mapping) or not isinstance(told.get("id_token"), str):
            said = str(told.get("error", ""))[:40] if isinstance(told, Mapping) else ""
            raise FaultError(f"no ID token for this code: {answer.status} {said!r}")
        return told

    def _fetched(self, metadata: Mapping[str, Any]) -> Keys:
        answer = self._called("GET", metadata["jwks_uri"])
        found = keys_of(answer.json()) if answer.ok else ()
        if not found:
            raise FaultError(f"no usable keys: {answer.status}")
        self._keys = found
        return found

    def _metadata(self, *, fresh: bool = False) -> Mapping[str, Any]:
        """Give what the provider says of itself, not older than an hour (Discovery 4)."""
        with self._lock:
            if self._told and not fresh and 0 <= self._now() - self._told[0] < KEPT:
                return self._told[1]
            if self._failed and 0 <= self._now() - self._failed[0] < HOLD:
                raise self._failed[1]
            try:
                answer = self._called("GET", f"{self.issuer.rstrip('/')}{WELL_KNOWN}")
                self._told = (self._now(), self._sound(answer))
            except OutsideError as trouble:
                self._failed = (self._now(), trouble)
                raise
            return self._told[1]

    def _sound(self, answer: Answer) -> Mapping[str, Any]:
        """Take metadata of this very issuer, whose addresses are all its own, so that no secret goes elsewhere."""
        told = answer.json()
        if not answer.ok or not isinstance(told, Mapping):
            raise FaultError(f"no metadata below the issuer: {answer.status}")
        if told.get("issuer") != self.issuer:
            raise FaultError("the metadata is of another issuer")
        own = _origin(f"{self.issuer}/")
        for name in (*NEEDED, *((END,) if told.get(END) else ())):
            if _origin(told.get(name)) != own or (name in CALLED and "?" in told[name]):
                raise FaultError(f"{name} is missing, or not below the issuer's own host")
        return told

    def _called(self, method: str, url: str, **content: Any) -> Answer:
        above, _, path = url.rpartition("/")
        # Sign-ins are few: no connection is kept, so that nothing has to be closed.
        with closing(Outbound(above, timeout=self._timeout, connect_timeout=self._timeout)) as out:
            return out.call(method, path, **content)


def _with(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def _listed(metadata: Mapping[str, Any], name: str, default: list[str]) -> list[str]:
    told = metadata.get(name)
    return [one for one in told if isinstance(one, str)] if isinstance(told, list) else default


def _origin(url: Any) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        whole = parts and parts.path and not parts.username
        return (parts.scheme, str(parts.hostname), parts.port) if parts and whole else None
    except ValueError:
        return None
