import json
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from sandbox.changegear import Person, Site, running
from tests.loopback import client

ACCOUNT, AGENT, RITA, OMAR = 1, 2, 3, 4
PEOPLE = (
    Person(ACCOUNT, "Deskward", "deskward@example.test"),
    Person(AGENT, "Alex Agent", "alex.agent@example.test", "alex", agent=True),
    Person(RITA, "Rita Requester", "rita@example.test"),
    Person(OMAR, "Omar O'Hara", "omar@example.test"),
)
LOGIN = {"username": "SANDBOX\\deskward", "password": "sandbox-changegear"}


@pytest.fixture
def site() -> Site:
    return Site(PEOPLE, account=ACCOUNT, slow_seconds=0.05, hang_seconds=5)


@pytest.fixture
def root(site: Site) -> Iterator[str]:
    with running(site) as address:
        yield address


@pytest.fixture
def web(root: str) -> Iterator[httpx2.Client]:
    with client(base_url=root + "/changegear", follow_redirects=True) as browser:
        yield browser


@pytest.fixture
def api(root: str) -> Iterator[httpx2.Client]:
    with client(base_url=root + "/CGRestAPI/api") as caller:
        caller.headers["sessionid"] = caller.post("/authenticate/user", json=LOGIN).json()["sessionId"]
        yield caller


@dataclass
class Receiver:
    url: str
    calls: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    held: threading.Lock = field(default_factory=threading.Lock)

    @property
    def bodies(self) -> list[Any]:
        return [body for _, body in self.calls]

    def wait(self, count: int) -> list[Any]:
        until(lambda: len(self.calls) >= count)
        return self.bodies


def until(reached: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "not reached in time"
        time.sleep(0.01)


@contextmanager
def receiving() -> Iterator[Receiver]:
    started = Receiver("")

    class Hook(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with started.held:
                started.calls.append((dict(self.headers.items()), json.loads(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        started.url = f"http://hooks.localhost:{server.server_port}/hooks/changegear"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield started
        server.shutdown()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


def basic(headers: dict[str, str]) -> str:
    return b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
