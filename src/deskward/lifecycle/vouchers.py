"""Who may speak for a requester now, where they are written to, and what they said in a run."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from deskward.core.accounts import Agent, Role
from deskward.core.authenticators import person_owner
from deskward.core.destinations import Destination, Kind, Provenance, provenance_of, root_of
from deskward.core.errors import OutsideError
from deskward.core.people import Person
from deskward.core.proof import CONTACT_WINDOW
from deskward.core.records import Vouch
from deskward.core.verification import Verification
from deskward.core.vouching import RETURN, Candidate, Circle, conflict
from deskward.lifecycle.house import House
from deskward.lifecycle.vault import known_all

PASSKEY = "passkey"
MOST_LOOKED_AT = 20


class Vouchers:
    """The people around one person of a directory, in one run or before there is one."""

    def __init__(self, house: House, directory: str, person: Person, run: Verification | None = None) -> None:
        self.house, self.directory, self.run, self._now = house, directory, run, house.clock.now()
        given = house.store.vouches.given(directory, person.id, self._now - RETURN)
        self._circle = Circle(person, self._now.date(), self._logins(), frozenset(v.subject_id for v in given))

    @cached_property
    def candidates(self) -> tuple[Person, ...]:
        """List who may vouch and can, the manager first; two who share an address count once."""
        found: list[Person] = []
        taken: set[str] = set()
        near = self._colleagues()
        signing = self._signing(near)
        for person in near:
            reached = reached_at(self.house, person) is not None
            refusal = conflict(Candidate(person, reached, person.id in signing), self._circle)
            roots = {root_of(d.kind, d.value) for d in person.destinations}
            if not refusal and not roots & taken:
                found.append(person)
                taken |= roots
        return tuple(found)

    def conflict_of(self, person: Person) -> str:
        """Say why a person who was asked may not sign any more; empty when they may."""
        return conflict(Candidate(person), self._circle)

    def said(self) -> tuple[Vouch, ...]:
        """List what colleagues were asked and said in this run, while it counts."""
        if self.run is None:
            return ()
        asked = self.house.store.vouches.of(self.run.id)
        return tuple(v for v in asked if self._now - v.asked_at <= CONTACT_WINDOW and self._stands(v))

    def _stands(self, vouch: Vouch) -> bool:
        if not vouch.signed_at:
            return True
        voucher = self.house.people[self.directory].get(vouch.voucher_id)
        return voucher is not None and not self.conflict_of(voucher)

    def _colleagues(self) -> Sequence[Person]:
        try:
            near = self.house.people[self.directory].colleagues(self._circle.subject)
        except OutsideError:
            return ()
        return known_all(self.house, self.directory, list(near)[:MOST_LOOKED_AT])

    def _signing(self, people: Sequence[Person]) -> set[str]:
        """Tell who of these can sign: by a passkey of their own, or at the desk."""
        house = self.house
        found = house.accounts.agents_by_login([p.login for p in people]) if house.accounts else ()
        logins = {agent.login.casefold() for agent in found if _may_sign(agent)}
        owners = {person_owner(self.directory, p.id): p.id for p in people}
        known = house.authenticators.owners_of(owners, PASSKEY, self._now) if PASSKEY in house.challenges else ()
        return {p.id for p in people if p.login.casefold() in logins} | {owners[owner] for owner in known}

    def _logins(self) -> frozenset[str]:
        accounts, run = self.house.accounts, self.run
        ids = {run.agent_id, run.approver_id} - {""} if run else set()
        known = (accounts.agent(i) for i in ids) if accounts else ()
        return frozenset(a.login.casefold() for a in known if a)


def account_of(house: House, person: Person) -> Agent | None:
    """Find the living desk account that is this person's, by login; who only reads signs nothing (SR-90)."""
    found = house.accounts.agent_by_login(person.login) if house.accounts else None
    return found if found and _may_sign(found) else None


def has_vouched(house: House, verification: Verification, agent_id: str) -> bool:
    """Tell whether the person behind a desk account has vouched in this verification."""
    agent = house.accounts.agent(agent_id) if house.accounts else None
    signed = {v.voucher_id for v in house.store.vouches.of(verification.id) if v.signed_at} if agent else set()
    people = (house.people[verification.directory].get(i) for i in signed)
    return agent is not None and any(p and p.login.casefold() == agent.login.casefold() for p in people)


def reached_at(house: House, person: Person) -> Destination | None:
    """Choose where a colleague is written to: e-mail first, established or the mailbox behind their own login."""
    kinds = {c.kind for c in house.channels.values()}
    now, least = house.clock.now(), house.policy.limits.min_age
    usable = [
        d
        for d in person.destinations
        if d.kind in kinds and provenance_of(replace(d, same_login=False), now, least) is Provenance.ESTABLISHED
    ]
    return next(iter(sorted(usable, key=lambda d: (d.kind is not Kind.EMAIL, not d.same_login))), None)


def _may_sign(agent: Agent) -> bool:
    return agent.active and agent.has(Role.AGENT, Role.APPROVER, Role.ADMINISTRATOR)
