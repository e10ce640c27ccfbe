"""The page for people: tickets as the agent and as the requester see them, and the switches."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.changegear.pages import HEADERS, HERE, Pages
from sandbox.changegear.profile import PROFILE_VALUES, Profile
from sandbox.changegear.records import Change, Refused, Ticket
from sandbox.changegear.site import Site

ROOT = "/changegear"
_STATIC = {"changegear.css": "text/css", "live.js": "text/javascript", "mark.svg": "image/svg+xml"}
_LONGEST_WAIT, _BETWEEN_LOOKS = 1.0, 0.03  # seconds
_WITH_CLOSE_TYPE = frozenset({"Resolve", "Close"})
Answer = Callable[[Request], Awaitable[Response]]


def web_routes(site: Site) -> list[BaseRoute]:
    """Give the page's routes."""
    web = _Web(site)
    reads = {
        "/": web.front,
        ROOT: web.front,
        f"{ROOT}/": web.tickets,
        f"{ROOT}/tickets/new": web.new,
        f"{ROOT}/tickets/{{id:int}}": web.ticket,
        f"{ROOT}/tickets/{{id:int}}/requester": web.requester,
        f"{ROOT}/switches": web.switches,
        f"{ROOT}/static/{{name}}": web.static,
    }
    writes = {
        f"{ROOT}/tickets": web.create,
        f"{ROOT}/tickets/{{id:int}}/action": web.act,
        f"{ROOT}/tickets/{{id:int}}/note": web.note,
        f"{ROOT}/tickets/{{id:int}}/fields": web.edit,
        f"{ROOT}/switches": web.turn,
    }
    return [
        *(Route(path, answer, methods=["GET"]) for path, answer in reads.items()),
        *(Route(path, _own(answer), methods=["POST"]) for path, answer in writes.items()),
    ]


def _own(answer: Answer) -> Answer:
    async def guarded(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return PlainTextResponse("This form was sent from another site. Open the page and send it there.", 403)
        return await answer(request)

    return guarded


def _see(path: str) -> Response:
    return RedirectResponse(ROOT + path, 303)


class _Web:
    def __init__(self, site: Site) -> None:
        self._site, self._pages = site, Pages(site)

    async def front(self, _request: Request) -> Response:
        return _see("/")

    async def tickets(self, _request: Request) -> Response:
        return self._pages.tickets()

    async def new(self, _request: Request) -> Response:
        return self._pages.new()

    async def ticket(self, request: Request) -> Response:
        return await self._shown(request, requester_view=False)

    async def requester(self, request: Request) -> Response:
        return await self._shown(request, requester_view=True)

    async def switches(self, request: Request) -> Response:
        return self._pages.switches(saved="saved" in request.query_params)

    async def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _STATIC:
            return self._missing()
        return FileResponse(HERE / "static" / name, media_type=_STATIC[name], headers=HEADERS)

    async def create(self, request: Request) -> Response:
        form = await _form(request)
        fields = _fields(form)
        records = (("Description", form["text"]),) if form.get("text") else ()
        try:
            _refuse_unknown(self._site, fields)
            ticket = self._site.create(Change(fields=fields, records=records), self._site.agent)
        except Refused as refusal:
            return self._pages.new(error=str(refusal))
        return _see(f"/tickets/{ticket.id}")

    async def act(self, request: Request) -> Response:
        form = await _form(request)
        action = form.get("action", "")
        close_type = form.get("close_type", "") if action in _WITH_CLOSE_TYPE else ""
        change = Change(action=action or "none", comment=form.get("comment", ""), close_type=close_type)
        return self._write(request, change)

    async def note(self, request: Request) -> Response:
        form = await _form(request)
        action = "Description" if form.get("kind") == "public" else self._site.internal_action
        text = form.get("text", "")
        return self._write(request, Change(records=((action, text),) if text else ()))

    async def edit(self, request: Request) -> Response:
        return self._write(request, Change(fields=_fields(await _form(request))))

    async def turn(self, request: Request) -> Response:
        form, site = await _form(request), self._site
        site.profile = _profile(form, site.profile)
        if form.get("note_format") in {"html", "text"}:
            site.note_format = form["note_format"]
        if form.get("internal_action"):
            site.internal_action = form["internal_action"]
        site.agent = site.people.get(_whole(form.get("agent", "")), site.agent)
        return _see("/switches?saved")

    def _write(self, request: Request, change: Change) -> Response:
        ticket = self._found(request)
        if ticket is None:
            return self._missing()
        try:
            _refuse_unknown(self._site, change.fields)
            self._site.change(ticket.id, change, self._site.agent)
        except Refused as refusal:
            return self._pages.ticket(ticket, error=str(refusal))
        return _see(f"/tickets/{ticket.id}")

    async def _shown(self, request: Request, *, requester_view: bool) -> Response:
        """Show a ticket; who names the version that they have waits for another one, and then gets 204."""
        known, ends = request.query_params.get("known", ""), time.monotonic() + _LONGEST_WAIT
        while (ticket := self._found(request)) and str(ticket.etag) == known:
            if time.monotonic() > ends:
                return Response(status_code=204)
            await asyncio.sleep(_BETWEEN_LOOKS)
        if ticket is None:
            return self._missing()
        shown = self._pages.ticket(ticket, requester_view=requester_view)
        shown.headers["etag"] = f'"{ticket.etag}"'
        return shown

    def _found(self, request: Request) -> Ticket | None:
        return self._site.ticket(request.path_params["id"])

    def _missing(self) -> Response:
        return self._pages.show("missing.html", status=404)


async def _form(request: Request) -> dict[str, str]:
    async with request.form() as form:
        return {name: str(value).replace("\r\n", "\n").strip() for name, value in form.items()}


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _fields(form: dict[str, str]) -> dict[str, Any]:
    return {
        "Summary": form.get("summary", ""),
        "Requester": _whole(form.get("requester", "")),
        "IncidentRequestType": _whole(form.get("category", "")),
    }


def _refuse_unknown(site: Site, fields: dict[str, Any]) -> None:
    if not fields:
        return
    if not fields["Summary"]:
        raise Refused("The summary is empty. Say in a few words what the ticket is about.")
    if fields["Requester"] not in site.people:
        raise Refused("No requester is chosen. Pick one from the list.")
    if fields["IncidentRequestType"] not in site.categories:
        raise Refused("No category is chosen. Pick one from the list.")


def _profile(form: dict[str, str], present: Profile) -> Profile:
    if "defaults" in form:
        return Profile()
    values: dict[str, Any] = {
        name: next((value for value in known if str(value) == form.get(name)), known[0])
        for name, known in PROFILE_VALUES.items()
    }
    share = min(_whole(form.get("fault_share", "")), 100) / 100
    return replace(present, **values, fault_500_after_commit=share, down="down" in form)
