"""“Incidents”: resets that a directory's log tells of and no grant explains, and what became of them (SR-68)."""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.audit import Deed
from deskward.core.errors import DeskwardError
from deskward.core.resets import ResetKind
from deskward.lifecycle import House
from deskward.lifecycle.house import LONGEST_REASON
from deskward.lifecycle.reconciling import MOST, logs_of, review
from deskward.web.desk.doors import Door, Visit, attempted

PAGE, SHOWN_SETTLED = "/incidents", 50
KINDS = {
    ResetKind.PASSWORD: "New password",
    ResetKind.UNLOCK: "Lock lifted",
    ResetKind.FACTORS: "Sign-in factors removed",
}


@dataclass(frozen=True)
class Incidents:
    """The page and its form."""

    door: Door
    house: House

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.page(PAGE, self._show),
            self.door.form(f"{PAGE}/{{incident_id}}/settle", self._settle, page=PAGE),
        ]

    def _show(self, visit: Visit, error: DeskwardError | None = None) -> Response:
        rows = self.house.store.resets
        return self.door.show(
            visit,
            "incidents.html",
            error.status if error else 200,
            here="incidents",
            open=rows.incidents(MOST, reviewed=False),
            settled=rows.incidents(SHOWN_SETTLED, reviewed=True),
            kinds=KINDS,
            longest=LONGEST_REASON,
            read=sorted(logs_of(self.house)),
            error=error,
        )

    def _settle(self, visit: Visit) -> Response:
        incident_id, reason = str(visit.request.path_params["incident_id"]), visit.fields.get("reason", "")

        def settle() -> None:
            review(self.house, incident_id, visit.actor, reason)
            self.door.note(visit.agent, Deed.INCIDENT_SETTLED, incident=incident_id)

        return attempted(visit, settle, self._show, PAGE)
