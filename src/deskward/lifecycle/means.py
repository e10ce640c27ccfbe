"""What a person could prove themselves with now: the challenges that are set up, and how far they reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from deskward.core.authenticators import Authenticator, person_owner
from deskward.core.challenges import Asking, Challenge, Option
from deskward.core.destinations import Destination, Provenance, provenance_of, root_of
from deskward.core.people import Person
from deskward.core.proof import LINK, Evidence, Proof, ProofLevel, fresh_of, level_of
from deskward.core.secret import Secret
from deskward.core.verification import Verification
from deskward.lifecycle.facts import facts_of
from deskward.lifecycle.house import House
from deskward.lifecycle.vault import known
from deskward.lifecycle.vouchers import Vouchers

QUESTIONS = "questions"


@dataclass(frozen=True)
class Offer:
    """One way to give more proof, as the portal offers it."""

    challenge: str
    title: str
    option: Option


class Means:
    """The challenges one person of a directory can do, in one run or before there is one."""

    def __init__(self, house: House, directory: str, person: Person, run: Verification | None = None) -> None:
        self.house, self.person, self.now = house, person, house.clock.now()
        self._directory, self._run = directory, run
        self._id, self._tried = (run.id, run.tried) if run else ("", ())
        self._proofs = run.proofs if run else ()
        self._sending_id = run.sending_id if run else ""
        self._window = house.proof_window(house.category_of(run)) if run else house.policy.limits.proof
        self._enrolled = self._read_enrolled(directory)

    def asking(self, name: str, option: str = "", nonce: str = "") -> Asking:
        """Give a challenge what it may look at."""
        around = self._speaking(name)
        issued = self.house.keyring.code(self._id, nonce) if nonce else Secret("")
        return Asking(
            person=self.person,
            site=self.house.site,
            now=self.now,
            authenticators=tuple(a for a in self._enrolled if a.kind == name),
            destinations=self.destinations,
            people=around.candidates if around else (),
            vouches=around.said() if around else (),
            facts=facts_of(self.house, self._directory, self.person) if name == QUESTIONS else (),
            option=option,
            nonce=nonce,
            issued=issued,
        )

    def options(self, name: str) -> Sequence[Option]:
        """List the ways to do a challenge now; none when it is not set up or used up."""
        challenge = self.house.challenges.get(name)
        if challenge is None or name in self._tried:
            return ()
        return challenge.options(self.asking(name))

    def offers(self, names: Sequence[str]) -> tuple[Offer, ...]:
        """List the offers of these challenges, the easiest first."""
        there = [self.house.challenges[n] for n in names if n in self.house.challenges]
        ordered = sorted(there, key=lambda c: c.ease)
        return tuple(Offer(c.name, c.title, o) for c in ordered for o in self.options(c.name))

    def remaining(self) -> tuple[Offer, ...]:
        """List everything that could still raise the level: what is proven already is not offered again."""
        done = {p.method for p in self._fresh()}
        proving = [n for n, c in self.house.challenges.items() if c.evidence is not Evidence.NOTHING]
        return self.offers([n for n in proving if n not in done])

    @cached_property
    def destinations(self) -> tuple[Destination, ...]:
        """Give the established destinations whose trust root the link has not proven (SR-21)."""
        proven = {p.root for p in self._proofs}
        sending = self.house.store.sending(self._sending_id) if self._sending_id else None
        taken = proven | ({sending.root} if sending else set())
        kinds = {c.kind for c in self.house.channels.values()}
        least = self.house.policy.limits.min_age
        person = known(self.house, self._directory, self.person)
        return tuple(
            d
            for d in person.destinations
            if d.kind in kinds
            and provenance_of(d, self.now, least) is Provenance.ESTABLISHED
            and self.house.kept_root(root_of(d.kind, d.value)) not in taken
        )

    def helping(self, asked: ProofLevel) -> tuple[Offer, ...]:
        """List what leads to this level, alone or with at most two more; all that is left where it is reached."""
        left = self.remaining()
        have = self._fresh()
        if self._level(have) >= asked:
            return left
        hoped = {o: self._hoped(self.house.challenges[o.challenge], o) for o in left}
        return tuple(o for o in left if self._helps(hoped[o], [hoped[x] for x in left if x != o], have, asked))

    def reach(self, link: Provenance | None = None) -> ProofLevel:
        """Give the level that what is proven and everything that is left would reach together.

        With `link`, as if a link at such an address were proven now.
        """
        hoped = [self._hoped(self.house.challenges[o.challenge], o) for o in self.remaining()]
        first = [self._linked(link)] if link else []
        return self._level((*self._fresh(), *first, *hoped))

    @cached_property
    def _around(self) -> Vouchers:
        return Vouchers(self.house, self._directory, self.person, self._run)

    def _speaking(self, name: str) -> Vouchers | None:
        """Look around for colleagues only where one of them is to speak: it costs the directory a search."""
        challenge = self.house.challenges.get(name)
        return self._around if challenge and challenge.evidence is Evidence.CONTACT else None

    def _helps(self, one: Proof, others: Sequence[Proof], have: Sequence[Proof], asked: ProofLevel) -> bool:
        sets = (beside for size in (0, 1, 2) for beside in combinations(others, size))
        return any(self._level((*have, *s, one)) >= asked > self._level((*have, *s)) for s in sets)

    def _fresh(self) -> tuple[Proof, ...]:
        return fresh_of(self._proofs, self.person.id, self.now, self._window)

    def _level(self, proofs: Sequence[Proof]) -> ProofLevel:
        return level_of(proofs, self.person.id, self.now, self._window)

    def _linked(self, provenance: Provenance) -> Proof:
        return Proof(LINK, "link", provenance is Provenance.ESTABLISHED, self.now, self.person.id)

    def _hoped(self, challenge: Challenge, offer: Offer) -> Proof:
        mine = [a for a in self._enrolled if a.kind == challenge.name]
        ceiling = max((a.ceiling for a in mine), default=ProofLevel.P3)
        root = f"{challenge.name}:{offer.option.id}"
        return Proof(challenge.name, root, True, self.now, self.person.id, challenge.evidence, ceiling)

    def _read_enrolled(self, directory: str) -> Sequence[Authenticator]:
        owner = person_owner(directory, self.person.id)
        found = self.house.authenticators.of(owner) if self.house.challenges else ()
        return [a for a in found if a.counts_from <= self.now]
