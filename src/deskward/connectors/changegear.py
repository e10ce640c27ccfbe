"""Connector for ChangeGear: reads tickets, writes notes once, closes, takes webhooks as hints."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deskward.connectors import _changegear_doctor as doctors
from deskward.connectors._changegear_hooks import Hooks
from deskward.connectors._changegear_notes import TEST_NOTE, Notes, NoteWriter
from deskward.connectors._changegear_rest import Rest, Row, ident, moment
from deskward.connectors._changegear_setup import (
    CLOSED,
    FIELDS,
    NO_FIELDS,
    NO_SECRET,
    PERSON_FIELDS,
    RESOLVED,
    RIGHTS,
    TRANSITIONS,
    Moves,
    Poll,
    merged,
)
from deskward.core.errors import RejectedError, SettingsError
from deskward.core.ports import Posted
from deskward.core.secret import Secret
from deskward.core.tickets import Check, Closing, Ticket, TicketPerson
from deskward.outbound import Outbound

CATEGORY_SECONDS = 300.0
PERSON_SECONDS = 60.0


class Connector:
    """A ChangeGear installation, one module of it; shared by threads. Raises SettingsError for bad settings.

    `note_action` has no default: it is the `Action` that an internal note written by hand carries in the
    history (`doctor` lists them). Nothing confidential is written before `note_visibility_acknowledged`.
    `transition_map` names for “resolve” and “close” the action (mode action_field) or the state
    (status_field); `transition_extra_fields` holds, under the same two names, fields to send with it, and
    in mode field_set all that is sent. Resolve and Close mail the requester. Time-outs are in seconds.
    `hand_over_to` is the id of a person or team; 0 leaves the assignee alone.
    """

    name, rights = "changegear", RIGHTS

    def __init__(
        self,
        *,
        base_url: str,
        username: str,
        password: Secret,
        note_action: str,
        auth_mode: str = "session",
        own_person_id: int = 0,
        verify_tls: bool = True,
        ca_bundle: Path | None = None,
        proxy: str = "",
        timeout: float = 10.0,
        connect_timeout: float = 5.0,
        entity_type: str = "IncidentRequest",
        category_type: str = "IncidentRequestType",
        fields: dict[str, Any] = FIELDS,
        person_fields: dict[str, str] = PERSON_FIELDS,
        note_collection: str = "HistoryRecords",
        note_text_field: str = "Comment",
        note_visibility_acknowledged: bool = False,
        note_format: str = "text",
        note_history_relation: str = "IncidentRequestHistoryRecords",
        transition_mode: str = "none",
        transition_map: dict[str, str] = TRANSITIONS,
        transition_extra_fields: dict[str, dict[str, Any]] = NO_FIELDS,
        transition_comment_field: str = "Comment",
        resolved_states: list[str] = RESOLVED,
        closed_states: list[str] = CLOSED,
        poll_view: str = "",
        poll_filter: str = "",
        poll_sort: str = "",
        poll_pagesize: int = 50,
        poll_interval: float = 60.0,
        webhook_basic_user: str = "",
        webhook_basic_password: Secret = NO_SECRET,
        webhook_entity_key: str = "Entity",
        link_template: str = "",
        status_field: str = "",
        hand_over_to: int = 0,
        assignee_field: str = "AssignedTo",
    ) -> None:
        if auth_mode not in {"session", "basic"}:
            raise SettingsError(f"auth_mode is {auth_mode!r}.", "Use session or basic.")
        if own_person_id < 0:
            raise SettingsError("own_person_id is below zero.", "Write the id of Deskward's own Person record.")
        if hand_over_to < 0:
            raise SettingsError("hand_over_to is below zero.", "Write the id of a person or team in ChangeGear.")
        self.fields = merged("fields", FIELDS, fields)
        self.person_fields = merged("person_fields", PERSON_FIELDS, person_fields)
        self.notes = Notes(
            note_action,
            note_collection,
            note_text_field,
            note_format,
            note_history_relation,
            note_visibility_acknowledged,
        )
        self.moves = Moves(
            transition_mode,
            transition_map,
            transition_extra_fields,
            transition_comment_field,
            frozenset(state.casefold() for state in resolved_states),
            frozenset(state.casefold() for state in closed_states),
        )
        self.poll_seconds = poll_interval
        self.poll = Poll(poll_view, poll_filter, poll_sort, poll_pagesize, poll_interval)
        self.status_field = status_field
        self.hand_over_to, self.assignee_field = hand_over_to, assignee_field
        self.hooks = Hooks(webhook_basic_user, webhook_basic_password, webhook_entity_key, self.fields)
        verify: bool | str = str(ca_bundle) if verify_tls and ca_bundle else verify_tls
        out = Outbound(base_url, verify=verify, proxy=proxy, timeout=timeout, connect_timeout=connect_timeout)
        origin = re.sub(r"(//[^/]+).*", r"\1", out.base_url)
        self._link = link_template or f"{origin}/CGWeb/MainUI/MainFrame.aspx?ID={{id}}&moduleName=Incident"
        self.rest = Rest(
            out,
            entity_type,
            auth_mode=auth_mode,
            username=username,
            password=password,
            id_field=self.fields["id"],
            own_id=str(own_person_id or ""),
        )
        self._category_path = f"api/entity/{quote(category_type, safe='')}"
        self._writer = NoteWriter(self.rest, self.notes)
        self.note_way = f"{entity_type}, {self.notes.way}, at {out.base_url}"
        self.seen_hidden: bool | None = None

    # Webhooks are hints (SR-100)

    def accepts(self, posted: Posted) -> bool:
        """Check the webhook's Basic credentials in constant time; nothing is accepted where none are set."""
        return self.hooks.accept(posted)

    def hinted(self, posted: Posted) -> str | None:
        """Take the id, and nothing else, from a webhook; None for echoes of our own."""
        return self.hooks.ticket_id(posted, self.rest.user_id)

    # Reads

    def read(self, ticket_id: str) -> Ticket | None:
        """Read one ticket; None when it is gone or not visible."""
        row = self.rest.ticket(ticket_id)
        return None if row is None else self._ticket(row)

    def person(self, person_id: str) -> TicketPerson | None:
        """Read a person by the id in the ticket's requester field; remembered for a minute."""
        if not ident(person_id):
            return None
        row = self.rest.remembered(f"api/entity/Person/{person_id}", PERSON_SECONDS)
        if row is None:
            return None
        told = {name: str(row.get(field) or "") for name, field in self.person_fields.items()}
        own = person_id == str(self.rest.user_id)
        return TicketPerson(person_id, told["name"], told["email"], told["login"], own)

    def waiting(self) -> Sequence[Ticket] | None:
        """Read the configured view or filter completely; None where there is none."""
        if not self.poll.there:
            return None
        wanted = [name for one in self.fields.values() for name in ([one] if isinstance(one, str) else one)]
        query = [("columns", name) for name in dict.fromkeys([*wanted, "eTag"]) if name]
        return [self._ticket(row) for row in self.listed(query)]

    def listed(self, query: Iterable[tuple[str, str]] = ()) -> list[Row]:
        """Read the rows of the configured view or filter."""
        path = self.rest.address(self.poll.view) if self.poll.view else self.rest.address()
        return self.rest.rows(path, [*query, *self.poll.query], self.poll.pagesize)

    def _ticket(self, row: Row) -> Ticket:
        text = {name: self._text(row, name) for name in self.fields}
        category_id, category_name = self._category(row.get(self.fields["category"]))
        return Ticket(
            connector=self.name,
            id=ident(row.get(self.fields["id"])),
            number=text["number"],
            subject=text["summary"],
            description=text["description"],
            url=self._link.replace("{id}", text["id"]).replace("{number}", quote(text["number"], safe="")),
            category_id=category_id,
            category_name=category_name,
            requester_id=ident(row.get(self.fields["requester"])),
            status=text["status"],
            created_at=moment(text["created"]),
            version=str(row.get("eTag", "")),
            ended=self.moves.done(text["status"]) or row.get(self.fields["ended"]) is True,
        )

    def _text(self, row: Row, name: str) -> str:
        spelled = self.fields[name]
        for field in [spelled] if isinstance(spelled, str) else spelled:
            if row.get(field) not in (None, ""):
                return str(row[field])
        return ""

    def _category(self, value: Any) -> tuple[str, str]:
        """Give id and name; a category that is a text already is both."""
        if not ident(value):
            return (text := str(value or "")), text
        row = self.rest.remembered(f"{self._category_path}/{ident(value)}", CATEGORY_SECONDS)
        return ident(value), str((row or {}).get("Name") or "")

    # Writes

    def add_note(self, ticket_id: str, marker: str, text: str, html: str) -> None:
        """Write the internal note once; calling again is always safe, since it looks before it writes.

        A note counts as there when a history record of `note_action` holds “Ref: MARKER”, the marker being
        no part of a longer one. RejectedError: not acknowledged, dropped, or it replaced the history.
        UncertainError: the history cannot be read, so a person decides; nothing is written then.
        """
        if not self.may_note:
            raise RejectedError(
                "Notes are not written before a person has confirmed that requesters do not see them.",
                "Write a test note, look at it as the requester, and say on “Integrations” what you saw.",
            )
        self._writer.write(ticket_id, marker, text, html)

    @property
    def may_note(self) -> bool:
        """Tell whether notes are known to be hidden: what a person saw counts before the settings."""
        return self.notes.acknowledged if self.seen_hidden is None else self.seen_hidden

    def looked(self, hidden: bool | None) -> None:
        """Take what a person saw of a test note that was written as notes are now."""
        self.seen_hidden = hidden

    def test_note(self, ticket_id: str, marker: str) -> str:
        """Write a harmless note on explicit command, once; gives its words."""
        self._writer.write(ticket_id, marker, TEST_NOTE, f"<p>{escape(TEST_NOTE)}</p>")
        return TEST_NOTE

    def close(self, ticket_id: str, comment: str) -> Closing:
        """Resolve, read again, close what is not closed, and judge by the status; `comment` is public.

        In mode none, or where no step for closing is named, the agent closes by hand.
        """
        row = self.rest.need(ticket_id)
        if self.moves.closed(self._text(row, "status")) or self.moves.mode == "none":
            return self._closing(row)
        for step in ("resolve", "close"):
            if self.moves.names(step) and not self.moves.reached(step, self._text(row, "status")):
                row = self._move(row, step, comment)
        return self._closing(row)

    def _closing(self, row: Row) -> Closing:
        status = self._text(row, "status")
        closed = self.moves.closed(status)
        return Closing(status, closed, by_hand=not closed)

    def _move(self, row: Row, step: str, comment: str) -> Row:
        body = self.moves.body(step, comment, self.fields["status"])
        action = body.get("Action", "")
        allowed = {name.strip().casefold() for name in str(row.get("AllowedActions") or "").split(",")} - {""}
        if action and allowed and action.casefold() not in allowed:
            raise RejectedError(
                f"The ticket in status “{self._text(row, 'status')}” does not allow “{action}”.",
                "Give the ChangeGear user the privilege for it, or close the ticket by hand.",
            )
        return self.rest.change(row, body, lambda fresh, _: self.moves.reached(step, self._text(fresh, "status")))

    def show_status(self, ticket_id: str, text: str) -> None:
        """Write the live status into `status_field`, once; nothing where none is configured."""
        if not self.status_field:
            return
        row = self.rest.need(ticket_id)
        if row.get(self.status_field) != text:
            self.rest.change(row, {self.status_field: text}, lambda fresh, _: fresh.get(self.status_field) == text)

    def hand_over(self, ticket_id: str) -> None:
        """Assign it to `hand_over_to`, once; whoever has it keeps it, and so does one that has ended."""
        field = self.assignee_field
        row = self.rest.need(ticket_id) if self.hand_over_to else None
        if row and not ident(row.get(field)) and not self._ticket(row).ended:
            self.rest.change(row, {field: self.hand_over_to}, lambda fresh, _: bool(ident(fresh.get(field))))

    def log_out(self) -> None:
        """End session and connections at shutdown."""
        self.rest.log_out()

    def doctor(self) -> Iterable[Check]:
        """Check every setting and right, changing nothing."""
        return doctors.checks(self)
