"""The API's reads: one, many, views, children, files and search."""

from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.changegear.answers import failure, one
from sandbox.changegear.call import Call, entity_type
from sandbox.changegear.criteria import compile_filter
from sandbox.changegear.records import Refused, Ticket
from sandbox.changegear.site import Site
from sandbox.changegear.wire import (
    ATTACHMENTS,
    HISTORY,
    RELATIONS,
    category_entity,
    chosen,
    entity,
    found_entity,
    history_entity,
    person_entity,
)
from sandbox.changegear.workflow import END_STATES, NEW

Rows = list[dict[str, Any]]


async def one_row(call: Call) -> Response:
    """Answer a GET by id."""
    wanted = int(call.parts["id"])
    found = next((row for row in _rows(call) if row["ID"] == wanted), None)
    if found is None:
        return _missing(call)
    return one(call.site.profile, _cut(call, found))


async def many(call: Call) -> Response:
    """Answer a list with filter, sort and paging."""
    if call.type is None:
        return _missing(call)
    return _list(call, _rows(call))


async def view(call: Call) -> Response:
    """Answer a named view of the incidents."""
    chosen_view = VIEWS.get(call.parts["view"].lower())
    if call.type != "IncidentRequest" or chosen_view is None:
        return _missing(call)
    tickets = call.site.tickets.values()
    return _list(call, [entity(call.site, ticket) for ticket in tickets if chosen_view(call.site, ticket)])


async def relation(call: Call) -> Response:
    """Answer the children of a ticket."""
    ticket = _ticket(call)
    name = next((name for name in RELATIONS if name.lower() == call.parts["relation"].lower()), None)
    unreadable = name == HISTORY and call.site.profile.history_relation == "unreadable"
    if ticket is None or name is None or unreadable:
        return _missing(call)
    if name == HISTORY:
        return JSONResponse([history_entity(record) for record in ticket.history])
    if name == ATTACHMENTS:
        return JSONResponse([{"ID": file.id, "File": file.file, "Type": file.type} for file in ticket.attachments])
    return JSONResponse([])


async def attachment(call: Call) -> Response:
    """Answer the raw bytes of one file."""
    ticket = _ticket(call)
    content = None if ticket is None else call.site.attachment(ticket, int(call.parts["file"]))
    if content is None:
        return _missing(call)
    return Response(content, media_type="application/octet-stream")


async def search_type(call: Call) -> Response:
    """Answer a search in one type, or in All."""
    name = call.parts["type"]
    if name.lower() != "all" and call.type is None:
        return _missing(call)
    return _search(call, tickets=name.lower() == "all" or call.type == "IncidentRequest")


async def search_types(call: Call) -> Response:
    """Answer a search in several types."""
    query = call.request.query_params
    named = [entity_type(value) for name, value in query.multi_items() if name.lower() == "entitytypes"]
    return _search(call, tickets="IncidentRequest" in named)


def _search(call: Call, *, tickets: bool) -> Response:
    text = call.query("searchtext").casefold()
    summary_only = call.query("autocomplete").lower() == "true"
    rows = call.site.tickets.values() if tickets else ()
    found = [found_entity(ticket) for ticket in rows if text in _searched(call.site, ticket, summary_only)]
    return JSONResponse(found[call.page()])


def _searched(site: Site, ticket: Ticket, summary_only: bool) -> str:
    summary = str(ticket.fields["Summary"])
    if summary_only:
        return summary.casefold()
    shown = entity(site, ticket)
    return " ".join((summary, ticket.number, shown["Description"])).casefold()


def _ticket(call: Call) -> Ticket | None:
    return call.site.ticket(int(call.parts["id"])) if call.type == "IncidentRequest" else None


def _rows(call: Call) -> Rows:
    site = call.site
    if call.type == "Person":
        return [person_entity(person) for person in site.people.values()]
    if call.type == "IncidentRequestType":
        return [category_entity(category) for category in site.categories.values()]
    if call.type is None:
        return []
    if "id" in call.parts:
        ticket = _ticket(call)
        return [] if ticket is None else [entity(site, ticket)]
    return [entity(site, ticket) for ticket in site.tickets.values()]


def _list(call: Call, rows: Rows) -> Response:
    known = _known_columns(call, rows)
    text, order = call.query("filter"), call.query("sort") or "ID"
    if text.strip():
        fits = compile_filter(text, known)
        rows = [row for row in rows if fits(row)]
    if order not in known:
        raise Refused(f"Cannot sort by {order!r}.")
    rows = sorted(rows, key=lambda row: (row[order] is None, row[order], row["ID"]))
    return JSONResponse([_cut(call, row) for row in rows[call.page()]])


def _known_columns(call: Call, rows: Rows) -> set[str]:
    if call.type == "IncidentRequest":
        return call.site.ticket_columns
    return set(rows[0]) if rows else {"ID"}


def _cut(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    return chosen(row, call.columns, strict=call.site.profile.columns == "strict")


def _missing(call: Call) -> Response:
    return failure(call.site.profile, 404, "The requested row was not found.")


def _is_new(_site: Site, ticket: Ticket) -> bool:
    return ticket.status == NEW


def _is_open(_site: Site, ticket: Ticket) -> bool:
    return ticket.status not in END_STATES


def _is_intake(site: Site, ticket: Ticket) -> bool:
    names = [category.name for category in site.category_path(ticket.fields["IncidentRequestType"])]
    return _is_open(site, ticket) and "Accounts" in names


VIEWS: dict[str, Callable[[Site, Ticket], bool]] = {
    "all new incidents": _is_new,
    "all open incidents": _is_open,
    "deskward intake": _is_intake,
}
