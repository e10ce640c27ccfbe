"""Several apps on one port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Message

from deskward.web.hosts import Hosts


def named(name: str, lived: list[str]) -> FastAPI:
    @asynccontextmanager
    async def living(_app: FastAPI) -> AsyncIterator[None]:
        lived.append(f"{name} begins")
        yield
        lived.append(f"{name} ends")

    app = FastAPI(lifespan=living)
    app.get("/")(lambda: name)
    return app


@pytest.fixture
def lived() -> list[str]:
    return []


@pytest.fixture
def hosts(lived: list[str]) -> Hosts:
    desk = named("desk", lived)
    return Hosts({"desk.localhost": desk, "Console.localhost": desk, "portal.localhost": named("portal", lived)})


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("desk.localhost", "desk"),
        ("console.localhost:8080", "desk"),
        ("PORTAL.localhost", "portal"),
    ],
)
def test_each_host_name_leads_to_its_app(hosts: Hosts, host: str, name: str) -> None:
    assert TestClient(hosts).get("/", headers={"host": host}).json() == name


@pytest.mark.parametrize("host", ["evil.example", "", ":80", "localhost", "desk.localhost.evil"])
def test_a_25_an_unknown_host_name_leads_nowhere(hosts: Hosts, host: str) -> None:
    assert TestClient(hosts).get("/", headers={"host": host}).status_code == 404


def test_every_app_lives_once_as_long_as_the_server(hosts: Hosts, lived: list[str]) -> None:
    with TestClient(hosts) as client:
        assert client.get("/", headers={"host": "desk.localhost"}).status_code == 200
        assert lived == ["desk begins", "portal begins"]
    assert lived[2:] == ["portal ends", "desk ends"]


def test_other_protocols_get_no_answer(hosts: Hosts) -> None:
    async def nothing() -> Message:
        raise AssertionError("nothing is read")

    async def never(message: Message) -> None:
        raise AssertionError(message)

    asyncio.run(hosts({"type": "websocket", "headers": []}, nothing, never))
