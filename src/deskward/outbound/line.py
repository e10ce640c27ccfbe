"""How one request goes out and what comes back: limits, time-outs, and our errors for what goes wrong."""

import json as jsons
import logging
import re
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from html import unescape
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2
import structlog

from deskward.core.errors import OutsideError, RejectedError, SettingsError, UncertainError, UnreachableError
from deskward.core.secret import Secret

MOST_BYTES = 2_000_000
LONGEST_WAIT = 3600.0
_LONGEST_SAID = 200
_CHECK = "Check the address in the settings and the network; it is tried again."
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_NEVER_SENT = (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)

# Their own lines hold queries and header values.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)
log = structlog.get_logger("deskward.outbound")


@dataclass(frozen=True)
class Answer:
    """What the other side answered; header names are in lower case, the body is at most 2 MB."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Tell whether the status is 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own numbers

    def json(self) -> Any:
        """Read the body as JSON; None where it is none."""
        try:
            return jsons.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def said(self) -> str:
        """Give the other side's own words, at most 200 characters: JSON member, JSON text, HTML title or text."""
        told = self.json()
        if isinstance(told, dict):
            members = {str(name).lower(): value for name, value in told.items()}
            told = next((members[name] for name in ("message", "error", "detail") if members.get(name)), "")
        if told is None:
            told = self.body.decode("utf-8", "replace")
            titles = re.findall(r"<title>(.*?)</title>", told, re.IGNORECASE | re.DOTALL)
            told = unescape(titles[0]) if titles else re.sub(r"<[^>]*>", " ", told)
        return " ".join(str(told).split())[:_LONGEST_SAID]


class Line:
    """Sends requests to addresses that were checked, and puts what goes wrong into our errors.

    An empty list of addresses means that a proxy finds them.
    """

    def __init__(
        self,
        *,
        verify: bool | str,
        proxy: str = "",
        timeout: float,
        connect_timeout: float,
        max_connections: int = 20,
    ) -> None:
        self._timeout = timeout
        self.client = httpx2.Client(
            verify=_context(verify),
            proxy=proxy or None,
            timeout=httpx2.Timeout(timeout, connect=connect_timeout),
            limits=httpx2.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"user-agent": "deskward", "accept-encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
        )

    def call(
        self, method: str, url: httpx2.URL, addresses: Sequence[str], repeatable: bool, **content: Any
    ) -> Answer:
        """Send to the first address that takes a connection; log method, host, path, status and time only."""
        started = time.monotonic()
        status = 0
        try:
            answer = self._first(method, url, addresses, repeatable, content)
            status = answer.status
        finally:
            spent = round((time.monotonic() - started) * 1000)
            log.debug("outbound", method=method, host=url.host, path=url.path, status=status, ms=spent)
        _refuse_redirect(url, answer)
        _refuse_later(url, answer)
        return answer

    def _first(
        self, method: str, url: httpx2.URL, addresses: Sequence[str], repeatable: bool, content: dict[str, Any]
    ) -> Answer:
        """Try one address after the other; only a connection that was never made leads to the next."""
        failure: OutsideError | None = None
        for address in addresses or [url.raw_host.decode()]:
            try:
                return self._sent(self._request(method, url, address, content))
            except _NOT_SENT as error:
                failure = UnreachableError(f"{url.host} does not answer: {_why(error)}.", _CHECK)
            except _NEVER_SENT as error:
                raise RejectedError(f"The request to {url.host} cannot be made: {_why(error)}.") from error
            except httpx2.HTTPError as error:
                raise _unanswered(url, error, repeatable=repeatable) from error
        raise failure or UnreachableError(f"{url.host} has no address.")

    def _request(self, method: str, url: httpx2.URL, address: str, content: dict[str, Any]) -> httpx2.Request:
        headers = {**content["headers"], "host": url.netloc.decode()}
        extensions = {"sni_hostname": url.raw_host.decode()} if url.scheme == "https" else {}
        rest = {name: value for name, value in content.items() if name != "headers" and value is not None}
        where = url.copy_with(host=address)
        return self.client.build_request(method, where, headers=headers, extensions=extensions, **rest)

    def _sent(self, request: httpx2.Request) -> Answer:
        until = time.monotonic() + self._timeout
        with closing(self.client.send(request, stream=True)) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise httpx2.DecodingError("the answer is packed, and nobody asked for that", request=request)
            body = bytearray()
            for part in response.iter_raw():
                body += part
                if len(body) > MOST_BYTES:
                    raise httpx2.DecodingError("the answer is longer than 2 MB", request=request)
                if time.monotonic() > until:
                    raise httpx2.ReadTimeout("the answer takes too long", request=request)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, bytes(body))


@cache
def _context(verify: bool | str) -> ssl.SSLContext:
    """Read the certificates that are believed once, not for every outside system anew."""
    try:
        if isinstance(verify, str):
            return ssl.create_default_context(cafile=verify)
        return httpx2.create_ssl_context(verify=verify, trust_env=False)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"The CA bundle {verify} cannot be read.", "Give a PEM file.") from error


def basic_header(username: str, password: Secret) -> str:
    """Write the value of an Authorization header for HTTP Basic, in UTF-8."""
    return "Basic " + b64encode(f"{username}:{password.reveal()}".encode()).decode()


def _unanswered(url: httpx2.URL, error: httpx2.HTTPError, *, repeatable: bool) -> OutsideError:
    text = f"{url.host} took the request but gave no answer that can be read: {_why(error)}."
    if not repeatable:
        return UncertainError(text, "It may have been done: look before doing it again.")
    return RejectedError(text) if isinstance(error, httpx2.DecodingError) else UnreachableError(text, _CHECK)


def _refuse_redirect(url: httpx2.URL, answer: Answer) -> None:
    if 300 <= answer.status < 400:  # noqa: PLR2004 - HTTP's own numbers
        text = f"{url.host} answers with a redirect ({answer.status}), and redirects are not followed."
        # Nothing was done there; a proxy in front may send everybody to a maintenance page for a while.
        raise UnreachableError(text, "If it stays so, put the final address into the settings.")


def _refuse_later(url: httpx2.URL, answer: Answer) -> None:
    later = answer.headers.get("retry-after", "")
    if answer.status in {429, 503} and later:
        raise UnreachableError(f"{url.host} asks to try again later.", retry_after=_seconds(later))


def _seconds(later: str) -> float:
    try:
        seconds = float(later) if later.isdecimal() else _until(parsedate_to_datetime(later))
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _until(moment: datetime) -> float:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime.now(UTC)).total_seconds()


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
