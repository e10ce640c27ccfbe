"""The page for people (being built)."""

from starlette.routing import BaseRoute

from sandbox.changegear.site import Site


def web_routes(site: Site) -> list[BaseRoute]:
    """Give the page's routes."""
    return []
