"""The way in for ticketing systems and channels: check who it is, take the hint, answer at once."""

import json
from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from deskward.core.errors import DeskwardError
from deskward.core.ports import Posted
from deskward.lifecycle import Lifecycle
from deskward.lifecycle.hook_paths import accepted
from deskward.web.guard import Guard, protect
from deskward.web.pages import problem


class UnreadableError(DeskwardError):
    """What was posted is not what it should be."""


def create_app(lifecycle: Lifecycle, guard: Guard) -> FastAPI:
    """Make the app of `hooks`."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    protect(app, guard, url=guard.hooks_url, look=problem, own_forms=False)
    connectors, channels = lifecycle.house.connectors, lifecycle.house.channels

    async def read(request: Request) -> Posted:
        # The address is the configured one, whatever Host the request carries (SR-04).
        path = request.scope.get("raw_path", b"").decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        url = guard.hooks_url.rstrip("/") + path + (f"?{query}" if query else "")
        return Posted(url, dict(request.headers), await request.body())

    @app.post("/hooks/{connector}/{path_token}", status_code=202)
    def hinted(connector: str, path_token: str, posted: Annotated[Posted, Depends(read)]) -> Response:
        """Take a ticket's id as a hint and nothing else (SR-100)."""
        known = connectors.get(connector)
        if known is None or not accepted(lifecycle.house, connector, path_token) or not known.accepts(posted):
            raise HTTPException(401, headers={"www-authenticate": 'Basic realm="deskward"'})
        ticket_id = known.hinted(posted)
        if ticket_id is not None:
            lifecycle.hint(connector, ticket_id)
        elif not _is_json(posted.body):
            raise UnreadableError("The body is not JSON.", "Send the event as JSON with the id of the ticket.")
        return Response(status_code=202)

    @app.post("/status/{channel}", status_code=204)
    def reported(channel: str, posted: Annotated[Posted, Depends(read)]) -> Response:
        """Take a channel's signed word on how far a message has come."""
        told = channels[channel].reported(posted) if channel in channels else None
        if told is None:
            raise HTTPException(403)
        lifecycle.reported(*told)
        return Response(status_code=204)

    @app.get("/health")
    def health() -> JSONResponse:
        """Tell that the process answers, and nothing else."""
        return JSONResponse({"status": "ok"})

    return app


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
