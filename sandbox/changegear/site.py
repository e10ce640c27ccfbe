"""The whole state of one simulated ChangeGear site, and every way to change it."""

import copy
import random as randoms
import secrets
import threading
from base64 import b64decode
from binascii import Error as NotBase64
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from pathlib import Path

from sandbox.changegear.ledger import apply_change
from sandbox.changegear.profile import Profile
from sandbox.changegear.records import (
    CATEGORIES,
    Category,
    Change,
    Delivery,
    Event,
    EventName,
    Mail,
    Person,
    Refused,
    Subscription,
    Ticket,
)
from sandbox.changegear.shelf import Shelf
from sandbox.changegear.wire import LATER_FIELDS, blank_fields, entity, stamp

DELIVERIES_KEPT = 50
Listener = Callable[[Event], None]


class Site:
    """A ChangeGear site: people, categories, tickets, sessions, outbox, webhooks and its profile.

    ``account`` is the id of the person behind the API credentials, ``agent`` of the person at the web page
    (by default the first agent). ``field_actions`` runs a workflow action when a field is set.
    Safe to use from several threads.
    """

    def __init__(
        self,
        people: Sequence[Person],
        *,
        account: int,
        agent: int | None = None,
        path: Path | None = None,
        username: str = "SANDBOX\\deskward",
        password: str = "sandbox-changegear",
        base_path: str = "/CGRestAPI",
        categories: Sequence[Category] = CATEGORIES,
        profile: Profile | None = None,
        internal_action: str = "Internal Note",
        note_format: str = "html",
        subscriptions: Sequence[Subscription] = (),
        udf_fields: Sequence[str] = ("UDF_DeskwardStatus",),
        field_actions: Mapping[str, str] | None = None,
        offset: timedelta = timedelta(hours=-7),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: randoms.Random | None = None,
        slow_seconds: float = 0.3,
        hang_seconds: float = 20.0,
    ) -> None:
        self.people = {person.id: person for person in people}
        self.categories = {category.id: category for category in categories}
        self.account = self.people[account]
        agents = [person.id for person in people if person.agent] or [account]
        self.agent = self.people[agent if agent is not None else agents[0]]
        self.username, self._password, self.base_path = username, password, base_path
        self.profile = profile or Profile()
        self.internal_action, self.note_format = internal_action, note_format
        self.subscriptions = list(subscriptions)
        self.udf_fields = tuple(udf_fields)
        self.field_actions = dict(field_actions or {})
        self.offset, self._now = offset, now
        self.random = random or randoms.Random(0)  # noqa: S311 - faults, not secrets
        self.slow_seconds, self.hang_seconds = slow_seconds, hang_seconds
        self.lock, self._shelf = threading.RLock(), Shelf(path)
        self._all = {ticket.id: ticket for ticket in map(Ticket.from_json, self._shelf.load("ticket"))}
        self.outbox = [Mail(**mail) for mail in self._shelf.load("mail")]
        self.deliveries: deque[Delivery] = deque(maxlen=DELIVERIES_KEPT)
        self._sessions: dict[str, int] = {}
        self._listeners: list[Listener] = []

    def close(self) -> None:
        """Let go of the file that keeps the tickets."""
        self._shelf.close()

    @property
    def prefixes(self) -> tuple[str, str, str]:
        """Give the path prefixes that the site's app answers under."""
        return (self.base_path, "/CGWeb", "/changegear")

    def stamp(self) -> str:
        """Give the present moment as the server writes it."""
        return stamp(self._now(), self.offset)

    def switch(self, **values: object) -> None:
        """Turn profile values while the server runs."""
        self.profile = replace(self.profile, **values)  # type: ignore[arg-type]

    # Sessions

    def accepts(self, username: str, password: str) -> bool:
        """Tell whether these are the API account's credentials."""
        same_name = compare_digest(username.casefold().encode(), self.username.casefold().encode())
        return same_name and compare_digest(password.encode(), self._password.encode())

    def open_session(self) -> str:
        """Open a session of the API account."""
        with self.lock:
            session = secrets.token_urlsafe(48)
            self._sessions[session] = 0
            return session

    def use_session(self, session: str) -> bool:
        """Count one call of a session; False where it is unknown or has served its calls."""
        with self.lock:
            if session not in self._sessions:
                return False
            self._sessions[session] += 1
            limit = self.profile.session_calls
            if limit is not None and self._sessions[session] > limit:
                del self._sessions[session]
                return False
            return True

    def end_session(self, session: str) -> None:
        """End one session."""
        with self.lock:
            self._sessions.pop(session, None)

    def end_sessions(self) -> None:
        """End every session, as a restart of the server does."""
        with self.lock:
            self._sessions.clear()

    # Tickets

    @property
    def tickets(self) -> dict[int, Ticket]:
        """Give the tickets that are not deleted, by id."""
        with self.lock:
            return {key: ticket for key, ticket in self._all.items() if not ticket.deleted}

    def ticket(self, ticket_id: int) -> Ticket | None:
        """Find one ticket that is not deleted."""
        found = self._all.get(ticket_id)
        return None if found is None or found.deleted else found

    def create(self, change: Change, actor: Person) -> Ticket:
        """Open a ticket; Refused without a summary. The requester defaults to the actor."""
        if not str(change.fields.get("Summary", "")).strip():
            raise Refused("Summary is required.")
        with self.lock:
            draft = Ticket(blank_fields(max(self._all, default=0) + 1, self.offset))
            draft.fields.update(dict.fromkeys(self.udf_fields, ""))
            draft.fields.update(Status="Unsubmitted", CreatedDateTime=self.stamp())
            first = "Submit" if self.profile.first_state == "New" else ""
            fields = {"Requester": actor.id, **change.fields}
            return self._commit("create", draft, replace(change, fields=fields, action=first), actor)

    def change(self, ticket_id: int, change: Change, actor: Person) -> Ticket:
        """Carry out one write on a ticket; Refused changes nothing."""
        with self.lock:
            ticket = self.ticket(ticket_id)
            if ticket is None:
                raise Refused("The ticket was not found.")
            return self._commit("update", copy.deepcopy(ticket), change, actor)

    def delete(self, ticket_id: int, actor: Person) -> None:
        """Flag a ticket as deleted, after which it cannot be read."""
        with self.lock:
            ticket = self.ticket(ticket_id)
            if ticket is not None:
                draft = copy.deepcopy(ticket)
                draft.deleted = True
                self._commit("delete", draft, Change(), actor)

    def open_ticket(
        self, summary: str, *, requester: int, category: int, text: str = "", actor: Person | None = None
    ) -> Ticket:
        """Open a ticket as the agent at the web page does."""
        fields = {"Summary": summary, "Requester": requester, "IncidentRequestType": category}
        records = (("Description", text),) if text else ()
        return self.create(Change(fields=fields, records=records), actor or self.agent)

    def act(self, ticket_id: int, action: str, comment: str = "", close_type: str = "") -> Ticket:
        """Press a workflow button as the agent at the web page."""
        change = Change(action=action, comment=comment, close_type=close_type)
        return self.change(ticket_id, change, self.agent)

    def note(self, ticket_id: int, text: str, action: str | None = None) -> Ticket:
        """Add a history record as the agent at the web page, an internal note by default."""
        change = Change(records=((action or self.internal_action, text),))
        return self.change(ticket_id, change, self.agent)

    def _commit(self, name: EventName, draft: Ticket, change: Change, actor: Person) -> Ticket:
        mails = apply_change(self, draft, change, actor)
        self._all[draft.id] = draft
        self.outbox.extend(mails)
        rows = [("ticket", draft.id, draft.as_json()), *(("mail", mail.id, asdict(mail)) for mail in mails)]
        self._shelf.put(rows)
        event = Event(name, draft.id, entity(self, draft))
        for listener in list(self._listeners):
            listener(event)
        return draft

    # What others look at

    @property
    def ticket_columns(self) -> set[str]:
        """Name every field that a read of a ticket gives."""
        blank = Ticket({**blank_fields(0, self.offset), **LATER_FIELDS, **dict.fromkeys(self.udf_fields, "")})
        return set(entity(self, blank))

    def category_path(self, category: int | None) -> list[Category]:
        """Give a category with those above it, the root first."""
        path: list[Category] = []
        while category is not None and category in self.categories:
            path.insert(0, self.categories[category])
            category = path[0].parent
        return path

    def public_history(self, ticket: Ticket) -> list[str]:
        """Give the comments that the requester sees, the oldest first."""
        return [record.comment for record in ticket.history if record.action != self.internal_action]

    def attachment(self, ticket: Ticket, attachment_id: int) -> bytes | None:
        """Give the raw bytes of one file of a ticket."""
        found = next((file for file in ticket.attachments if file.id == attachment_id), None)
        try:
            return None if found is None else b64decode(found.content, validate=True)
        except NotBase64:
            return b""

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with every event, in the thread that makes the change."""
        self._listeners.append(listener)

    def ignore(self, listener: Listener) -> None:
        """Stop calling ``listener``."""
        self._listeners.remove(listener)
