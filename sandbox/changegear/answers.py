"""Answers of the API in the forms that the profile asks for."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.changegear.profile import Profile

_PAGE = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h2>{title}</h2></body></html>"


def failure(profile: Profile, status: int, message: str) -> Response:
    """Answer an error with the profile's body."""
    if profile.error_body == "empty":
        return Response(status_code=status)
    if profile.error_body == "html":
        return HTMLResponse(_PAGE.format(title=f"{status} - Server Error"), status)
    body: Any = {"Message": message} if profile.error_body == "message" else message
    return JSONResponse(body, status)


def unauthenticated(profile: Profile) -> Response:
    """Answer a call without valid credentials."""
    text = "Authorization has been denied for this request."
    if profile.auth_failure == "401_html":
        return HTMLResponse(_PAGE.format(title="401 - Unauthorized"), 401)
    if profile.auth_failure == "403":
        return failure(profile, 403, text)
    return JSONResponse({"Message": text}, 401)


def unavailable() -> Response:
    """Answer as IIS does for an application that is down."""
    return HTMLResponse(_PAGE.format(title="Service Unavailable"), 503, {"Connection": "close"})


def written(profile: Profile, entity: dict[str, Any]) -> Response:
    """Answer a successful PUT."""
    if profile.put_answer == "empty":
        return Response(status_code=200)
    return JSONResponse([entity] if profile.put_answer == "array" else entity)


def created(profile: Profile, entity: dict[str, Any]) -> Response:
    """Answer a successful create, with or without the ticket number."""
    if profile.create_number == "without":
        entity = {"ID": entity["ID"]}
    return JSONResponse(entity, profile.create_status)


def one(profile: Profile, entity: dict[str, Any]) -> Response:
    """Answer a GET by id: an array of one, or the bare object."""
    return JSONResponse([entity] if profile.get_one == "array" else entity)


async def hang(request: Request, seconds: float) -> None:
    """Say nothing until the caller gives up, or ``seconds`` have passed."""
    try:
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                continue
    except TimeoutError:
        return
