"""Sessions as people see them: one's own under “Your sign-in”, everybody's beside “People” (SR-87)."""

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.accounts import WebSession
from deskward.core.audit import Deed
from deskward.core.errors import DeskwardError, NotFoundError
from deskward.web.desk.doors import Door, Visit, see_other

PAGE, OWN = "/people/sessions", "/account"
MARK = 16  # digits of the digest that name a session on a page


@dataclass(frozen=True)
class Row:
    """One session on a page; `mark` names it in a form, `name` is whose it is, `this` the one that looks."""

    mark: str
    name: str
    session: WebSession
    this: bool


@dataclass(frozen=True)
class Sessions:
    """The list of all sessions, and what ends them."""

    door: Door

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.page(PAGE, self._show),
            self.door.form(f"{PAGE}/end", self._end, page=PAGE),
            self.door.form(f"{OWN}/sessions/end", self._end_own, page=OWN),
            self.door.form(f"{OWN}/sessions/others", self._end_others, page=OWN),
        ]

    def own(self, visit: Visit) -> list[Row]:
        """List the sessions of whoever looks, this one first."""
        rows = self._rows(visit, self.door.accounts.web_sessions(visit.agent.id))
        return sorted(rows, key=lambda row: not row.this)

    def _show(self, visit: Visit, error: DeskwardError | None = None) -> Response:
        rows = self._rows(visit, self.door.accounts.web_sessions())
        status = error.status if error else 200
        return self.door.show(visit, "sessions.html", status, here="people", rows=rows, error=error)

    def _rows(self, visit: Visit, found: Iterable[WebSession]) -> list[Row]:
        names = self.door.agent_names()
        return [
            Row(one.digest[:MARK], names.get(one.agent_id, ""), one, one.digest == visit.session.digest)
            for one in found
            if self.door.living(one)
        ]

    def _end(self, visit: Visit) -> Response:
        try:
            ended = self._ended(visit, self.door.accounts.web_sessions())
        except NotFoundError as error:
            return self._show(visit, error)
        return self._on(visit, ended, PAGE)

    def _end_own(self, visit: Visit) -> Response:
        return self._on(visit, self._ended(visit, self.door.accounts.web_sessions(visit.agent.id)), OWN)

    def _end_others(self, visit: Visit) -> Response:
        self.door.note(visit.agent, Deed.SIGNED_OUT_BY, agent=visit.agent.id, which="others")
        for one in self.door.accounts.web_sessions(visit.agent.id):
            if one.digest != visit.session.digest:
                self.door.accounts.end_web_sessions(digest=one.digest)
        return see_other(f"{OWN}?ended=1")

    def _ended(self, visit: Visit, among: Iterable[WebSession]) -> WebSession:
        wanted = visit.fields.get("session", "")
        found = next((one for one in among if one.digest[:MARK] == wanted), None)
        if found is None:
            raise NotFoundError("This session is not there any more.", "Look at the list again.")
        self.door.note(visit.agent, Deed.SIGNED_OUT_BY, agent=found.agent_id, which="one")
        self.door.accounts.end_web_sessions(digest=found.digest)
        return found

    def _on(self, visit: Visit, ended: WebSession, page: str) -> Response:
        """Go back to the list; who ended the session they are in is signed out."""
        if ended.digest == visit.session.digest:
            return self.door.log_out(visit)
        return see_other(f"{page}?ended=1")
