"""A house with a real store on SQLite, and small stand-ins for everything outside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import expect
from starlette.testclient import TestClient

from deskward.core.challenges import Challenge
from deskward.core.destinations import Coded, Kind
from deskward.core.links import Keyring
from deskward.core.messages import Portal
from deskward.core.notes import NoteWords
from deskward.core.policy import Category, Limits, Policy
from deskward.core.proof import ActionClass
from deskward.core.tickets import TicketPerson
from deskward.core.verification import Verification
from deskward.gateway import Gateway
from deskward.lifecycle.house import Actor, House
from deskward.lifecycle.reading import Reading
from deskward.lifecycle.sending import Request
from deskward.lifecycle.story import Lifecycle
from deskward.store.opening import Opened, open_store
from deskward.web.guard import Guard
from tests.fakes import (
    ANNA,
    BEN,
    FakeChannel,
    FakeClock,
    FakeConnector,
    FakeDirectory,
    FakeReset,
    FakeUnlock,
    ticket,
)
from tests.servers.sqlite import fresh_file

AGENT = Actor("agent", "a-kim", "Kim Agent")
GUARD = Guard("https://desk.acme.example", "https://portal.acme.example", "https://hooks.acme.example")
expect.set_options(timeout=30_000)  # a busy machine is no failure


@dataclass(frozen=True)
class Sent:
    """A verification whose link is out, with what only the requester and the caller know."""

    verification: Verification
    token: str
    code: str
    fallback: str


@pytest.fixture(scope="package", autouse=True)
def one_loop() -> Iterator[None]:
    """Answer the requests of all test clients on one event loop instead of one for each request."""
    with start_blocking_portal() as TestClient.portal:
        yield
    TestClient.portal = None


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def guard() -> Guard:
    return GUARD


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[Opened]:
    """Give everything that the store offers."""
    opened = open_store(fresh_file(tmp_path), clock)
    yield opened
    opened.close()


@pytest.fixture
def directory() -> FakeDirectory:
    return FakeDirectory(people={p.id: p for p in (ANNA, BEN)})


@pytest.fixture
def connector() -> FakeConnector:
    people = [TicketPerson("p-anna", ANNA.name, ANNA.email, ANNA.login)]
    people.append(TicketPerson("p-ben", BEN.name, BEN.email, BEN.login))
    return FakeConnector(people={p.id: p for p in people})


@pytest.fixture
def challenges() -> dict[str, Challenge]:
    """Give the further ways to prove oneself; a file of tests may have its own."""
    return {}


@pytest.fixture
def house(
    store: Opened,
    clock: FakeClock,
    directory: FakeDirectory,
    connector: FakeConnector,
    challenges: dict[str, Challenge],
) -> House:
    """Give a house with three categories: reset, unlock, and verify only."""
    categories = (
        Category("Password Reset", ("Password Reset",), "roster", "reset_password"),
        Category("Account Unlock", ("Account Unlock",), "roster", "unlock_account", ActionClass.C1),
        Category("Identity check", ("Identity check",), "roster"),
    )
    actions = {a.name: a for a in (FakeReset(), FakeUnlock())}
    channels = {c.name: c for c in (FakeChannel("smtp", Kind.EMAIL), FakeChannel("sms", Kind.SMS))}
    titles = {a.name: a.title for a in actions.values()}
    return House(
        store=store.store,
        clock=clock,
        policy=Policy(categories, Limits(), "1"),
        keyring=Keyring(b"k" * 32),
        words=NoteWords("imper.ai", GUARD.desk_url, titles),
        portal=Portal("Acme", GUARD.portal_url),
        connectors={connector.name: connector},
        channels=channels,
        people={directory.name: directory},
        actions=actions,
        gateway=Gateway(store.store, clock, {directory.name: directory}, actions, "1"),
        authenticators=store.authenticators(b"s" * 32),
        challenges=challenges,
        accounts=store.accounts,
    )


@pytest.fixture
def lifecycle(house: House) -> Lifecycle:
    return Lifecycle(house)


@pytest.fixture
def reading(house: House) -> Reading:
    return Reading(house)


@pytest.fixture
def opened(lifecycle: Lifecycle, connector: FakeConnector) -> Callable[..., Verification]:
    """Open a verification for a ticket: `opened(number="1002", category_name="Account Unlock")`."""

    def opening(number: str = "1001", **changes: object) -> Verification:
        made = ticket(number, **changes)
        connector.tickets[made.id] = made
        verification = lifecycle.open(made)
        assert verification is not None
        return verification

    return opening


@pytest.fixture
def secrets_of(house: House) -> Callable[[Verification], Sent]:
    """Derive what the messages of a verification hold."""

    def deriving(v: Verification) -> Sent:
        ring = house.keyring
        return Sent(
            v,
            ring.token(v.id, v.link_nonce).reveal(),
            ring.code(v.id, v.code_nonce).reveal(),
            ring.fallback(v.id, v.link_nonce).reveal(),
        )

    return deriving


@pytest.fixture
def sent(
    lifecycle: Lifecycle, opened: Callable[..., Verification], secrets_of: Callable[[Verification], Sent]
) -> Callable[..., Sent]:
    """Open and send a verification; `on_phone=False` sends the code to the phone, `typed=` to a new address."""

    def sending(number: str = "1001", *, on_phone: bool = True, typed: str = "", **changes: object) -> Sent:
        verification = opened(number, **changes)
        request = Request(
            form_key=f"form-{number}",
            seen_version=verification.version,
            on_phone=on_phone,
            choice="typed" if typed else ("d-ben" if changes.get("requester_id") == "p-ben" else "d-mail"),
            kind=Kind.EMAIL if typed else None,
            typed=typed,
            second="" if on_phone else "d-phone",
            reason="They have no other address." if typed else "",
            code=Coded.OTHER,
            again=typed,
        )
        return secrets_of(lifecycle.send(verification.id, request, AGENT))

    return sending
