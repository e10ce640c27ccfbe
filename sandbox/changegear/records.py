"""The records a ChangeGear site keeps, as plain values."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

EventName = Literal["create", "update", "delete"]

PASSWORD_RESET = 101
ACCOUNT_UNLOCK = 102
IDENTITY_CHECK = 103
TEMPORARY_ACCESS = 104
PRINTER = 201


@dataclass(frozen=True)
class Person:
    """Someone who asks for tickets or works on them (``agent``)."""

    id: int
    name: str
    email: str
    login: str = ""
    agent: bool = False


@dataclass(frozen=True)
class Category:
    """One node of the tree IncidentRequestType."""

    id: int
    name: str
    parent: int | None = None


CATEGORIES = (
    Category(100, "Accounts"),
    Category(PASSWORD_RESET, "Password Reset", 100),
    Category(ACCOUNT_UNLOCK, "Account Unlock", 100),
    Category(IDENTITY_CHECK, "Identity check", 100),
    Category(TEMPORARY_ACCESS, "Temporary access", 100),
    Category(200, "Hardware"),
    Category(PRINTER, "Printer", 200),
)


@dataclass(frozen=True)
class HistoryRecord:
    """One line of a ticket's history; ``created`` is an ISO date with offset."""

    id: int
    action: str
    comment: str
    creator: int
    creator_name: str
    created: str


@dataclass(frozen=True)
class Attachment:
    """One file of a ticket; ``content`` is base64."""

    id: int
    file: str
    type: str
    content: str


@dataclass
class Ticket:
    """One incident: its stored fields by REST name, its history and its files."""

    fields: dict[str, Any]
    history: list[HistoryRecord] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    deleted: bool = False
    serial: int = 0

    @property
    def id(self) -> int:
        """Give the integer id that the API takes in its paths."""
        return int(self.fields["ID"])

    @property
    def number(self) -> str:
        """Give the ticket number, such as IR-0000039."""
        return str(self.fields["ItemID"])

    @property
    def status(self) -> str:
        """Give the name of the present state."""
        return str(self.fields["Status"])

    @property
    def etag(self) -> int:
        """Give the version that a PUT must name."""
        return int(self.fields["eTag"])

    def as_json(self) -> dict[str, Any]:
        """Give the ticket as JSON values, for the shelf."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Ticket":
        """Read a ticket as ``as_json`` wrote it."""
        history = [HistoryRecord(**record) for record in stored["history"]]
        attachments = [Attachment(**file) for file in stored["attachments"]]
        return cls(stored["fields"], history, attachments, stored["deleted"], stored["serial"])


@dataclass(frozen=True)
class Mail:
    """One mail that the factory rules send; ``role`` is requester or assignee."""

    id: int
    at: str
    to: str
    role: str
    ticket_id: int
    action: str
    subject: str
    body: str


@dataclass(frozen=True)
class Subscription:
    """One webhook: where it posts, its Basic credentials, and what it fires for."""

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    events: tuple[EventName, ...] = ("create", "update", "delete")
    modules: tuple[str, ...] = ("Incident",)


@dataclass(frozen=True)
class Event:
    """One change of a ticket, with the ticket as it was read right after it."""

    name: EventName
    ticket_id: int
    entity: dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One attempt to post a webhook; ``result`` is a status code or the reason there is none."""

    at: str
    url: str
    event: EventName
    ticket_id: int
    result: str


@dataclass(frozen=True)
class Change:
    """What one write asks for: fields, new history records, kept records, files and a workflow action."""

    fields: dict[str, Any] = field(default_factory=dict)
    records: tuple[tuple[str, str], ...] | None = None
    kept_records: tuple[int, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    action: str = ""
    comment: str = ""
    close_type: str = ""


class Refused(Exception):  # noqa: N818 - named for what the server says
    """A request that the server does not carry out; the message says why."""
