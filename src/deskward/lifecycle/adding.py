"""New addresses: a code goes there, its owner types it, and from then on the age counts (SR-34)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from deskward.core.confirmations import LIVES, Confirmation, confirm_message, confirmation_of
from deskward.core.destinations import OWN, Kind, masked
from deskward.core.errors import ConflictError, InvalidError, LimitError, NotFoundError, RefusedError
from deskward.core.events import EventKind
from deskward.core.links import CODE_DIGITS, digits_of
from deskward.core.ports import Change, Channel, Count, Errand, ErrandKind, Message
from deskward.core.proof import ProofLevel
from deskward.core.records import Address
from deskward.core.secret import Secret
from deskward.core.verification import Verification
from deskward.lifecycle.fencing import fence_over, fenced_off, refuse_fenced
from deskward.lifecycle.house import REQUESTER, House, when
from deskward.lifecycle.steps import HOUR, NEUTRAL, NEUTRAL_HINT, Steps
from deskward.lifecycle.typed import refuse_strange
from deskward.lifecycle.vault import address_id, kept_root

ADDED_AT_MOST = 3
LABELS = {Kind.EMAIL: "private e-mail", Kind.SMS: "private phone"}


@dataclass(frozen=True)
class Waiting:
    """A new address whose code is awaited: masked, and until when."""

    token: Secret
    masked: str
    until: datetime


class Adding(Steps):
    """What a requester may add after a pass, and what a link of a message confirms."""

    def may_add(self, verification: Verification) -> bool:
        """Tell whether a new address may be added: only after proof that is enough for itself (SR-37)."""
        enough = verification.succeeded and verification.proof_level >= ProofLevel.P2
        return enough and not verification.exception

    def add_address(self, pin: str, seen_version: int, kind: Kind | None, typed: str) -> Verification:
        """Send a code to a new address; InvalidError for what is none, LimitError after too many."""
        verification = self.pinned(pin)
        if verification.version != seen_version:
            return verification
        if not self.may_add(verification):
            raise RefusedError("An address can be added after a passed verification only.", "Call the help desk.")
        refuse_fenced(self.house, verification)
        channel = next((c for c in self.house.channels.values() if c.kind is kind), None)
        if channel is None or not typed.strip():
            raise InvalidError("Type an address.", "An e-mail address, or a phone number.", "typed")
        return self._asked(verification, channel, channel.normalised(typed))

    def waiting(self, verification: Verification) -> Waiting | None:
        """Give the newest address that waits for its code."""
        asked = [e for e in self.house.store.events(verification.id) if e.kind is EventKind.ADDRESS_ASKED]
        if not asked:
            return None
        fields = asked[-1].fields
        found = _confirmation(fields, verification.id)
        row = self.house.store.address(found.address_id)
        if row is None or row.confirmed_at or found.until <= self.house.clock.now():
            return None
        return Waiting(found.token(self.house.keyring), fields["masked"], found.until)

    def confirming(self, token: str) -> tuple[Confirmation, Address]:
        """Read a living confirmation with its address; the neutral error for every other (SR-75)."""
        found = confirmation_of(self.house.keyring, token, self.house.clock.now())
        row = self.house.store.address(found.address_id) if found else None
        if found is None or row is None or row.confirmed_at or row.removed_at:
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        return found, row

    def confirm(self, token: str, typed: str, address: str = "") -> Address:
        """Take the code: the address is confirmed, once; five tries for each code (SR-34, SR-135)."""
        found, row = self.confirming(token)
        self.not_too_many(address)
        entered, now = digits_of(typed), self.house.clock.now()
        if len(entered) != CODE_DIGITS:
            raise InvalidError("The code has 6 digits.", "Look at the message again.", "value")
        tries = Count("confirm", self.house.keyring.private("confirm", found.name))
        if not self.house.store.take_try(tries, self.house.policy.limits.code_tries, now):
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        if not found.matches(self.house.keyring, entered):
            self.house.store.add_counts([self.wrong_here(address)], now)
            raise InvalidError("That code is not right.", "Look at the message again.", "value")
        confirmed = replace(row, confirmed_at=now, changed_at=now if row.own else row.changed_at)
        self._confirmed(found, confirmed)
        return confirmed

    def confirmation(self, about: Mapping[str, Any]) -> tuple[Channel, Message] | None:
        """Write the message of a confirmation errand; None when it is not wanted any more."""
        found = _confirmation(about, about.get("verification", ""))
        row = self.house.store.address(found.address_id)
        if row is None or row.confirmed_at or row.removed_at or found.until <= self.house.clock.now():
            return None
        value = row.value.reveal() or self._value(row)
        channel = next((c for c in self.house.channels.values() if c.kind is row.kind), None)
        if channel is None or not value:
            return None
        message_id = f"CF-{self.house.keyring.private('message', found.name)}"
        house = self.house
        return channel, confirm_message(
            house.portal, found, house.keyring, message_id=message_id, kind=row.kind, to=value
        )

    def _value(self, row: Address) -> str:
        person = self.house.people[row.directory].get(row.subject_id)
        named = person.destinations if person else ()
        return next((d.value for d in named if kept_root(self.house, d.kind, d.value) == row.root), "")

    def _asked(self, verification: Verification, channel: Channel, value: str) -> Verification:
        kind, now, house = channel.kind, self.house.clock.now(), self.house
        person = self.person(verification)
        root = kept_root(house, kind, value)
        if any(kept_root(house, d.kind, d.value) == root for d in person.destinations):
            raise InvalidError("This address is on file already.", "Add another one.", "typed")
        refuse_strange(house, verification.directory, person, kind, value)
        counts = self._within_limits(verification, root, channel.country(value))
        row = Address(
            id=address_id(house, verification.directory, person.id, root),
            directory=verification.directory,
            subject_id=person.id,
            kind=kind,
            root=root,
            source=OWN,
            label=LABELS[kind],
            first_seen_at=now,
            own=True,
            value=Secret(value),
        )
        errand = confirm_errand(house, row, channel.name, verification.id)
        fields = {"address": row.id, "until": errand.about["until"], "masked": masked(kind, value)}
        change = Change(errands=(errand,), addresses=(row,), counts=counts)
        return house.record(verification, EventKind.ADDRESS_ASKED, REQUESTER, fields, change)

    def _within_limits(self, verification: Verification, root: str, country: str) -> tuple[Count, ...]:
        limits, now = self.house.policy.limits, self.house.clock.now()
        if country and limits.countries and country not in limits.countries:
            raise InvalidError(f"SMS to {country} is not possible here.", "Add an e-mail address.", "typed")
        asked = [e for e in self.house.store.events(verification.id) if e.kind is EventKind.ADDRESS_ASKED]
        named = (("destination", root), ("country", country))
        counts = tuple(Count(f"send-{d}", self.house.keyring.private(d, v)) for d, v in named if v)
        sent = self.house.store.counted(counts, now - HOUR)
        most = {"send-destination": limits.links_per_hour, "send-country": limits.country_links_per_hour}
        if len(asked) >= ADDED_AT_MOST or any(sent[c] >= most[c.dimension] for c in counts):
            raise LimitError("Enough codes were sent for now.", 3600, "Type the newest one, or try again later.")
        return counts

    def _confirmed(self, found: Confirmation, row: Address) -> None:
        if not found.verification_id:
            if fence_over(self.house, row):
                raise fenced_off()
            if not self.house.store.confirm_address(row.id, self.house.clock.now()):
                raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
            return
        lost = True
        while lost:
            # First the version, then the address: whoever confirmed between the two moved the version on.
            verification = self.get(found.verification_id)
            self.confirming(found.token(self.house.keyring).reveal())
            refuse_fenced(self.house, verification)
            lost = not self._noted(verification, row)

    def _noted(self, verification: Verification, row: Address) -> bool:
        shown = masked(row.kind, row.value.reveal())
        fields = {"masked": shown, "label": row.label, "at": when(self.house.clock.now())}
        change = Change(addresses=(row,))
        try:
            self.house.record(verification, EventKind.ADDRESS_CONFIRMED, REQUESTER, fields, change)
        except ConflictError:
            return False
        return True


def confirm_errand(house: House, row: Address, channel: str, verification_id: str = "") -> Errand:
    """Make the errand that asks the owner of an address for the code sent there; `about` holds ids only."""
    now = house.clock.now()
    until = int((now + LIVES[row.kind]).timestamp())
    about = {"address": row.id, "until": str(until), "verification": verification_id}
    key = f"confirm:{row.id}:{until}" if verification_id else f"confirm:{row.id}:{now:%Y-%m-%d}"
    return Errand(ErrandKind.CONFIRM, f"{channel}:{row.id}", key, about, now, verification_id)


def _confirmation(fields: Mapping[str, Any], verification_id: str) -> Confirmation:
    until = datetime.fromtimestamp(int(fields["until"]), UTC)
    return Confirmation(fields["address"], until, verification_id)
