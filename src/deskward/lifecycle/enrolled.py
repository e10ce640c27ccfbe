"""What a person has enrolled, as people see it, and what may still be set up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from deskward.core.authenticators import Authenticator, Enrolment, person_owner
from deskward.core.challenges import Asking, Enrollable
from deskward.core.errors import NotFoundError, RefusedError
from deskward.core.links import digest
from deskward.core.people import Person
from deskward.core.proof import ProofLevel
from deskward.core.verification import Verification
from deskward.lifecycle.duties import duties, is_subject
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


def refuse_own(house: House, enrolment: Enrolment, verification: Verification, approver_id: str) -> None:
    """Refuse the approval of whoever worked on this, or would open their own account (SR-62, SR-64)."""
    text = ""
    if approver_id in {enrolment.agent_id, ""}:
        text = "Who asked for the set-up cannot approve it."
    elif approver_id in duties(house, verification):
        text = "You sent a link in this verification, so you cannot approve its set-up."
    elif is_subject(house, verification, approver_id):
        text = "This is your own account, so you cannot approve its set-up."
    if text:
        raise RefusedError(text, "Ask another person with the role approver.")


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
