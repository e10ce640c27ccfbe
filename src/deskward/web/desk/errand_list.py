"""Errands that were refused or keep failing, of every verification and of none (DESIGN section 6)."""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.console import Console
from deskward.core.errors import NotFoundError
from deskward.web.desk.details import errand_row
from deskward.web.desk.doors import Door, Visit, see_other

MOST = 200


@dataclass(frozen=True)
class ErrandList:
    """The page with everything that needs a look."""

    door: Door
    console: Console

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.page("/errands", self._show),
            self.door.form("/errands/replay", self._replay, page="/errands"),
        ]

    def _show(self, visit: Visit, error: NotFoundError | None = None) -> Response:
        rows = [errand_row(e) for e in self.console.stuck(MOST)]
        status = error.status if error else 200
        return self.door.show(visit, "errands.html", status, here="errands", errands=rows, error=error)

    def _replay(self, visit: Visit) -> Response:
        wanted = visit.fields.get("errand", "")
        found = next((e for e in self.console.stuck(MOST) if str(e.id) == wanted), None)
        if found is None:
            return self._show(
                visit, NotFoundError("This errand is not stuck any more.", "Look at the list again.")
            )
        self.console.replay(found.id, self.door.clock.now(), str(visit.actor))
        return see_other("/errands")
