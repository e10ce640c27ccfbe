"""The story of a verification, one method per arrow, in the order they are lived.

open → send → start → answer → act → settle → closed; cancel and expire end it early. What lies between answer
and act, more proof, the verdict, a second person and a hold, is in `proving.py` and `approving.py`.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from deskward.core.decision import obstacle
from deskward.core.destinations import Provenance
from deskward.core.errors import (
    ConflictError,
    InvalidError,
    LimitError,
    NotFoundError,
    RefusedError,
    SecondPersonError,
    UnreachableError,
)
from deskward.core.events import EventKind, in_doubt
from deskward.core.links import digest, digits_of, new_nonce
from deskward.core.notices import NOTICES
from deskward.core.policy import Category
from deskward.core.ports import Change, Delivery, Errand, ErrandKind, Receipt, Spent
from deskward.core.secret import Secret
from deskward.core.tickets import Closing, Ticket
from deskward.core.verification import State, Verification
from deskward.lifecycle.adding import Adding
from deskward.lifecycle.binding import bound_by
from deskward.lifecycle.breaking import Breaking
from deskward.lifecycle.enrolling import Enrolling
from deskward.lifecycle.fencing import refuse_fenced
from deskward.lifecycle.house import REQUESTER, SYSTEM, TICKET, Actor, ticket_lane, when
from deskward.lifecycle.marking import Marking
from deskward.lifecycle.means import Means
from deskward.lifecycle.receiving import Receiving
from deskward.lifecycle.sending import Request, compose
from deskward.lifecycle.steps import NEUTRAL, NEUTRAL_HINT
from deskward.lifecycle.subject import bound
from deskward.lifecycle.vault import used_now
from deskward.lifecycle.vouching import Vouching

HINT_SLOT = 0.25


class Lifecycle(Breaking, Vouching, Enrolling, Adding, Receiving, Marking):
    """Moves verifications; every change goes through `House.record`."""

    def hint(self, connector: str, ticket_id: str) -> None:
        """Take a hint that a ticket changed: one errand reads it, however often it is hinted at (SR-100)."""
        slot = int(self.house.clock.now().timestamp() / HINT_SLOT)
        due = datetime.fromtimestamp((slot + 1) * HINT_SLOT, UTC)
        key = f"intake:{connector}:{ticket_id}:{slot}"
        about = {"connector": connector, "ticket": ticket_id}
        self.house.store.enqueue([Errand(ErrandKind.INTAKE, ticket_lane(connector, ticket_id), key, about, due)])

    def open(self, ticket: Ticket) -> Verification | None:
        """Take a ticket in: open a verification where its category asks for one, else leave it alone.

        An open verification whose requester or category changed in the ticket is cancelled first (DESIGN 4).
        """
        category, seen = self.house.policy.category_of(ticket), self.seen(ticket)
        self._drop_stale(ticket, seen.category)
        known = self.house.store.known(ticket.connector, ticket.id)
        if known == seen or self.house.store.open_for(ticket.connector, ticket.id):
            return None
        if category is None or ticket.ended or (known is None and self.predates(ticket)):
            self.house.store.remember([seen])
            return None
        return self.begin(ticket, category)

    def begin(self, ticket: Ticket, category: Category) -> Verification:
        """Open a verification and bind its subject to the directory's object id."""
        fresh = bound(self.house, ticket, category)
        kind = EventKind.UNABLE if fresh.refusal else EventKind.OPENED
        return self.house.record(fresh, kind, TICKET, {"reason": fresh.refusal}, Change(known=self.seen(ticket)))

    def reopen(self, verification_id: str, actor: Actor) -> Verification:
        """Start again for the same ticket, read anew; a second click changes nothing."""
        old = self.get(verification_id)
        if not old.connector:
            raise RefusedError("There is no ticket to read again.", "Send a link to this person from the table.")
        ticket = self.house.connectors[old.connector].read(old.ticket_id)
        category = self.house.policy.category_of(ticket) if ticket else None
        if ticket is None or category is None or ticket.ended:
            raise RefusedError("The ticket is closed, gone or in another category.", "Open a new ticket.")
        refuse_fenced(self.house, old)
        current = self.house.store.open_for(old.connector, old.ticket_id)
        if current and current.id != old.id:
            return current
        if current:
            self.cancel(current.id, actor, "A new verification was started.")
        return self.begin(ticket, category)

    def send(self, verification_id: str, request: Request, actor: Actor) -> Verification:
        """Send the link, once for each form: opened, sent, started or review → sent.

        Raises RefusedError, LimitError, InvalidError and ConflictError (someone else was faster).
        """
        try:
            return self._sent(self.get(verification_id), request, actor)
        except (ConflictError, LimitError, RefusedError):
            # The same form may have won the race against itself: then its answer is this one's too.
            if self.house.store.sending_of_form(request.form_key):
                return self.get(verification_id)
            raise

    def _sent(self, verification: Verification, request: Request, actor: Actor) -> Verification:
        self.refuse_changed(verification, request.seen_version, "send")
        moved = verification.moved(State.SENT, agent_id=actor.id, agent_name=actor.name)
        if verification.refusal:
            raise RefusedError(verification.refusal)
        refuse_fenced(self.house, verification)
        person = self.person(verification)
        category = self.house.category_of(verification)
        reach = Means(self.house, verification.directory, person).reach(Provenance.ESTABLISHED)
        if reason := obstacle(category, person, reach):
            raise RefusedError(reason)
        composed = compose(self.house, verification, person, request, str(actor))
        kind = EventKind.RESENT if verification.sends else EventKind.SENT
        fields = composed.fields | {"agent_name": actor.name}
        return self.house.record(replace(moved, **composed.changes), kind, actor, fields, composed.change)

    def reported(self, sending_id: str, receipt: Receipt) -> None:
        """Note how far a message has come; a refusal while the link waits is noted in the ticket."""
        sending = self.house.store.sending(sending_id)
        if sending is None or sending.delivery in {Delivery.DELIVERED, Delivery.REFUSED}:
            return
        if receipt.delivery is Delivery.REFUSED and sending.purpose not in NOTICES:
            self.undelivered(sending, receipt)
        self.house.store.update_sending(sending.id, receipt)

    def renew_code(self, verification_id: str, seen_version: int, actor: Actor) -> Verification:
        """Give a new call code for the same link; tries are not given back (SR-136)."""
        verification = self.get(verification_id)
        if verification.version != seen_version:
            return verification
        if verification.state is not State.SENT or verification.code_way != "call":
            raise RefusedError("There is no call code to renew now.", "Send the link again.")
        until = self.house.clock.now() + self.house.policy.limits.code
        changed = replace(verification, code_nonce=new_nonce(), code_expires_at=until)
        return self.house.record(changed, EventKind.CODE_RENEWED, actor, {})

    def opened(self, typed: str, address: str = "") -> Verification:
        """Show the first screen of a link; counts the open and changes nothing else (SR-05, SR-07)."""
        verification = self.living(typed, address)
        self.house.store.count_open(verification.id)
        return verification

    def start(
        self, typed: str, value: str, *, address: str, pin_key: str, form_key: str = ""
    ) -> tuple[Verification, Secret]:
        """Take the call-bound value: sent → started, pinned to this browser (SR-06, SR-08, SR-15).

        Gives the portal session's secret, empty when this was the last wrong try: then the verification failed.
        `form_key` is the random key of the form, so that a double click begins one session.
        """
        secret = self.house.keyring.begun(typed, form_key or new_nonce(), digits_of(value))
        if begun := self.begun(secret) if form_key else None:
            return begun, secret
        try:
            return self._started(typed, value, address, pin_key, secret)
        except (ConflictError, NotFoundError):
            # The same form may have won the race against itself: then its run is this one's too.
            if begun := self.begun(secret) if form_key else None:
                return begun, secret
            raise

    def _started(
        self, typed: str, value: str, address: str, pin_key: str, secret: Secret
    ) -> tuple[Verification, Secret]:
        now = self.house.clock.now()
        verification = self.living(typed, address)
        self.not_too_many(address)
        bound = bound_by(self.house, verification, value)
        if bound is None:
            return self.wrong(verification, self.wrong_here(address)), Secret("")
        link = self.link_proof(verification)
        moved = verification.moved(
            State.STARTED,
            pin=digest(secret.reveal()),
            pin_key=pin_key,
            proofs=(*verification.proofs, link, *bound.proofs),
            code_nonce="",
            link_digest="",
            fallback_digest="",
            started_at=now,
            deadline=now + self.house.proof_window(self.house.category_of(verification)),
        )
        change = Change(used=bound.used, addresses=used_now(self.house, verification, link.root))
        return self.house.record(moved, EventKind.STARTED, REQUESTER, {"at": when(now)}, change), secret

    def act(
        self, pin: str | Verification, answers: Mapping[str, Secret], show: Callable[[Spent], object] = repr
    ) -> Verification:
        """Do the action with its grant through the gateway: passed → acting → done (SR-57 to SR-59).

        `show` is called with what the requester sees once; nothing keeps it (SR-54).
        """
        verification = self.pinned(pin)
        if verification.state is not State.PASSED or not verification.action:
            return verification
        if verification.deadline <= self.house.clock.now():
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        person = self.house.people[verification.directory].get(verification.subject_id)
        if person is None:
            return self.gone(verification)
        self.refuse_unfit(verification, person, answers)
        try:
            spent = self.house.gateway.spend(verification, answers)
        except SecondPersonError:
            return self.to_second_person(verification)
        return self._acted(self.get(verification.id), spent, show)

    def _acted(self, current: Verification, spent: Spent, show: Callable[[Spent], object]) -> Verification:
        if spent.done and current.state in {State.ACTING, State.PASSED}:
            done = self.done(current, spent)
            if spent.secret and not done.disputed:
                show(spent)
            return done
        if spent.stop:
            return self.cancel(current.id, SYSTEM, spent.text)
        if spent.unknown and current.state is State.PASSED:
            raise UnreachableError(spent.text)
        if spent.done or spent.unknown:
            return current
        if current.state is State.ACTING:
            self.again(current, spent)
        raise InvalidError(spent.text, field="answer")

    def settle(self, verification_id: str, grant_id: str = "") -> None:
        """Resolve an action that was interrupted, by the account's change stamp (SR-58)."""
        verification = self.get(verification_id)
        if verification.state is not State.ACTING or grant_id not in {"", verification.grant_id}:
            return
        spent = self.house.gateway.settle(verification)
        if spent.done:
            self.done(verification, spent)
        elif not spent.unknown:
            self.again(verification, spent)
        else:
            if not in_doubt(self.house.store.events(verification.id)):
                self.house.record(verification, EventKind.ACTION_UNKNOWN, SYSTEM, {"reason": spent.text})
            raise UnreachableError(spent.text, retry_after=30)

    def checked(self, verification_id: str, actor: Actor, *, done: bool) -> Verification:
        """End an action that cannot be read, by what an agent saw in the directory: acting → done, cancelled."""
        verification = self.get(verification_id)
        if verification.state is not State.ACTING or not in_doubt(self.house.store.events(verification.id)):
            raise RefusedError("This action is not waiting for a check.", "Reload the page.")
        seen = f"{actor.name} checked the account: the action was {'done' if done else 'not done'}."
        if done:
            return self.done(verification, Spent(done=True, text=seen), actor)
        return self.cancelled(verification, actor, seen)

    def closed(self, verification_id: str, closing: Closing) -> None:
        """Note how the ticket ended; where Deskward may not close it, a note asks the agent to."""
        verification = self.get(verification_id)
        if verification.closed_status:
            return
        kind = EventKind.CLOSE_BY_HAND if closing.by_hand else EventKind.CLOSED
        text = "done, not closed" if closing.by_hand else closing.status
        self.house.record(replace(verification, closed_status=text), kind, SYSTEM, {"status": closing.status})

    def cancel(self, verification_id: str, actor: Actor, reason: str) -> Verification:
        """End it; the link dies in the same transaction (SR-14). Cancelling twice is the same as once."""
        verification = self.get(verification_id)
        if verification.state is State.CANCELLED:
            return verification
        if verification.state is State.ACTING:
            raise RefusedError("The action is under way; it cannot be cancelled.", "Wait for its end.")
        return self.cancelled(verification, actor, reason)

    def expire(self) -> int:
        """Time out what waited too long, and release what was held; gives how many."""
        now = self.house.clock.now()
        overdue = self.house.store.overdue(now, 100)
        for verification in overdue:
            with suppress(ConflictError):
                if verification.state is State.HELD and verification.hold_until == verification.deadline:
                    self.release(verification)
                else:
                    self.result(self.timed_out(verification), SYSTEM)
        return len(overdue)

    def _drop_stale(self, ticket: Ticket, category: str) -> None:
        current = self.house.store.open_for(ticket.connector, ticket.id)
        if current is None or current.state is State.ACTING:
            return
        reasons = {
            "The requester was changed in the ticket.": current.requester_id != ticket.requester_id,
            "The category was changed in the ticket.": current.category != category,
            "The ticket was closed.": ticket.ended,
        }
        if reason := next((text for text, holds in reasons.items() if holds), ""):
            self.cancel(current.id, TICKET, reason)
