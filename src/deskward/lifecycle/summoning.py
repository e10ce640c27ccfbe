"""The messages to people who are asked to vouch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from deskward.core.links import digest
from deskward.core.ports import Change, Sending
from deskward.core.records import Vouch
from deskward.core.verification import Verification
from deskward.lifecycle.house import House
from deskward.lifecycle.sending import letter
from deskward.lifecycle.vault import known
from deskward.lifecycle.vouchers import Vouchers, reached_at

VOUCH = "vouch"


@dataclass(frozen=True)
class Summons:
    """What to write, and the ids of the vouches that are waited for."""

    change: Change
    ids: tuple[str, ...]


def summons(house: House, run: Verification, asked: Sequence[str], until: datetime) -> Summons:
    """Ask everybody once: who was asked in this run already is not written to again."""
    people = house.people[run.directory]
    subject = people.get(run.subject_id)
    known = {v.voucher_id: v.id for v in Vouchers(house, run.directory, subject, run).said()} if subject else {}
    fresh = [_letter(house, run, person_id, until) for person_id in asked if person_id not in known]
    ids = (*(known[i] for i in asked if i in known), *(s.id for c in fresh for s in c.sendings))
    return Summons(
        Change(
            errands=tuple(e for c in fresh for e in c.errands),
            sendings=tuple(s for c in fresh for s in c.sendings),
            counts=tuple(n for c in fresh for n in c.counts),
            ceilings=tuple(n for c in fresh for n in c.ceilings),
            vouches=tuple(_vouch(run, s) for c in fresh for s in c.sendings),
        ),
        ids,
    )


def _letter(house: House, run: Verification, person_id: str, until: datetime) -> Change:
    person = house.people[run.directory].get(person_id)
    where = reached_at(house, known(house, run.directory, person)) if person else None
    if where is None:
        return Change()
    change = letter(house, run, VOUCH, where, until)
    signed = (
        replace(s, person_id=person_id, token_digest=digest(house.keyring.own_token(VOUCH, s.id).reveal()))
        for s in change.sendings
    )
    return replace(change, sendings=tuple(signed))


def _vouch(run: Verification, sending: Sending) -> Vouch:
    return Vouch(sending.id, run.id, run.directory, run.subject_id, sending.person_id, sending.at)
