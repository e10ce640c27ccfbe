"""A ticket as the connector reads it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Ticket:
    """One ticket; `category_names` are the ways the category may be named in settings (id and name)."""

    connector: str
    id: str
    number: str
    subject: str
    description: str
    url: str
    category_id: str
    category_name: str
    requester_id: str
    status: str
    created_at: datetime | None
    version: str
    ended: bool = False

    @property
    def category_names(self) -> frozenset[str]:
        """Give id and name, case folded, without empties."""
        return frozenset(n.casefold() for n in (self.category_id, self.category_name) if n)


@dataclass(frozen=True)
class TicketPerson:
    """The person a ticket names as requester; `own` tells that it is the account Deskward itself uses."""

    id: str
    name: str
    email: str
    login: str
    own: bool = False


@dataclass(frozen=True)
class Closing:
    """How a ticket stands after it was asked to close; `by_hand` means the agent closes it."""

    status: str
    closed: bool
    by_hand: bool = False


@dataclass(frozen=True)
class Check:
    """One line of `deskward doctor`: what was checked, whether it is well, what to do if not."""

    name: str
    well: bool
    text: str
    hint: str = ""
