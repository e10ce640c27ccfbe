"""The page of an invitation: login, name and password; the second factor follows at once."""

import re
from dataclasses import dataclass
from typing import Any

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskward.core.audit import Deed
from deskward.core.errors import DeskwardError, NotFoundError
from deskward.core.notes import clean
from deskward.core.secret import Secret
from deskward.web.desk.doors import Door, see_other
from deskward.web.desk.invitations import GONE, GONE_HINT, LEAST_PASSWORD, Invitations
from deskward.web.desk.passwords import LONGEST
from deskward.web.guard import read_form

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43,64}")


@dataclass(frozen=True)
class Invited:
    """Three steps: an inert page that takes the token from the fragment, the form, and the account."""

    door: Door
    invitations: Invitations

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            Route("/invitation", self._begin, methods=["GET"]),
            Route("/invitation", self._open, methods=["POST"]),
            Route("/invitation/accept", self._accept, methods=["POST"]),
        ]

    async def _begin(self, request: Request) -> Response:
        return await run_in_threadpool(self._page, request, "")

    async def _open(self, request: Request) -> Response:
        fields = await read_form(request)
        return await run_in_threadpool(self._opened, request, _token(fields.get("token", "")))

    async def _accept(self, request: Request) -> Response:
        fields = await read_form(request)
        return await run_in_threadpool(self._accepted, request, fields)

    def _opened(self, request: Request, token: str) -> Response:
        roles = self.invitations.living(token).roles
        return self._page(request, token, roles=roles)

    def _accepted(self, request: Request, fields: Any) -> Response:
        token, login, name = _token(fields.get("token", "")), fields.get("login", ""), fields.get("name", "")
        try:
            agent = self.invitations.accept(token, login, name, Secret(fields.get("password", "")[: LONGEST + 1]))
        except NotFoundError:
            raise
        except DeskwardError as error:
            roles = self.invitations.living(token).roles
            typed = {"login": clean(login), "called": clean(name)}
            return self._page(request, token, error.status, error=error, roles=roles, **typed)
        self.door.note(agent, Deed.INVITATION_USED, agent=agent.id, roles=agent.roles)
        return self.door.log_in(request, agent, see_other("/login/enrol"))

    def _page(self, request: Request, token: str, status: int = 200, **values: Any) -> Response:
        known = {"error": None, "login": "", "called": "", "roles": (), "agent": None, "csrf": "", "here": ""}
        more = {"token": token, "least": LEAST_PASSWORD, "now": self.door.clock.now()}
        return self.door.templates.page(request, "invitation.html", status, **(known | more | values))


def _token(typed: str) -> str:
    """Read the token, alone or in its whole address."""
    token = typed.strip().rpartition("#")[2]
    if not _TOKEN.fullmatch(token):
        raise NotFoundError(GONE, GONE_HINT)
    return token
