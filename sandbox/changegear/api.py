"""The REST API's door: any case of path, credentials, methods, and the faults of the profile."""

import asyncio
import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.changegear import reads, writes
from sandbox.changegear.answers import failure, unauthenticated, unavailable
from sandbox.changegear.call import Call
from sandbox.changegear.records import Refused
from sandbox.changegear.site import Site
from sandbox.changegear.web import ROOT

_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
_DEEP_LINKS = ("/cgweb/mainui/mainframe.aspx", "/cgweb/mainui/servicedesk/sditemeditpanel.aspx")
Answer = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True)
class _Address:
    method: str
    path: re.Pattern[str]
    answer: Answer


def _address(method: str, path: str, answer: Answer) -> _Address:
    pattern = re.sub(r"\{(\w+):int\}", r"(?P<\1>\\d+)", path)
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
    return _Address(method, re.compile(pattern, re.IGNORECASE), answer)


async def _log_out(call: Call) -> Response:
    call.site.end_session(call.request.headers.get("sessionid", ""))
    return Response(status_code=200)


_ADDRESSES = (
    _address("POST", "/api/user/logout", _log_out),
    _address("GET", "/api/types/search", reads.search_types),
    _address("GET", "/api/{type}/search", reads.search_type),
    _address("GET", "/api/entity/{type}", reads.many),
    _address("GET", "/api/entity/{type}/{id:int}", reads.one_row),
    _address("GET", "/api/entity/{type}/{view}", reads.view),
    _address("GET", "/api/entity/{type}/{id:int}/attachments/{file:int}", reads.attachment),
    _address("GET", "/api/entity/{type}/{id:int}/{relation}", reads.relation),
    _address("DELETE", "/api/entity/{type}/{id:int}", writes.delete),
    _address("PUT", "/api/{type}/{id:int}", writes.update),
    _address("POST", "/api/{type}", writes.create),
)


def api_routes(site: Site) -> list[BaseRoute]:
    """Give one route that takes every path not taken before it."""

    async def door(request: Request) -> Response:
        return await _enter(site, request)

    return [Route("/{path:path}", door, methods=_METHODS)]


async def _enter(site: Site, request: Request) -> Response:
    path = request.url.path
    if path.lower() in _DEEP_LINKS:
        return RedirectResponse(f"{ROOT}/tickets/{request.query_params.get('ID', '')}")
    if not path.lower().startswith(site.base_path.lower() + "/"):
        return failure(site.profile, 404, "No HTTP resource was found that matches the request.")
    if site.profile.down:
        return unavailable()
    if site.profile.timing == "slow":
        await asyncio.sleep(site.slow_seconds)
    path = path[len(site.base_path) :]
    if path.lower() == "/api/authenticate/user" and request.method == "POST":
        return await _log_in(site, request)
    return await _dispatch(site, request, path)


async def _dispatch(site: Site, request: Request, path: str) -> Response:
    matches = [(found, address) for address in _ADDRESSES if (found := address.path.fullmatch(path))]
    fitting = [(found, address) for found, address in matches if address.method == request.method]
    if not fitting:
        status = 405 if matches else 404
        return failure(site.profile, status, "The requested resource does not support this address or method.")
    if not _known(site, request):
        return unauthenticated(site.profile)
    found, address = fitting[0]
    try:
        return await address.answer(Call(site, request, found.groupdict()))
    except Refused as refusal:
        return failure(site.profile, 400, str(refusal))


def _known(site: Site, request: Request) -> bool:
    session = request.headers.get("sessionid")
    if session is not None:
        return site.use_session(session)
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        username, _, password = b64decode(credentials, validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        return False
    return site.accepts(username, password)


async def _log_in(site: Site, request: Request) -> Response:
    try:
        body = json.loads(await request.body())
    except ValueError:
        return failure(site.profile, 400, "The body is not JSON.")
    named = isinstance(body, dict)
    if not named or not site.accepts(str(body.get("username")), str(body.get("password"))):
        return unauthenticated(site.profile)
    answer: dict[str, Any] = {"sessionId": site.open_session(), "userId": str(site.account.id)}
    if site.profile.login_answer == "privileges":
        answer["privileges"] = ["View", "Edit"]
    return JSONResponse(answer)
