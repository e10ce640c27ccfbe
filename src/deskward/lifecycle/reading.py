"""What pages read: everything about one verification in one value, and nothing they must not show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from deskward.core.decision import leads_to
from deskward.core.destinations import Choice, Kind, Provenance, choices, masked, provenance_of, root_of
from deskward.core.errors import NotFoundError, OutsideError, RefusedError
from deskward.core.events import Event
from deskward.core.notes import recommendation
from deskward.core.people import Person
from deskward.core.policy import Category
from deskward.core.ports import Action, Sending
from deskward.core.secret import Secret
from deskward.core.verification import State, Verification
from deskward.lifecycle.fencing import FenceView, fences_of
from deskward.lifecycle.house import House
from deskward.lifecycle.sending import TYPED, typed_destination


@dataclass(frozen=True)
class DeskView:
    """A verification as the agent may see it: masked choices, call code while it lives, deliveries, events.

    `leads` says for each provenance what an address of that kind can lead to; `trouble` says in words what
    could not be read just now; `recommendation` is empty while nothing is decided; `two_roots` tells whether
    link and code can go to two different established addresses; `fences` stop it.
    """

    verification: Verification
    category: Category | None
    action_title: str
    choices: tuple[Choice, ...]
    leads: Mapping[Provenance, str]
    kinds: frozenset[Kind]
    sendings: tuple[Sending, ...]
    events: tuple[Event, ...]
    call_code: Secret
    code_until: datetime | None
    recommendation: str
    person: Person | None
    trouble: str
    now: datetime
    two_roots: bool = False
    fences: tuple[FenceView, ...] = ()

    @property
    def can_send(self) -> bool:
        """Tell whether “Send” may be offered."""
        movable = self.verification.state in {State.OPENED, State.SENT, State.STARTED, State.REVIEW}
        return movable and not self.verification.refusal and self.person is not None and not self.fences

    @property
    def established(self) -> tuple[Choice, ...]:
        """Give the choices that count as established."""
        return tuple(c for c in self.choices if c.provenance is Provenance.ESTABLISHED)


@dataclass(frozen=True)
class Look:
    """What a typed address is, before “Send”: masked, whether it is on file, and its provenance."""

    masked: str
    on_file: bool
    provenance: Provenance


@dataclass(frozen=True)
class PortalView:
    """A verification as the requester may see it at its present step."""

    verification: Verification
    first_name: str
    organisation: str
    action: Action | None
    action_title: str
    target: str
    page_nonce: str
    now: datetime


class Reading:
    """Reads for the pages; changes nothing."""

    def __init__(self, house: House) -> None:
        self.house = house

    def desk(self, verification_id: str) -> DeskView:
        """Read everything the Send page and the details view show."""
        house = self.house
        verification = house.store.get(verification_id)
        if verification is None:
            raise NotFoundError("There is no verification with this id.", "Check the link in the ticket.")
        now, category = house.clock.now(), house.policy.named(verification.category)
        person, trouble = self._person(verification)
        offered = choices(person.destinations, now, house.policy.limits.min_age) if person else ()
        leads = {p: leads_to(category, person, provenance=p) for p in Provenance} if category and person else {}
        return DeskView(
            verification=verification,
            category=category,
            action_title=house.words.action(verification.action),
            choices=tuple(c for c in offered if c.kind in self._kinds()),
            leads=leads,
            kinds=self._kinds(),
            sendings=tuple(house.store.sendings(verification.id)),
            events=tuple(house.store.events(verification.id)),
            call_code=self._call_code(verification, now),
            code_until=verification.code_expires_at,
            recommendation=recommendation(verification) if self._decided(verification) else "",
            person=person.without_destinations() if person else None,
            trouble=trouble,
            now=now,
            two_roots=self._two_roots(person, now),
            fences=fences_of(house, verification),
        )

    def look(self, verification_id: str, kind: Kind, typed: str) -> Look:
        """Tell what a typed address is (SR-36, DESIGN 9.5); InvalidError for what is none."""
        house, verification = self.house, self.house.store.get(verification_id)
        if verification is None:
            raise NotFoundError("There is no verification with this id.", "Check the link in the ticket.")
        person, trouble = self._person(verification)
        if person is None:
            raise RefusedError(trouble or verification.refusal)
        found = typed_destination(house, person, kind, typed)
        provenance = provenance_of(found, house.clock.now(), house.policy.limits.min_age)
        return Look(masked(found.kind, found.value), found.id != TYPED, provenance)

    def portal(self, verification: Verification) -> PortalView:
        """Read what the portal shows; before the value only first name and organisation (SR-77)."""
        house = self.house
        person, _ = self._person(verification)
        return PortalView(
            verification=verification,
            first_name=person.called if person else "",
            organisation=house.portal.organisation,
            action=house.actions.get(verification.action),
            action_title=house.words.action(verification.action),
            target=person.login if person else "",
            page_nonce=house.keyring.page_nonce(verification.pin, verification.version),
            now=house.clock.now(),
        )

    def _kinds(self) -> frozenset[Kind]:
        return frozenset(c.kind for c in self.house.channels.values())

    def _two_roots(self, person: Person | None, now: datetime) -> bool:
        known, min_age = person.destinations if person else (), self.house.policy.limits.min_age
        reachable = (d for d in known if d.kind in self._kinds())
        established = (d for d in reachable if provenance_of(d, now, min_age) is Provenance.ESTABLISHED)
        return len({root_of(d.kind, d.value) for d in established}) > 1

    def _person(self, verification: Verification) -> tuple[Person | None, str]:
        if not verification.subject_id:
            return None, ""
        people = self.house.people.get(verification.directory)
        if people is None:
            return None, f"The directory “{verification.directory}” is not set up any more."
        try:
            found = people.get(verification.subject_id)
        except (OutsideError, RefusedError) as error:
            return None, f"The directory does not answer: {error.text}"
        return found, "" if found else "The account is not in the directory any more."

    def _call_code(self, verification: Verification, now: datetime) -> Secret:
        lives = verification.code_expires_at is not None and verification.code_expires_at > now
        if verification.state is State.SENT and verification.code_way == "call" and lives:
            return self.house.keyring.code(verification.id, verification.code_nonce)
        return Secret("")

    def _decided(self, verification: Verification) -> bool:
        return verification.ended or verification.decided_at is not None
