"""“Your sign-in”: factors and sessions of whoever is logged in; and the first factor, right after the password."""

from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.audit import Deed
from deskward.core.errors import DeskwardError, NotFoundError
from deskward.web.desk.doors import Door, Visit, see_other
from deskward.web.desk.factors import Factors
from deskward.web.desk.grants import own_path
from deskward.web.desk.sessions import Sessions

ENROL = "/account/enrol/{kind}"
FIRST = "/login/enrol"


@dataclass(frozen=True)
class Account:
    """The page, enrolling and removing."""

    door: Door
    factors: Factors
    sessions: Sessions

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.page("/account", self._show),
            self.door.fresh_page(ENROL, self._enrolling),
            self.door.fresh_form(ENROL, self._enrol, page=ENROL),
            self.door.fresh_form("/account/remove", self._remove, page="/account"),
            self.door.halfway("GET", FIRST, self._first),
            self.door.halfway("POST", FIRST, self._begin, page=FIRST),
        ]

    def _show(self, visit: Visit, error: DeskwardError | None = None) -> Response:
        own = self.factors.of(visit.agent)
        return self.door.show(
            visit,
            "account.html",
            error.status if error else 200,
            here="account",
            own=own,
            kinds=[(f.name, f.title) for f in self.factors.known.values()],
            sessions=self.sessions.own(visit),
            added="added" in visit.request.query_params,
            ended="ended" in visit.request.query_params,
            error=error,
        )

    def _enrolling(self, visit: Visit, error: DeskwardError | None = None) -> Response:
        kind = str(visit.request.path_params["kind"])
        action = f"/account/enrol/{quote(kind, safe='')}"
        return self._form(visit, kind, action, error, first=False)

    def _enrol(self, visit: Visit) -> Response:
        try:
            self._keep(visit, str(visit.request.path_params["kind"]))
        except NotFoundError:
            raise
        except DeskwardError as error:
            return self._enrolling(visit, error)
        return see_other("/account?added=1")

    def _remove(self, visit: Visit) -> Response:
        try:
            self.factors.remove(visit.agent, visit.fields.get("factor", ""))
        except DeskwardError as error:
            return self._show(visit, error)
        self.door.note(visit.agent, Deed.FACTOR_REMOVED, agent=visit.agent.id)
        return see_other("/account")

    def _first(self, visit: Visit, error: DeskwardError | None = None) -> Response:
        """Show how to enrol the first one; who has one gives it instead (SR-85)."""
        target = _next(visit)
        if _has(self.factors, visit):
            return see_other(f"/login/second?next={quote(target, safe='')}")
        kind = visit.fields.get("kind") or visit.request.query_params.get("kind") or next(iter(self.factors.known))
        return self._form(visit, kind, FIRST, error, first=True)

    def _begin(self, visit: Visit) -> Response:
        if _has(self.factors, visit):
            return self._first(visit)
        try:
            self._keep(visit, visit.fields.get("kind", ""))
        except NotFoundError:
            raise
        except DeskwardError as error:
            return self._first(visit, error)
        return self.door.prove(visit.agent, visit.session, see_other(_next(visit)))

    def _keep(self, visit: Visit, kind: str) -> None:
        self.factors.enrol(visit.agent, visit.session, kind, visit.fields)
        self.door.note(visit.agent, Deed.FACTOR_ENROLLED, agent=visit.agent.id, factor=kind)

    def _form(self, visit: Visit, kind: str, action: str, error: DeskwardError | None, *, first: bool) -> Response:
        offer = self.factors.enrolling(visit.agent, visit.session, kind, self.factors.at_of(visit.fields))
        others = [(f.name, f.title) for f in self.factors.known.values() if f.name != kind]
        return self.door.show(
            visit,
            "enrol.html",
            error.status if error else 200,
            offer=offer,
            action=action,
            others=others,
            first=first,
            next=_next(visit),
            error=error,
        )


def _has(factors: Factors, visit: Visit) -> bool:
    """Tell whether there is something to give: a factor here, or the one that began this at the provider."""
    return bool(factors.of(visit.agent)) or visit.session.by_provider


def _next(visit: Visit) -> str:
    return own_path(visit.fields.get("next") or visit.request.query_params.get("next", "/"))
