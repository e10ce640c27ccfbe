"""The door of the desk: who comes in, by which web session, and with which form (SR-86 to SR-89)."""

import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from deskward.core.accounts import Accounts, Agent, WebSession
from deskward.core.errors import DeskwardError, NotFoundError
from deskward.core.links import digest
from deskward.core.ports import Clock
from deskward.lifecycle import Actor
from deskward.web.guard import read_form
from deskward.web.pages import Templates

COOKIE = "__Host-desk"
IDLE, WHOLE, TOUCH = timedelta(minutes=60), timedelta(hours=12), timedelta(seconds=30)
SIGNED_OUT = 401
SEE_OTHER = 303
_ID = re.compile(r"[A-Z]{2}-[0-9A-Z]{10}")
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")


class ForeignError(DeskwardError):
    """A form without the token of this login."""

    status = 403


@dataclass(frozen=True)
class Visit:
    """One request of a logged-in agent; `fields` is the form, empty for a page that is read."""

    request: Request
    fields: Mapping[str, str]
    agent: Agent
    session: WebSession

    @property
    def actor(self) -> Actor:
        """Name the agent as the story does."""
        return Actor("agent", self.agent.id, self.agent.name)

    @property
    def verification_id(self) -> str:
        """Take the id from the path; NotFoundError when it cannot be one."""
        typed = str(self.request.path_params["verification_id"])
        if not _ID.fullmatch(typed):
            raise NotFoundError("There is no verification with this id.", "Check the link in the ticket.")
        return typed


View = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def own_path(asked: str) -> str:
    """Keep a path of this very desk; “/” for everything else, so that no login leads elsewhere."""
    parts = urlsplit(asked) if _OWN_PATH.fullmatch(asked) else None
    own = parts and not parts.scheme and not parts.netloc and parts.path != "/logout"
    return asked if own else "/"


def see_other(path: str) -> Response:
    """Send the browser on with a GET."""
    return RedirectResponse(path, SEE_OTHER)


@dataclass(frozen=True)
class Door:
    """Opens pages, forms and fragments to agents who are logged in."""

    accounts: Accounts
    clock: Clock
    templates: Templates

    def page(self, path: str, view: View) -> Route:
        """Make the route of a page that is read."""
        return Route(path, self._reading(view, fragment=False), methods=["GET"])

    def fragment(self, path: str, view: View) -> Route:
        """Make the route of a part that a page fetches again and again; it does not keep the session alive."""
        return Route(path, self._reading(view, fragment=True), methods=["GET"])

    def form(self, path: str, view: View) -> Route:
        """Make the route of a form that is sent; it must carry the token of this login."""
        return Route(path, self._posting(view), methods=["POST"])

    def show(self, visit: Visit, name: str, status: int = 200, **values: Any) -> Response:
        """Render a page for an agent."""
        known = {"agent": visit.agent, "csrf": visit.session.csrf, "now": self.clock.now(), "here": ""}
        return self.templates.page(visit.request, name, status, **(known | values))

    def session_of(self, request: Request) -> tuple[Agent, WebSession] | None:
        """Find who is logged in; a session that is too old, or whose agent left, ends here."""
        cookie = request.cookies.get(COOKIE, "")
        session = self.accounts.web_session(digest(cookie)) if cookie.isascii() and cookie else None
        if session is None:
            return None
        now, agent = self.clock.now(), self.accounts.agent(session.agent_id)
        living = now - session.seen_at < IDLE and now - session.created_at < WHOLE
        if agent is None or not agent.active or not living:
            self.accounts.end_web_sessions(digest=session.digest)
            return None
        return agent, session

    def log_in(self, request: Request, agent: Agent, response: Response) -> Response:
        """Begin a session under a new id; the old one of this browser ends (SR-86)."""
        now, cookie, old = self.clock.now(), secrets.token_urlsafe(32), request.cookies.get(COOKIE, "")
        if old.isascii() and old:
            self.accounts.end_web_sessions(digest=digest(old))
        self.accounts.end_web_sessions(before=now - IDLE)
        self.accounts.put_web_session(WebSession(digest(cookie), agent.id, secrets.token_urlsafe(32), now, now))
        response.set_cookie(COOKIE, cookie, path="/", secure=True, httponly=True, samesite="lax")
        return response

    def log_out(self, visit: Visit) -> Response:
        """End this session."""
        self.accounts.end_web_sessions(digest=visit.session.digest)
        response = see_other("/login?bye=1")
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    def _reading(self, view: View, *, fragment: bool) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(self._read, view, request, fragment=fragment)

        return endpoint

    def _posting(self, view: View) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            fields = await read_form(request)
            return await run_in_threadpool(self._post, view, request, fields)

        return endpoint

    def _read(self, view: View, request: Request, *, fragment: bool) -> Response:
        found = self.session_of(request)
        if found is None and fragment:
            return PlainTextResponse("You were signed out.", SIGNED_OUT)
        if found is None:
            query = f"?{request.url.query}" if request.url.query else ""
            return see_other(f"/login?next={quote(request.url.path + query, safe='')}")
        agent, session = found
        if not fragment:
            self._touch(session)
        return view(Visit(request, {}, agent, session))

    def _post(self, view: View, request: Request, fields: Mapping[str, str]) -> Response:
        found = self.session_of(request)
        if found is None:
            page = "/".join(request.url.path.split("/")[:3])
            return see_other(f"/login?next={quote(page, safe='')}")
        agent, session = found
        if not hmac.compare_digest(fields.get("csrf", "").encode(), session.csrf.encode()):
            raise ForeignError("This form is not from your present login.", "Reload the page and try again.")
        self._touch(session)
        return view(Visit(request, fields, agent, session))

    def _touch(self, session: WebSession) -> None:
        now = self.clock.now()
        if now - session.seen_at >= TOUCH:
            self.accounts.touch_web_session(session.digest, now)
