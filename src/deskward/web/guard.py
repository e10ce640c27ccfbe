"""What stands around every app: host, size, origin, headers, and a calm answer for every error."""

import ipaddress
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deskward.core.errors import DeskwardError, InvalidError, places
from deskward.web.pages import Trouble, static_file, title_of, trouble_of

MAX_BODY = 64 * 1024
MAX_FIELDS = 50
READING = ("GET", "HEAD", "OPTIONS")
REPORTS = "/csp-report"
UNEXPECTED = Trouble(500, title_of(500), "This is our fault.", "Try again in a moment.")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
Look = Callable[[Request, Trouble], Response]
log = structlog.get_logger("deskward.web")


@dataclass(frozen=True)
class Guard:
    """The public addresses of the apps, the proxies before them, and the largest body in bytes."""

    desk_url: str
    portal_url: str
    hooks_url: str
    trusted_hops: int = 0
    max_body: int = MAX_BODY


def protect(
    app: FastAPI, guard: Guard, *, url: str, look: Look, own_forms: bool = True, trusted_types: bool = False
) -> None:
    """Put the shield around an app: `url` is its one address, `look` answers errors in its own style.

    With `own_forms` every POST must come from the app's own pages (SR-89); `trusted_types` forbids
    scripts to write HTML.
    """
    app.add_middleware(_Shield, guard=guard, url=url, look=look, own_forms=own_forms, trusted_types=trusted_types)
    app.routes.append(Route(REPORTS, _reported, methods=["POST"]))
    app.routes.append(Route("/static/{mark}/{name:path}", static_file))

    def expected(request: Request, error: Exception) -> Response:
        return answer(request, look, trouble_of(error) if isinstance(error, DeskwardError) else UNEXPECTED)

    def incomplete(request: Request, _error: Exception) -> Response:
        return answer(request, look, Trouble(422, title_of(422), "Something is missing or has a wrong form."))

    def by_status(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        return answer(request, look, _plain_trouble(status), headers)

    app.add_exception_handler(DeskwardError, expected)
    app.add_exception_handler(RequestValidationError, incomplete)
    app.add_exception_handler(HTTPException, by_status)


def answer(request: Request, look: Look, trouble: Trouble, headers: Mapping[str, str] | None = None) -> Response:
    """Answer trouble in the app's look, with Retry-After where a limit was met (SR-94)."""
    response = look(request, trouble)
    if trouble.retry_after:
        response.headers["retry-after"] = str(trouble.retry_after)
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


_TEXTS = {
    400: ("What was sent cannot be read.", "Go back, reload the page and try again."),
    401: ("The credentials are missing or wrong.", "Check the address and the credentials."),
    403: (
        "This was not sent by our own page, or its signature is wrong.",
        "Open the page again and use its buttons.",
    ),
    404: ("There is nothing here.", "Check the address."),
    405: ("This address cannot be used in this way.", "Open the page and use its buttons."),
    413: ("What was sent is too large.", "Send less."),
}


def _plain_trouble(status: int) -> Trouble:
    return Trouble(status, title_of(status), *_TEXTS.get(status, ("This did not work.", "Try again.")))


def client_address(request: Request, trusted_hops: int) -> str:
    """Give the client's address: the peer, or what the outermost of our own proxies saw (SR-81)."""
    peer = request.client.host if request.client else ""
    if not trusted_hops:
        return peer
    seen = [x.strip() for line in request.headers.getlist("x-forwarded-for") for x in line.split(",")]
    try:
        return str(ipaddress.ip_address(seen[-trusted_hops]))
    except (IndexError, ValueError):
        return peer


def proxy_header(request: Request, name: str, trusted_hops: int) -> str:
    """Give a header that our own proxies set; empty where there is none, or one besides it (SR-81)."""
    told = request.headers.getlist(name) if trusted_hops else []
    return told[0] if len(told) == 1 else ""


def same_origin(request: Request, url: str) -> bool:
    """Tell whether a page of this very app sent the request (SR-89).

    Browsers send “Origin: null” under our own referrer policy; then Sec-Fetch-Site alone decides.
    """
    origin, site = request.headers.get("origin", "null"), request.headers.get("sec-fetch-site", "")
    if origin != "null" and _netloc(origin) != _netloc(url):
        return False
    return site == "same-origin" if site else origin != "null"


def _netloc(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, ' '))}"


