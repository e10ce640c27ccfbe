"""The sandbox's mailbox: a real SMTP server on loopback that keeps what it is sent."""

import asyncio
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.mail import Mail, erase, read, write

__all__ = ["PERMANENT", "TEMPORARY", "Mail", "Mailbox", "running_mailbox"]

T = TypeVar("T")
PERMANENT, TEMPORARY = 550, 451
REFUSALS = {
    PERMANENT: "550 5.1.1 No such mailbox here",
    TEMPORARY: "451 4.2.1 Mailbox busy, try again later",
}
CLOSED = "421 4.3.2 Service not available, closing"


class Mailbox:
    """An SMTP server in a thread of its own; `port` 0 takes a free one, known after `start`."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        login: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        tls_required: bool = False,
        folder: Path | None = None,
        most: int = 500,
    ) -> None:
        self.host, self.port = host, port
        self.refusals: dict[str, int] = {}
        self._login, self._tls, self._tls_required = login, tls, tls_required
        self._folder = folder
        self._kept: deque[Mail] = deque(read(folder), maxlen=most)
        self._arrived = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._down = False

    @property
    def messages(self) -> tuple[Mail, ...]:
        """Give the kept messages, oldest first."""
        with self._arrived:
            return tuple(self._kept)

    @property
    def down(self) -> bool:
        """Tell whether the server is switched off: connections are refused while it is."""
        return self._down

    @down.setter
    def down(self, wanted: bool) -> None:
        if wanted != self._down and self._loop is not None:
            self._run(self._hang_up() if wanted else self._listen())
        self._down = wanted

    def refuse(self, recipient: str, code: int = PERMANENT) -> None:
        """Refuse a recipient from now on: 550 for good, 451 for now."""
        if code not in REFUSALS:
            raise ValueError(f"A mailbox refuses with 550 or 451, not {code}.")
        self.refusals[recipient.lower()] = code

    def accept(self, recipient: str) -> None:
        """Take mail for a refused recipient again."""
        self.refusals.pop(recipient.lower(), None)

    def sent_to(self, recipient: str) -> tuple[Mail, ...]:
        """Give the messages for one recipient, oldest first."""
        return tuple(mail for mail in self.messages if recipient.lower() in map(str.lower, mail.recipients))

    def wait_for(self, recipient: str, *, count: int = 1, seconds: float = 10) -> Mail:
        """Give the recipient's message number `count`; a TimeoutError when it does not come."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            while len(found := self.sent_to(recipient)) < count:
                if not self._arrived.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"{recipient} has {len(found)} messages after {seconds} s, not {count}.")
        return found[count - 1]

    def clear(self) -> None:
        """Forget every message, on disk too."""
        with self._arrived:
            for mail in self._kept:
                if self._folder is not None:
                    erase(self._folder, mail)
            self._kept.clear()

    def keep(self, envelope: Envelope) -> Mail:
        """Keep one message and wake whoever waits for it."""
        with self._arrived:
            mail = Mail(
                number=self._kept[-1].number + 1 if self._kept else 1,
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                raw=envelope.original_content or b"",
                received=datetime.now(UTC),
            )
            if self._folder is not None:
                write(self._folder, mail, forget=self._kept[0] if self._is_full() else None)
            self._kept.append(mail)
            self._arrived.notify_all()
        return mail

    def admits(self, name: str, password: str) -> bool:
        """Tell whether a name and password open this mailbox for sending."""
        return self._login is None or (name, password) == self._login

    @property
    def needs_login(self) -> bool:
        """Tell whether senders must log in first."""
        return self._login is not None

    def start(self) -> Self:
        """Listen; the port is known afterwards."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mailbox", daemon=True)
        self._thread.start()
        if not self._down:
            self._run(self._listen())
        return self

    def stop(self) -> None:
        """Close the listener and every conversation."""
        if self._loop is None:
            return
        self._run(self._hang_up())
        self._run(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = None

    def _is_full(self) -> bool:
        return len(self._kept) == self._kept.maxlen

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._conversation(loop), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def _conversation(self, loop: asyncio.AbstractEventLoop) -> Callable[[], SMTP]:
        return lambda: SMTP(
            _Receiver(self),
            hostname="mailbox.localhost",
            ident="Deskward sandbox mailbox",
            enable_SMTPUTF8=True,
            tls_context=self._tls,
            require_starttls=self._tls_required,
            auth_require_tls=self._tls is not None,
            auth_exclude_mechanism=[] if self.needs_login else ["PLAIN", "LOGIN"],
            authenticator=self._authenticate,
            loop=loop,
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
    ) -> AuthResult:
        known = isinstance(given, LoginPassword) and self.admits(
            given.login.decode(errors="replace"), given.password.decode(errors="replace")
        )
        return AuthResult(success=known, handled=False)


class _Receiver:
    """Answers the SMTP commands the mailbox cares about."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_MAIL(  # noqa: N802 - the name is aiosmtpd's
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Open an envelope, for those who may."""
        if self._mailbox.down:
            return CLOSED
        if self._mailbox.needs_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, unless it is one to refuse."""
        code = self._mailbox.refusals.get(address.lower())
        if code is not None:
            return REFUSALS[code]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the name is aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the message, unless the mailbox went down meanwhile."""
        if self._mailbox.down:
            return CLOSED
        return f"250 2.0.0 Kept as {self._mailbox.keep(envelope).number}"


@contextmanager
def running_mailbox(**settings: Any) -> Iterator[Mailbox]:
    """Run a mailbox for the length of a block; settings as for `Mailbox`."""
    mailbox = Mailbox(**settings).start()
    try:
        yield mailbox
    finally:
        mailbox.stop()


async def _cancel_all() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
