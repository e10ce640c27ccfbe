"""What the arrows of the story have in common: reading, checking a link, writing a result."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from deskward.core.decision import Verdict
from deskward.core.destinations import Provenance
from deskward.core.errors import (
    AccountGoneError,
    ConflictError,
    InvalidError,
    LimitError,
    NotFoundError,
    RefusedError,
)
from deskward.core.events import EventKind
from deskward.core.links import FALLBACK_DIGITS, TOKEN_LENGTH, digest, digits_of, network_of, new_id
from deskward.core.people import Person
from deskward.core.ports import Change, Count, KnownTicket, Receipt, Sending, Spent
from deskward.core.proof import LINK, Proof
from deskward.core.risk import kept
from deskward.core.secret import Secret
from deskward.core.tickets import Ticket
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle.budgets import wrong_count
from deskward.lifecycle.fencing import done_under, fence_over, stopped
from deskward.lifecycle.giving import done_fields, ending
from deskward.lifecycle.house import REQUESTER, SYSTEM, Actor, House, ended, result_fields
from deskward.lifecycle.vault import known

BASELINE = "baseline"
READ_BACK = "The requester did it, and the directory shows it."
HOUR = timedelta(hours=1)
GONE = "The account is not in the directory any more."
_LATE = {
    Outcome.PASSED: "The requester passed but did not complete the action in time.",
    Outcome.BREAK_GLASS: "Let through by break-glass, but the action was not completed in time.",
}
NEUTRAL = "This link does not work."
NEUTRAL_HINT = "It may be used, replaced or too old. Ask the help desk for a new one."


class Steps:
    """The mechanics under `Lifecycle`; no arrow of its own."""

    def __init__(self, house: House) -> None:
        self.house = house

    def get(self, verification_id: str) -> Verification:
        """Read one verification; NotFoundError when there is none, or none any more."""
        return self.house.found(verification_id)

    def pinned(self, pin: str | Verification) -> Verification:
        """Read the verification of a portal session, or take it as it was just read.

        NotFoundError with the neutral words for every other (SR-75).
        """
        if isinstance(pin, Verification):
            return pin
        found = self.house.store.by_pin(digest(pin)) if pin else None
        if found is None:
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        return found

    def person(self, verification: Verification) -> Person:
        """Read the account now with what is remembered of its addresses; AccountGoneError when it is not there."""
        return known(self.house, verification.directory, self.account(verification))

    def account(self, verification: Verification) -> Person:
        """Read the subject's account now as the directory gives it; AccountGoneError when it is not there."""
        found = self.house.people[verification.directory].get(verification.subject_id)
        if found is None:
            raise AccountGoneError(GONE, "Check the ticket's requester.")
        return found

    def refuse_changed(self, verification: Verification, seen_version: int, then: str) -> None:
        """Raise ConflictError, with what to do `then`, where it is not what the page showed."""
        if verification.version != seen_version:
            raise ConflictError(
                "This verification changed since you opened the page.", f"Look again, then {then}."
            )

    def refuse_unfit(self, verification: Verification, person: Person, answers: Mapping[str, Secret]) -> None:
        """Raise InvalidError with what is wrong with the answers to an action."""
        if problem := self.house.actions[verification.action].problem(person, answers):
            raise InvalidError(problem, field="answer")

    def predates(self, ticket: Ticket) -> bool:
        """Tell whether the ticket is older than this installation and was never seen (DESIGN 9.9)."""
        if ticket.created_at is None or self.house.store.known(ticket.connector, BASELINE):
            return False
        return ticket.created_at < self.house.store.first_start()

    def seen(self, ticket: Ticket) -> KnownTicket:
        """Give what is remembered of a ticket as it is now."""
        category = self.house.policy.category_of(ticket)
        return KnownTicket(ticket.connector, ticket.id, category.name if category else "", ticket.requester_id)

    def living(self, typed: str, address: str = "") -> Verification:
        """Find the verification of a link token or fallback code that works now; else the neutral error.

        Fallback codes that fit nothing count against the network `address` they come from (SR-136).
        """
        store, found, code = self.house.store, None, digits_of(typed)
        if len(typed) == TOKEN_LENGTH:
            found = store.by_link(digest(typed))
        elif len(code) == FALLBACK_DIGITS:
            self.not_too_many(address)
            found = store.by_fallback(self.house.keyring.fallback_digest(code))
            if found is None:
                store.add_counts([self.wrong_here(address)], self.house.clock.now())
        until = found.link_expires_at if found else None
        if found is None or until is None or found.state is not State.SENT or until <= self.house.clock.now():
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        return found

    def wrong_here(self, address: str) -> Count:
        """Name the budget of wrong entries from a network address."""
        return Count("wrong-address", self.house.keyring.private("address", network_of(address)))

    def not_too_many(self, address: str) -> None:
        """Raise LimitError when too many wrong entries came from this network within the hour (SR-135)."""
        here, limits = self.wrong_here(address), self.house.policy.limits
        since = self.house.clock.now() - HOUR
        if self.house.store.counted([here], since).get(here, 0) >= limits.wrong_per_address:
            raise LimitError("Too many wrong codes from your network.", 3600, "Call the help desk.")

    def begun(self, secret: Secret) -> Verification | None:
        """Find the run that this very form has begun already: a second click gets the first one's answer."""
        found = self.house.store.by_pin(digest(secret.reveal()))
        return found if found and found.state is State.STARTED else None

    def link_proof(self, verification: Verification) -> Proof:
        """Make the proof that link and call-bound value give at the newest destination."""
        sending = self.house.store.sending(verification.sending_id)
        root = sending.root if sending else ""
        established = bool(sending and sending.provenance is Provenance.ESTABLISHED)
        return Proof(LINK, root, established, self.house.clock.now(), verification.subject_id)

    def wrong(self, verification: Verification, here: Count) -> Verification:
        """Count a wrong value; the last allowed one fails the verification (SR-08, SR-135)."""
        tries = verification.code_tries + 1
        counted = replace(verification, code_tries=tries, wrong_total=verification.wrong_total + 1)
        change = Change(counts=(here, wrong_count(self.house, verification)))
        if tries < self.house.policy.limits.code_tries:
            return self.house.record(counted, EventKind.WRONG_VALUE, REQUESTER, {"tries": tries}, change)
        reason = f"The code was entered wrong {tries} times."
        moved = counted.moved(State.FAILED, outcome=Outcome.FAILED, reason=reason)
        return self.result(ended(moved, self.house.clock.now()), REQUESTER, change)

    def decided(self, verification: Verification, verdict: Verdict) -> Verification:
        """Move to where the verdict says."""
        now = self.house.clock.now()
        decided = verification.moved(
            verdict.state,
            outcome=verdict.outcome,
            reason=verdict.reason,
            proof_level=verdict.proof_level,
            risk_level=verdict.assessment.level,
            risk_score=verdict.assessment.score,
            findings=tuple(kept(c.finding, c.points) for c in verdict.assessment.contributions),
            standing=verdict.standing,
            decided_at=now,
            deadline=now + self.house.policy.limits.to_review,
        )
        shadow = self.house.shadow.kept(decided) if self.house.shadow else {}
        shadowed = replace(decided, shadow=shadow)
        return ended(shadowed, now) if shadowed.ended else shadowed

    def result(self, verification: Verification, actor: Actor, change: Change | None = None) -> Verification:
        """Write a result with everything its note says (DESIGN 9.7)."""
        kinds = {
            State.PASSED: EventKind.PASSED,
            State.HELD: EventKind.HELD,
            State.FAILED: EventKind.FAILED,
            State.TIMED_OUT: EventKind.TIMED_OUT,
        }
        if verification.outcome is Outcome.BREAK_GLASS:
            kinds[State.PASSED] = EventKind.LET_THROUGH
        fields = result_fields(verification, self.house.clock.now())
        return self.house.record(
            verification, kinds.get(verification.state, EventKind.REVIEW), actor, fields, change
        )

    def undelivered(self, sending: Sending, receipt: Receipt) -> None:
        """Note it before the sending is marked, once: a crash between the two must not lose the note."""
        verification = self.get(sending.verification_id)
        noted = (e.fields.get("sending") for e in self.house.store.events(verification.id))
        if verification.state is State.SENT and sending.id not in noted:
            fields = {"sending": sending.id, "masked": sending.masked, "detail": receipt.text}
            self.house.record(verification, EventKind.UNDELIVERED, SYSTEM, fields)

    def done(self, verification: Verification, spent: Spent, actor: Actor = REQUESTER) -> Verification:
        """Write that the action is done; `actor` is who did it, or who saw that it was."""
        now = self.house.clock.now()
        moved, change = done_under(self.house, ended(verification.moved(State.DONE), now))
        text = f"{READ_BACK} {spent.sessions}".strip() if actor == REQUESTER else spent.text
        fields = done_fields(self.house, moved, spent, text)
        return self.house.record(moved, EventKind.DONE, actor, fields, ending(self.house, moved, change))

    def cancelled(self, verification: Verification, actor: Actor, reason: str) -> Verification:
        """Write that it is cancelled, by whom and why."""
        moved = ended(verification.moved(State.CANCELLED, reason=reason), self.house.clock.now())
        by = actor.name or {"ticket": "a change in the ticket"}.get(actor.kind, "Deskward")
        return self.house.record(moved, EventKind.CANCELLED, actor, {"by": by, "reason": reason})

    def gone(self, verification: Verification) -> Verification:
        """End a run whose account is not there any more; the ticket says so at once."""
        return self.cancelled(verification, SYSTEM, f"{GONE} Nothing was done.")

    def again(self, verification: Verification, spent: Spent) -> Verification:
        """Give a new grant after an action that did not happen: the requester is asked again.

        However often, it ends with the proof's window and one grant's life after the start (A-14), or with
        break-glass where that let it through (SR-69).
        """
        if fence_over(self.house, verification):
            return stopped(self.house, verification)
        old, house = self.house.store.grant(verification.grant_id), self.house
        if old is None:
            raise RefusedError("The grant of this action is gone.", "Start a new verification.")
        limits, category = house.policy.limits, house.category_of(verification)
        started_at = verification.started_at or house.clock.now()
        last = started_at + limits.proof_of(category) + limits.grant_of(category)
        until = house.grant_until(verification)
        grant = replace(old, id=new_id("GR"), expires_at=until if verification.let_through else min(until, last))
        moved = verification.moved(State.PASSED, grant_id=grant.id, deadline=grant.expires_at)
        fields = {"reason": spent.text}
        return house.record(moved, EventKind.ACTION_REFUSED, REQUESTER, fields, Change(grant=grant))

    def timed_out(self, verification: Verification) -> Verification:
        """Give the verification as it is after its deadline, not yet written."""
        outcome = verification.outcome if verification.outcome in _LATE else Outcome.TIMED_OUT
        reason = _LATE.get(outcome, "Nothing was done in time.")
        moved = verification.moved(State.TIMED_OUT, outcome=outcome, reason=reason)
        return ended(moved, self.house.clock.now())
