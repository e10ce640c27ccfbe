"""The door of the desk: who comes in, by which web session, role and form (SR-85 to SR-90)."""

import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import structlog
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from deskward.core.accounts import Accounts, Agent, WebSession
from deskward.core.audit import LOOKS, AuditLog, Deed, Entry
from deskward.core.errors import DeskwardError, NotFoundError
from deskward.core.links import digest
from deskward.core.ports import Clock
from deskward.core.threat import ThreatLevel
from deskward.lifecycle import Actor
from deskward.web.desk.grants import granted, home_of
from deskward.web.guard import read_form
from deskward.web.pages import Templates, Trouble, title_of

COOKIE = "__Host-desk"
IDLE, WHOLE, TOUCH = timedelta(minutes=60), timedelta(hours=12), timedelta(seconds=30)
FRESH, HALFWAY = timedelta(minutes=5), timedelta(minutes=10)
SIGNED_OUT, NOT_ALLOWED = 401, 403
SEE_OTHER = 303
_ID = re.compile(r"[A-Z]{2}-[0-9A-Z]{10}")
log = structlog.get_logger("deskward.desk")


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

    def may(self, method: str, path: str) -> bool:
        """Tell whether one of the agent's roles grants a route, named by its pattern."""
        return granted(self.agent.roles, method, path)

    @property
    def verification_id(self) -> str:
        """Take the id from the path; NotFoundError when it cannot be one."""
        typed = str(self.request.path_params["verification_id"])
        if not _ID.fullmatch(typed):
            raise NotFoundError("There is no verification with this id.", "Check the link in the ticket.")
        return typed


View = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def see_other(path: str) -> Response:
    """Send the browser on with a GET."""
    return RedirectResponse(path, SEE_OTHER)


def attempted(
    visit: Visit, step: Callable[[], object], show: Callable[[Visit, DeskwardError], Response], page: str
) -> Response:
    """Do a step and go back to its page, or show there what hindered it; what is not there has its own page."""
    try:
        step()
    except NotFoundError:
        raise
    except DeskwardError as error:
        return show(visit, error)
    return see_other(page)


@dataclass(frozen=True)
class _Way:
    """One route: its view, and what it asks of who comes. `page` is where its form stands, as a pattern.

    `alone`: the view asks the store only and waits for nobody outside, so that all it reads has one connection.
    """

    method: str
    path: str
    view: View
    fragment: bool = False
    fresh: bool = False
    halfway: bool = False
    page: str = ""
    alone: bool = False

    def back(self, request: Request) -> str:
        """Give the page to return to after a login: for a form the one it stands on, to be seen again."""
        if self.method == "GET":
            return request.url.path + (f"?{request.url.query}" if request.url.query else "")
        page = self.page or "/".join(self.path.split("/")[:3])
        return page.format(**request.path_params)


