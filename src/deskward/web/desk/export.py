"""“Export CSV”: what the table shows, streamed, after a fresh login (SR-88, SR-109)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deskward.core.cells import csv_line
from deskward.core.console import Console
from deskward.core.verification import Verification
from deskward.web.desk.doors import Door, Visit
from deskward.web.desk.table import Asked, asked_of

AT_ONCE = 500
HEADINGS = (
    "Ticket Number",
    "Requester Name",
    "Requester Email",
    "Risk level",
    "Verification Status",
    "Request category",
    "Initiated By",
    "Timestamp of Verification",
    "Verification ID",
)


@dataclass(frozen=True)
class Export:
    """The way out of the console for rows."""

    door: Door
    console: Console

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [self.door.fresh_page("/export.csv", self._export)]

    def _export(self, visit: Visit) -> Response:
        asked = asked_of(visit.request.query_params)
        headers = {"Content-Disposition": 'attachment; filename="verifications.csv"'}
        return StreamingResponse(self._lines(asked), media_type="text/csv; charset=utf-8", headers=headers)

    def _lines(self, asked: Asked) -> Iterator[str]:
        yield "\ufeff" + csv_line(HEADINGS)
        search = replace(asked.search(), after=None)
        while True:
            page = self.console.page(search, AT_ONCE)
            yield from (csv_line(_cells(row)) for row in page.rows)
            if page.after is None:
                return
            search = replace(search, after=page.after)


def _cells(row: Verification) -> tuple[str, ...]:
    return (
        row.ticket_number,
        row.requester_name,
        row.requester_email,
        row.risk_level.value,
        row.status.label,
        row.category,
        row.agent_name,
        row.opened_at.isoformat(timespec="seconds"),
        row.id,
    )
