"""“Export CSV”: what the table shows, streamed, after a fresh login (SR-88, SR-109)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import structlog
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deskward.core.audit import Deed
from deskward.core.cells import csv_line
from deskward.core.console import Console, Listed
from deskward.core.errors import DeskwardError
from deskward.web.desk.asked import Asked, Filters, hidden
from deskward.web.desk.doors import Door, Visit

AT_ONCE = 500
HEADINGS = (
    "Ticket Number",
    "Requester Name",
    "Requester Email",
    "Risk level",
    "Risk score",
    "Verification Status",
    "Request category",
    "Initiated By",
    "Timestamp of Verification",
    "Verification ID",
)
log = structlog.get_logger("deskward.desk")


@dataclass(frozen=True)
class Export:
    """The way out of the console for rows."""

    door: Door
    console: Console
    filters: Filters

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [self.door.fresh_page("/export.csv", self._export)]

    def _export(self, visit: Visit) -> Response:
        asked, _ = self.filters.asked(visit.request.query_params)
        if asked.left_out:
            text = f"Nothing was exported. {' '.join(asked.left_out)}"
            raise DeskwardError(text, "Go back to the table, set the filters, and export from there.")
        filters = {**asked.filters, **({"text": hidden(asked.text)} if asked.text else {})}
        self.door.note(visit.agent, Deed.EXPORT_BEGUN, filters=filters)
        headers = {"Content-Disposition": 'attachment; filename="verifications.csv"'}
        lines = self._lines(asked, visit.agent.id)
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)

    def _lines(self, asked: Asked, agent_id: str) -> Iterator[str]:
        """Write the lines; who took how many by which filters goes into the log, without what was searched for."""
        rows, whole = 0, False
        try:
            yield "\ufeff" + csv_line(HEADINGS)
            for row in self._rows(asked):
                yield csv_line(_cells(row))
                rows += 1
            whole = True
        finally:
            filters = {**asked.filters, **({"text": "given"} if asked.text else {})}
            log.info("exported", by=agent_id, rows=rows, whole=whole, filters=filters)

    def _rows(self, asked: Asked) -> Iterator[Listed]:
        search = replace(asked.search(), after=None, before=None)
        while True:
            page = self.console.page(search, AT_ONCE)
            yield from page.rows
            if page.after is None:
                return
            search = replace(search, after=page.after)


def _cells(row: Listed) -> tuple[str, ...]:
    return (
        row.ticket_number,
        row.requester_name,
        row.requester_email,
        row.risk_level.value,
        "" if row.risk_score is None else f"{row.risk_score:.1f}",
        row.status.label,
        row.category,
        row.agent_name,
        row.opened_at.isoformat(timespec="seconds"),
        row.id,
    )
