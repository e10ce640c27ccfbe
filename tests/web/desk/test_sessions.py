"""Sessions are listed in words and ended one by one; who is deactivated is out with everything (SR-86, SR-87)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request
from structlog.testing import capture_logs

from deskward.browsers import Devices
from deskward.core.accounts import Agent, Role
from deskward.core.links import digest
from deskward.core.surroundings import Network, Place
from deskward.core.tickets import Check
from deskward.core.verification import Verification
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.web.desk import Invitations, Passwords
from deskward.web.desk.doors import COOKIE
from deskward.web.desk.whence import Whence
from deskward.web.guard import Guard
from tests.fakes import FakeClock, FakeReset
from tests.web.desk.conftest import OWN, Desk, desk_app

Visitor = Callable[[], Desk]
Staffed = Callable[..., Agent]
Open = Callable[..., Verification]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"


class Mapped:
    """Knows a few addresses."""

    def look_up(self, address: str) -> Network:
        places = {"198.51.100.7": Place("CH", "Zürich"), "198.51.100.8": Place("CH")}
        return Network(address, places.get(address), own=address == "10.1.2.3")

    def troubles(self) -> tuple[Check, ...]:
        return ()


def seen(house: House, address: str, user_agent: str = "") -> tuple[str, str]:
    scope = {"type": "http", "headers": [(b"user-agent", user_agent.encode())], "client": (address, 1)}
    return Whence(house, Guard("https://d", "https://p", "https://h")).of(Request(scope))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("198.51.100.7", "Zürich, CH"),
        ("198.51.100.8", "CH"),
        ("10.1.2.3", "your own network"),
        ("127.0.0.1", "this machine"),
        ("192.0.2.77", "network 192.0.2.0/24"),
        ("2001:db8:1:2::3", "network 2001:db8:1::/48"),
        ("testclient", "an unknown place"),
    ],
)
def test_sr_54_where_a_session_comes_from_is_kept_in_words_without_the_address(
    house: House, address: str, words: str
) -> None:
    mapped = replace(house, networks=Mapped())
    assert seen(mapped, address)[1] == words


def test_the_browser_is_named_in_words(house: House) -> None:
    reading = replace(house, devices=Devices())
    assert seen(reading, "127.0.0.1", FIREFOX)[0] == "Firefox on Windows"
    assert seen(reading, "127.0.0.1", "\x00nothing")[0] == "an unknown browser"
    bare = replace(house, devices=None, networks=None)
    assert seen(bare, "192.0.2.7", FIREFOX) == ("an unknown browser", "network 192.0.2.0/24")


def two(visitor: Visitor) -> tuple[Desk, Desk]:
    """Give two browsers of Kim."""
    first, second = visitor(), visitor()
    for desk in (first, second):
        desk.log_in("kim")
        desk.get("/account")
    return first, second


def is_in(desk: Desk) -> bool:
    return desk.client.get("/account", follow_redirects=False).status_code == 200


def marks(desk: Desk, path: str = "/account") -> list[str]:
    parts = desk.get(path).split('name="session" value="')[1:]
    return [part.partition('"')[0] for part in parts]


def test_sr_87_somebody_sees_their_own_sessions_and_ends_one(
    visitor: Visitor, agent: Agent, store: Opened
) -> None:
    first, second = two(visitor)
    page = first.get("/account")
    assert page.count("signed in <time") == 2
    assert "This one" in page
    (other,) = marks(first)
    assert store.accounts.web_sessions("AG-KIM")[0].digest not in page
    with capture_logs() as said:
        assert first.post("/account/sessions/end", session=other).headers["location"] == "/account?ended=1"
    assert (said[0]["event"], said[0]["agent"], said[0]["by"]) == ("sessions ended", "AG-KIM", "AG-KIM")
    assert "The session is ended." in first.get("/account?ended=1")
    assert is_in(first)
    assert not is_in(second)
    assert first.post("/account/sessions/end", session=other).status_code == 404


def test_sr_87_somebody_ends_all_their_other_sessions(visitor: Visitor, agent: Agent, ada: Desk) -> None:
    first, second = two(visitor)
    assert "End all others" in first.get("/account")
    first.post("/account/sessions/others")
    assert (is_in(first), is_in(second), is_in(ada)) == (True, False, True)
    assert "End all others" not in first.get("/account")


def test_ending_the_session_one_is_in_signs_out(visitor: Visitor, agent: Agent, store: Opened) -> None:
    first, _ = two(visitor)
    own = next(s for s in store.accounts.web_sessions() if s.digest[:16] not in marks(first))
    assert first.post("/account/sessions/end", session=own.digest[:16]).headers["location"] == "/login?bye=1"
    assert COOKIE not in first.client.cookies


def test_nobody_ends_the_session_of_somebody_else_by_their_own_page(
    visitor: Visitor, agent: Agent, ada: Desk
) -> None:
    first, second = two(visitor)
    (kims,), adas = marks(first), digest(ada.client.cookies[COOKIE])[:16]
    assert ada.post("/account/sessions/end", session=kims).status_code == 404
    assert first.post("/account/sessions/end", session=adas).status_code == 404
    assert (is_in(second), is_in(ada)) == (True, True)


def test_sr_87_an_administrator_sees_everybodys_sessions_and_ends_one(
    visitor: Visitor, agent: Agent, ada: Desk, clock: FakeClock
) -> None:
    first, second = two(visitor)
    page = ada.get("/people/sessions")
    assert page.count("Kim Agent") >= 2
    assert "Ada Person" in page
    assert "2 sessions" in ada.get("/people")
    mark = marks(ada, "/people/sessions")[0]
    assert ada.post("/people/sessions/end", session=mark).headers["location"] == "/people/sessions?ended=1"
    assert sorted((is_in(first), is_in(second))) == [False, True]
    assert ada.post("/people/sessions/end", session=mark).status_code == 404
    clock.forward(hours=2)
    ada.log_in("ada")
    assert "not signed in" in ada.get("/people")


def test_sr_90_an_auditor_sees_the_sessions_and_ends_none(visitor: Visitor, staffed: Staffed) -> None:
    staffed("olga", Role.AUDITOR)
    reader = visitor()
    reader.log_in("olga")
    assert marks(reader, "/people/sessions") == []
    assert "This one" in reader.seen
    assert reader.post("/people/sessions/end", session="x").status_code == 403


def test_sr_85_a_session_without_its_second_factor_is_listed_as_such(
    visitor: Visitor, agent: Agent, ada: Desk
) -> None:
    visitor().give_password("kim")
    assert "Second factor not given" in ada.get("/people/sessions")


def test_sr_87_who_is_deactivated_is_out_at_once_with_everything(
    *, visitor: Visitor, staffed: Staffed, ada: Desk, opened: Open, store: Opened, house: House, clock: FakeClock
) -> None:
    bea = staffed("bea", Role.APPROVER, Role.ADMINISTRATOR)
    other, before = visitor(), opened()
    other.log_in("bea")
    page = other.get(f"/verifications/{before.id}")
    assert "Cancel" in page
    invitations = Invitations(store.accounts, house.keyring, clock, Passwords(FakeReset()))
    invitations.invite([Role.AGENT], bea.id)
    kept = invitations.invite([Role.AGENT], "AG-ADA")
    ada.get("/people")
    assert ada.post(f"/people/{bea.id}/deactivate").status_code == 303
    for step in ("cancel", "approve", "lift"):
        answer = other.post(f"/verifications/{before.id}/{step}", reason="x", version="1")
        assert answer.headers["location"].startswith("/login?next=")
    assert store.store.get(before.id) == before
    assert store.accounts.web_sessions(bea.id) == []
    assert [i.made_by for i in store.accounts.invitations()] == ["AG-ADA"]
    assert invitations.living(kept.reveal())
    assert other.give_password("bea").status_code == 422
    assert ada.post(f"/people/{bea.id}/activate").status_code == 303
    assert other.log_in("bea").status_code == 303


def test_roles_of_single_sign_on_are_not_changed_here(ada: Desk, staffed: Staffed, store: Opened) -> None:
    kim = replace(staffed("kim", Role.AGENT), issuer="https://idp.example", subject="s-1")
    store.accounts.put_agent(kim)
    page = ada.get("/people")
    assert "Roles come from the groups" in page
    assert "Save roles" not in page
    assert ada.post(f"/people/{kim.id}/roles", **{"role-auditor": "yes"}).status_code == 409
    assert store.accounts.agent(kim.id) == kim


def test_a_login_keeps_browser_and_origin_of_a_known_client(
    *, lifecycle: Lifecycle, reading: Reading, store: Opened, guard: Guard, clock: FakeClock, agent: Agent
) -> None:
    knowing = Lifecycle(replace(lifecycle.house, devices=Devices(), networks=Mapped()))
    app = desk_app(knowing, reading, store, guard, clock)
    headers = OWN | {"user-agent": FIREFOX}
    desk = Desk(TestClient(app, base_url=guard.desk_url, headers=headers, client=("198.51.100.7", 5)))
    desk.log_in("kim")
    page = desk.get("/account")
    assert "Firefox on Windows" in page
    assert "from Zürich, CH" in page
    assert "198.51.100.7" not in page
