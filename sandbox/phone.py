"""The sandbox's phone: an SMS provider's HTTP API in the form of Twilio's Messages resource."""

import base64
import hmac
import queue
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

import httpx2

VERSION = "2010-04-01"
ENDS = ("delivered", "undelivered", "failed")
REASONS = {
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30007: "Message filtered",
    30008: "Unknown error",
}


@dataclass(frozen=True)
class Text:
    """One SMS as the provider keeps it; times in UTC."""

    sid: str
    account: str
    to: str
    sender: str
    service: str | None
    body: str
    status: str
    created: datetime
    updated: datetime
    sent: datetime | None = None
    error: int | None = None
    callback: str | None = None

    @property
    def uri(self) -> str:
        """Give the address of the message below the API's root."""
        return f"/{VERSION}/Accounts/{self.account}/Messages/{self.sid}.json"

    @property
    def segments(self) -> int:
        """Give how many SMS the body needs when it is plain GSM text."""
        return max(1, -(-len(self.body) // 153)) if len(self.body) > 160 else 1  # noqa: PLR2004 - GSM 03.38

    def resource(self) -> dict[str, object]:
        """Give the message as the Messages resource documents it."""
        return {
            "account_sid": self.account,
            "api_version": VERSION,
            "body": self.body,
            "date_created": format_datetime(self.created),
            "date_sent": format_datetime(self.sent) if self.sent else None,
            "date_updated": format_datetime(self.updated),
            "direction": "outbound-api",
            "error_code": self.error,
            "error_message": REASONS.get(self.error) if self.error else None,
            "from": self.sender or None,
            "messaging_service_sid": self.service,
            "num_media": "0",
            "num_segments": str(self.segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": self.uri.replace(".json", "/Media.json")},
            "to": self.to,
            "uri": self.uri,
        }


class Phone:
    """The provider's side: keeps messages, moves their status on and calls back, `pace` seconds apart.

    Switches: `down` answers 503, `throttled` answers 429, `fault_share` (0 to 1) records and then
    answers 500, `refusals` maps a number to the error code its send gets at once, and `outcomes` maps
    a number to the status and error code its message ends with.
    """

    def __init__(
        self,
        *,
        account: str = "AC" + "5a" * 16,
        token: str = "sandbox-phone-token",
        pace: float = 0.3,
        fault_share: float = 0,
        most: int = 500,
    ) -> None:
        self.account, self.token, self.pace, self.fault_share = account, token, pace, fault_share
        self.down = self.throttled = False
        self.refusals: dict[str, int] = {}
        self.outcomes: dict[str, tuple[str, int | None]] = {}
        self.failed_callbacks: deque[str] = deque(maxlen=most)
        self._most = most
        self._kept: dict[str, Text] = {}
        self._changed = threading.Condition()
        self._due: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def messages(self) -> tuple[Text, ...]:
        """Give the kept messages, oldest first."""
        with self._changed:
            return tuple(self._kept.values())

    def find(self, sid: str) -> Text | None:
        """Give a message by its sid."""
        with self._changed:
            return self._kept.get(sid)

    def sent_to(self, number: str) -> tuple[Text, ...]:
        """Give the messages for one number, oldest first."""
        return tuple(text for text in self.messages if text.to == number)

    def wait_for(self, number: str, *, count: int = 1, status: str = "", seconds: float = 10) -> Text:
        """Give the number's message number `count`, once it has the status; else a TimeoutError."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                found = self.sent_to(number)
                if len(found) >= count and status in ("", found[count - 1].status):
                    return found[count - 1]
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"{number} has no message {count} {status} after {seconds} s.")

    def fail(self, number: str, status: str = "undelivered", error: int = 30003) -> None:
        """End the messages for a number as `undelivered` or `failed` from now on."""
        if status not in ENDS:
            raise ValueError(f"A message ends as one of {', '.join(ENDS)}, not {status}.")
        self.outcomes[number] = (status, error)

    def clear(self) -> None:
        """Forget every message."""
        with self._changed:
            self._kept.clear()

    def send(self, *, to: str, sender: str, service: str | None, body: str, callback: str | None) -> Text:
        """Record a message as queued and start moving it on."""
        now = datetime.now(UTC)
        text = Text(
            sid="SM" + secrets.token_hex(16),
            account=self.account,
            to=to,
            sender=sender,
            service=service,
            body=body,
            status="queued",
            created=now,
            updated=now,
            callback=callback,
        )
        self._keep(text)
        for status in ("sent", self.outcomes.get(to, ("delivered", None))[0]):
            self._due.put((text.sid, status))
        self._wake()
        return text

    def faults_now(self) -> bool:
        """Draw whether this call is one that records and then answers 500."""
        return secrets.SystemRandom().random() < self.fault_share

    def close(self) -> None:
        """Stop moving messages on."""
        if self._thread is not None:
            self._due.put(None)
            self._thread.join(timeout=10)
            self._thread = None

    def _keep(self, text: Text) -> None:
        with self._changed:
            self._kept[text.sid] = text
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
            self._changed.notify_all()

    def _wake(self) -> None:
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._move_on, name="phone", daemon=True)
                self._thread.start()

    def _move_on(self) -> None:
        while (due := self._due.get()) is not None:
            time.sleep(self.pace)
            text = self.find(due[0])
            if text is not None:
                self._advance(text, due[1])

    def _advance(self, text: Text, status: str) -> None:
        now = datetime.now(UTC)
        error = self.outcomes.get(text.to, ("", None))[1] if status in ENDS else None
        moved = replace(text, status=status, updated=now, sent=text.sent or now, error=error)
        self._keep(moved)
        if moved.callback:
            self._call_back(moved, moved.callback)

    def _call_back(self, text: Text, url: str) -> None:
        fields = {
            "AccountSid": text.account,
            "ApiVersion": VERSION,
            "From": text.sender,
            "MessageSid": text.sid,
            "MessageStatus": text.status,
            "SmsSid": text.sid,
            "SmsStatus": text.status,
            "To": text.to,
        }
        if text.error is not None:
            fields["ErrorCode"] = str(text.error)
        address, host = loopback(url)
        headers = {"Host": host, "X-Twilio-Signature": signature(self.token, url, fields)}
        try:
            httpx2.post(address, data=fields, headers=headers, timeout=5, trust_env=False).raise_for_status()
        except httpx2.HTTPError as problem:
            self.failed_callbacks.append(f"{text.sid} {text.status}: {problem}")


def signature(token: str, url: str, fields: dict[str, str]) -> str:
    """Give `X-Twilio-Signature`: base64 of HMAC-SHA1 over the address and the fields sorted by name."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def loopback(url: str) -> tuple[str, str]:
    """Give the address to connect to, and the Host to name; `*.localhost` is 127.0.0.1 (RFC 6761)."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    if name != "localhost" and not name.endswith(".localhost"):
        return url, parts.netloc
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"127.0.0.1{port}").geturl(), parts.netloc
