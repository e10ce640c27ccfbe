"""What pages read: everything about one verification in one value, and nothing they must not show."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from deskward.core.challenges import Asked, Challenge
from deskward.core.decision import leads_to
from deskward.core.destinations import Choice, Kind, Provenance, choices, masked, provenance_of, root_of
from deskward.core.errors import DeskwardError, OutsideError, RefusedError
from deskward.core.events import Event, in_doubt
from deskward.core.notes import recommendation
from deskward.core.people import Person
from deskward.core.policy import Category, Way
from deskward.core.ports import Action, Sending
from deskward.core.secret import Secret
from deskward.core.verification import State, Verification
from deskward.lifecycle.approving import Approving, may_hand_over
from deskward.lifecycle.binding import asked_first
from deskward.lifecycle.budgets import begun_before
from deskward.lifecycle.fencing import FenceView, fences_of
from deskward.lifecycle.foretelling import Removal, removal_of, rules_of
from deskward.lifecycle.house import House
from deskward.lifecycle.means import Means, Offer
from deskward.lifecycle.proving import Proving
from deskward.lifecycle.raising import level_raised
from deskward.lifecycle.second_look import due_of
from deskward.lifecycle.typed import TYPED, echo_mark, echoed, read_typed, warning_of
from deskward.lifecycle.vault import known

MOST_OTHERS = 20


@dataclass(frozen=True)
class DeskView:
    """A verification as the agent may see it: masked choices, call code while it lives, deliveries, events.

    `leads` says for each provenance what an address of that kind can lead to; `trouble` says in words what
    could not be read just now; `recommendation` is empty while nothing is decided; `two_roots` tells whether
    link and code can go to two different established addresses; `ways` are the other values that could bind the
    link instead; `reverse_code` is what the requester sees too; `approvable`: a review lacks only a second person;
    `fences` stop it. `due_at` is by when somebody has to look at it (SR-124).
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
    ways: tuple[Way, ...] = ()
    reverse_code: str = ""
    approvable: bool = False
    fences: tuple[FenceView, ...] = ()
    due_at: datetime | None = None

    @property
    def can_send(self) -> bool:
        """Tell whether “Send” may be offered."""
        open_states = {State.OPENED, State.SENT, State.STARTED, State.REVIEW, State.HELD}
        movable = self.verification.state in open_states
        return movable and not self.verification.refusal and self.person is not None and not self.fences

    @property
    def in_doubt(self) -> bool:
        """Tell whether an agent has to say how the action ended."""
        return self.verification.state is State.ACTING and in_doubt(self.events)

    @property
    def can_hand_over(self) -> bool:
        """Tell whether an approver can be asked."""
        return may_hand_over(self.verification)

    @property
    def established(self) -> tuple[Choice, ...]:
        """Give the choices that count as established."""
        return tuple(c for c in self.choices if c.provenance is Provenance.ESTABLISHED)


@dataclass(frozen=True)
class Look:
    """What a typed address is, before “Send”: masked, whether it is on file, its provenance.

    One that is not on file has an `echo` to read back, the `mark` that confirms it, and perhaps a `warning` that
    it looks like another; `taken` tells whether the policy takes it at all.
    """

    masked: str
    on_file: bool
    provenance: Provenance
    taken: bool = True
    echo: str = ""
    mark: str = ""
    warning: str = ""


@dataclass(frozen=True)
class Told:
    """What the requester is told of one signal before it looks (SR-119); `browser`: a script reads something."""

    title: str
    about: str
    browser: bool


@dataclass(frozen=True)
class PortalView:
    """A verification as the requester may see it at its present step.

    `asked` is what `challenge` asks for now; else `offers` are the ways to give more proof. `looked_at` tells of
    every signal that is on, `rules` what the directory asks of the new password that is typed now, `removal` which
    factors the button removes.
    """

    verification: Verification
    first_name: str
    organisation: str
    action: Action | None
    action_title: str
    target: str
    page_nonce: str
    now: datetime
    reverse_code: str = ""
    offers: tuple[Offer, ...] = ()
    asked: Asked | None = None
    challenge: Challenge | None = None
    looked_at: tuple[Told, ...] = ()
    rules: tuple[str, ...] = ()
    removal: Removal | None = None


