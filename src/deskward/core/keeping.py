"""Where the story is kept: the store, and the bell it rings."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Protocol

from deskward.core.authenticators import Enrolment
from deskward.core.events import Event
from deskward.core.exchange import Receipt
from deskward.core.integrations import IntegrationRows
from deskward.core.lately import Lately, Since
from deskward.core.records import Address, Change, Count, Errand, Fence, Grant, KnownTicket, Sending, Vouch
from deskward.core.resets import ResetRows
from deskward.core.retention import Retention
from deskward.core.surroundings import Habits, Learned, Lesson, Met, Past, Sighting, Tally
from deskward.core.threat import ThreatLevels
from deskward.core.verification import Run, Verification


class Addresses(Protocol):
    """What is remembered of the addresses of people, beside what a directory says (SR-33)."""

    def addresses(self, directory: str, people: Sequence[str]) -> Sequence[Address]:
        """List everything remembered of these people, removed addresses too; nobody, “”, has the import's mark."""
        ...

    def address(self, address_id: str) -> Address | None:
        """Read one address."""
        ...

    def address_of_root(self, directory: str, subject_id: str, root: str) -> Address | None:
        """Find a person's address by its trust root."""
        ...

    def keep_addresses(self, rows: Iterable[Address]) -> None:
        """Write addresses, over those with the same id."""
        ...

    def confirm_address(self, address_id: str, at: datetime) -> bool:
        """Note that its owner confirmed an address; False when that was done already or it is gone."""
        ...

    def owners(self, roots: Sequence[str]) -> Mapping[str, AbstractSet[tuple[str, str]]]:
        """Tell whose each trust root is or was, as pairs of directory and person."""
        ...

    def reached(self, roots: Sequence[str], since: datetime) -> Mapping[str, AbstractSet[tuple[str, str]]]:
        """Tell for whom a link or a code went to each trust root since then (SR-41)."""
        ...

    def imported(self, directory: str) -> Address | None:
        """Read the mark of a directory's import: first seen at the first one, used at the last."""
        ...

    def finish_import(self, directory: str, named: AbstractSet[str], at: datetime) -> int:
        """Mark the import as done and note which addresses it did not name; gives how many."""
        ...

    def take_try(self, count: Count, most: int, at: datetime) -> bool:
        """Use up one of `most` tries; False when none is left, however many try at once (SR-135)."""
        ...


class Store(Addresses, Protocol):
    """The database. `save` is the one door through which a verification changes."""

    @property
    def vouches(self) -> "Vouches":
        """Give what reads the words of colleagues."""
        ...

    @property
    def enrolments(self) -> "Enrolments":
        """Give what reads permissions to enrol."""
        ...

    @property
    def sightings(self) -> "Sightings":
        """Give what reads earlier visits."""
        ...

    @property
    def resets(self) -> ResetRows:
        """Give what is kept about resets that a directory's log tells of."""
        ...

    @property
    def threat(self) -> ThreatLevels:
        """Give where the threat level is kept."""
        ...

    @property
    def integrations(self) -> IntegrationRows:
        """Give what is kept about integrations."""
        ...

    def save(self, verification: Verification, change: Change) -> Verification:
        """Write new state, event, errands and the rest in one transaction; give the stored verification.

        Inserts when `version` is 0, else updates where the version still matches and raises ConflictError when it
        moved. A second open verification of the ticket, a form key or an errand key that is already there raise
        it too. `change.consume` names a grant that must be unspent and unexpired: exactly one caller succeeds, the
        others get RefusedError (SR-57). SecondPersonError for a `change.calm` while the threat level is raised.
        LimitError when `change.counts` pass one of `change.ceilings`, however many save at once (SR-137).
        """
        ...

    def get(self, verification_id: str) -> Verification | None:
        """Read one verification."""
        ...

    def open_for(self, connector: str, ticket_id: str) -> Verification | None:
        """Read the open verification of a ticket."""
        ...

    def by_link(self, digest: str) -> Verification | None:
        """Find the verification whose newest link has this digest."""
        ...

    def by_fallback(self, digest: str) -> Verification | None:
        """Find the one verification whose newest link has this hand-typed code."""
        ...

    def by_pin(self, digest: str) -> Verification | None:
        """Find the verification pinned to this portal session."""
        ...

    def overdue(self, now: datetime, limit: int) -> Sequence[Verification]:
        """List verifications that have not ended and whose deadline is over."""
        ...

    def open_tickets(self, connector: str) -> Sequence[str]:
        """List the ids of the tickets of a connector whose verification has not ended."""
        ...

    def known(self, connector: str, ticket_id: str) -> KnownTicket | None:
        """Recall a ticket."""
        ...

    def remember(self, known: Iterable[KnownTicket]) -> None:
        """Remember tickets without doing anything about them."""
        ...

    def counted(self, counts: Sequence[Count], since: datetime) -> Mapping[Count, int]:
        """Count the marks of each budget since then."""
        ...

    def earlier(self, directory: str, subject_id: str, since: datetime, limit: int) -> Sequence[Verification]:
        """List the verifications of a person opened since then, newest first, at most `limit`."""
        ...

    def runs(self, directory: str, subject_id: str, since: datetime) -> Sequence[Run]:
        """List the runs of a person opened since then, newest first."""
        ...

    def lately(self, judged: Verification, since: Since) -> Lately:
        """Tell what a verdict on this one asks of the time before."""
        ...

    def count_open(self, verification_id: str) -> None:
        """Add one to the counter of opens; no event, no version (DESIGN 9.4)."""
        ...

    def add_counts(self, counts: Sequence[Count], at: datetime) -> None:
        """Add one mark to each budget."""
        ...

    def sending(self, sending_id: str) -> Sending | None:
        """Read one sending by its id or by the other side's ref."""
        ...

    def sending_of_form(self, form_key: str) -> Sending | None:
        """Find what this very form has sent already."""
        ...

    def sending_by_token(self, digest: str) -> Sending | None:
        """Find the sending whose message carries the token with this digest."""
        ...

    def fence(self, fence_id: str) -> Fence | None:
        """Read one fence."""
        ...

    def fences(self, directory: str, subject_id: str) -> Sequence[Fence]:
        """List the fences of a person that nobody lifted, newest first; some may have ended by themselves."""
        ...

    def sendings(self, verification_id: str) -> Sequence[Sending]:
        """List the sendings of a verification, oldest first."""
        ...

    def update_sending(self, sending_id: str, receipt: Receipt) -> None:
        """Note how far a message has come; a final state is never taken back."""
        ...

    def events(self, verification_id: str) -> Sequence[Event]:
        """List the events of a verification, oldest first."""
        ...

    def grant(self, grant_id: str) -> Grant | None:
        """Read a grant."""
        ...

    def enqueue(self, errands: Iterable[Errand]) -> None:
        """Write errands that belong to no change of state; a key that is already there is left alone."""
        ...

    def deleted_at(self, verification_id: str) -> datetime | None:
        """Tell when a verification was deleted because its time was over; None for any other."""
        ...

    def prune(self, now: datetime, kept: Retention) -> bool:
        """Forget counts that no budget looks back to, hints that were followed up, and what SR-121 lets go.

        True where more waits than is done at one go. Nothing open goes: no verification that has not ended, has an
        errand to do, or raised a fence that stands, and no event of one that is there.
        """
        ...

    def first_start(self) -> datetime:
        """Give the time of this installation's first start."""
        ...


