"""One click on “Send”: which address, which code, whether the limits allow it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deskward.core.destinations import Coded, Destination, Kind, Provenance, masked, provenance_of, root_of
from deskward.core.errors import InvalidError, LimitError, RefusedError
from deskward.core.links import digest, new_id, new_nonce
from deskward.core.notes import clean
from deskward.core.people import Person
from deskward.core.ports import Change, Count, Delivery, Errand, ErrandKind, Sending
from deskward.core.verification import Verification
from deskward.lifecycle.house import House, when
from deskward.lifecycle.typed import TYPED, Supplied, check_entry, check_supplied, read_typed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FAILURES_FOR, MOST_FAILURES = timedelta(days=30), 100


@dataclass(frozen=True)
class Request:
    """What the agent chose on the Send page.

    `choice` is the id of a known destination or “typed” with `kind` and `typed`; `second` is the known
    destination that gets the code when the requester is not on the phone (DESIGN 9.2). For an address that is
    not established `code` and `reason` say why, and a typed one is typed `again` or its `echo` confirmed.
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
    second = None if request.on_phone else _second(house, person, request, first, now)
    if first.provenance is Provenance.CALLER_SUPPLIED:
        check_supplied(house.category_of(verification), request.supplied)
    counts = _counts(house, verification, (first, second) if second else (first,), agent)
    _limits(house, verification, first, counts, now)
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
        "code_way": "call" if request.on_phone else "second",
        "sends": verification.sends + 1,
        "pin": "",
        "pin_key": "",
        "proofs": (),
        "started_at": None,
        "agreed_at": None,
        "decided_at": None,
        "reason": "",
    }
    errands = tuple(_errand(s, now) for s in sendings)
    fields = _fields(verification, first, second, until, clean(request.reason))
    return Composed(changes, Change(errands=errands, sendings=sendings, counts=counts), fields)


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


def _limits(
    house: House, verification: Verification, first: _Target, counts: tuple[Count, ...], now: datetime
) -> None:
    limits = house.policy.limits
    hour, day = house.store.counted(counts, now - HOUR), house.store.counted(counts, now - DAY)
    budgets = {
        "send-subject": (limits.links_per_hour, limits.links_per_day, "for this person"),
        "send-destination": (limits.links_per_hour, limits.links_per_day, "to this address"),
        "send-agent": (limits.agent_links_per_hour, limits.agent_links_per_hour * 8, "by you"),
        "send-ticket": (limits.links_per_hour, limits.links_per_day, "for this ticket"),
        "send-country": (limits.country_links_per_hour, limits.country_links_per_hour * 8, "to this country"),
    }
    for count in counts:
        per_hour, per_day, words = budgets[count.dimension]
        if day.get(count, 0) >= per_day:
            raise LimitError(f"{per_day} links a day {words} are sent already.", 86400, "Identify in person.")
        if hour.get(count, 0) >= per_hour:
            raise LimitError(
                f"{per_hour} links an hour {words} are sent already.", 3600, "Wait, or identify in person."
            )
    _failures(house, verification, now)
    _wait(house, verification, first, now)


def _failures(house: House, verification: Verification, now: datetime) -> None:
    """Stop before 100 wrong entries on one account, with the tries of every link that may still live (SR-135)."""
    wrong, limits = wrong_count(house, verification), house.policy.limits
    recent = house.store.earlier(verification.directory, verification.subject_id, now - limits.to_send - DAY)
    living = 1 + sum(1 for v in recent if not v.ended and v.id != verification.id)
    seen = house.store.counted([wrong], now - FAILURES_FOR).get(wrong, 0)
    if seen + living * limits.code_tries > MOST_FAILURES:
        raise RefusedError("Too many wrong codes were entered for this person.", "Identify in person.")


def wrong_count(house: House, verification: Verification) -> Count:
    """Name the budget of wrong entries on the account."""
    subject = f"{verification.directory}:{verification.subject_id}"
    return Count("wrong-subject", house.keyring.private("subject", subject))


def _wait(house: House, verification: Verification, first: _Target, now: datetime) -> None:
    links = [s for s in house.store.sendings(verification.id) if s.purpose == "link"]
    if not links:
        return
    last, waits = links[-1], house.policy.limits.waits
    lost = last.delivery is Delivery.REFUSED or verification.opens == 0
    if lost and last.root != _kept(house, first) and len(links) <= house.policy.limits.corrections_per_ticket:
        return
    ready = last.at + waits[min(len(links), len(waits)) - 1]
    if ready > now:
        seconds = int((ready - now).total_seconds()) + 1
        raise LimitError(f"Please wait {seconds} seconds before sending again.", seconds)


def _kept(house: House, target: _Target) -> str:
    """Name the trust root as rows keep it: comparable, and no address to read."""
    return house.keyring.private("root", target.root)


def _sendings(
    house: House,
    verification: Verification,
    request: Request,
    pairs: tuple[tuple[str, _Target], ...],
    *,
    now: datetime,
    until: datetime,
) -> tuple[Sending, ...]:
    return tuple(
        Sending(
            id=new_id("MS"),
            verification_id=verification.id,
            purpose=purpose,
            channel=target.channel,
            address=target.value,
            masked=target.masked,
            provenance=target.provenance,
            label=target.label,
            root=_kept(house, target),
            form_key=request.form_key,
            at=now,
            reason=clean(request.reason),
            expires_at=until,
        )
        for purpose, target in pairs
    )


def _errand(sending: Sending, now: datetime) -> Errand:
    lane = f"{sending.channel}:{sending.verification_id}"
    about = {"sending": sending.id, "verification": sending.verification_id}
    return Errand(ErrandKind.SEND, lane, f"send:{sending.id}", about, now, sending.verification_id)


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
