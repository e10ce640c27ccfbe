"""The sandbox's authenticator apps: their codes are the ones of RFC 6238, and the desk takes each once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from deskward.core.accounts import Role, WebSession
from deskward.settings import read
from deskward.staff import put_agent
from deskward.wiring import Deskward, build
from sandbox.__main__ import Ground, written
from sandbox.codes import Apps, Code, code_of
from sandbox.mailbox import Mailbox
from sandbox.phone import Phone
from sandbox.web import Welcome, create_pages

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class Moving:
    """A clock that is moved by hand."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Moving:
    return Moving()


@pytest.fixture
def house(tmp_path: Path, clock: Moving) -> Iterator[Deskward]:
    phone = Phone(pace=0)
    settings, _ = written(Ground(tmp_path, 8080, 2525, "sqlite:///deskward.db"), phone)
    phone.close()
    made = build(read(settings))
    yield replace(made, house=replace(made.house, clock=clock))
    made.close()


def test_codes_are_those_of_the_standard() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    vectors = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {at: code_of(secret, at // 30) for at in vectors} == vectors


def test_the_desk_takes_each_code_once_and_another_comes(house: Deskward, clock: Moving, tmp_path: Path) -> None:
    apps = Apps(house, tmp_path)
    agent = put_agent(house, "alex", "Alex Agent", "a sentence of its own", [Role.AGENT])
    apps.enrol(agent)
    apps.enrol(agent)
    factors, session = house.second_factors(), WebSession("d", agent.id, "c", NOON, NOON)
    assert len(factors.of(agent)) == 1

    def give(code: Code) -> bool:
        way = factors.ways(agent, session)[0]
        fields = {"kind": way.kind, "option": way.option, "at": str(way.at), "code": code.text}
        return factors.right(agent, session, fields)

    first = apps.codes()[0]
    assert (first.login, first.seconds) == ("alex", 30)
    assert give(first)
    assert not give(first)
    assert give(apps.codes()[0])
    assert apps.codes() == [Code("alex", "", 30)]
    clock.time += timedelta(seconds=30)
    assert give(apps.codes()[0])


def test_an_app_is_set_up_where_its_first_code_grows_old_on_the_way(
    house: Deskward, clock: Moving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = [timedelta(seconds=30)]

    def slow(secret: str, step: int) -> str:
        clock.time += late.pop() if late else timedelta()
        return code_of(secret, step)

    monkeypatch.setattr("sandbox.codes.code_of", slow)
    agent = put_agent(house, "alex", "Alex Agent", "a sentence of its own", [Role.AGENT])
    Apps(house, tmp_path).enrol(agent)
    assert [code.login for code in Apps(house, tmp_path).codes()] == ["alex"]


def test_the_page_shows_the_codes_and_renews_itself() -> None:
    codes = [Code("alex", "123456", 20), Code("sam", "", 5)]
    phone = Phone(pace=0)
    pages = create_pages(Mailbox(port=0), phone, Welcome("Acme", "http://desk", "http://portal"), lambda: codes)
    client = TestClient(pages)
    page = client.get("/codes").text
    assert 'data-live="/codes/list"' in page
    assert "123456" in page
    assert "used up" in client.get("/codes/list").text
    assert client.get("/codes.json").json()["codes"][0] == {"login": "alex", "text": "123456", "seconds": 20}
    phone.close()
