"""Who is told what beside the link: every address of the subject, at the start, at the end and after failures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from deskward.core.destinations import Destination, Provenance, masked, provenance_of, root_of
from deskward.core.errors import OutsideError, RefusedError
from deskward.core.events import EventKind
from deskward.core.links import Keyring, digest, new_id
from deskward.core.notices import FAILURES_TOLD, OBJECTION_FOR, Copy, Purpose
from deskward.core.ports import Change, Channel, Clock, Delivery, People, Sending, Store
from deskward.core.records import send_errand
from deskward.core.vault import own_destination, stands
from deskward.core.verification import Verification
from deskward.lifecycle.copying import Copies

OBJECTION = "objection"
_TO_OTHERS = {"vouch", "confirm", *Copy}
_TOLD_EACH_TIME = {
    EventKind.ADDRESS_CONFIRMED: Purpose.ADDRESS,
    EventKind.ENROLLED: Purpose.MEANS,
    EventKind.GLASS_CONFIRMED: Purpose.GLASS,
}


@dataclass(frozen=True)
class Notices:
    """Adds to every change the notices that belong to it, so that no way through the story leaves them out.

    They are rows before those of the link, each with a lane of its own: a channel that fails stops no other.
    """

    store: Store
    clock: Clock
    keyring: Keyring
    channels: Mapping[str, Channel]
    people: Mapping[str, People]
    min_age: timedelta
    copies: Copies

    def beside(self, verification: Verification, kind: EventKind, change: Change) -> Change:
        """Give the change with its notices, and with the token of an objection for every message (SR-46)."""
        purpose = self._purpose(verification, kind)
        notices = tuple(self._told(verification, purpose, change)) if purpose else ()
        if not notices and not change.sendings:
            return change
        sendings = tuple(self._tokened(s) for s in (*notices, *change.sendings))
        errands = (*(send_errand(s, s.id) for s in notices), *change.errands)
        return replace(change, sendings=sendings, errands=errands)

    def _purpose(self, verification: Verification, kind: EventKind) -> Purpose | None:
        often = verification.wrong_total >= FAILURES_TOLD
        if kind in {EventKind.SENT, EventKind.RESENT} and verification.action:
            return Purpose.START
        if kind is EventKind.DONE:
            return Purpose.DONE
        if kind in _TOLD_EACH_TIME:
            return _TOLD_EACH_TIME[kind]
        if kind is EventKind.PASSED and often:
            return Purpose.PASSED
        failed = kind is EventKind.FAILED or (kind in {EventKind.WRONG_VALUE, EventKind.MISSED} and often)
        return Purpose.FAILED if failed else None

    def _told(self, verification: Verification, purpose: Purpose, change: Change) -> Iterator[Sending]:
        before = self.store.sendings(verification.id)
        yield from self._notices(verification, purpose, change, before)
        yield from self.copies.of(verification, purpose, before, self.clock.now())

    def _notices(
        self, verification: Verification, purpose: Purpose, change: Change, before: Sequence[Sending]
    ) -> Iterator[Sending]:
        again = purpose in _TOLD_EACH_TIME.values()
        told = set() if again else {s.root for s in before if s.purpose == purpose}
        if purpose is Purpose.START:
            told |= {s.root for s in (*before, *change.sendings) if s.purpose == "link"}
        elif told:
            return
        for one in self._addresses(verification, purpose, before):
            if one.root not in told:
                told.add(one.root)
                yield one

    def _addresses(
        self, verification: Verification, purpose: Purpose, before: Iterable[Sending]
    ) -> Iterator[Sending]:
        """Give a notice for every address on file, and for those that were told of the start.

        When the directory does not answer, those that the messages so far went to will do; but no link leaves
        before the others are told (SR-40).
        """
        known: tuple[Destination, ...] = ()
        try:
            person = self.people[verification.directory].get(verification.subject_id)
            known = (*(person.destinations if person else ()), *self._own(verification))
        except (OutsideError, RefusedError):
            if purpose is Purpose.START:
                raise
        yield from (self._to(verification, purpose, d) for d in known if self._channel(d))
        for sending in (s for s in before if not s.person_id):
            told = sending.purpose == Purpose.START or sending.provenance is Provenance.ESTABLISHED
            if told and sending.channel in self.channels:
                yield self._again(sending, purpose)

    def _own(self, verification: Verification) -> Iterator[Destination]:
        """Give the addresses that the owner confirmed here and no directory has."""
        rows = self.store.addresses(verification.directory, [verification.subject_id])
        return (own_destination(row, 0) for row in rows if stands(row))

    def _channel(self, destination: Destination) -> str:
        return next((c.name for c in self.channels.values() if c.kind is destination.kind), "")

    def _to(self, verification: Verification, purpose: Purpose, destination: Destination) -> Sending:
        now, kind, value = self.clock.now(), destination.kind, destination.value
        return Sending(
            id=new_id("MS"),
            verification_id=verification.id,
            purpose=purpose.value,
            channel=self._channel(destination),
            address=value,
            masked=masked(kind, value),
            provenance=provenance_of(destination, now, self.min_age),
            label=destination.label,
            root=self.keyring.kept_root(root_of(kind, value)),
            form_key="",
            at=now,
            expires_at=now + OBJECTION_FOR,
        )

    def _again(self, sending: Sending, purpose: Purpose) -> Sending:
        now = self.clock.now()
        fresh = replace(sending, id=new_id("MS"), purpose=purpose.value, form_key="", reason="", token_digest="")
        return replace(fresh, at=now, expires_at=now + OBJECTION_FOR, delivery=Delivery.QUEUED, ref="", detail="")

    def _tokened(self, sending: Sending) -> Sending:
        if sending.token_digest or sending.purpose in _TO_OTHERS:
            return sending
        return replace(sending, token_digest=digest(self.keyring.own_token(OBJECTION, sending.id).reveal()))
