"""What `deskward doctor` asks a ChangeGear, changing nothing (changegear-api.md section 18, rule 10)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from deskward.connectors._changegear_hooks import Hooks
from deskward.connectors._changegear_notes import Notes
from deskward.connectors._changegear_rest import Rest, Row, ident
from deskward.connectors._changegear_setup import Moves, Poll
from deskward.core.errors import OutsideError, RejectedError
from deskward.core.tickets import Check, TicketPerson

Findings = Iterable[Check]


class Patient(Protocol):
    """The connector as the doctor sees it."""

    fields: dict[str, Any]
    notes: Notes
    moves: Moves
    poll: Poll
    status_field: str
    hand_over_to: int
    assignee_field: str
    hooks: Hooks
    rest: Rest

    @property
    def may_note(self) -> bool:
        """Tell whether notes are known to be hidden from requesters."""
        ...

    def listed(self, query: Iterable[tuple[str, str]] = ()) -> list[Row]:
        """Read the rows of the configured view or filter."""
        ...

    def person(self, person_id: str) -> TicketPerson | None:
        """Read a person."""
        ...


def checks(connector: Patient) -> Findings:
    """Check settings first, then the server, step by step; what needs a ticket stops where there is none."""
    yield from _settings(connector)
    login = _tried("log in", lambda: _login(connector.rest))
    yield login
    if login.well:
        yield from _server(connector)


def _settings(connector: Patient) -> Findings:
    yield Check(
        "webhook",
        connector.hooks.ready,
        "user and password are set" if connector.hooks.ready else "no user and password: every webhook is refused",
        ""
        if connector.hooks.ready
        else "Set webhook_basic_user and webhook_basic_password here and in ChangeGear.",
    )
    yield Check(
        "poll",
        connector.poll.there,
        connector.poll.view or connector.poll.filter or "NO POLL: a lost webhook is a lost ticket",
        ""
        if connector.poll.there
        else "Make a view of the categories in ChangeGear and set poll_view to its name.",
    )
    hidden = connector.may_note
    yield Check(
        "note visibility",
        hidden,
        "a person confirmed that requesters do not see notes" if hidden else "NOT CONFIRMED: no notes are written",
        ""
        if hidden
        else "Write a test note, look at it as the requester, and say on “Integrations” what you saw.",
    )
    moves = connector.moves.mode != "none"
    yield Check(
        "transitions",
        moves,
        f"{connector.moves.mode}; resolve and close mail the requester" if moves else "NONE: agents close by hand",
        "" if moves else "Set transition_mode once a PUT with Action (or Status) was seen to work.",
    )


def _login(rest: Rest) -> str:
    rest.log_in()
    return f"logged in as user {rest.user_id}" if rest.user_id else "Basic is shown with the first call"


def _server(connector: Patient) -> Findings:
    found: list[Row] = []
    yield _tried("tickets", lambda: _counted(connector, found))
    if not found:
        yield Check("one ticket", False, "there is no ticket to look at", "Make one in the view and ask again.")
        return
    ticket_id = connector.rest.key(found[0])
    rows: list[Row] = []
    read = _tried(f"ticket {ticket_id}", lambda: _read(connector, ticket_id, rows))
    yield read
    if read.well:
        yield from _ticket(connector, rows[0], rows[1])


def _counted(connector: Patient, found: list[Row]) -> str:
    if connector.poll.there:
        found += connector.listed([("columns", connector.fields["id"])])
        return f"{len(found)} waiting"
    first = connector.rest.row(connector.rest.address())
    found += [first] if first else []
    return "readable"


def _read(connector: Patient, ticket_id: str, rows: list[Row]) -> str:
    rows += [connector.rest.need(ticket_id), connector.rest.need(ticket_id)]
    links = [name for name in rows[0] if name.endswith("_link")]
    return f"fields {', '.join(sorted(rows[0].keys() - set(links)))}; links {', '.join(sorted(links)) or 'none'}"


def _ticket(connector: Patient, first: Row, second: Row) -> Findings:
    missing = _missing(connector, first)
    yield Check(
        "fields",
        not missing,
        f"not in the ticket: {', '.join(missing)}" if missing else "all configured fields are there",
        "Correct `fields`, `status_field` or `assignee_field`." if missing else "",
    )
    moved = first.get("eTag") != second.get("eTag")
    yield Check(
        "eTag",
        not moved and isinstance(first.get("eTag"), int),
        "reading moves it" if moved else f"{first.get('eTag')}, and reading does not move it",
        "Writes will conflict: ask the vendor about loadForEdit." if moved else "",
    )
    yield _actions(connector.moves, str(first.get("AllowedActions") or ""))
    yield _tried("history", lambda: _history(connector, first))
    yield _tried("requester", lambda: _requester(connector, first))
    yield _own(connector.rest.user_id, first.get(connector.fields["modified_by"]))


def _missing(connector: Patient, row: Row) -> list[str]:
    wanted: Mapping[str, Any] = {**connector.fields, "status_field": connector.status_field}
    if connector.hand_over_to:
        wanted = {**wanted, "assignee_field": connector.assignee_field}
    spelled = {name: [value] if isinstance(value, str) else value for name, value in wanted.items() if value}
    return [f"{name} ({', '.join(many)})" for name, many in spelled.items() if not any(one in row for one in many)]


def _actions(moves: Moves, told: str) -> Check:
    allowed = {name.strip().casefold() for name in told.split(",")}
    lacking = [name for name in moves.map.values() if name.casefold() not in allowed]
    needed = moves.mode == "action_field"
    hint = "Give the ChangeGear user the privilege for each action." if needed and lacking else ""
    return Check("AllowedActions", not (needed and lacking), told or "none told", hint)


def _history(connector: Patient, row: Row) -> str:
    records = connector.rest.history(row, connector.notes.relation)
    actions = sorted({str(record.get("Action")) for record in records})
    told = ", ".join(actions) or "none"
    return f"{len(records)} records with the actions {told}; notes use {connector.notes.action}"


def _requester(connector: Patient, row: Row) -> str:
    person = connector.person(ident(row.get(connector.fields["requester"])))
    if person is None or not person.email:
        raise RejectedError(
            "not readable, or without an address", "Check `person_fields` and the rights on Person."
        )
    return "readable, with an address"


def _own(user_id: str, modified_by: Any) -> Check:
    if not user_id:
        text = "our own user is not known: its echoes, and tickets that name it as requester, are not recognised"
        return Check("own changes", False, text, "Set own_person_id to the id of Deskward's own Person record.")
    alike = bool(ident(modified_by)) and bool(ident(user_id))
    return Check(
        "own changes",
        alike,
        f"our user is {user_id}, the ticket was last changed by {modified_by}",
        "" if alike else "These are not ids of one kind, so echoes of our own changes are not recognised.",
    )


def _tried(name: str, step: Callable[[], str]) -> Check:
    try:
        return Check(name, well=True, text=step())
    except OutsideError as error:
        return Check(name, well=False, text=error.text, hint=error.hint)
