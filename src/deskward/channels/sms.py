"""Text messages over an HTTP API in the form of Twilio's Messages resource (SR-101, DESIGN 6)."""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from deskward.core.destinations import Kind
from deskward.core.errors import (
    InvalidError,
    OutsideError,
    SettingsError,
    UncertainError,
    UnreachableError,
)
from deskward.core.ports import Delivery, Message, Posted, Receipt
from deskward.core.secret import Secret
from deskward.core.tickets import Check
from deskward.outbound import Answer, Outbound

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
QUEUED = Receipt(Delivery.ACCEPTED, text="queued at the SMS provider")
DELIVERED = Receipt(Delivery.DELIVERED, text="delivered to the phone")
STATES = {
    "accepted": QUEUED,
    "scheduled": QUEUED,
    "queued": QUEUED,
    "sending": QUEUED,
    "sent": Receipt(Delivery.ACCEPTED, text="handed to the phone network"),
    "delivered": DELIVERED,
    "read": DELIVERED,
}
ENDED_BADLY = ("undelivered", "failed", "canceled")
REASONS = {
    "21211": "this is not a phone number",
    "21408": "the SMS account may not send to this country",
    "21606": "the SMS account may not send from this sender",
    "21608": "a trial account may only send to confirmed numbers",
    "21610": "this number has asked for no more messages",
    "21612": "this number cannot be reached from this sender",
    "21614": "this is not a mobile number",
    "21617": "the message is too long",
    "30003": "the phone is switched off or out of reach",
    "30004": "the message is blocked",
    "30005": "this number is unknown to the network or no longer in use",
    "30006": "this is a landline, or its network takes no text messages",
    "30007": "the phone network filtered the message",
    "30008": "the phone network gives no reason",
}
CREATED, UNAUTHORIZED, FORBIDDEN, TIMED_OUT = 201, 401, 403, 408
TOO_MANY, SERVER_ERROR, UNAVAILABLE = 429, 500, 503
NEWEST = "200"
NAMED = "sending"


