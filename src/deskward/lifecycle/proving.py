"""More proof: what the policy asks for in order, and what is offered where the proof does not reach yet."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from deskward.core.challenges import Asked, Challenge, Checked
from deskward.core.decision import Verdict, asked_of
from deskward.core.errors import InvalidError, LimitError, NotFoundError, RefusedError, SecondPersonError
from deskward.core.events import EventKind
from deskward.core.links import digest, new_nonce
from deskward.core.people import Person
from deskward.core.ports import Change
from deskward.core.proof import CONTACT_WINDOW, Evidence
from deskward.core.risk import kept
from deskward.core.secret import Secret
from deskward.core.surroundings import Visit
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle.binding import proof_of
from deskward.lifecycle.budgets import wrong_count
from deskward.lifecycle.fencing import refuse_fenced
from deskward.lifecycle.house import REQUESTER, ended
from deskward.lifecycle.judging import Judging
from deskward.lifecycle.looking import Looked, looked_at
from deskward.lifecycle.means import Means, Offer
from deskward.lifecycle.sending import proof_sending
from deskward.lifecycle.steps import NEUTRAL, NEUTRAL_HINT
from deskward.lifecycle.summoning import summons

MOST_ASKS = 12


class Proving(Judging):
    """The arrows between the card and the verdict; the verification stays `started` meanwhile."""

    def answer(self, pin: str | Verification, seen_version: int, visit: Visit | None = None) -> Verification:
        """Take “Continue” on the card: the signals look, then more proof is asked for, or the verdict falls.

        Without a `visit` there is nothing to look at.
        """
        verification = self._proving(pin, seen_version)
        if verification is None:
            return self.pinned(pin)
        person, agreed = self.account(verification), replace(verification, agreed_at=self.house.clock.now())
        if not visit or not self.house.signals:
            return self.go_on(agreed, person, EventKind.AGREED)
        looked = looked_at(self.house, agreed, person, visit)
        return self.go_on(looked.verification, person, EventKind.AGREED, looked=looked)

    def go_on(
        self,
        verification: Verification,
        person: Person,
        kind: EventKind,
        change: Change | None = None,
        looked: Looked | None = None,
    ) -> Verification:
        """Ask for what is missing where the person, as just read, can give it, else decide."""
        verdict = self.verdict(verification, person, looked=looked)
        if self._offers(verification, person, verdict):
            return self.house.record(verification, kind, REQUESTER, _said(verification), change)
        return self.decided_by(verification, person, verdict, change)

    def offers(self, verification: Verification, person: Person) -> tuple[Offer, ...]:
        """List the ways the portal offers now: the next step of the policy, else everything that would help."""
        whole = self.unbroken(verification)
        return self._offers(whole, person, self.verdict(whole, person))

    def ask(self, pin: str | Verification, seen_version: int, challenge: str, option: str) -> Verification:
        """Ask for one of the offers; a code goes out where the challenge wants one."""
        verification = self._proving(pin, seen_version)
        if verification is None or not verification.agreed_at:
            return self.pinned(pin)
        person, now = self.person(verification), self.house.clock.now()
        offered = self.offers(verification, person)
        if not any((o.challenge, o.option.id) == (challenge, option) for o in offered):
            raise InvalidError("This way is not offered any more.", "Choose one of the list.", "answer")
        if verification.asks >= MOST_ASKS:
            raise LimitError("Too many ways were tried in this run.", 3600, "Call the help desk.")
        nonce = self._nonce(verification, self.house.challenges[challenge])
        means = Means(self.house, verification.directory, person, verification)
        asked = self.house.challenges[challenge].ask(means.asking(challenge, option, nonce))
        row = {"challenge": challenge, "option": option, "nonce": nonce, "kept": dict(asked.kept)}
        if asked.send_to_people:
            return self._ask_around(verification, asked, row)
        until = min(now + asked.lives, verification.deadline)
        waiting = replace(verification, asked=row | {"until": until.isoformat()}, asks=verification.asks + 1)
        change = proof_sending(self.house, waiting, person, asked.send_to, until) if asked.send_to else None
        fields = {"label": self.house.challenges[challenge].title}
        return self.house.record(waiting, EventKind.ASKED, REQUESTER, fields, change)

    def _ask_around(self, verification: Verification, asked: Asked, row: dict[str, Any]) -> Verification:
        """Write to the people who may vouch; the run lives on while they are asked."""
        until = self.house.clock.now() + min(asked.lives, CONTACT_WINDOW)
        called = summons(self.house, verification, asked.send_to_people, until)
        waiting = replace(
            verification,
            asked=row | {"until": until.isoformat(), "sent": list(called.ids)},
            asks=verification.asks + 1,
            deadline=max(verification.deadline, until),
        )
        fields = {"label": self.house.challenges[row["challenge"]].title}
        return self.house.record(waiting, EventKind.ASKED, REQUESTER, fields, called.change)

    def prove(self, pin: str | Verification, seen_version: int, answers: Mapping[str, Secret]) -> Verification:
        """Take the answer to what is asked: right → next step or verdict; wrong → counted, five end this way.

        Raises InvalidError for what cannot be an answer and for a code that is too old.
        """
        verification = self._proving(pin, seen_version)
        if verification is None or not verification.asked:
            return self.pinned(pin)
        person, challenge = self.account(verification), self._challenge(verification)
        if datetime.fromisoformat(verification.asked["until"]) <= self.house.clock.now():
            raise InvalidError("This is too old now.", "Choose “Another way”, then try again.", "answer")
        asking = self._asking(verification, person)
        checked = challenge.check(asking, verification.asked["kept"], answers)
        if not checked.right and challenge.evidence is not Evidence.NOTHING:
            return self._missed(verification, person, challenge)
        return self._proven(verification, person, challenge, checked)

    def other_way(self, pin: str | Verification, seen_version: int) -> Verification:
        """Take back what is asked, so that another way can be chosen."""
        verification = self._proving(pin, seen_version)
        if verification is None or not verification.asked:
            return self.pinned(pin)
        cleared = replace(verification, asked={})
        return self.house.record(cleared, EventKind.AGREED, REQUESTER, _said(cleared))

    def give_up(self, pin: str | Verification, seen_version: int) -> Verification:
        """Take “I cannot do any of these”: a person of the help desk goes on."""
        verification = self._proving(pin, seen_version)
        if verification is None or not verification.agreed_at:
            return self.pinned(pin)
        person = self.account(verification)
        return self.decided_by(verification, person, self.verdict(verification, person))

    def asked(self, verification: Verification, person: Person) -> Asked | None:
        """Give what is asked now, made again from its nonce."""
        if not verification.asked:
            return None
        return self._challenge(verification).ask(self._asking(verification, person))

    def decided_by(
        self, verification: Verification, person: Person, verdict: Verdict, change: Change | None = None
    ) -> Verification:
        """Write the verdict: started → passed, held, review, failed; an action gets its grant here (SR-56).

        While the threat level is raised, what would let an action go on is judged under it instead (SR-67).
        """
        try:
            return self._decided_by(verification, person, verdict, change or Change())
        except SecondPersonError:
            stricter = self.verdict(verification, person, raised=True)
            return self._decided_by(verification, person, stricter, change or Change())

    def _decided_by(
        self, verification: Verification, person: Person, verdict: Verdict, change: Change
    ) -> Verification:
        category = self.house.category_of(verification)
        decided = self.decided(replace(verification, asked={}), verdict)
        if verdict.state is State.HELD:
            until = verification.hold_until or self.house.clock.now() + self.house.hold_of(category)
            decided = replace(decided, hold_until=until, deadline=until)
        if verdict.state is State.PASSED and not category.action:
            refuse_fenced(self.house, verification)
        goes_on = bool(category.action) and decided.outcome is Outcome.PASSED and not verification.approved_at
        change = replace(change, calm=goes_on)
        if verdict.state is not State.PASSED or not category.action:
            return self.result(decided, REQUESTER, change)
        grant = self.house.grant(decided, person)
        granted = replace(decided, grant_id=grant.id, deadline=grant.expires_at)
        return self.result(granted, REQUESTER, replace(change, grant=grant))

    def _offers(self, verification: Verification, person: Person, verdict: Verdict) -> tuple[Offer, ...]:
        if verdict.state is State.FAILED or not verdict.short or verification.approved_at:
            return ()
        category = self.house.category_of(verification)
        means = Means(self.house, verification.directory, person, verification)
        step = self.next_step(verification, category)
        if step:
            return means.offers(step)
        asked = asked_of(category, person, exception=verification.exception)
        return means.helping(asked)

    def _proving(self, pin: str | Verification, seen_version: int) -> Verification | None:
        verification = self.pinned(pin)
        if verification.state is not State.STARTED or verification.version != seen_version:
            return None
        if verification.deadline <= self.house.clock.now():
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        return self.unbroken(verification)

    def _challenge(self, verification: Verification) -> Challenge:
        found = self.house.challenges.get(verification.asked["challenge"])
        if found is None:
            raise RefusedError("This way is not set up any more.", "Choose “Another way”.")
        return found

    def _asking(self, verification: Verification, person: Person) -> Any:
        means = Means(self.house, verification.directory, person, verification)
        row = verification.asked
        return means.asking(row["challenge"], row["option"], row["nonce"])

    def _proven(
        self, verification: Verification, person: Person, challenge: Challenge, checked: Checked
    ) -> Verification:
        proof = proof_of(self.house, verification, challenge, checked)
        proven = replace(
            verification,
            proofs=(*verification.proofs, proof),
            asked={},
            transcript=(*verification.transcript, *checked.transcript),
            signalled=(*verification.signalled, *(kept(f) for f in checked.findings)),
        )
        change = Change(used=(checked.used,) if checked.used else ())
        if not checked.enough:
            return self._too_few(proven, change)
        nothing = challenge.evidence is Evidence.NOTHING
        return self.go_on(proven, person, EventKind.ANSWERED if nothing else EventKind.PROVEN, change)

    def _too_few(self, verification: Verification, change: Change) -> Verification:
        moved = verification.moved(
            State.FAILED,
            outcome=Outcome.NOT_ENOUGH_QUESTIONS,
            reason="Too few questions were answered to decide.",
            decided_at=self.house.clock.now(),
        )
        return self.result(ended(moved, self.house.clock.now()), REQUESTER, change)

    def _nonce(self, verification: Verification, challenge: Challenge) -> str:
        """Give random bits: fresh, or for all of a run where nothing is proven, so that nobody draws again."""
        if challenge.evidence is Evidence.NOTHING:
            return digest(self.house.keyring.own_token(challenge.name, verification.id).reveal())
        return new_nonce()

    def _missed(self, verification: Verification, person: Person, challenge: Challenge) -> Verification:
        tries = verification.misses.get(challenge.name, 0) + 1
        change = Change(counts=(wrong_count(self.house, verification),))
        misses = {**verification.misses, challenge.name: tries}
        counted = replace(verification, wrong_total=verification.wrong_total + 1, misses=misses)
        if tries < challenge.tries:
            return self.house.record(counted, EventKind.WRONG_VALUE, REQUESTER, {"tries": tries}, change)
        used_up = replace(counted, asked={}, tried=(*verification.tried, challenge.name))
        return self.go_on(used_up, person, EventKind.MISSED, change)


def _said(verification: Verification) -> dict[str, Any]:
    last = verification.proofs[-1].method if verification.proofs else ""
    return {"label": last}
