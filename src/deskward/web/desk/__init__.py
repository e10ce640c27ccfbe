"""The desk: what agents see and do, behind their login."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from deskward.core.accounts import Accounts
from deskward.core.console import Console
from deskward.core.ports import Clock
from deskward.lifecycle import Lifecycle, Reading
from deskward.web.desk.details import Details
from deskward.web.desk.doors import Door
from deskward.web.desk.errand_list import ErrandList
from deskward.web.desk.export import Export
from deskward.web.desk.login import Login
from deskward.web.desk.passwords import hashed
from deskward.web.desk.send import SendPage
from deskward.web.desk.table import Table
from deskward.web.desk.vouch import VouchPage
from deskward.web.guard import Guard, protect
from deskward.web.pages import Templates, Trouble, environment

__all__ = ["create_app", "hashed"]


def create_app(
    lifecycle: Lifecycle,
    reading: Reading,
    *,
    accounts: Accounts,
    console: Console,
    guard: Guard,
    clock: Clock,
) -> FastAPI:
    """Put the desk together for its host name."""
    templates = Templates(environment("desk"))
    door = Door(accounts, clock, templates)
    routes = [
        *Login(door, lifecycle.house, guard).routes(),
        *Table(door, console, lifecycle.house.policy).routes(),
        *Export(door, console).routes(),
        *ErrandList(door, console).routes(),
        *Details(door, lifecycle, reading, console).routes(),
        *SendPage(door, lifecycle, reading).routes(),
        *VouchPage(door, lifecycle).routes(),
    ]
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, routes=[*routes])

    def look(request: Request, trouble: Trouble) -> Response:
        known = {"agent": None, "csrf": "", "here": "", "now": clock.now(), "trouble": trouble}
        return templates.page(request, "error.html", trouble.status, **known)

    protect(app, guard, url=guard.desk_url, look=look)
    return app
