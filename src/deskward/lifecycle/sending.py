"""One click on “Send”: which address, which code, whether the limits allow it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deskward.core.destinations import Coded, Destination, Kind, Provenance, masked, provenance_of, root_of
from deskward.core.errors import InvalidError, RefusedError
from deskward.core.links import digest, new_id, new_nonce
from deskward.core.notes import clean
from deskward.core.people import Person
from deskward.core.policy import Way
from deskward.core.ports import Change, Count, Sending
from deskward.core.records import send_errand
from deskward.core.verification import Verification
from deskward.lifecycle.budgets import ceilings_of, early, failures, wait
from deskward.lifecycle.house import House, when
from deskward.lifecycle.means import Means
from deskward.lifecycle.resuming import begun_anew
from deskward.lifecycle.typed import TYPED, Supplied, check_entry, check_supplied, read_typed

_BOUND_BY = {
    Way.CALL: "code on the call",
    Way.TOTP: "with their authenticator app",
    Way.PASSKEY: "with their passkey",
}


@dataclass(frozen=True)
class Request:
    """What the agent chose on the Send page.

    `choice` is the id of a known destination or “typed” with `kind` and `typed`; `second` is the known
    destination that gets the code when the requester is not on the phone, or “totp” or “passkey” where that
    stands for the code (DESIGN 9.2). For an address that is not established `code` and `reason` say why, and a
    typed one is typed `again` or its `echo` confirmed.
    """

    form_key: str
    seen_version: int
    on_phone: bool
    choice: str
    kind: Kind | None = None
    typed: str = ""
    second: str = ""
    reason: str = ""
    code: Coded | None = None
    again: str = ""
    echo: str = ""

    @property
    def supplied(self) -> Supplied:
        """Give what is said about an address that is not established."""
        return Supplied(self.code, self.reason, self.again, self.echo)


@dataclass(frozen=True)
class Composed:
    """What to change in the verification, what to write beside it, what the event records."""

    changes: dict[str, Any]
    change: Change
    fields: dict[str, Any]


def compose(house: House, verification: Verification, person: Person, request: Request, agent: str) -> Composed:
    """Make link, code, sendings and errands for one send.

    Raises InvalidError for what was typed or not chosen, RefusedError and LimitError.
    """
    now = house.clock.now()
    first = _destination(house, verification, person, request, now)
    way = _way(house, verification, person, request)
    second = _second(house, person, request, first, now) if way is Way.SECOND else None
    exception = first.provenance is Provenance.CALLER_SUPPLIED
    if exception:
        check_supplied(house.category_of(verification), request.supplied)
    counts = _counts(house, verification, (first, second) if second else (first,), agent)
    ceilings = tuple(ceilings_of(house, verification, counts, now))
    early(house, ceilings)
    failures(house, verification, now)
    wait(house, verification, first.root, now)
    nonce, code_nonce = new_nonce(), new_nonce()
    until = now + house.policy.limits.link[first.kind]
    pairs = (("link", first), *((("code", second),) if second else ()))
    sendings = _sendings(house, verification, request, pairs, now=now, until=until)
    keyring = house.keyring
    changes = {
        "link_nonce": nonce,
        "link_digest": digest(keyring.token(verification.id, nonce).reveal()),
        "fallback_digest": keyring.fallback_digest(keyring.fallback(verification.id, nonce).reveal()),
        "link_expires_at": until,
        "deadline": until,
        "sending_id": sendings[0].id,
        "code_nonce": code_nonce,
        "code_expires_at": min(until, now + house.policy.limits.code),
        "code_way": way.value,
        "link_kind": first.kind.value,
        "link_way": _in_words(first, way, second),
        "sends": verification.sends + 1,
        "exception": exception,
        **begun_anew(house, verification, house.kept_root(first.root)),
    }
    errands = tuple(send_errand(s, verification.id) for s in sendings)
    fields = _fields(verification, first, second, until, clean(request.reason)) | {
        "reverse_code": keyring.reverse_code(verification.id)
    }
    return Composed(changes, Change(errands=errands, sendings=sendings, counts=counts, ceilings=ceilings), fields)


def _way(house: House, verification: Verification, person: Person, request: Request) -> Way:
    if request.on_phone:
        way = Way.CALL
    else:
        way = Way(request.second) if request.second in {Way.TOTP, Way.PASSKEY} else Way.SECOND
    if way not in house.category_of(verification).ways:
        raise RefusedError("This category does not allow it in this way.", "Choose another one.")
    if way in {Way.TOTP, Way.PASSKEY} and not Means(house, verification.directory, person).options(way):
        raise InvalidError("This person has not set that up.", "Choose another way.", "second")
    return way


def proof_sending(
    house: House, verification: Verification, person: Person, choice: str, until: datetime
) -> Change:
    """Make the message with a code that a challenge asked for; LimitError when too many went there."""
    return letter(house, verification, "proof", _known(person, choice, "answer"), until)


def letter(house: House, verification: Verification, purpose: str, where: Destination, until: datetime) -> Change:
    """Make one message to an address on file; LimitError when too many went there."""
    now = house.clock.now()
    target = _target(house, where, now)
    counts = tuple(
        Count(f"send-{name}", house.keyring.private(name, value))
        for name, value in (("destination", target.root), ("country", target.country))
        if value
    )
    ceilings = tuple(ceilings_of(house, verification, counts, now))
    early(house, ceilings)
    sending = _sending(house, verification, purpose, target, form_key="", reason="", now=now, until=until)
    errand = send_errand(sending, verification.id)
    return Change(errands=(errand,), sendings=(sending,), counts=counts, ceilings=ceilings)


@dataclass(frozen=True)
class _Target:
    kind: Kind
    value: str
    label: str
    provenance: Provenance
    channel: str
    country: str

    @property
    def masked(self) -> str:
        return masked(self.kind, self.value)

    @property
    def root(self) -> str:
        return root_of(self.kind, self.value)


def _target(house: House, destination: Destination, now: datetime) -> _Target:
    channel = next((c for c in house.channels.values() if c.kind is destination.kind), None)
    if channel is None:
        raise RefusedError(
            f"No channel for {destination.kind.value} is set up.",
            "Choose another address, or ask an administrator.",
        )
    provenance = provenance_of(destination, now, house.policy.limits.min_age)
    country = channel.country(destination.value)
    return _Target(destination.kind, destination.value, destination.label, provenance, channel.name, country)


def _destination(
    house: House, verification: Verification, person: Person, request: Request, now: datetime
) -> _Target:
    if request.choice != TYPED:
        return _target(house, _known(person, request.choice, "choice"), now)
    if request.kind is None or not request.typed.strip():
        raise InvalidError("Choose an address or type one.", "Pick e-mail or SMS and fill in the field.", "typed")
    read = read_typed(house, verification.directory, person, request.kind, request.typed)
    check_entry(house, read, request.supplied)
    return _target(house, read, now)


def _known(person: Person, choice: str, field: str) -> Destination:
    found = next((d for d in person.destinations if d.id == choice), None)
    if found is None:
        raise InvalidError("Choose where to send it.", "Pick one of the addresses on the page.", field)
    return found


def _second(house: House, person: Person, request: Request, first: _Target, now: datetime) -> _Target:
    if not request.second:
        raise InvalidError(
            "Without a live call the code needs an address of its own.",
            "Choose where the code should go, or call the requester back on the number on file and choose “Yes”.",
            "second",
        )
    second = _target(house, _known(person, request.second, "second"), now)
    if second.root == first.root:
        raise InvalidError("Link and code must go to two different addresses.", "Choose another one.", "second")
    if second.provenance is not Provenance.ESTABLISHED or first.provenance is not Provenance.ESTABLISHED:
        raise InvalidError(
            "Without a live call both addresses must be established.",
            "Call the requester back on the number on file, then send with the call code.",
            "second",
        )
    return second


def _counts(
    house: House, verification: Verification, targets: tuple[_Target, ...], agent: str
) -> tuple[Count, ...]:
    limits = house.policy.limits
    for target in targets:
        if target.country and limits.countries and target.country not in limits.countries:
            raise RefusedError(f"SMS to {target.country} is not allowed here.", "Use e-mail or another number.")
    named = [
        ("subject", f"{verification.directory}:{verification.subject_id}"),
        ("agent", agent),
        ("ticket", f"{verification.connector}:{verification.ticket_id}"),
        *(("destination", target.root) for target in targets),
        *(("country", target.country) for target in targets),
    ]
    return tuple(Count(f"send-{d}", house.keyring.private(d, v)) for d, v in named if v)


def _sendings(
    house: House,
    verification: Verification,
    request: Request,
    pairs: tuple[tuple[str, _Target], ...],
    *,
    now: datetime,
    until: datetime,
) -> tuple[Sending, ...]:
    key, reason = request.form_key, clean(request.reason)
    return tuple(
        _sending(house, verification, purpose, target, form_key=key, reason=reason, now=now, until=until)
        for purpose, target in pairs
    )


def _sending(
    house: House,
    verification: Verification,
    purpose: str,
    target: _Target,
    *,
    form_key: str,
    reason: str,
    now: datetime,
    until: datetime,
) -> Sending:
    return Sending(
        id=new_id("MS"),
        verification_id=verification.id,
        purpose=purpose,
        channel=target.channel,
        address=target.value,
        masked=target.masked,
        provenance=target.provenance,
        label=target.label,
        root=house.kept_root(target.root),
        form_key=form_key,
        at=now,
        reason=reason,
        expires_at=until,
    )


def _in_words(first: _Target, way: Way, second: _Target | None) -> str:
    bound_by = _BOUND_BY.get(way) or f"code to {second.masked if second else 'nobody'}"
    return f"{first.kind.said} to {first.masked}, {first.label}, {first.provenance}; {bound_by}"


def _fields(
    verification: Verification, first: _Target, second: _Target | None, until: datetime, reason: str
) -> dict[str, Any]:
    more = {"second_masked": second.masked, "second_label": second.label} if second else {}
    why = {"address_reason": reason} if first.provenance is Provenance.CALLER_SUPPLIED else {}
    return {
        "again": verification.sends > 0,
        "masked": first.masked,
        "label": first.label,
        "provenance": first.provenance.value,
        "channel": first.kind.said,
        "expires_at": when(until),
        **more,
        **why,
    }
