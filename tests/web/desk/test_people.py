"""People: invitations, roles, deactivation, sessions and lost factors (SR-85, SR-87, SR-90)."""

import re
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from structlog.testing import capture_logs

from deskward.core.accounts import Agent, Role
from deskward.core.authenticators import agent_owner
from deskward.core.errors import NotFoundError
from deskward.core.secret import Secret
from deskward.lifecycle import House
from deskward.store.opening import Opened
from deskward.web.desk import Invitations, Passwords
from tests.fakes import FakeClock, FakeReset
from tests.web.desk.conftest import CODE, PASSWORD, Desk

Visitor = Callable[[], Desk]
Staffed = Callable[..., Agent]
FORM = {"login": "nora", "name": "Nora New", "password": PASSWORD}


@pytest.fixture
def invitations(house: House, store: Opened, clock: FakeClock) -> Invitations:
    return Invitations(store.accounts, house.keyring, clock, Passwords(FakeReset()))


def test_sr_85_the_first_administrator_begins_at_a_one_time_address(
    visitor: Visitor, invitations: Invitations, store: Opened
) -> None:
    token = invitations.first()
    assert token
    assert invitations.first() == token, "the same at the next start"
    desk = visitor()
    assert "The address you were given" in desk.get("/invitation")
    opened = desk.client.post("/invitation", data={"token": f"https://x/invitation#{token.reveal()}"})
    assert "administrator" in opened.text
    made = desk.client.post("/invitation/accept", data={"token": token.reveal()} | FORM, follow_redirects=False)
    assert made.headers["location"] == "/login/enrol"
    desk.get("/login/enrol")
    assert desk.post("/login/enrol", code=CODE).headers["location"] == "/"
    assert "Nora New" in desk.get("/people")
    assert invitations.first() is None
    assert desk.client.post("/invitation", data={"token": token.reveal()}).status_code == 404
    used = store.accounts.agent_by_login("nora")
    assert used
    assert used.roles == ("administrator",)


def test_a_printed_address_dies_when_there_is_an_administrator_by_other_means(
    visitor: Visitor, invitations: Invitations, staffed: Staffed
) -> None:
    token = invitations.first()
    assert token
    staffed("ada", Role.ADMINISTRATOR)
    assert visitor().client.post("/invitation", data={"token": token.reveal()}).status_code == 404


def test_an_address_lives_for_24_hours_and_another_is_printed_then(
    invitations: Invitations, clock: FakeClock
) -> None:
    token = invitations.first()
    assert token
    clock.forward(hours=24)
    with pytest.raises(NotFoundError):
        invitations.living(token.reveal())
    fresh = invitations.first()
    assert fresh
    assert fresh != token
    assert invitations.living(fresh.reveal()).roles == ("administrator",)


def test_an_address_is_used_once_however_many_try_at_the_same_time(invitations: Invitations) -> None:
    token, barrier, made = invitations.invite([Role.AGENT]).reveal(), Barrier(8), list[str]()

    def use(number: int) -> None:
        barrier.wait()
        try:
            made.append(invitations.accept(token, f"nora{number}", "Nora", Secret(PASSWORD)).login)
        except NotFoundError:
            return

    threads = [Thread(target=use, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"login": ""}, "Choose a login."),
        ({"login": "two words"}, "Choose a login."),
        ({"login": "x" * 101}, "Choose a login."),
        ({"name": " "}, "Type your name."),
        ({"password": "short"}, "at least 15 characters"),
        ({"password": "guessable guessable"}, "Not that one."),
        ({"login": "KIM"}, "is taken"),
    ],
)
def test_what_cannot_be_an_account_is_said_and_the_address_stays_good(
    *,
    visitor: Visitor,
    invitations: Invitations,
    agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, str],
    words: str,
) -> None:
    monkeypatch.setattr(
        FakeReset, "problem", lambda _, __, given: "Not that one." * given["password"].reveal().startswith("gu")
    )
    token, desk = invitations.invite([Role.AUDITOR]).reveal(), visitor()
    answer = desk.client.post("/invitation/accept", data={"token": token} | FORM | fields)
    assert answer.status_code in {409, 422}
    assert words in answer.text
    assert fields.get("password", "no password") not in answer.text
    good = desk.client.post("/invitation/accept", data={"token": token} | FORM, follow_redirects=False)
    assert good.status_code == 303