@dataclass(frozen=True)
class Door:
    """Opens pages, forms and fragments to agents who are logged in with both factors and hold a role for it."""

    accounts: Accounts
    clock: Clock
    templates: Templates
    audit: AuditLog
    whence: Callable[[Request], tuple[str, str]] = lambda _: ("", "")
    level: Callable[[], ThreatLevel | None] = lambda: None
    sharing: Callable[[], AbstractContextManager[None]] = nullcontext

    def note(self, by: Agent, kind: Deed, verification_id: str = "", /, **fields: Any) -> None:
        """Record what somebody does or looks at; what cannot be recorded is not shown (SR-112, SR-116).

        What is more than a look is logged too.
        """
        self.audit.add([Entry(kind, self.clock.now(), f"agent:{by.id}", verification_id, fields)])
        if kind not in LOOKS:
            log.info(kind.value, by=by.id, **fields)

    def page(self, path: str, view: View, *, alone: bool = False) -> Route:
        """Make the route of a page that is read; `alone` where its view asks the store only."""
        return self._route(_Way("GET", path, view, alone=alone))

    def fresh_page(self, path: str, view: View) -> Route:
        """Make the route of a page that asks for a login not older than 5 minutes first (SR-88)."""
        return self._route(_Way("GET", path, view, fresh=True))

    def fragment(self, path: str, view: View, *, alone: bool = False) -> Route:
        """Make the route of a part that a page fetches again and again; it does not keep the session alive."""
        return self._route(_Way("GET", path, view, fragment=True, alone=alone))

    def form(self, path: str, view: View, page: str = "") -> Route:
        """Make the route of a form that is sent; it must carry the token of this login.

        `page` is the pattern of the page where the form stands, by default the first two parts of its own path.
        """
        return self._route(_Way("POST", path, view, page=page))

    def fresh_form(self, path: str, view: View, page: str = "") -> Route:
        """Make the route of a form that asks for a login not older than 5 minutes (SR-88).

        An older one leads through the second factor back to `page`: the form is seen again, never sent by itself.
        """
        return self._route(_Way("POST", path, view, fresh=True, page=page))

    def halfway(self, method: str, path: str, view: View, page: str = "") -> Route:
        """Make a route for who gave the password, whether the second factor is still to come or not."""
        return self._route(_Way(method, path, view, halfway=True, page=page))

    def show(self, visit: Visit, name: str, status: int = 200, **values: Any) -> Response:
        """Render a page for an agent; `may(method, pattern)` tells the template what the agent may do."""
        whole = visit.session.proven_at is not None
        known = {
            "agent": visit.agent if whole else None,
            "csrf": visit.session.csrf,
            "now": self.clock.now(),
            "here": "",
            "home": home_of(visit.agent),
            "may": visit.may,
            "threat": self.level() if whole else None,
        }
        return self.templates.page(visit.request, name, status, **(known | values))

    def is_fresh(self, session: WebSession) -> bool:
        """Tell whether both factors were given in the last 5 minutes."""
        return session.proven_at is not None and self.clock.now() - session.proven_at <= FRESH

    def agent_names(self) -> Mapping[str, str]:
        """Give the name of every agent by id."""
        return {agent.id: agent.name for agent in self.accounts.names()}

    def session_of(self, request: Request) -> tuple[Agent, WebSession] | None:
        """Find who is logged in; a session that is too old, or whose agent left, ends here."""
        cookie = request.cookies.get(COOKIE, "")
        found = self.accounts.visitor(digest(cookie)) if cookie.isascii() and cookie else None
        if found and not (found[0].active and self.living(found[1])):
            self.accounts.end_web_sessions(digest=found[1].digest)
            return None
        return found

    def log_in(
        self, request: Request, agent: Agent, response: Response, proven_at: datetime | None = None
    ) -> Response:
        """Begin a session under a new id; the old one of this browser ends (SR-86).

        `proven_at` is when both factors were given at the provider of single sign-on; the second is to come else.
        """
        now, old = self.clock.now(), request.cookies.get(COOKIE, "")
        if proven_at is not None:
            self.note(agent, Deed.SIGNED_IN, way="provider")
        if old.isascii() and old:
            self.accounts.end_web_sessions(digest=digest(old))
        self.accounts.end_web_sessions(before=now - IDLE)
        browser, origin = self.whence(request)
        fresh = WebSession("", agent.id, secrets.token_urlsafe(32), now, now, proven_at, browser, origin)
        return self._begin(replace(fresh, by_provider=proven_at is not None), response)

    def prove(
        self, agent: Agent, old: WebSession, response: Response, proven_at: datetime | None = None
    ) -> Response:
        """Go on under a new id after the second factor (SR-86); other tabs' forms stay good at a step-up.

        `proven_at` is when it was given at the provider of single sign-on; now else.
        """
        now = self.clock.now()
        if old.proven_at is None:
            self.note(agent, Deed.SIGNED_IN)
        csrf = old.csrf if old.proven_at else secrets.token_urlsafe(32)
        self.accounts.end_web_sessions(digest=old.digest)
        return self._begin(replace(old, csrf=csrf, seen_at=now, proven_at=proven_at or now), response)

    def log_out(self, visit: Visit) -> Response:
        """End this session."""
        self.note(visit.agent, Deed.SIGNED_OUT)
        self.accounts.end_web_sessions(digest=visit.session.digest)
        response = see_other("/login?bye=1")
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    def _begin(self, session: WebSession, response: Response) -> Response:
        cookie = secrets.token_urlsafe(32)
        self.accounts.put_web_session(replace(session, digest=digest(cookie)))
        response.set_cookie(COOKIE, cookie, path="/", secure=True, httponly=True, samesite="lax")
        return response

    def living(self, session: WebSession) -> bool:
        """Tell whether a session is neither too long unused nor too old (SR-86)."""
        now = self.clock.now()
        longest = WHOLE if session.proven_at else HALFWAY
        return now - session.seen_at < IDLE and now - session.created_at < longest

    def _route(self, way: _Way) -> Route:
        async def endpoint(request: Request) -> Response:
            fields = await read_form(request) if way.method == "POST" else {}
            return await run_in_threadpool(self._answered, way, request, fields)

        return Route(way.path, endpoint, methods=[way.method])

    def _answered(self, way: _Way, request: Request, fields: Mapping[str, str]) -> Response:
        with self.sharing() if way.alone else nullcontext():
            return self._enter(way, request, fields)

    def _enter(self, way: _Way, request: Request, fields: Mapping[str, str]) -> Response:
        found = self.session_of(request)
        if found is None or (found[1].proven_at is None and not way.halfway):
            return self._stopped(way, request, halfway=found is not None)
        agent, session = found
        token = fields.get("csrf", "").encode()
        if way.method == "POST" and not hmac.compare_digest(token, session.csrf.encode()):
            raise ForeignError("This form is not from your present login.", "Reload the page and try again.")
        visit = Visit(request, fields, agent, session)
        if not way.halfway and not granted(agent.roles, way.method, way.path):
            return self._denied(way, visit)
        if way.fresh and not self.is_fresh(session):
            return self._stopped(way, request, halfway=True)
        if not way.fragment:
            self._touch(session)
        return way.view(visit)

    def _stopped(self, way: _Way, request: Request, *, halfway: bool) -> Response:
        if way.fragment:
            return PlainTextResponse("You were signed out.", SIGNED_OUT)
        page = "/login/second" if halfway else "/login"
        return see_other(f"{page}?next={quote(way.back(request), safe='')}")

    def _denied(self, way: _Way, visit: Visit) -> Response:
        if way.fragment:
            return PlainTextResponse("Your role does not show this.", NOT_ALLOWED)
        if way.path == "/":
            return see_other(home_of(visit.agent))
        self.note(visit.agent, Deed.DENIED, page=f"{way.method} {way.path}")
        held = visit.agent.roles
        roles = f"the role{'s' * (len(held) > 1)} {' and '.join(held)}" if held else "no role"
        text = f"Your account has {roles}, and this needs another one."
        trouble = Trouble(NOT_ALLOWED, title_of(NOT_ALLOWED), text, "An administrator can change roles.")
        return self.show(visit, "error.html", NOT_ALLOWED, trouble=trouble)

    def _touch(self, session: WebSession) -> None:
        now = self.clock.now()
        if now - session.seen_at >= TOUCH:
            self.accounts.touch_web_session(session.digest, now)
