"""What the story needs from the outside: one protocol per folder of plugins, and the store."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from deskward.core.destinations import Kind
from deskward.core.exchange import Delivery, Field, Message, Posted, Receipt
from deskward.core.keeping import Bell, Store
from deskward.core.people import Person
from deskward.core.records import (
    Ceiling,
    Change,
    Count,
    Errand,
    ErrandKind,
    ErrandState,
    Grant,
    KnownTicket,
    Sending,
    Spent,
)
from deskward.core.secret import Secret
from deskward.core.tickets import Check, Closing, Ticket, TicketPerson
from deskward.core.verification import Verification

__all__ = [
    "Action",
    "Bell",
    "Ceiling",
    "Change",
    "Channel",
    "Clock",
    "Connector",
    "Count",
    "Delivery",
    "Directory",
    "Errand",
    "ErrandKind",
    "ErrandState",
    "Field",
    "Gateway",
    "Grant",
    "KeepsSessions",
    "KnownTicket",
    "Message",
    "People",
    "Posted",
    "Receipt",
    "Ruled",
    "Searchable",
    "Sending",
    "Spent",
    "Store",
]


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Give the time now, in UTC and aware."""
        ...


class Connector(Protocol):
    """A ticketing system. Calls raise UnreachableError, UncertainError or RejectedError.

    `poll_seconds` is the time between two polls of the named view.
    """

    name: str
    poll_seconds: float

    def accepts(self, posted: Posted) -> bool:
        """Check the credentials of a webhook in constant time."""
        ...

    def hinted(self, posted: Posted) -> str | None:
        """Take the ticket's id from a webhook; None where there is nothing to look at (SR-100)."""
        ...

    def read(self, ticket_id: str) -> Ticket | None:
        """Read one ticket; None when it is gone or not visible."""
        ...

    def person(self, person_id: str) -> TicketPerson | None:
        """Read the person that a ticket names as requester."""
        ...

    def waiting(self) -> Sequence[Ticket] | None:
        """Read the named view completely; None where no poll is configured."""
        ...

    def add_note(self, ticket_id: str, marker: str, text: str, html: str) -> None:
        """Write the internal note once: nothing happens when a note with this marker is there."""
        ...

    def close(self, ticket_id: str, comment: str) -> Closing:
        """Resolve, read again, close if it is not closed; `comment` is public."""
        ...

    def show_status(self, ticket_id: str, text: str) -> None:
        """Write the optional field with the live status; nothing where none is configured."""
        ...

    def hand_over(self, ticket_id: str) -> None:
        """Give a ticket that a person goes on with to whoever the settings name, if nobody has it."""
        ...

    def doctor(self) -> Iterable[Check]:
        """Check every setting and right, changing nothing."""
        ...

    def log_out(self) -> None:
        """End what is open there; called once, at the end."""
        ...


class Channel(Protocol):
    """A way to reach people."""

    name: str
    kind: Kind

    def normalised(self, typed: str) -> str:
        """Give the one spelling of a typed address; InvalidError says what is wrong with it."""
        ...

    def country(self, value: str) -> str:
        """Give the ISO country of a number, empty where there is none."""
        ...

    def send(self, message: Message, *, again: bool) -> Receipt:
        """Send; `again` tells that an earlier try may have gone out, so look before sending."""
        ...

    def reported(self, posted: Posted) -> tuple[str, Receipt] | None:
        """Read a signed status callback as (message id or ref, receipt); None when it is not genuine."""
        ...

    def doctor(self) -> Iterable[Check]:
        """Check settings and connection without sending anything."""
        ...

    def log_out(self) -> None:
        """End what is open there; called once, at the end."""
        ...


class People(Protocol):
    """The reading side of a directory: all that the story itself may have."""

    name: str

    def find(self, person: TicketPerson) -> Sequence[Person]:
        """Find the accounts that the ticket's requester may be, by the configured unique key."""
        ...

    def get(self, person_id: str) -> Person | None:
        """Read one account by its object id, with its change stamp."""
        ...

    def colleagues(self, person: Person) -> Sequence[Person]:
        """List who may know a person, the manager first; none where the directory cannot tell.

        Like `everyone`, it may tell less than `get`: neither lock, stamp, level of assurance nor groups.
        """
        ...

    def everyone(self) -> Iterable[Person]:
        """Read all accounts, one after the other."""
        ...


@runtime_checkable
class Searchable(Protocol):
    """A directory whose people can be looked for by parts of their names."""

    def search(self, text: str, limit: int) -> Sequence[Person]:
        """Find at most so many people whose name, login or e-mail has every word of a text."""
        ...


@runtime_checkable
class KeepsSessions(Protocol):
    """A directory that people are signed in to: what was open before a new password must not stay open (SR-70)."""

    def end_sessions(self, person_id: str) -> str:
        """End everything that is open in the account's name; gives what was done, in words for the ticket."""
        ...


class Directory(People, Protocol):
    """Where accounts live. Calls raise UnreachableError, UncertainError or RejectedError."""

    def set_password(self, person_id: str, password: Secret) -> None:
        """Set a new password; RejectedError carries the directory's reason in words."""
        ...

    def unlock(self, person_id: str) -> None:
        """Lift a lock-out."""
        ...

    def revoke(self, person_id: str, *, password: bool) -> str:
        """End what is open in the account's name; with `password`, take back the one set last (SR-47).

        A password that cannot be taken back is made unusable. Doing it twice is the same as once. Gives what
        was done, in words for the ticket.
        """
        ...

    def doctor(self) -> Iterable[Check]:
        """Check reach, rights and content."""
        ...


@runtime_checkable
class Ruled(Protocol):
    """A directory that can tell what it asks of a new password."""

    def rules(self, person: Person) -> Sequence[str]:
        """Say each rule for this person's password as a sentence; UnreachableError when down."""
        ...


class Action(Protocol):
    """What a requester may do once the proof is enough."""

    name: str
    title: str
    fields: tuple[Field, ...]
    button: str
    done: str

    def problem(self, person: Person, answers: Mapping[str, Secret]) -> str:
        """Say in words what is wrong with the answers; empty when they will do."""
        ...

    def perform(self, directory: Directory, person: Person, answers: Mapping[str, Secret]) -> Secret | None:
        """Do it, once; gives what is shown to the requester only, if anything."""
        ...

    def achieved(self, before: Person, after: Person) -> bool:
        """Tell from a read-back whether it is done (SR-59)."""
        ...


class Gateway(Protocol):
    """Spends a grant; the only way to the credentials of directories and the keys of actions."""

    def spend(self, verification: Verification, answers: Mapping[str, Secret]) -> Spent:
        """Move to `acting` with the consumed grant and the account's stamp, do the action, read it back.

        Raises RefusedError or ConflictError when the grant is spent, SecondPersonError where nobody approved while
        the threat level is raised; never an outside error.
        """
        ...

    def settle(self, verification: Verification) -> Spent:
        """Find out by the change stamp how an interrupted action ended (DESIGN 6)."""
        ...

    def revoke(self, verification: Verification) -> str:
        """Take back what the action set and end sessions (SR-47); gives what was done in words."""
        ...

    def end_access(self, verification: Verification) -> str:
        """End what an action gave for a while, if nobody used it (SR-55); empty where nothing was left."""
        ...

    def examine(self, action: str) -> Iterable[Check]:
        """Test what an action needs outside, changing nothing there; tells nothing of one that has no test."""
        ...
