"""What a person has enrolled, as people see it, and what may still be set up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from deskward.core.authenticators import Authenticator, Enrolment, person_owner
from deskward.core.challenges import Asking, Enrollable
from deskward.core.errors import NotFoundError
from deskward.core.links import digest
from deskward.core.people import Person
from deskward.core.proof import ProofLevel
from deskward.core.verification import Verification
from deskward.lifecycle.house import House


@dataclass(frozen=True)
class Kept:
    """One enrolled means, or one set of codes with `left` of them; `ids` are its authenticators."""

    ids: tuple[str, ...]
    kind: str
    label: str
    since: datetime
    counts_from: datetime
    used_at: datetime | None
    ceiling: ProofLevel
    left: int

    @property
    def id(self) -> str:
        """Name it by the first of its authenticators."""
        return self.ids[0]


@dataclass(frozen=True)
class EnrolView:
    """The page of means: whose, what there is, what can be added, what this permission may remove.

    `waiting` is in days: how long it takes until something counts that is set up after a verification.
    """

    enrolment: Enrolment
    verification: Verification
    first_name: str
    kept: tuple[Kept, ...]
    ways: tuple[Enrollable, ...]
    waiting: int
    now: datetime

    def may_remove(self, one: Kept) -> bool:
        """Tell whether it proves no more than this permission gives."""
        return one.ceiling <= self.enrolment.ceiling

    def waits(self, one: Kept) -> bool:
        """Tell whether it does not count yet."""
        return one.counts_from > self.now


def enrollables(house: House) -> tuple[Enrollable, ...]:
    """List the challenges for which something can be set up, the easiest first."""
    found = (c for c in house.challenges.values() if isinstance(c, Enrollable))
    return tuple(sorted(found, key=lambda c: c.ease))


def enrollable(house: House, kind: str) -> Enrollable:
    """Give one of them; NotFoundError for everything else."""
    found = next((c for c in enrollables(house) if c.name == kind), None)
    if found is None:
        raise NotFoundError("This cannot be set up here.", "Choose one of the ways on the page.")
    return found


def owner_of(verification: Verification) -> str:
    """Name the subject as owner."""
    return person_owner(verification.directory, verification.subject_id)


def kept_of(house: House, verification: Verification) -> tuple[Kept, ...]:
    """List what the subject has enrolled; codes that were made together are one."""
    if not verification.subject_id:
        return ()
    living = house.authenticators.of(owner_of(verification))
    ordered = sorted(living, key=_together)
    return tuple(_kept(tuple(alike)) for _, alike in groupby(ordered, key=_together))


def asking_of(
    house: House, enrolment: Enrolment, person: Person, kind: str, mine: Iterable[Authenticator]
) -> Asking:
    """Make the asking of a set-up; its nonce is secret, since it stands in no row without the key."""
    token = house.keyring.own_token("enrol-means", f"{enrolment.id}:{enrolment.nonce}:{kind}")
    return Asking(person, house.site, house.clock.now(), tuple(mine), nonce=digest(token.reveal()))


def _together(one: Authenticator) -> tuple[datetime, str, str]:
    return one.enrolled_at, one.kind, one.label


def _kept(alike: Sequence[Authenticator]) -> Kept:
    first = alike[0]
    return Kept(
        tuple(a.id for a in alike),
        first.kind,
        first.label,
        first.enrolled_at,
        first.counts_from,
        first.used_at,
        first.ceiling,
        len(alike),
    )
