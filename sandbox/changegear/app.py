"""The simulated ChangeGear as one ASGI app: REST API, deep links and the page for people."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from sandbox.changegear.api import api_routes
from sandbox.changegear.site import Site
from sandbox.changegear.web import web_routes
from sandbox.changegear.webhooks import delivering


def create_app(site: Site) -> Starlette:
    """Build the app; its lifespan sends the webhooks (``delivering`` does so under a mounting app)."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with delivering(site):
            yield

    return Starlette(routes=[*web_routes(site), *api_routes(site)], lifespan=lifespan)