class Vouches(Protocol):
    """Where the words of colleagues are read; they are written by `Store.save`.

    A vouch has the id of the message that asks for it.
    """

    def get(self, vouch_id: str) -> Vouch | None:
        """Read one vouch."""
        ...

    def by_token(self, digest: str) -> Vouch | None:
        """Find the vouch whose message carries the token with this digest."""
        ...

    def of(self, verification_id: str) -> Sequence[Vouch]:
        """List the vouches of a verification, oldest first."""
        ...

    def given(self, directory: str, voucher_id: str, since: datetime) -> Sequence[Vouch]:
        """List what a person has signed for others since then."""
        ...


class Enrolments(Protocol):
    """Where permissions to enrol are read; they are written by `Store.save`."""

    def get(self, enrolment_id: str) -> Enrolment | None:
        """Read one."""
        ...

    def by_token(self, digest: str) -> Enrolment | None:
        """Find the one whose link or web session has this digest."""
        ...

    def of(self, verification_id: str) -> Sequence[Enrolment]:
        """List those of a verification, oldest first."""
        ...


class Sightings(Protocol):
    """Where earlier visits are read, and what they teach is kept."""

    def past(
        self, looking: Verification, at: datetime, sighting: Sighting, habits: Habits, since: Since
    ) -> tuple[Past, Met, Lately]:
        """Tell what was seen before this visit, its own left out, what was met of the habits, and `lately`."""
        ...

    def familiarity(self, habits: Habits) -> Mapping[tuple[str, str], Tally]:
        """Read the counts of the habits, by (owner, feature); “” is everyone, and 0 is left out."""
        ...

    def untaught(self, limit: int) -> Sequence[Verification]:
        """List verifications whose result is not learned yet, or is still learned though it stands no more."""
        ...

    def teach(self, verification: Verification, learned: Iterable[Learned]) -> None:
        """Note that the result is learned, or taken back, and add to the counts; once, however many do it."""
        ...

    def read_to(self, log: str) -> datetime | None:
        """Tell up to when a log of sign-ins is learned, itself left out; None at first."""
        ...

    def follow(self, log: str, old: datetime | None, new: datetime, lessons: Iterable[Lesson]) -> None:
        """Move a log's mark and learn the lessons, all or nothing: each once, whoever else moves it or dies."""
        ...


class Bell(Protocol):
    """Wakes whatever runs the errands; a lost ring costs time only."""

    def ring(self, lanes: Iterable[str]) -> None:
        """Tell that these lanes have due errands."""
        ...