class Reading:
    """Reads for the pages; changes nothing."""

    def __init__(self, house: House) -> None:
        self.house = house

    def desk(self, verification_id: str) -> DeskView:
        """Read everything the Send page and the details view show."""
        house = self.house
        verification = house.found(verification_id)
        now, category = house.clock.now(), house.policy.named(verification.category)
        person, trouble = self._person(verification)
        offered = choices(person.destinations, now, house.policy.limits.min_age) if person else ()
        means = Means(house, verification.directory, person) if category and person else None
        return DeskView(
            verification=verification,
            category=category,
            action_title=house.words.action(verification.action),
            choices=tuple(c for c in offered if c.kind in self._kinds()),
            leads=self._leads(verification, category, means) if category and means else {},
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
            due_at=due_of(house, verification),
            ways=_ways(category, means) if category and means else (),
            reverse_code=house.keyring.reverse_code(verification.id),
            approvable=bool(person and category) and Approving(house).approvable(verification),
        )

    def others(self, verification: Verification) -> tuple[Verification, ...]:
        """List what else was asked in this person's name over all tickets and is kept, newest first (SR-72)."""
        if not verification.subject_id:
            return ()
        since = self.house.clock.now() - self.house.retention.results
        found = self.house.store.earlier(verification.directory, verification.subject_id, since, MOST_OTHERS + 1)
        return tuple(v for v in found if v.id != verification.id)[:MOST_OTHERS]

    def look(self, verification_id: str, kind: Kind, typed: str) -> Look:
        """Tell what a typed address is (SR-36, DESIGN 9.5); InvalidError for what is none."""
        house, verification = self.house, self.house.found(verification_id)
        person, trouble = self._person(verification)
        if person is None:
            raise RefusedError(trouble or verification.refusal)
        found = read_typed(house, verification.directory, person, kind, typed)
        provenance = provenance_of(found, house.clock.now(), house.policy.limits.min_age)
        shown = masked(found.kind, found.value)
        if found.id != TYPED:
            return Look(shown, on_file=True, provenance=provenance)
        category = house.policy.named(verification.category)
        taken = category is not None and category.takes_typed
        warning, mark = warning_of(person, found), echo_mark(house, found)
        return Look(shown, False, provenance, taken=taken, echo=echoed(found), mark=mark, warning=warning)

    def portal(self, verification: Verification) -> PortalView:
        """Read what the portal shows; before the value only first name and organisation (SR-77)."""
        house = self.house
        person, _ = self._account(verification)
        asked = self._asked(verification, person) if person else None
        if asked and asked.send_to_people and (newer := self._newer(verification)):
            return self.portal(newer)
        name = (
            verification.code_way if verification.state is State.SENT else verification.asked.get("challenge", "")
        )
        return PortalView(
            verification=verification,
            first_name=person.called if person else "",
            organisation=house.portal.organisation,
            action=house.actions.get(verification.action),
            action_title=house.words.action(verification.action),
            target=person.login if person else "",
            page_nonce=house.keyring.page_nonce(verification.pin, verification.version),
            now=house.clock.now(),
            reverse_code=house.keyring.reverse_code(verification.id),
            offers=self._offers(verification, person) if person and not asked else (),
            asked=asked,
            challenge=house.challenges.get(name) if asked else None,
            looked_at=tuple(Told(s.title, s.about, bool(s.reads)) for s in house.signals.values()),
            rules=rules_of(house, verification, person),
            removal=removal_of(house, verification, person),
        )

    def _newer(self, verification: Verification) -> Verification | None:
        """Read it again where others answer meanwhile: what a page shows and its version are of one moment."""
        now = self.house.store.get(verification.id)
        if now is None or now.version == verification.version:
            return None
        return now if (now.state, now.asked) == (verification.state, verification.asked) else None

    def _asked(self, verification: Verification, person: Person) -> Asked | None:
        if verification.state is State.SENT:
            return asked_first(self.house, verification, person)
        if verification.state is not State.STARTED:
            return None
        # What cannot be asked any more, a source that is down: then another way is offered.
        with suppress(DeskwardError):
            return Proving(self.house).asked(verification, person)
        return None

    def _offers(self, verification: Verification, person: Person) -> tuple[Offer, ...]:
        if verification.state is not State.STARTED or not verification.agreed_at:
            return ()
        return Proving(self.house).offers(verification, person)

    def _kinds(self) -> frozenset[Kind]:
        return frozenset(c.kind for c in self.house.channels.values())

    def _leads(self, verification: Verification, category: Category, means: Means) -> Mapping[Provenance, str]:
        begun = begun_before(self.house, verification, means.now)
        told = partial(
            leads_to, category, means.person, earlier=begun, raised=level_raised(self.house) is not None
        )
        return {p: told(provenance=p, more=means.reach(p)) for p in Provenance}

    def _two_roots(self, person: Person | None, now: datetime) -> bool:
        known, min_age = person.destinations if person else (), self.house.policy.limits.min_age
        reachable = (d for d in known if d.kind in self._kinds())
        established = (d for d in reachable if provenance_of(d, now, min_age) is Provenance.ESTABLISHED)
        return len({root_of(d.kind, d.value) for d in established}) > 1

    def _person(self, verification: Verification) -> tuple[Person | None, str]:
        found, trouble = self._account(verification)
        return (known(self.house, verification.directory, found) if found else None), trouble

    def _account(self, verification: Verification) -> tuple[Person | None, str]:
        if not verification.subject_id:
            return None, ""
        people = self.house.people.get(verification.directory)
        if people is None:
            return None, f"The directory “{verification.directory}” is not set up any more."
        try:
            found = people.get(verification.subject_id)
        except (OutsideError, RefusedError) as error:
            return None, f"The directory does not answer: {error.text}"
        if found is None:
            return None, "The account is not in the directory any more."
        return found, ""

    def _call_code(self, verification: Verification, now: datetime) -> Secret:
        lives = verification.code_expires_at is not None and verification.code_expires_at > now
        if verification.state is State.SENT and verification.code_way == "call" and lives:
            return self.house.keyring.code(verification.id, verification.code_nonce)
        return Secret("")

    def _decided(self, verification: Verification) -> bool:
        return verification.ended or verification.decided_at is not None


def _ways(category: Category, means: Means) -> tuple[Way, ...]:
    return tuple(w for w in (Way.TOTP, Way.PASSKEY) if w in category.ways and means.options(w))
