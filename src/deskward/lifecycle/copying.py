"""Who reads along: the manager of the account's owner gets a copy at the start and after the action (SR-44)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from deskward.core.destinations import Kind, Provenance, masked, root_of
from deskward.core.errors import OutsideError, RefusedError
from deskward.core.links import Keyring, new_id
from deskward.core.notices import OBJECTION_FOR, Copy, Purpose
from deskward.core.policy import Copied, Policy
from deskward.core.ports import Channel, Delivery, People, Sending
from deskward.core.proof import ActionClass
from deskward.core.verification import Verification
from deskward.core.vouching import reports_to

_COPIES = {Purpose.START: Copy.START, Purpose.DONE: Copy.DONE, Purpose.GLASS: Copy.GLASS}
LABEL = "work e-mail of the manager"


@dataclass(frozen=True)
class Copies:
    """Makes the copies that belong to a notice; what cannot be found out about the manager stops nothing."""

    keyring: Keyring
    channels: Mapping[str, Channel]
    people: Mapping[str, People]
    policy: Policy

    def of(
        self, verification: Verification, purpose: Purpose, sent: Sequence[Sending], now: datetime
    ) -> Iterator[Sending]:
        """Give a copy for the manager of now, and for whoever read of the start, each once.

        `sent` is what was sent in this verification before.
        """
        copy, rule = _COPIES.get(purpose), self.policy.limits.copied
        if copy is None or rule is Copied.NEVER:
            return
        before = [s for s in sent if s.purpose in {*Copy}]
        if any(s.purpose == copy for s in before):
            return
        found = {s.root: _again(s, copy, now) for s in before}
        if self._due(verification, rule):
            found |= {s.root: s for s in self._to(verification, copy, now)}
        yield from found.values()

    def _due(self, verification: Verification, rule: Copied) -> bool:
        category = self.policy.named(verification.category)
        light = category is not None and category.action_class is ActionClass.C1
        always = rule is Copied.ALWAYS and not light
        exceptional = verification.exception or verification.let_through is not None
        return bool(verification.action) and (exceptional or always)

    def _to(self, verification: Verification, copy: Copy, now: datetime) -> Iterator[Sending]:
        channel = next((c.name for c in self.channels.values() if c.kind is Kind.EMAIL), "")
        for person_id, value in self._mailbox(verification) if channel else ():
            yield Sending(
                id=new_id("MS"),
                verification_id=verification.id,
                purpose=copy.value,
                channel=channel,
                address=value,
                masked=masked(Kind.EMAIL, value),
                provenance=Provenance.ESTABLISHED,
                label=LABEL,
                root=self.keyring.kept_root(root_of(Kind.EMAIL, value)),
                form_key="",
                at=now,
                expires_at=now + OBJECTION_FOR,
                person_id=person_id,
            )

    def _mailbox(self, verification: Verification) -> Iterator[tuple[str, str]]:
        try:
            directory = self.people[verification.directory]
            person = directory.get(verification.subject_id)
            first = next(iter(directory.colleagues(person)), None) if person else None
        except (OutsideError, RefusedError):
            return
        if person and first and reports_to(person, first) and first.enabled and first.email:
            yield first.id, first.email


def _again(sending: Sending, copy: Copy, now: datetime) -> Sending:
    fresh = replace(sending, id=new_id("MS"), purpose=copy.value, at=now, expires_at=now + OBJECTION_FOR)
    return replace(fresh, delivery=Delivery.QUEUED, ref="", detail="")