@pytest.mark.parametrize("token", ["", "x", "A" * 64, "é" * 50, "\x00" * 50, "A" * 5000])
def test_a_made_up_address_opens_nothing(visitor: Visitor, token: str) -> None:
    for path in ("/invitation", "/invitation/accept"):
        answer = visitor().client.post(path, data={"token": token} | FORM)
        assert answer.status_code == 404
        assert "cannot be used any more" in answer.text


def test_an_administrator_invites_somebody_and_sees_the_address_once(
    ada: Desk, visitor: Visitor, store: Opened
) -> None:
    with capture_logs() as said:
        page = ada.post("/people/invite", **{"role-approver": "yes", "role-agent": "yes"}).text
    found = re.search(r"https://desk\.acme\.example/invitation#(\w+)", page)
    assert found
    assert found[1] not in str(said)
    assert found[1] not in ada.get("/people")
    desk = visitor()
    desk.client.post("/invitation/accept", data={"token": found[1]} | FORM)
    made = store.accounts.agent_by_login("nora")
    assert made
    assert made.roles == ("agent", "approver")
    assert ada.post("/people/invite").status_code == 422


def test_sr_87_roles_change_at_once_and_are_recorded(
    ada: Desk, visitor: Visitor, staffed: Staffed, store: Opened
) -> None:
    kim = staffed("kim", Role.AGENT)
    other = visitor()
    other.log_in("kim")
    with capture_logs() as said:
        assert ada.post(f"/people/{kim.id}/roles", **{"role-auditor": "yes"}).status_code == 303
    assert said[0]["event"] == "roles changed"
    assert (said[0]["before"], said[0]["after"], said[0]["by"]) == (("agent",), ("auditor",), "AG-ADA")
    other.get("/people")
    other.get("/send/DW-2222222222", 403)


def test_sr_87_an_administrator_ends_sessions_and_shuts_people_out(
    ada: Desk, visitor: Visitor, staffed: Staffed
) -> None:
    kim, other = staffed("kim", Role.AGENT), visitor()
    other.log_in("kim")
    assert ada.post(f"/people/{kim.id}/sessions").status_code == 303
    assert other.client.get("/", follow_redirects=False).headers["location"] == "/login?next=%2F"
    other.log_in("kim")
    assert ada.post(f"/people/{kim.id}/deactivate").status_code == 303
    assert other.client.get("/", follow_redirects=False).headers["location"] == "/login?next=%2F"
    assert other.give_password("kim").status_code == 422
    assert "Deactivated" in ada.get("/people")
    assert ada.post(f"/people/{kim.id}/activate").status_code == 303
    assert other.give_password("kim").status_code == 303


def test_a_lost_factor_is_removed_and_set_up_anew(
    ada: Desk, visitor: Visitor, staffed: Staffed, house: House
) -> None:
    kim, other = staffed("kim", Role.AGENT), visitor()
    other.log_in("kim")
    with capture_logs() as said:
        assert ada.post(f"/people/{kim.id}/factors").status_code == 303
    assert said[0] == {
        "event": "second factors removed", "agent": kim.id, "count": 1, "by": "AG-ADA", "log_level": "info",
    }  # fmt: skip
    assert not house.authenticators.of(agent_owner(kim.id))
    assert other.give_password("kim").headers["location"] == "/login/enrol?next=%2F"


@pytest.mark.parametrize("step", ["roles", "deactivate", "factors"])
def test_nobody_changes_their_own_power_or_locks_themselves_out(ada: Desk, store: Opened, step: str) -> None:
    before = store.accounts.agent("AG-ADA")
    answer = ada.post(f"/people/AG-ADA/{step}", **{"role-agent": "yes"})
    assert answer.status_code == 409
    assert "Ask another administrator." in answer.text
    assert store.accounts.agent("AG-ADA") == before
    assert ada.post("/people/AG-NOBODY/roles").status_code == 404
