"""The desk on the house of the web tests, with one agent, over HTTP and in a real browser."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from playwright.sync_api import Browser, BrowserContext, Page

from deskward.core.accounts import Agent, Role
from deskward.core.authenticators import Authenticator, agent_owner
from deskward.core.policy import Value
from deskward.core.secret import Secret
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.web.desk import Trust, create_app, hashed, passwords
from deskward.web.guard import Guard
from tests.chromium import running_chromium
from tests.fakes import FakeClock, FakeFactor, FakeReset
from tests.household import CATEGORIES

HOST = "desk.localhost"
PASSWORD = "violet otter paints 9 barns"
OWN = {"sec-fetch-site": "same-origin"}
CODE = "123456"
HIDDEN = re.compile(r'name="(csrf|form_key|version|next|kind|option|at)" value="([^"]*)"')


@dataclass
class Desk:
    """A browser without script: keeps cookies, and sends the hidden fields of the page it saw last."""

    client: TestClient
    seen: str = ""

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        self._remember(answer)
        return answer.text

    def hidden(self) -> dict[str, str]:
        return dict(HIDDEN.findall(self.seen))

    def post(self, path: str, **fields: str) -> Response:
        answer = self.client.post(path, data=self.hidden() | fields, follow_redirects=False)
        self._remember(answer)
        return answer

    def _remember(self, answer: Response) -> None:
        self.seen = answer.text if 'name="csrf"' in answer.text else self.seen

    def give_password(self, login: str = "kim", password: str = PASSWORD, **more: str) -> Response:
        fields = {"login": login, "password": password} | more
        return self.client.post("/login", data=fields, follow_redirects=False)

    def log_in(self, login: str = "kim", password: str = PASSWORD, **more: str) -> Response:
        """Give both factors; gives the first answer that is no way on."""
        answer = self.give_password(login, password, **more)
        if answer.status_code != 303:
            return answer
        self.get(answer.headers["location"])
        return self.post("/login/second", code=CODE)


@pytest.fixture(scope="module", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Let a login of a test cost no more than its other requests: the smallest work that argon2id takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        passwords._nobody.cache_clear()
        yield
    passwords._nobody.cache_clear()


@pytest.fixture(scope="module")
def password_hash(quick_hashes: None) -> str:
    return hashed(Secret(PASSWORD))


@pytest.fixture
def staffed(house: House, store: Opened, password_hash: str, clock: FakeClock) -> Callable[..., Agent]:
    """Make an account with these roles, and with a second factor unless `bare`."""

    def making(login: str, *roles: Role, bare: bool = False) -> Agent:
        named = f"{login.title()} {'Agent' if roles == (Role.AGENT,) else 'Person'}"
        made = Agent(f"AG-{login.upper()}", login, named, password_hash, roles=tuple(r.value for r in roles))
        store.accounts.put_agent(made)
        if not bare:
            house.authenticators.enrol([a_factor(made, clock)])
        return made

    return making


def a_factor(agent: Agent, clock: FakeClock, number: int = 1, kind: str = "totp") -> Authenticator:
    """Make a second factor of an agent."""
    now = clock.now()
    return Authenticator(
        f"AU-{agent.login}-{number}", agent_owner(agent.id), kind, f"App {number}", Secret("s"), now, now
    )


@pytest.fixture
def agent(staffed: Callable[..., Agent]) -> Agent:
    return staffed("kim", Role.AGENT)


@pytest.fixture
def app(lifecycle: Lifecycle, reading: Reading, store: Opened, guard: Guard, clock: FakeClock) -> FastAPI:
    return desk_app(lifecycle, reading, store, guard, clock)


def desk_app(
    lifecycle: Lifecycle,
    reading: Reading,
    store: Opened,
    guard: Guard,
    clock: FakeClock,
    *,
    trust: Trust | None = None,
) -> FastAPI:
    """Make the desk, with two second factors to choose from."""
    return create_app(
        lifecycle,
        reading,
        accounts=store.accounts,
        console=store.console,
        audit=store.audit,
        guard=guard,
        clock=clock,
        factors={f.name: f for f in (FakeFactor(), FakeFactor("passkey", "Passkey", ease=10))},
        passwords=FakeReset(),
        groups={"Service desk": ("kim",)},
        values={c.name: [Value("class", c.action_class.value, "default")] for c in CATEGORIES},
        trust=trust,
    )


@pytest.fixture
def visitor(app: FastAPI, guard: Guard) -> Callable[[], Desk]:
    """Make a browser that is not logged in."""
    return lambda: Desk(TestClient(app, base_url=guard.desk_url, headers=OWN))


@pytest.fixture
def desk(visitor: Callable[[], Desk], agent: Agent) -> Desk:
    """Give a browser that is logged in."""
    made = visitor()
    assert made.log_in().status_code == 303
    return made


@pytest.fixture
def ada(visitor: Callable[[], Desk], staffed: Callable[..., Agent]) -> Desk:
    """Give the browser of an administrator, at the list of people."""
    staffed("ada", Role.ADMINISTRATOR)
    made = visitor()
    made.log_in("ada")
    made.get("/people")
    return made


@pytest.fixture
def address(house: House, guard: Guard, store: Opened, agent: Agent, clock: FakeClock) -> Iterator[str]:
    """Serve the desk on a free port; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://{HOST}:{listening.getsockname()[1]}"
    near = replace(guard, desk_url=url)
    app = desk_app(Lifecycle(house), Reading(house), store, near, clock)
    config = uvicorn.Config(app, log_level="error", proxy_headers=False, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield url
    server.should_exit = True
    thread.join(10)


def log_in(page: Page, url: str) -> None:
    """Give both factors in a browser, and come to the page."""
    page.goto(url)
    page.get_by_label("Login").fill("kim")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code from your app").fill(CODE)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(url)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def window(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Open windows of their own, closed afterwards."""
    made: list[BrowserContext] = []

    def opening(**options: object) -> BrowserContext:
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        made.append(context)
        return context

    yield opening
    for context in made:
        context.close()