class Channel:
    """Sends text messages from `sender` or from a messaging service, of which exactly one is set.

    `status_callback_url` is the full public address of our hook, empty for no callbacks; `region` is the
    ISO country that a number typed without “+” belongs to; `timeout` is in seconds.
    """

    name = "sms"
    rights = "a key of the provider that may send messages and read their status."
    kind = Kind.SMS

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: Secret,
        sender: str = "",
        messaging_service_sid: str = "",
        base_url: str = "https://api.twilio.com",
        status_callback_url: str = "",
        region: str = "",
        timeout: float = 10.0,
    ) -> None:
        if bool(sender) == bool(messaging_service_sid):
            raise SettingsError(
                "channels.sms needs either sender or messaging_service_sid.", "Set exactly one of the two."
            )
        self._region = region.upper()
        if self._region and self._region not in phonenumbers.SUPPORTED_REGIONS:
            raise SettingsError(
                f"channels.sms.region is “{region}”.", "Give a country of two letters, like DE or US."
            )
        self._account, self._token = account_sid, auth_token
        self._from = {"From": sender} if sender else {"MessagingServiceSid": messaging_service_sid}
        self._callback = status_callback_url
        self._path = f"/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._out = Outbound(base_url, timeout=timeout)

    def normalised(self, typed: str) -> str:
        """Give the number in E.164; InvalidError for what cannot be a mobile phone."""
        number = self._parsed(typed)
        if number is None or not phonenumbers.is_valid_number(number):
            raise InvalidError(
                "This is not a phone number in use anywhere.", f"Write it like {self._example()}.", "address"
            )
        if phonenumbers.number_type(number) not in MOBILE:
            raise InvalidError(
                "This number cannot receive text messages.",
                f"Enter a mobile number, like {self._example()}.",
                "address",
            )
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)

    def country(self, value: str) -> str:
        """Give the ISO country of a number, empty where it has none."""
        number = self._parsed(value)
        return (number and phonenumbers.region_code_for_number(number)) or ""

    def send(self, message: Message, *, again: bool) -> Receipt:
        """Send once; `again` looks for the very same text at the provider first."""
        if not NUMBER.fullmatch(message.to):
            return Receipt(Delivery.REFUSED, text="This is not a phone number, nothing was sent.")
        found = self._found(message) if again else None
        return found or self._posted(message)

    def reported(self, posted: Posted) -> tuple[str, Receipt] | None:
        """Read a status callback as (message id or sid, receipt); None unless the provider's signature fits.

        The address that was signed names the message, since a callback may be faster than the answer to the send.
        """
        try:
            fields = parse_qsl(posted.body.decode(), keep_blank_values=True, strict_parsing=True)
        except ValueError:
            return None
        message_id = dict(parse_qsl(urlsplit(posted.url).query)).get(NAMED, "")
        url = self._called_back(message_id) if self._callback else posted.url
        given = posted.headers.get("x-twilio-signature", "").encode()
        told = dict(fields)
        genuine = hmac.compare_digest(given, self._signature(url, fields))
        if not genuine or told.get("AccountSid") != self._account or not told.get("MessageSid"):
            return None
        sid = told["MessageSid"]
        return message_id or sid, _state(sid, told.get("MessageStatus", ""), told.get("ErrorCode", ""))

    def log_out(self) -> None:
        """Close the connections."""
        self._out.close()

    def doctor(self) -> Iterable[Check]:
        """List one message with the credentials, and look at the addresses; nothing is sent."""
        yield self._reached()
        yield _encrypted("sms encryption", self._out.base_url)
        if self._callback:
            yield _encrypted("sms callback", self._callback)
        else:
            yield Check("sms callback", well=True, text="No status callback is set: delivery stays unseen.")

    def _parsed(self, typed: str) -> phonenumbers.PhoneNumber | None:
        if any(c.isalpha() for c in typed):
            return None
        try:
            return phonenumbers.parse(typed, self._region or None)
        except NumberParseException:
            return None

    def _example(self) -> str:
        number = phonenumbers.example_number_for_type(self._region or "US", PhoneNumberType.MOBILE)
        return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) if number else "+1 201-555-0123"

    def _posted(self, message: Message) -> Receipt:
        form = {"To": message.to, "Body": message.text, **self._from}
        if self._callback:
            form["StatusCallback"] = self._called_back(message.id)
        answer = self._out.call("POST", self._path, form=form, basic=(self._account, self._token))
        _raise_trouble(answer)
        told = _members(answer)
        if answer.status == CREATED and told.get("sid"):
            return _state(str(told["sid"]), str(told.get("status")), "")
        if answer.ok:
            raise UncertainError("The SMS provider took the message but did not name it.")
        return Receipt(Delivery.REFUSED, text=_refusal("refused by the SMS provider", told.get("code")))

    def _called_back(self, message_id: str) -> str:
        mark = "&" if urlsplit(self._callback).query else "?"
        return f"{self._callback}{mark}{NAMED}={quote(message_id, safe='')}" if message_id else self._callback

    def _found(self, message: Message) -> Receipt | None:
        """Find an earlier try among the newest messages to this number; UncertainError when that fails."""
        query = [("To", message.to), ("PageSize", NEWEST)]
        try:
            answer = self._out.call("GET", self._path, query=query, basic=(self._account, self._token))
        except OutsideError as trouble:
            raise UncertainError(
                "Nobody knows whether the text message went out: the SMS provider cannot be asked.",
                "Ask the requester, or look at the provider's log.",
            ) from trouble
        listed = _members(answer).get("messages")
        if not answer.ok or not isinstance(listed, list):
            raise UncertainError(
                f"Nobody knows whether the text message went out: the look-up was answered {answer.status}.",
                "Ask the requester, or look at the provider's log.",
            )
        found = [m for m in listed if str(m.get("body", "")).endswith(message.text)]
        return _state_of(found[0]) if found else None

    def _reached(self) -> Check:
        try:
            answer = self._out.call(
                "GET", self._path, query=[("PageSize", "1")], basic=(self._account, self._token)
            )
            _raise_trouble(answer)
        except OutsideError as trouble:
            return Check("sms provider", well=False, text=trouble.text, hint=trouble.hint)
        text = "The SMS provider takes our credentials." if answer.ok else f"It answered {answer.status}."
        return Check("sms provider", answer.ok, text, "" if answer.ok else "Check channels.sms.account_sid.")

    def _signature(self, url: str, fields: Iterable[tuple[str, str]]) -> bytes:
        signed = url + "".join(name + value for name, value in sorted(fields))
        return base64.b64encode(hmac.digest(self._token.reveal().encode(), signed.encode(), "sha1"))


def _raise_trouble(answer: Answer) -> None:
    """Raise for every answer that says nothing about the message itself."""
    if answer.status in (UNAUTHORIZED, FORBIDDEN):
        raise UnreachableError(
            f"The SMS provider refuses our credentials ({answer.status}).",
            "Correct channels.sms.account_sid and channels.sms.auth_token.",
        )
    if answer.status in (TOO_MANY, UNAVAILABLE):
        raise UnreachableError(f"The SMS provider takes no message now ({answer.status}).", "It is tried again.")
    if answer.status == TIMED_OUT or answer.status >= SERVER_ERROR:
        raise UncertainError(
            f"Nobody knows whether the text message went out: the SMS provider failed ({answer.status}).",
            "It is looked up before anything is sent again.",
        )


def _members(answer: Answer) -> Mapping[str, Any]:
    told = answer.json()
    return told if isinstance(told, dict) else {}


def _state_of(resource: Mapping[str, Any]) -> Receipt:
    return _state(str(resource.get("sid")), str(resource.get("status")), str(resource.get("error_code") or ""))


def _state(sid: str, status: str, code: str) -> Receipt:
    if status in ENDED_BADLY:
        return Receipt(Delivery.REFUSED, sid, _refusal("not delivered", code))
    known = STATES.get(status, Receipt(Delivery.UNKNOWN, text="the SMS provider reports a state we do not know"))
    return Receipt(known.delivery, sid, known.text)


def _refusal(what: str, code: object) -> str:
    if not code:
        return f"{what}, no reason is given"
    reason = REASONS.get(str(code))
    return f"{what} ({code}): {reason}" if reason else f"{what} (code {code})"


def _encrypted(name: str, url: str) -> Check:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" or host in ("127.0.0.1", "::1", "localhost") or host.endswith(".localhost"):
        return Check(name, well=True, text=f"{host} is called over https or on this machine.")
    return Check(name, well=False, text=f"{host} is not called over https.", hint="Use an https address.")
