"""A colleague speaks for the requester, or does not (SR-29)."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from deskward.core.authenticators import Used
from deskward.core.challenges import Asked, Asking
from deskward.core.errors import ConflictError, DeskwardError, InvalidError, NotFoundError, RefusedError
from deskward.core.events import EventKind
from deskward.core.links import digest
from deskward.core.people import Person
from deskward.core.ports import Change
from deskward.core.records import Vouch
from deskward.core.risk import kept
from deskward.core.secret import Secret
from deskward.core.verification import State, Verification
from deskward.core.vouching import Doubt, Met, doubt_finding
from deskward.lifecycle.approving import Approving
from deskward.lifecycle.house import Actor
from deskward.lifecycle.means import Means
from deskward.lifecycle.steps import NEUTRAL, NEUTRAL_HINT
from deskward.lifecycle.vouchers import PASSKEY, Vouchers, account_of

DESK = "desk login"
WAITING = frozenset({State.STARTED, State.SENT})
MOST_RACES = 5


@dataclass(frozen=True)
class VouchView:
    """What a colleague may see: who asks for what, and how they can sign.

    `asked` is what their passkey has to sign, None where they have none; `at_desk` tells that they have an
    account there, `signs_at_desk` that they came through it.
    """

    vouch: Vouch
    voucher: Person
    requester: str
    organisation: str
    ticket: str
    action_title: str
    agent: str
    until: datetime
    asked: Asked | None = None
    script: str = ""
    at_desk: bool = False
    signs_at_desk: bool = False

    @property
    def answered(self) -> bool:
        """Tell whether they said yes or no already."""
        return bool(self.vouch.signed_at or self.vouch.refused_at)


class Vouching(Approving):
    """What colleagues do; the requester goes on by “Continue” on their own page."""

    def vouch_open(self, token: str) -> VouchView:
        """Show what a colleague is asked, by the token of their message; the neutral error for every other."""
        return self._seen(self.house.store.vouches.by_token(digest(token)) if token.isascii() else None)

    def vouch_at_desk(self, vouch_id: str, actor: Actor) -> VouchView:
        """Show it to the agent whose own person is asked, behind their login."""
        view = self._seen(self.house.store.vouches.get(vouch_id))
        account = account_of(self.house, view.voucher)
        if account is None or account.id != actor.id:
            raise RefusedError("Somebody else is asked to vouch here.", "Sign in with your own account.")
        return replace(view, signs_at_desk=True)

    def vouch_sign(self, view: VouchView, met: str, answers: Mapping[str, Secret] | None = None) -> Vouch:
        """Vouch, signed by the passkey's answer or the login at the desk; a second press changes nothing.

        Raises InvalidError where a choice or the signature is missing, RefusedError for a conflict.
        """
        if met not in set(Met):
            raise InvalidError("Say how you reached them.", "Vouch only if you have spoken with them.", "met")
        way, used = (DESK, None) if view.signs_at_desk else self._signed(view, answers or {})
        signed = {"met": met, "way": way} | ({"means": used.id} if used else {})

        def write(verification: Verification, vouch: Vouch) -> Verification:
            self._may_sign(verification, view.voucher)
            now = replace(vouch, signed_at=self.house.clock.now(), signed_by=way)
            fields = {"by": view.voucher.name, "text": self._so_far(verification, signed=1)} | signed
            change = Change(vouches=(now,), used=(used,) if used else ())
            return self.house.record(verification, EventKind.VOUCHED, _actor(view), fields, change)

        return self._answered(view, write)

    def vouch_refuse(self, view: VouchView, doubt: str) -> Vouch:
        """Say no: this way ends, and what was said counts as risk."""
        if doubt not in set(Doubt):
            raise InvalidError("Say why you do not vouch.", "Choose one of the two.", "doubt")

        def write(verification: Verification, vouch: Vouch) -> Verification:
            challenge = verification.asked["challenge"]
            refused = replace(
                verification,
                asked={},
                tried=(*verification.tried, challenge),
                signalled=(*verification.signalled, kept(doubt_finding(Doubt(doubt)))),
            )
            fields = {"by": view.voucher.name, "reason": doubt, "text": self._so_far(verification)}
            change = Change(vouches=(replace(vouch, refused_at=self.house.clock.now()),))
            return self.house.record(refused, EventKind.VOUCH_REFUSED, _actor(view), fields, change)

        return self._answered(view, write)

    def _answered(self, view: VouchView, write: Callable[[Verification, Vouch], Verification]) -> Vouch:
        for _ in range(MOST_RACES):
            # Read before the vouch: what was answered since then is a conflict of versions.
            verification = self.get(view.vouch.verification_id)
            now = self._seen(self.house.store.vouches.get(view.vouch.id))
            if now.answered:
                return now.vouch
            with suppress(ConflictError):
                self._go_on_without(write(verification, now.vouch))
                return self._seen(self.house.store.vouches.get(view.vouch.id)).vouch
        raise ConflictError("Too much happened at once.", "Press the button again.")

    def _go_on_without(self, verification: Verification) -> None:
        """Decide at once where a no left nothing to offer; what is outside must not undo the no."""
        if verification.asked or verification.state is not State.STARTED or not verification.agreed_at:
            return
        with suppress(DeskwardError):
            self.go_on(verification, self.account(verification), EventKind.MISSED)

    def _seen(self, vouch: Vouch | None) -> VouchView:
        verification = self.house.store.get(vouch.verification_id) if vouch else None
        people = self.house.people.get(vouch.directory) if vouch else None
        voucher = people.get(vouch.voucher_id) if people and vouch else None
        if vouch is None or verification is None or voucher is None:
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        if not (vouch.signed_at or vouch.refused_at or self._waited_for(verification, vouch)):
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        asked = self._to_sign(vouch, voucher)
        return VouchView(
            vouch=vouch,
            voucher=voucher,
            requester=verification.requester_name,
            organisation=self.house.portal.organisation,
            ticket=verification.ticket_number,
            action_title=self.house.words.action(verification.action),
            agent=verification.agent_name,
            until=_until(verification) or verification.deadline,
            asked=asked,
            script=self.house.challenges[PASSKEY].script if asked else "",
            at_desk=account_of(self.house, voucher) is not None,
        )

    def _waited_for(self, verification: Verification, vouch: Vouch) -> bool:
        until = _until(verification)
        asked = vouch.id in verification.asked.get("sent", ()) and verification.state in WAITING
        return asked and until is not None and until > self.house.clock.now()

    def _to_sign(self, vouch: Vouch, voucher: Person) -> Asked | None:
        asking = self._passkey_of(vouch, voucher)
        return self.house.challenges[PASSKEY].ask(asking) if asking else None

    def _passkey_of(self, vouch: Vouch, voucher: Person) -> Asking | None:
        """Ask the voucher's passkey to sign this very vouch, which names requester and run."""
        if PASSKEY not in self.house.challenges:
            return None
        nonce = self.house.keyring.own_token("vouch-signature", vouch.id).reveal()
        asking = Means(self.house, vouch.directory, voucher).asking(PASSKEY, nonce=nonce)
        return asking if asking.authenticators else None

    def _signed(self, view: VouchView, answers: Mapping[str, Secret]) -> tuple[str, Used | None]:
        asking = self._passkey_of(view.vouch, view.voucher)
        if asking is None:
            raise RefusedError("You have no passkey here.", "Sign in at the desk to vouch, or call the help desk.")
        challenge = self.house.challenges[PASSKEY]
        checked = challenge.check(asking, challenge.ask(asking).kept, answers)
        if not checked.right:
            raise InvalidError("That passkey did not sign this.", "Use the passkey you set up here.", "passkey")
        return PASSKEY, checked.used

    def _may_sign(self, verification: Verification, voucher: Person) -> None:
        around = Vouchers(self.house, verification.directory, self.person(verification), verification)
        refusal = around.conflict_of(voucher)
        if refusal:
            raise RefusedError(refusal, "Tell the help desk that somebody else has to.")

    def _so_far(self, verification: Verification, signed: int = 0) -> str:
        ids = verification.asked["sent"]
        before = sum(1 for v in self.house.store.vouches.of(verification.id) if v.signed_at and v.id in ids)
        return f"{before + signed} of {verification.asked['kept']['needed']} people vouched"


def _until(verification: Verification) -> datetime | None:
    until: Any = verification.asked.get("until")
    return datetime.fromisoformat(until) if until else None


def _actor(view: VouchView) -> Actor:
    return Actor("voucher", view.voucher.id, view.voucher.name)
