"""Calls to an address that wants a token, which an OAuth 2.0 server gives for our credentials (RFC 6749 4.4)."""

import json
import math
import re
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import quote_plus, urlsplit

from deskward.core.errors import OutsideError, SettingsError, UnreachableError
from deskward.core.secret import Secret
from deskward.outbound import Answer, Outbound

NONE = Secret("")
MARGIN = 30.0  # seconds that a token must still live, so that it does not end on its way
LONGEST_LIFE = 86_400.0
HOLD = 10.0  # seconds after a failure in which the token server is left alone, so that pages do not queue for it
_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}")
_UNAUTHORIZED = 401
_REFUSED = {400, _UNAUTHORIZED, 403}  # RFC 6749 5.2 names 400 and 401


class Assertion(Protocol):
    """Who we are in signed words, as the form fields of a request for a token (RFC 7523)."""

    def form(self) -> Mapping[str, str]:
        """Make them anew."""
        ...


class TokenOutbound:
    """Calls below `base_url` with a bearer token of `token_url`, kept until it ends; safe to share by threads.

    Our credentials are `client_secret`, or an `assertion` made anew for each token. With a `refresh_token` the
    tokens are those of whoever signed in for it; the newest that the server gives is kept in memory.
    `verify` is as of `Outbound`; time-outs are in seconds, each call on its own. Raises SettingsError for
    addresses that cannot be, and for plain HTTP to another machine.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token_url: str,
        client_id: str,
        client_secret: Secret = NONE,
        assertion: Assertion | None = None,
        refresh_token: Secret = NONE,
        scope: str = "",
        verify: bool | str = True,
        timeout: float = 10.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._out = Outbound(_safe(base_url), verify=verify, timeout=timeout, connect_timeout=timeout)
        above, _, self._path = _safe(token_url).rpartition("/")
        self._issuer = Outbound(above, verify=verify, timeout=timeout, connect_timeout=timeout)
        self._host = urlsplit(above).hostname
        # RFC 6749 2.3.1 encodes both before they go into Basic.
        basic = (quote_plus(client_id), Secret(quote_plus(client_secret.reveal())))
        self._basic, self._assertion = None if assertion else basic, assertion
        self._form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        self._refresh = refresh_token
        self._now = now
        self._lock = threading.Lock()
        self._token, self._until, self._held_until = Secret(""), -math.inf, -math.inf
        self._trouble = ""

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        json: Any = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Make one call as `Outbound.call`; a token that is refused is replaced, and the call made again, once."""
        content = {"query": query, "json": json, "repeatable": repeatable}
        token = self._current()
        answer = self._sent(token, method, path, content)
        if answer.status == _UNAUTHORIZED:
            answer = self._sent(self._current(refused=token), method, path, content)
        return answer

    def claims(self) -> Mapping[str, Any]:
        """Read what a token that is a JWT says of our rights; nothing where it is none. It proves nothing."""
        parts = self._current().reveal().split(".")
        with suppress(ValueError, IndexError):
            told = json.loads(urlsafe_b64decode(parts[1] + "=="))
            return told if isinstance(told, dict) else {}
        return {}

    def close(self) -> None:
        """Let go of the connections."""
        self._out.close()
        self._issuer.close()

    def _sent(self, token: Secret, method: str, path: str, content: Mapping[str, Any]) -> Answer:
        headers = {"authorization": f"Bearer {token.reveal()}"}
        return self._out.call(method, path, headers=headers, **content)

    def _current(self, refused: Secret | None = None) -> Secret:
        """Give the kept token, or a fresh one; one that was refused is kept no longer."""
        with self._lock:
            if not self._token or self._token == refused or self._now() >= self._until:
                self._renew()
            return self._token

    def _renew(self) -> None:
        if self._now() < self._held_until:
            raise UnreachableError(self._trouble, "It is tried again.")
        try:
            self._token, life = self._fetched()
        except OutsideError as error:
            self._held_until, self._trouble = self._now() + HOLD, error.text
            raise
        self._until = self._now() + life - MARGIN

    def _fetched(self) -> tuple[Secret, float]:
        form = {**self._form, **(self._assertion.form() if self._assertion else {})}
        if self._refresh:
            form |= {"grant_type": "refresh_token", "refresh_token": self._refresh.reveal()}
        answer = self._issuer.call("POST", self._path, form=form, basic=self._basic, repeatable=True)
        told = answer.json()
        token = told.get("access_token") if isinstance(told, Mapping) else None
        if not answer.ok or not isinstance(token, str) or not _TOKEN.fullmatch(token):
            what = "does not accept our credentials" if answer.status in _REFUSED else "gives no token"
            hint = "Check token_url, client_id, client_secret or private_key, and whether they are valid."
            raise UnreachableError(f"{self._host} {what} ({answer.status}).", hint)
        if self._refresh and isinstance(told.get("refresh_token"), str):
            self._refresh = Secret(told["refresh_token"])
        return Secret(token), _life(told.get("expires_in"))


class KeyOutbound:
    """Calls below `base_url` with a key that is sent as it is, after the word `scheme`; as `TokenOutbound`."""

    def __init__(self, base_url: str, *, scheme: str, key: Secret, timeout: float = 10.0) -> None:
        self.base_url = base_url.rstrip("/")
        self._out = Outbound(_safe(base_url), timeout=timeout, connect_timeout=timeout)
        self._header = Secret(f"{scheme} {key.reveal()}")

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        json: Any = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Make one call as `Outbound.call`."""
        headers = {"authorization": self._header.reveal()}
        return self._out.call(method, path, headers=headers, query=query, json=json, repeatable=repeatable)

    def claims(self) -> Mapping[str, Any]:
        """Say nothing of our rights: a key does not tell."""
        return {}

    def close(self) -> None:
        """Let go of the connections."""
        self._out.close()


def _life(told: Any) -> float:
    """Read how long a token lives in seconds; 0, so that it is not kept, where nobody tells."""
    with suppress(TypeError, ValueError, OverflowError):
        life = float(told)
        return min(life, LONGEST_LIFE) if life > 0 else 0.0
    return 0.0


def _safe(url: str) -> str:
    """Refuse an address that a secret may not be sent to."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SettingsError("This is not an address.", "Write it like https://host/path.") from error
    host = parts.hostname or ""
    here = host in {"127.0.0.1", "::1", "localhost"} or host.endswith(".localhost")
    if parts.query or parts.fragment or (parts.scheme != "https" and not here):
        raise SettingsError(
            f"The address of {host or 'an outside system'} cannot be used.", "Use https, without “?”."
        )
    return url.rstrip("/")