async def read_form(request: Request) -> Mapping[str, str]:
    """Read the text fields of a form; the last of each name counts. InvalidError when it cannot be read."""
    try:
        async with request.form(max_files=0, max_fields=MAX_FIELDS) as form:
            fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
            "".join([*fields, *fields.values()]).encode()
            return fields
    except (HTTPException, UnicodeError):
        raise InvalidError("What was sent cannot be read.", "Reload the page and try again.") from None


Form = Annotated[Mapping[str, str], Depends(read_form)]


def headers_of(nonce: str, *, trusted_types: bool) -> dict[str, str]:
    """Give the headers that every response carries (SR-74); no page sees, hears or locates anybody (SR-32)."""
    policy = [
        "default-src 'none'",
        f"script-src 'nonce-{nonce}'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        f"report-uri {REPORTS}",
    ] + ["require-trusted-types-for 'script'", "trusted-types 'none'"] * trusted_types
    return {
        "content-security-policy": "; ".join(policy),
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "permissions-policy": "camera=(), microphone=(), display-capture=(), geolocation=()",
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "no-store",
    }


class _Shield:
    """Pure ASGI around one app."""

    def __init__(
        self, app: ASGIApp, *, guard: Guard, url: str, look: Look, own_forms: bool, trusted_types: bool
    ) -> None:
        self.app, self.guard, self.url, self.look = app, guard, url, look
        self.own_forms, self.trusted_types = own_forms, trusted_types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce, started = secrets.token_urlsafe(16), False
        scope.setdefault("state", {})["nonce"] = nonce
        headers = headers_of(nonce, trusted_types=self.trusted_types)

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": _joined(message["headers"], headers)}
            await send(message)

        try:
            await self._inner(scope, receive, dressed)
        except Exception as error:
            _log_unexpected(scope, error)
            if started:
                raise
            await self.look(Request(scope), UNEXPECTED)(scope, receive, dressed)

    async def _inner(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        app = self._refusal(request)
        if app is None:
            body = await self._body(request)
            app = self.app if body is not None else self._said(request, 413)
            receive = _replayed(body or b"", receive)
        await app(scope, receive, send)

    def _refusal(self, request: Request) -> ASGIApp | None:
        scheme = urlsplit(self.url).scheme
        if _netloc(f"{scheme}://{request.headers.get('host', '')}") != _netloc(self.url):
            return PlainTextResponse("This server does not answer under this name.\n", 421)
        foreign = self.own_forms and request.method not in READING and request.url.path != REPORTS
        if foreign and not same_origin(request, self.url):
            return self._said(request, 403)
        return None

    def _said(self, request: Request, status: int) -> Response:
        return self.look(request, _plain_trouble(status))

    async def _body(self, request: Request) -> bytes | None:
        told = request.headers.get("content-length", "0")
        if not told.isdecimal() or len(told) > len(str(self.guard.max_body)) or int(told) > self.guard.max_body:
            return None
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self.guard.max_body:
                return None
        return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _joined(sent: list[tuple[bytes, bytes]], ours: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name, _ in sent}
    ready = [(n.encode(), v.encode()) for n, v in ours.items()]
    return [*sent, *(pair for pair in ready if pair[0] not in names)]


def _log_unexpected(scope: Scope, error: Exception) -> None:
    route = getattr(scope.get("route"), "path", "")
    log.error("page failed", error=type(error).__name__, method=scope["method"], route=route, where=places(error))


async def _reported(request: Request) -> Response:
    found = re.search(rb'"(?:violated|effective)-directive"\s*:\s*"([a-z-]{1,40})', await request.body())
    log.warning("content policy violated", directive=found.group(1).decode() if found else "unknown")
    return Response(status_code=204)
