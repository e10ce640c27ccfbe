"""The outside of one Deskward: it survives, and says when a call comes in, so that its caller can be killed."""

import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import Envelope
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.__main__ import WEBHOOK, Ground, people, written
from sandbox.changegear import Site, Subscription, create_app
from sandbox.changegear.records import PASSWORD_RESET
from sandbox.mailbox import Mail, Mailbox
from sandbox.phone import Phone
from sandbox.phone_api import create_phone_app
from tests.store.samples import until

PERSON = """
[[people]]
id = "p-{n}"
login = "person{n}"
name = "Person Number{n}"
email = "person{n}@northwind.example"
mails = [{{ address = "person{n}@home.example", label = "private", source = "HR", changed_at = 2025-03-14 }}]
phones = [{{ number = "+1 202 555 01{n:02}", label = "mobile phone", source = "HR", changed_at = 2025-03-14 }}]
"""
FIRST_PERSON = 11
Strike = Callable[[str, str], bool]


def spared(_moment: str, _call: str) -> bool:
    """Let a call be."""
    return False


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


class StruckMailbox(Mailbox):
    """A mailbox that strikes before and after it keeps a mail."""

    owner: "Outside"

    def keep(self, envelope: Envelope) -> Mail:
        """Keep a mail, or hang up with the sender dead."""
        if self.owner.strike("before", "mail"):
            raise ConnectionResetError
        mail = super().keep(envelope)
        self.owner.strike("after", "mail")
        return mail


@dataclass
class Outside:
    """ChangeGear, mailbox and phone with the folder of the Deskward that talks to them.

    `strike(moment, call)` is asked “before” a call has an effect and “after” it, before it is answered; when it
    says True the caller is dead.
    """

    folder: Path
    port: int
    site: Site
    mailbox: StruckMailbox
    phone: Phone
    settings: Path
    strike: Strike = spared
    calls: deque[str] = field(default_factory=lambda: deque(maxlen=2000))

    @property
    def desk(self) -> str:
        """Give the address of the desk."""
        return f"http://desk.localhost:{self.port}"

    @property
    def portal(self) -> str:
        """Give the address of the portal."""
        return f"http://portal.localhost:{self.port}"

    def open_ticket(self, person: int, category: int = PASSWORD_RESET) -> int:
        """Open a ticket as an agent does; gives its id."""
        return self.site.open_ticket("I cannot log in", requester=FIRST_PERSON + person, category=category).id

    def history(self, ticket_id: int) -> list[tuple[str, str]]:
        """Give action and text of everything in a ticket, the oldest first."""
        ticket = self.site.ticket(ticket_id)
        assert ticket
        return [(record.action, record.comment) for record in ticket.history]


@contextmanager
def running_outside(folder: Path, database: str, persons: int) -> Iterator[Outside]:
    """Start everything but Deskward, and write its settings and roster."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "people.toml").write_text("".join(PERSON.format(n=n) for n in range(persons)))
    with ExitStack() as stack:
        phone = Phone(pace=0.01)
        stack.callback(phone.close)
        mailbox = StruckMailbox(host="127.0.0.1", port=0)
        mailbox.start()
        stack.callback(mailbox.stop)
        port, listener = free_port(), socket.create_server(("127.0.0.1", 0))
        settings, token = written(Ground(folder, port, mailbox.port, database), phone)
        _hasten(settings, port, listener.getsockname()[1])
        hook = Subscription(f"http://hooks.localhost:{port}/hooks/changegear/{token}", *WEBHOOK)
        site = Site(people(folder / "people.toml"), account=1, subscriptions=[hook])
        stack.callback(site.close)
        outside = Outside(folder, port, site, mailbox, phone, settings)
        mailbox.owner = outside
        stack.enter_context(_served(_door(outside), listener))
        yield outside


def _hasten(settings: Path, port: int, outside: int) -> None:
    """Point to the outside's own port, poll all the time and let links be sent again at once."""
    text = settings.read_text(encoding="utf-8")
    text = text.replace(f"sandbox.localhost:{port}", f"sandbox.localhost:{outside}")
    text = text.replace("poll_interval = 30.0", "poll_interval = 0.5")
    text = text.replace("[limits]\n", "[limits]\nwait_minutes = [0.001]\n")
    settings.write_text(text, encoding="utf-8")


def _door(outside: Outside) -> ASGIApp:
    changegear, phone = create_app(outside.site), create_phone_app(outside.phone)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        texts = scope.get("path", "").startswith("/2010-04-01")
        app = phone if texts else changegear
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        call = f"{scope['method']} {_short(scope['path'])}"
        outside.calls.append(call)
        if outside.strike("before", call):
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                outside.strike("after", call)
            await send(message)

        await app(scope, receive, sending)

    return door


def _short(path: str) -> str:
    return re.sub(r"AC[0-9a-f]{32}", "AC", path.removeprefix("/CGRestAPI/api/"))


@contextmanager
def _served(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        app, log_level="critical", log_config=None, access_log=False, timeout_graceful_shutdown=1, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def wait_a_moment() -> None:
    """Let others go on."""
    time.sleep(0.02)
