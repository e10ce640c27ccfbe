"""Setting up means for the next time: after a verification, or in person with a second person's yes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from deskward.core.authenticators import Authenticator, Enrolment
from deskward.core.challenges import Asked, Enrolled
from deskward.core.errors import InvalidError, NotFoundError, RefusedError
from deskward.core.events import EventKind
from deskward.core.links import TOKEN_LENGTH, digest, new_id, new_nonce
from deskward.core.notes import clean
from deskward.core.ports import Change
from deskward.core.proof import ProofLevel
from deskward.core.secret import Secret
from deskward.core.verification import Verification
from deskward.lifecycle.enrolled import (
    EnrolView,
    Kept,
    asking_of,
    enrollable,
    enrollables,
    kept_of,
    owner_of,
    refuse_own,
)
from deskward.lifecycle.fencing import refuse_disputed, stops
from deskward.lifecycle.house import REQUESTER, Actor, when
from deskward.lifecycle.steps import Steps

LINK_LIVES = PAGE_LIVES = timedelta(minutes=15)
WAITS = timedelta(hours=1)
MOST = 5
SHORTEST_REASON = 10
OVER = "This page does not work any more."
OVER_HINT = "It works for some minutes and in one browser only. Ask the help desk if you need it again."


class Enrolling(Steps):
    """The arrows around a permission to enrol; each is written with the verification it belongs to."""

    def enrol_open(self, verification_id: str, agent: Actor, reason: str) -> Enrolment:
        """Ask for a set-up of means for somebody whom the agent identified in person; `reason` says how."""
        verification, said = self.get(verification_id), clean(reason)
        if len(said) < SHORTEST_REASON:
            text = "Say how you identified the person."
            raise InvalidError(text, "For example which document you looked at, and where.", "enrol_reason")
        if not self.may_open(verification):
            raise RefusedError("Nothing can be set up for this requester.", "Correct the requester of the ticket.")
        refuse_disputed(self.house, verification)
        self.person(verification)
        if any(self._waits(e) for e in self.house.store.enrolments.of(verification_id)):
            raise RefusedError("A set-up waits for its approval already.", "Ask an approver to look at it.")
        made = replace(self._made(verification, ProofLevel.P3, WAITS), agent_id=agent.id, agent_name=agent.name)
        fields = {"agent_name": agent.name, "reason": said}
        return self._written(verification, replace(made, reason=said), EventKind.ENROL_OPENED, agent, fields)

    def may_open(self, verification: Verification) -> bool:
        """Tell whether there is somebody, and something to set up."""
        return bool(verification.subject_id and enrollables(self.house))

    def enrol_approve(self, enrolment_id: str, approver: Actor) -> Enrolment:
        """Say yes as a second person; the link lives from now on (SR-62)."""
        (enrolment, verification), now = self._asked_for(enrolment_id), self.house.clock.now()
        refuse_disputed(self.house, verification)
        refuse_own(self.house, enrolment, verification, approver.id)
        until = now + LINK_LIVES
        given = replace(enrolment, approver_id=approver.id, nonce=new_nonce(), expires_at=until)
        given = replace(given, token_digest=digest(self._token(given).reveal()))
        fields = {"by": approver.name, "expires_at": when(until)}
        return self._written(verification, given, EventKind.ENROL_APPROVED, approver, fields)

    def enrol_decline(self, enrolment_id: str, actor: Actor) -> Enrolment:
        """Say no; whoever asked may take it back this way too."""
        enrolment, verification = self._asked_for(enrolment_id)
        over = replace(enrolment, expires_at=self.house.clock.now())
        return self._written(verification, over, EventKind.ENROL_DECLINED, actor, {"by": actor.name})

    def enrol_last(self, verification_id: str) -> Enrolment | None:
        """Give the set-up at the desk that waits, or whose link was not taken yet."""
        now, found = self.house.clock.now(), self.house.store.enrolments.of(verification_id)
        living = [e for e in found if e.agent_id and not e.used_at and e.expires_at > now]
        return living[-1] if living else None

    def enrol_address(self, enrolment: Enrolment, actor: Actor) -> Secret:
        """Give the one-time address to the agent who stands with the person; empty for everybody else."""
        lives = enrolment.approver_id and not enrolment.used_at and enrolment.expires_at > self.house.clock.now()
        if not lives or actor.id != enrolment.agent_id:
            return Secret("")
        return Secret(f"{self.house.portal.url}/enrol#{self._token(enrolment).reveal()}")

    def enrol_begin(self, token: str, form_key: str) -> Secret:
        """Take the link, once: gives the session of the browser that was first; a double click gets the same."""
        entry = self.house.keyring.own_token("enrol-session", f"{token}:{form_key}")
        if self._of_entry(entry.reveal()):
            return entry
        pair, now = self._read(lambda: self._of_token(token)), self.house.clock.now()
        if pair is None:
            raise NotFoundError(OVER, OVER_HINT)
        found, verification = pair
        self._refuse_over(verification)
        until = now + PAGE_LIVES
        taken = replace(found, token_digest=digest(entry.reveal()), used_at=now, expires_at=until)
        self._written(verification, taken, EventKind.ENROL_BEGUN, REQUESTER, {})
        return entry

    def may_enrol(self, verification: Verification) -> bool:
        """Tell whether the last page offers a set-up: enough was proven, and nobody objected."""
        enough = verification.succeeded and verification.proof_level >= ProofLevel.P2
        return enough and bool(enrollables(self.house)) and not stops(self.house, verification)

    def enrol_after(self, pin: str) -> Secret:
        """Open the page after a verification, once; what is set up there proves no more than P2, and later."""
        verification = self.pinned(pin)
        if not self.may_enrol(verification):
            raise NotFoundError(OVER, OVER_HINT)
        entry = self.house.keyring.own_token("enrol-after", f"{verification.id}:{verification.pin}")
        if self.house.store.enrolments.by_token(digest(entry.reveal())) is None:
            made = self._made(verification, ProofLevel.P2, PAGE_LIVES)
            made = replace(made, token_digest=digest(entry.reveal()), used_at=made.opened_at)
            self._written(verification, made, EventKind.ENROL_BEGUN, REQUESTER, {})
        return entry

    def enrol_view(self, entry: str) -> EnrolView:
        """Read the page of means; NotFoundError when the time is over or somebody objected."""
        enrolment, verification = self._living(entry)
        return EnrolView(
            enrolment,
            verification,
            self.person(verification).called,
            kept_of(self.house, verification),
            enrollables(self.house),
            self.house.policy.limits.min_age.days,
            self.house.clock.now(),
        )

    def enrol_ask(self, entry: str, kind: str) -> Asked:
        """Show what has to be done to set one up; the same again until it is kept."""
        enrolment, verification = self._living(entry)
        challenge = enrollable(self.house, kind)
        mine = self._mine(verification, kind)
        if not challenge.replaces and len(mine) >= MOST:
            raise RefusedError(f"{MOST} of these are set up already.", "Remove one that you do not use first.")
        return challenge.enrol_ask(asking_of(self.house, enrolment, self.person(verification), kind, mine))

    def enrol_keep(self, entry: str, kind: str, answers: Mapping[str, Secret]) -> Verification:
        """Keep what was set up, with its event and note; InvalidError when the check of it fails."""
        self.enrol_ask(entry, kind)
        enrolment, verification = self._living(entry)
        challenge, mine = enrollable(self.house, kind), self._mine(verification, kind)
        asking = asking_of(self.house, enrolment, self.person(verification), kind, mine)
        fresh = self._fresh(verification, enrolment, kind, challenge.enrol_check(asking, answers))
        old = [a.id for a in mine if challenge.replaces and a.ceiling <= enrolment.ceiling]
        change = Change(enrolled=fresh, removed=tuple(old), enrolments=(replace(enrolment, nonce=new_nonce()),))
        fields = {
            "label": fresh[0].label,
            "ids": [a.id for a in fresh],
            "by": self._setter(enrolment),
            "counts_from": when(fresh[0].counts_from),
            "ceiling": enrolment.ceiling.name,
        }
        return self.house.record(verification, EventKind.ENROLLED, REQUESTER, fields, change)

    def means_of(self, verification: Verification) -> tuple[Kept, ...]:
        """List what the subject has enrolled."""
        return kept_of(self.house, verification)

    def enrol_remove(self, entry: str, means_id: str) -> Verification:
        """Remove one that proves no more than this permission gives."""
        view = self.enrol_view(entry)
        found = self._found(view.kept, means_id)
        if not view.may_remove(found):
            text = "This was set up in person and stays."
            raise RefusedError(text, "Ask the help desk to remove it.")
        return self._without(view.verification, found, REQUESTER, "the requester")

    def means_remove(self, verification_id: str, means_id: str, approver: Actor) -> Verification:
        """Remove one at the desk, for a device that is lost."""
        verification = self.get(verification_id)
        found = self._found(kept_of(self.house, verification), means_id)
        return self._without(verification, found, approver, approver.name)

    def _made(self, verification: Verification, ceiling: ProofLevel, lives: timedelta) -> Enrolment:
        now = self.house.clock.now()
        return Enrolment(
            id=new_id("EN"),
            directory=verification.directory,
            subject_id=verification.subject_id,
            token_digest=digest(new_nonce()),
            nonce=new_nonce(),
            ceiling=ceiling,
            opened_at=now,
            expires_at=now + lives,
            verification_id=verification.id,
        )

    def _written(
        self,
        verification: Verification,
        enrolment: Enrolment,
        kind: EventKind,
        actor: Actor,
        fields: Mapping[str, str],
    ) -> Enrolment:
        self.house.record(verification, kind, actor, fields, Change(enrolments=(enrolment,)))
        return enrolment

    def _token(self, enrolment: Enrolment) -> Secret:
        return self.house.keyring.own_token("enrol", f"{enrolment.id}:{enrolment.nonce}")

    def _waits(self, enrolment: Enrolment) -> bool:
        waits = bool(enrolment.agent_id) and not enrolment.approver_id
        return waits and enrolment.expires_at > self.house.clock.now()

    def _read(self, find: Callable[[], Enrolment | None]) -> tuple[Enrolment, Verification] | None:
        """Read the verification before what decides, so that its version guards whatever follows."""
        first = find()
        verification = self.house.store.get(first.verification_id) if first else None
        again = find() if verification else None
        return (again, verification) if again and verification else None

    def _asked_for(self, enrolment_id: str) -> tuple[Enrolment, Verification]:
        found = self._read(lambda: self.house.store.enrolments.get(enrolment_id))
        if found is None or not self._waits(found[0]):
            raise RefusedError("This set-up does not wait for an approval any more.", "Reload the page.")
        return found

    def _of_token(self, token: str) -> Enrolment | None:
        found = self.house.store.enrolments.by_token(digest(token)) if len(token) == TOKEN_LENGTH else None
        lives = found and not found.used_at and found.expires_at > self.house.clock.now()
        return found if lives else None

    def _of_entry(self, entry: str) -> Enrolment | None:
        found = self.house.store.enrolments.by_token(digest(entry)) if entry else None
        lives = found and found.used_at and found.expires_at > self.house.clock.now()
        return found if lives else None

    def _living(self, entry: str) -> tuple[Enrolment, Verification]:
        found = self._read(lambda: self._of_entry(entry))
        if found is None:
            raise NotFoundError(OVER, OVER_HINT)
        self._refuse_over(found[1])
        return found

    def _refuse_over(self, verification: Verification) -> None:
        """Give a requester the neutral words where the owner objected, so that no link is used up in vain."""
        if stops(self.house, verification):
            raise NotFoundError(OVER, OVER_HINT)

    def _mine(self, verification: Verification, kind: str) -> list[Authenticator]:
        return list(self.house.authenticators.of(owner_of(verification), kind))

    def _fresh(
        self, verification: Verification, enrolment: Enrolment, kind: str, made: tuple[Enrolled, ...]
    ) -> tuple[Authenticator, ...]:
        now = self.house.clock.now()
        return tuple(
            Authenticator(
                id=new_id("AU"),
                owner=owner_of(verification),
                kind=kind,
                label=one.label,
                sealed=one.sealed,
                enrolled_at=now,
                counts_from=self._counts_from(enrolment, now),
                ref=one.ref,
                counter=one.counter,
                ceiling=enrolment.ceiling,
            )
            for one in made
        )

    def _counts_from(self, enrolment: Enrolment, now: datetime) -> datetime:
        """Let what a mailbox and a call have opened wait as long as a new address waits."""
        return now if enrolment.approver_id else now + self.house.policy.limits.min_age

    def _setter(self, enrolment: Enrolment) -> str:
        in_person = f"the requester, identified in person by {enrolment.agent_name}"
        return in_person if enrolment.approver_id else "the requester, after this verification"

    def _found(self, kept: tuple[Kept, ...], means_id: str) -> Kept:
        found = next((k for k in kept if k.id == means_id), None)
        if found is None:
            raise NotFoundError("This is not there any more.", "Look at the list again.")
        return found

    def _without(self, verification: Verification, kept: Kept, actor: Actor, by: str) -> Verification:
        fields = {"label": kept.label, "by": by}
        change = Change(removed=kept.ids)
        return self.house.record(verification, EventKind.MEANS_REMOVED, actor, fields, change)
