"""The login page, login of local accounts (the password first, then the second factor), and what both share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskward.core.accounts import Agent
from deskward.core.errors import DeskwardError, InvalidError, LimitError
from deskward.core.notes import clean
from deskward.core.secret import Secret
from deskward.web.desk.doors import Door, Visit, see_other
from deskward.web.desk.factors import Factors
from deskward.web.desk.grants import own_path
from deskward.web.desk.passwords import LONGEST, hashed, matches, outdated
from deskward.web.desk.tries import Tries
from deskward.web.guard import read_form


@dataclass(frozen=True)
class Login:
    """The login page, the page of the second factor, and what their forms do.

    `provider` is the name of the provider of single sign-on, empty where there is none.
    """

    door: Door
    tries: Tries
    factors: Factors
    provider: str = ""

    def routes(self) -> list[Route]:
        """Give the routes."""
        second = "/login/second"
        return [
            Route("/login", self._page, methods=["GET"]),
            Route("/login", self._form, methods=["POST"]),
            self.door.halfway("GET", second, self.second),
            self.door.halfway("POST", second, self._prove, page=second),
            self.door.halfway("POST", "/logout", self.door.log_out, page="/"),
        ]

    async def _page(self, request: Request) -> Response:
        return await run_in_threadpool(self._show, request)

    async def _form(self, request: Request) -> Response:
        fields = await read_form(request)
        return await run_in_threadpool(self._enter, request, fields.get("login", ""), fields)

    def _show(self, request: Request) -> Response:
        asked = parse_qs(request.url.query)
        target = own_path(asked.get("next", ["/"])[0])
        found = self.door.session_of(request)
        if found and found[1].proven_at:
            return see_other(target)
        return self.render(request, target, bye="bye" in asked)

    def _enter(self, request: Request, login: str, fields: Mapping[str, str]) -> Response:
        target, name = own_path(fields.get("next", "/")), clean(login)
        try:
            agent = self._known(request, name, Secret(fields.get("password", "")))
        except DeskwardError as error:
            return limited(self.render(request, target, error.status, error=error, login=name), error)
        return self.halfway(request, agent, target)

    def halfway(self, request: Request, agent: Agent, target: str) -> Response:
        """Begin a session whose second factor is to come."""
        onward = "/login/second" if self.factors.of(agent) else "/login/enrol"
        return self.door.log_in(request, agent, see_other(f"{onward}?next={quote(target, safe='')}"))

    def _known(self, request: Request, login: str, password: Secret) -> Agent:
        if not login or not 0 < len(password.reveal()) <= LONGEST:
            raise InvalidError("Type your login and your password.", f"A password has up to {LONGEST} characters.")
        accounts = self.door.accounts

        def judge() -> Agent | None:
            agent = accounts.agent_by_login(login)
            right = matches(agent.password_hash if agent and agent.active else "", password)
            return agent if right else None

        wrong = InvalidError("Login or password is not right.", "Check both and try again.")
        agent = self.tries.judged(request, login, "password", judge, wrong)
        if outdated(agent.password_hash):
            accounts.renew_agent(replace(agent, password_hash=hashed(password)))
        return agent

    def second(self, visit: Visit, error: DeskwardError | None = None, target: str = "") -> Response:
        """Show what there is to give; who gave it at the provider of single sign-on gives it there again."""
        target = target or _target(visit)
        if self.door.is_fresh(visit.session) and error is None:
            return see_other(target)
        there = visit.session.by_provider
        if there and not self.provider:
            return self.door.log_out(visit)
        ways = [] if there else self.factors.ways(visit.agent, visit.session)
        if not ways and not there:
            return see_other(f"/login/enrol?next={quote(target, safe='')}")
        status, again = error.status if error else 200, visit.session.proven_at is not None
        chosen = visit.fields.get("kind", "")
        values = {"ways": ways, "next": target, "again": again, "chosen": chosen, "error": error}
        provider = self.provider if there else ""
        return limited(self.door.show(visit, "second.html", status, provider=provider, **values), error)

    def _prove(self, visit: Visit) -> Response:
        if visit.session.by_provider:
            return self.second(visit)
        wrong = InvalidError("This is not right.", "Wait for the next code, or use another second factor.")

        def judge() -> bool | None:
            return self.factors.right(visit.agent, visit.session, visit.fields) or None

        try:
            self.tries.judged(visit.request, visit.agent.login, "second factor", judge, wrong)
        except DeskwardError as error:
            return self.second(visit, error)
        return self.door.prove(visit.agent, visit.session, see_other(_target(visit)))

    def render(self, request: Request, target: str, status: int = 200, **values: Any) -> Response:
        """Show the login page."""
        known = {"error": None, "bye": False, "login": "", "agent": None, "csrf": "", "here": ""}
        empty = not self.door.accounts.names()
        more = {"next": target, "empty": empty, "now": self.door.clock.now(), "provider": self.provider}
        return self.door.templates.page(request, "login.html", status, **(known | more | values))


def limited(response: Response, error: DeskwardError | None) -> Response:
    """Say when to try again where a limit was met (SR-94)."""
    if isinstance(error, LimitError):
        response.headers["retry-after"] = str(error.retry_after)
    return response


def _target(visit: Visit) -> str:
    return own_path(visit.fields.get("next") or visit.request.query_params.get("next", "/"))
