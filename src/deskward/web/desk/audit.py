"""“Audit”: every event and every look, with filters, page by page, and as a CSV file (SR-112)."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deskward.core.audit import LOOKS, AuditLog, Deed, Place, Recorded, Sought
from deskward.core.cells import csv_line
from deskward.core.errors import DeskwardError
from deskward.core.events import EventKind
from deskward.core.lines import clean
from deskward.web.desk.asked import Asked, asked_of
from deskward.web.desk.crew import Crew
from deskward.web.desk.doors import Door, Visit
from deskward.web.desk.words import ACTORS, DEEDS, EVENTS, actor_name, deed_text, event_text

PATH, CSV = "/audit", "/audit.csv"
UNUSABLE, AT_ONCE, LONGEST = 400, 500, 40
LOOKED = "looks"
HEADINGS = ("Time", "Who", "Actor", "What", "Ticket Number", "Verification ID", "Details")
_PLACE = re.compile(r"([0-9]{1,18})_([A-Za-z0-9-]{0,40})_([0-9]{1,18})")
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class AuditAsked:
    """The filters and the place of a view; `days` holds first and last day, of UTC; `left_out` are sentences."""

    who: str = ""
    what: str = ""
    about: str = ""
    days: Asked = field(default_factory=Asked)
    after: Place | None = None
    before: Place | None = None
    left_out: tuple[str, ...] = ()

    @property
    def filters(self) -> Mapping[str, str]:
        """Give the filters in use as the address names them."""
        told = {"who": self.who, "what": self.what, "about": self.about}
        return {**{name: value for name, value in told.items() if value}, **self.days.filters}

    def sought(self) -> Sought:
        """Ask the log."""
        kinds = tuple(sorted(LOOKS)) if self.what == LOOKED else (self.what,) if self.what else ()
        days = self.days.search()
        return Sought(
            self.who, kinds, self.about, since=days.since, until=days.until, after=self.after, before=self.before
        )

    def address(self, path: str, **more: str) -> str:
        """Write these filters as an address; `more` are further fields, such as a place."""
        pairs = {**self.filters, **{name: value for name, value in more.items() if value}}
        return f"{path}?{urlencode(pairs)}" if pairs else path


@dataclass(frozen=True)
class Line:
    """One line as it is shown."""

    row: Recorded
    who: str
    what: str
    text: str


@dataclass(frozen=True)
class Audit:
    """The page and its file; nothing is changed there."""

    door: Door

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [self.door.page(PATH, self._show, alone=True), self.door.fresh_page(CSV, self._export)]

    @property
    def log(self) -> AuditLog:
        """Give the log."""
        return self.door.audit

    def _show(self, visit: Visit) -> Response:
        agents = self.door.agent_names()
        asked = audit_asked_of(visit.request.query_params, agents)
        page = self.log.page(asked.sought())
        self.door.note(visit.agent, Deed.AUDIT, filters=dict(asked.filters))
        return self.door.show(
            visit,
            "audit.html",
            UNUSABLE if asked.left_out else 200,
            here="audit",
            asked=asked,
            people={**{f"agent:{key}": name for key, name in agents.items()}, **ACTORS},
            looks={deed.value: words for deed, words in DEEDS.items() if deed in LOOKS},
            deeds={deed.value: words for deed, words in DEEDS.items() if deed not in LOOKS},
            events={kind.value: words for kind, words in EVENTS.items()},
            lines=[_line(row, agents, personal=_personal(visit)) for row in page.rows],
            export=asked.address(CSV),
            here_again=asked.address(PATH, after=place_of(asked.after), before=place_of(asked.before)),
            first=asked.address(PATH),
            newer=asked.address(PATH, before=place_of(page.before)) if page.before else "",
            older=asked.address(PATH, after=place_of(page.after)) if page.after else "",
        )

    def _export(self, visit: Visit) -> Response:
        asked = audit_asked_of(visit.request.query_params, self.door.agent_names())
        if asked.left_out:
            text = f"Nothing was exported. {' '.join(asked.left_out)}"
            raise DeskwardError(text, "Go back to the log, set the filters, and export from there.")
        self.door.note(visit.agent, Deed.AUDIT_EXPORT_BEGUN, filters=dict(asked.filters))
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
        lines = self._lines(replace(asked.sought(), after=None, before=None), personal=_personal(visit))
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)

    def _lines(self, sought: Sought, *, personal: bool) -> Iterator[str]:
        agents = self.door.agent_names()
        yield "\ufeff" + csv_line(HEADINGS)
        while True:
            page = self.log.page(sought, AT_ONCE)
            yield from (csv_line(_cells(_line(row, agents, personal=personal))) for row in page.rows)
            if page.after is None:
                return
            sought = replace(sought, after=page.after)


def audit_asked_of(query: QueryParams, agents: Mapping[str, str]) -> AuditAsked:
    """Read the address of a view; what cannot be used is left out and said."""
    days = asked_of(QueryParams({name: query.get(name, "") for name in ("from", "to")}), Crew({}, {}), ())
    left_out = list(days.left_out)

    def one_of(name: str, known: Collection[str], said: str) -> str:
        value = clean(query.get(name, ""))
        if not value or value in known:
            return value
        left_out.append(f"There is {said}; it was left out.")
        return ""

    about = clean(query.get("about", ""))
    if len(about) > LONGEST:
        left_out.append(f"A ticket number or verification ID has at most {LONGEST} characters; it was left out.")
    after, before = (place_read(query.get(name, "")) for name in ("after", "before"))
    unread = any(query.get(name) and not place for name, place in (("after", after), ("before", before)))
    if unread or (after and before):
        left_out.append("There is no such place in the log. Here are the newest entries.")
        after = before = None
    return AuditAsked(
        who=one_of("who", {*ACTORS, *(f"agent:{key}" for key in agents)}, "nobody of that name here"),
        what=one_of("what", {LOOKED, *EventKind, *Deed}, "no such kind of entry"),
        about=about if len(about) <= LONGEST else "",
        days=replace(days, left_out=()),
        after=after,
        before=before,
        left_out=tuple(left_out),
    )


def place_of(place: Place | None) -> str:
    """Write a place for an address; empty for none."""
    if place is None:
        return ""
    return f"{(place.at - _BEGIN) // timedelta(microseconds=1)}_{place.verification_id}_{place.number}"


def place_read(text: str) -> Place | None:
    """Read a place from an address; None where it is none."""
    found = _PLACE.fullmatch(text)
    try:
        return Place(_BEGIN + timedelta(microseconds=int(found[1])), found[2], int(found[3])) if found else None
    except OverflowError:
        return None


def _personal(visit: Visit) -> bool:
    """Tell whether somebody may read what was searched for: who may search the table."""
    return visit.may("GET", "/")


def _line(row: Recorded, agents: Mapping[str, str], *, personal: bool) -> Line:
    who = actor_name(row, agents)
    if isinstance(row.kind, Deed):
        return Line(row, who, DEEDS[row.kind], deed_text(row.fields, agents, personal=personal))
    return Line(row, who, EVENTS[row.kind], event_text(row.fields))


def _cells(line: Line) -> tuple[str, ...]:
    row = line.row
    at = row.at.isoformat(timespec="seconds")
    return at, line.who, row.actor, line.what, row.ticket_number, row.verification_id, line.text
