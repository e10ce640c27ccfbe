"""Login and logout of agents with local accounts."""

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskward.core.accounts import Agent
from deskward.core.errors import DeskwardError, InvalidError, LimitError
from deskward.core.links import network_of
from deskward.core.notes import clean
from deskward.core.ports import Count
from deskward.core.secret import Secret
from deskward.lifecycle.house import House
from deskward.web.desk.doors import Door, own_path, see_other
from deskward.web.desk.passwords import LONGEST, hashed, matches, outdated
from deskward.web.guard import Guard, client_address, read_form

WINDOW = timedelta(minutes=15)
# Wide budgets stop guessing from many places; only the narrow one, account with address, stops one's own typing.
TRIES_HERE, TRIES_ADDRESS, TRIES_ACCOUNT = 5, 50, 50
_ONE_AT_A_TIME = threading.Lock()


AGAIN = "Please log in once more: an export asks for a login not older than 5 minutes."


@dataclass(frozen=True)
class Login:
    """The login page and what its form does; `house` counts the wrong logins."""

    door: Door
    house: House
    guard: Guard

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            Route("/login", self._page, methods=["GET"]),
            Route("/login", self._form, methods=["POST"]),
            self.door.form("/logout", self.door.log_out),
        ]

    async def _page(self, request: Request) -> Response:
        return await run_in_threadpool(self._show, request)

    async def _form(self, request: Request) -> Response:
        fields = await read_form(request)
        return await run_in_threadpool(self._enter, request, fields.get("login", ""), fields)

    def _show(self, request: Request) -> Response:
        asked = parse_qs(request.url.query)
        target = own_path(asked.get("next", ["/"])[0])
        again = "again" in asked
        if self.door.session_of(request) and not again:
            return see_other(target)
        said = AGAIN if again else "You are signed out." if "bye" in asked else ""
        return self._render(request, target, said=said)

    def _enter(self, request: Request, login: str, fields: Any) -> Response:
        target, name = own_path(fields.get("next", "/")), clean(login)
        try:
            agent = self._proven(request, name, Secret(fields.get("password", "")))
        except DeskwardError as error:
            response = self._render(request, target, error.status, error=error, login=name)
            if isinstance(error, LimitError):
                response.headers["retry-after"] = str(error.retry_after)
            return response
        return self.door.log_in(request, agent, see_other(target))

    def _proven(self, request: Request, login: str, password: Secret) -> Agent:
        if not login or not 0 < len(password.reveal()) <= LONGEST:
            raise InvalidError("Type your login and your password.", f"A password has up to {LONGEST} characters.")
        budgets = self._budgets(login, client_address(request, self.guard.trusted_hops))
        accounts, now = self.door.accounts, self.door.clock.now()
        # Look, compare and count under one lock: else parallel tries would all look before any is counted.
        with _ONE_AT_A_TIME:
            self._limit(budgets)
            agent = accounts.agent_by_login(login)
            right = matches(agent.password_hash if agent and agent.active else "", password)
            if agent is None or not right:
                self.house.store.add_counts(tuple(budgets), now)
                raise InvalidError("Login or password is not right.", "Check both and try again.")
        if outdated(agent.password_hash):
            accounts.put_agent(replace(agent, password_hash=hashed(password)))
        return agent

    def _budgets(self, login: str, address: str) -> dict[Count, int]:
        private, account = self.house.keyring.private, login.casefold()
        return {
            Count("login-here", private("login", f"{account}\x1f{network_of(address)}")): TRIES_HERE,
            Count("login-address", private("address", network_of(address))): TRIES_ADDRESS,
            Count("login-account", private("login", account)): TRIES_ACCOUNT,
        }

    def _limit(self, budgets: dict[Count, int]) -> None:
        seen = self.house.store.counted(tuple(budgets), self.door.clock.now() - WINDOW)
        if any(seen.get(count, 0) >= most for count, most in budgets.items()):
            minutes = int(WINDOW.total_seconds() // 60)
            seconds = int(WINDOW.total_seconds())
            raise LimitError("Too many wrong logins.", seconds, f"Wait {minutes} minutes, then try again.")

    def _render(self, request: Request, target: str, status: int = 200, **values: Any) -> Response:
        known = {"error": None, "said": "", "login": "", "agent": None, "csrf": "", "here": ""}
        empty = not self.door.accounts.agents()
        more = {"next": target, "empty": empty, "now": self.door.clock.now()}
        return self.door.templates.page(request, "login.html", status, **(known | more | values))
