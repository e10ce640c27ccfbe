"""Writes the message of a sending when it leaves, and tells whether it is still wanted."""

from collections.abc import Callable, Mapping

from deskward.core.destinations import Kind
from deskward.core.messages import code_message, link_message, vouch_message
from deskward.core.notices import NOTICES, Copy, Purpose, Told, copy_of_notice, notice
from deskward.core.ports import Message, Sending
from deskward.core.verification import State, Verification
from deskward.lifecycle.house import House
from deskward.lifecycle.noticing import OBJECTION
from deskward.lifecycle.summoning import VOUCH

Writer = Callable[[House, Verification, Sending, Kind], Message]


def wanted(house: House, verification: Verification, sending: Sending) -> bool:
    """Tell whether a message should still go out: a notice always, link and code while they are the newest."""
    now = house.clock.now()
    if sending.expires_at is None or sending.expires_at <= now:
        return False
    if sending.purpose in NOTICES:
        return True
    if sending.purpose == "proof":
        return verification.state is State.STARTED and bool(verification.asked)
    if sending.purpose == VOUCH:
        return not verification.ended and sending.id in verification.asked.get("sent", ())
    newest = house.store.sending(verification.sending_id)
    same_form = newest is not None and newest.form_key == sending.form_key
    return same_form and verification.state is State.SENT


def message_of(house: House, verification: Verification, sending: Sending, kind: Kind) -> Message:
    """Write the message that a sending's purpose asks for."""
    return _WRITERS[sending.purpose](house, verification, sending, kind)


def _link(house: House, verification: Verification, sending: Sending, kind: Kind) -> Message:
    keyring = house.keyring
    return link_message(
        house.portal,
        message_id=sending.id,
        kind=kind,
        to=sending.address,
        token=keyring.token(verification.id, verification.link_nonce),
        fallback=keyring.fallback(verification.id, verification.link_nonce),
        until=sending.expires_at or house.clock.now(),
        objection=keyring.own_token(OBJECTION, sending.id),
    )


def _code(house: House, verification: Verification, sending: Sending, kind: Kind) -> Message:
    keyring, asked = house.keyring, str(verification.asked.get("nonce", ""))
    nonce = asked if sending.purpose == "proof" else verification.code_nonce
    return code_message(
        house.portal,
        message_id=sending.id,
        kind=kind,
        to=sending.address,
        code=keyring.code(verification.id, nonce),
        objection=keyring.own_token(OBJECTION, sending.id),
    )


def _told(house: House, verification: Verification, sending: Sending, objection: str = "") -> Told:
    return Told(
        action=house.words.action(verification.action),
        at=sending.at,
        ticket=verification.ticket_number if verification.connector else "",
        agent=verification.agent_name,
        objection=objection,
    )


def _notice(house: House, verification: Verification, sending: Sending, kind: Kind) -> Message:
    objection = house.portal.objection(house.keyring.own_token(OBJECTION, sending.id))
    told = _told(house, verification, sending, objection)
    purpose = Purpose(sending.purpose)
    return notice(house.portal, purpose, told, message_id=sending.id, kind=kind, to=sending.address)


def _copy(house: House, verification: Verification, sending: Sending, _: Kind) -> Message:
    told, copy = _told(house, verification, sending), Copy(sending.purpose)
    name = verification.requester_name
    return copy_of_notice(house.portal, copy, told, name, message_id=sending.id, to=sending.address)


def _vouch(house: House, verification: Verification, sending: Sending, kind: Kind) -> Message:
    return vouch_message(
        house.portal,
        message_id=sending.id,
        kind=kind,
        to=sending.address,
        token=house.keyring.own_token(VOUCH, sending.id),
        requester=verification.requester_name,
        until=sending.expires_at or house.clock.now(),
    )


_WRITERS: Mapping[str, Writer] = {
    "link": _link,
    "code": _code,
    "proof": _code,
    VOUCH: _vouch,
    **dict.fromkeys(Purpose, _notice),
    **dict.fromkeys(Copy, _copy),
}
