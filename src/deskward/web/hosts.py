"""One port for several apps: told apart by host name (DESIGN section 7)."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send


class Hosts:
    """An ASGI app that hands each request to the app of its host name, without port; 404 for any other."""

    def __init__(self, apps: Mapping[str, Starlette]) -> None:
        self.apps = {name.lower(): app for name, app in apps.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the whole life of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        host = Request(scope).headers.get("host", "").lower().rpartition("@")[2].split(":")[0]
        app = self.apps.get(host)
        await (app or PlainTextResponse("There is nothing under this name.\n", 404))(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            await receive()
            for app in dict.fromkeys(self.apps.values()):
                await stack.enter_async_context(app.router.lifespan_context(app))
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
