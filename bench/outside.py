"""The outside: ChangeGear, mailbox and phone, served by the measuring process, so that nobody counts them."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.machine import free_port, until
from sandbox.__main__ import WEBHOOK, people
from sandbox.changegear import Site, Subscription, create_app, delivering
from sandbox.mailbox import Mailbox
from sandbox.phone import Phone
from sandbox.web import Welcome, create_sandbox_app

FIRST_PERSON = 11  # where sandbox.people begins to number the roster
PATH_TOKEN = "bench-path-token-of-some-length"


class Counted:
    """An ASGI app that counts its requests."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.requests = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count, and pass on."""
        self.requests += scope["type"] == "http"
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Outside:
    """Where the outside listens, and what is kept there; `product_port` is where its webhooks go."""

    port: int
    smtp_port: int
    product_port: int
    site: Site
    mailbox: Mailbox
    served: Counted
    events: list[int]


@contextmanager
def outside(roster: Path) -> Iterator[Outside]:
    """Serve the outside for the people of a roster until the end of the block."""
    port, product_port = free_port(), free_port()
    hook = f"http://hooks.localhost:{product_port}/hooks/changegear/{PATH_TOKEN}"
    site = Site(people(roster), account=1, subscriptions=[Subscription(hook, *WEBHOOK)])
    events: list[int] = []
    site.listen(lambda event: events.append(event.ticket_id))
    with ExitStack() as stack:
        stack.callback(site.close)
        phone = Phone()
        stack.callback(phone.close)
        mailbox = Mailbox().start()
        stack.callback(mailbox.stop)
        served = Counted(_app(site, mailbox, phone))
        stack.enter_context(_served(served, port))
        yield Outside(port, mailbox.port, product_port, site, mailbox, served, events)


def _app(site: Site, mailbox: Mailbox, phone: Phone) -> ASGIApp:
    welcome = Welcome("Northwind", "", "")
    inner = create_sandbox_app(changegear=create_app(site), mailbox=mailbox, phone=phone, welcome=welcome)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        async with delivering(site):
            yield

    return Starlette(routes=[Mount("", app=inner)], lifespan=life)


@contextmanager
def _served(app: ASGIApp, port: int) -> Iterator[None]:
    config = uvicorn.Config(
        app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive(), "the outside")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)
