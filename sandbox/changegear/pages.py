"""What the pages show: templates, and tickets in the words of the people who read them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from sandbox.changegear.profile import PROFILE_VALUES
from sandbox.changegear.records import HistoryRecord, Ticket
from sandbox.changegear.rendering import render
from sandbox.changegear.site import Site
from sandbox.changegear.wire import description
from sandbox.changegear.workflow import BUTTONS

HERE = Path(__file__).parent
_BELOW = " › "  # noqa: RUF001
CLOSE_TYPES = ("Fixed", "Answered", "No fault found", "Withdrawn")
_TONES = {"New": "new", "In-Progress": "active", "Closed": "done", "Unsubmitted": "quiet"}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

SWITCH_LABELS = {
    "etag_conflict": "Answer to a stale eTag",
    "auth_failure": "Answer to a bad login or session",
    "login_answer": "Answer to a login",
    "create_status": "Status of a create",
    "create_number": "Ticket number in the answer to a create",
    "first_state": "First state of a ticket",
    "put_answer": "Body of a successful update",
    "error_body": "Body of an error",
    "get_one": "A read of one ticket gives",
    "unknown_field": "An unknown field in a body is",
    "columns": "A read with columns gives",
    "webhook_body": "Webhook body",
    "webhook_delivery": "Webhooks are delivered",
    "action": "An action in an update is",
    "allowed_actions": "AllowedActions lists",
    "note_action": "History records other than Description are",
    "history_records": "History records in an update are",
    "history_relation": "The history is",
    "session": "A session",
    "timing": "Answers are",
}


@dataclass(frozen=True)
class Line:
    """One line of a history as a page shows it."""

    who: str
    initials: str
    action: str
    internal: bool
    when: str
    machine_time: str
    comment: Markup


def environment() -> Environment:
    """Set up the templates, escaping everything and refusing unknown names."""
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["when"] = clock
    pages.filters["briefly"] = lambda stamped: clock(stamped, "%d %b, %H:%M")
    pages.filters["tone"] = lambda status: _TONES.get(status, "waiting")
    return pages


class Pages:
    """Renders the pages of one site."""

    def __init__(self, site: Site) -> None:
        self._site, self._templates = site, environment()

    def show(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a template with the names that every page has."""
        text = self._templates.get_template(template).render(agent=self._site.agent, **values)
        return HTMLResponse(text, status, HEADERS)

    def tickets(self) -> HTMLResponse:
        """Show the newest tickets."""
        newest = sorted(self._site.tickets.values(), key=lambda ticket: -ticket.id)[:100]
        return self.show("tickets.html", rows=[self.summary(ticket) for ticket in newest])

    def ticket(self, ticket: Ticket, *, requester_view: bool = False, error: str = "") -> HTMLResponse:
        """Show one ticket to the agent, or as its requester sees it."""
        site = self._site
        public = [record for record in ticket.history if record.action != site.internal_action]
        records = public if requester_view else ticket.history
        return self.show(
            "requester.html" if requester_view else "ticket.html",
            status=400 if error else 200,
            ticket=self.summary(ticket),
            fields=ticket.fields,
            lines=[self._line(record) for record in records],
            buttons=BUTTONS[ticket.status],
            close_types=CLOSE_TYPES,
            error=error,
            **self.choices(),
        )

    def new(self, error: str = "") -> HTMLResponse:
        """Show the form for a new ticket."""
        return self.show("new.html", status=400 if error else 200, error=error, **self.choices())

    def switches(self, *, saved: bool = False) -> HTMLResponse:
        """Show profile, faults, outbox and webhook deliveries."""
        site = self._site
        return self.show(
            "switches.html",
            rows=[(name, SWITCH_LABELS[name], values) for name, values in PROFILE_VALUES.items()],
            profile=site.profile,
            agents=[person for person in site.people.values() if person.agent] or [site.agent],
            mails=list(reversed(site.outbox))[:50],
            deliveries=list(reversed(site.deliveries)),
            note_format=site.note_format,
            internal_action=site.internal_action,
            saved=saved,
        )

    def choices(self) -> dict[str, Any]:
        """Give the people and categories that a form offers."""
        site = self._site
        parents = {category.parent for category in site.categories.values()}
        leaves = [key for key in site.categories if key not in parents]
        return {
            "people": sorted(
                (person for person in site.people.values() if person != site.account),
                key=lambda person: (person.agent, person.name),
            ),
            "categories": [(key, self._category(key)) for key in leaves],
        }

    def summary(self, ticket: Ticket) -> dict[str, Any]:
        """Give the lines of a ticket that lists and heads show."""
        fields, people = ticket.fields, self._site.people
        requester = people.get(fields["Requester"])
        category = self._category(fields["IncidentRequestType"])
        assignee = people.get(fields["AssignedTo"])
        return {
            "id": ticket.id,
            "number": ticket.number,
            "status": ticket.status,
            "subject": fields["Summary"],
            "description": description(ticket),
            "category": category,
            "leaf": category.rpartition(_BELOW)[2],
            "requester": requester.name if requester else "Nobody known",
            "mail": fields["EmailPIT"],
            "assignee": assignee.name if assignee else "Nobody yet",
            "created": fields["CreatedDateTime"],
            "modified": fields["LastModifiedDateTime"],
        }

    def _category(self, key: int | None) -> str:
        return _BELOW.join(node.name for node in self._site.category_path(key)) or "None"

    def _line(self, record: HistoryRecord) -> Line:
        internal = record.action == self._site.internal_action
        return Line(
            who=record.creator_name,
            initials="".join(word[0] for word in record.creator_name.split()[:2]).upper(),
            action="Internal note" if internal else record.action,
            internal=internal,
            when=clock(record.created),
            machine_time=record.created,
            comment=render(record.comment, self._site.note_format),
        )


def clock(stamped: str, form: str = "%d %b %Y, %H:%M:%S") -> str:
    """Write a server date in this machine's time, for people."""
    return datetime.fromisoformat(stamped).astimezone().strftime(form)
