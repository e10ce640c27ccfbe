"""The second factor, the fresh login, and “Your sign-in” (SR-85, SR-86, SR-88)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from deskward.core.accounts import Agent, Role
from deskward.core.authenticators import agent_owner
from deskward.core.links import digest
from deskward.core.verification import Verification
from deskward.lifecycle import House
from deskward.store.opening import Opened
from deskward.web.desk.doors import COOKIE
from tests.fakes import FakeClock
from tests.web.desk.conftest import CODE, Desk, a_factor

Visitor = Callable[[], Desk]
Open = Callable[..., Verification]
Staffed = Callable[..., Agent]
SECOND = "/login/second?next=%2F"


def test_sr_85_a_password_alone_opens_nothing(visitor: Visitor, agent: Agent, opened: Open) -> None:
    desk, path = visitor(), f"/send/{opened().id}"
    assert desk.give_password().headers["location"] == SECOND
    for page in ("/", "/account", "/people", path, "/export.csv", "/account/enrol/totp"):
        asked = desk.client.get(page, follow_redirects=False)
        assert asked.status_code == 303
        assert asked.headers["location"].startswith("/login/second?next=")
    assert desk.client.get(f"{path}/progress").status_code == 401
    desk.get(SECOND)
    assert desk.post(f"{path}/cancel").headers["location"] == f"/login/second?next={path.replace('/', '%2F')}"
    assert desk.client.get("/login", follow_redirects=False).status_code == 200


def test_sr_85_without_a_second_factor_only_the_page_to_enrol_one_is_reachable(
    visitor: Visitor, staffed: Staffed, house: House
) -> None:
    agent, desk = staffed("kim", Role.AGENT, bare=True), visitor()
    assert desk.give_password(next="/errands").headers["location"] == "/login/enrol?next=%2Ferrands"
    assert desk.client.get("/", follow_redirects=False).headers["location"] == SECOND
    assert desk.client.get(SECOND, follow_redirects=False).headers["location"] == "/login/enrol?next=%2F"
    page = desk.get("/login/enrol?next=%2Ferrands")
    assert '<img class="qr" src="data:image/svg+xml,' in page
    assert "Passkey" in page
    before = desk.client.cookies[COOKIE]
    wrong = desk.post("/login/enrol", code="000000")
    assert wrong.status_code == 422
    assert "This is not the code." in wrong.text
    assert desk.post("/login/enrol", code=CODE).headers["location"] == "/errands"
    assert desk.client.cookies[COOKIE] != before
    desk.get("/errands")
    assert [a.kind for a in house.authenticators.of(agent_owner(agent.id))] == ["totp"]


def test_sr_85_a_wrong_code_keeps_the_secret_that_was_scanned(visitor: Visitor, staffed: Staffed) -> None:
    staffed("kim", Role.AGENT, bare=True)
    desk = visitor()
    desk.give_password()
    shown = desk.get("/login/enrol").partition('class="secret"')[2][:60]
    assert desk.post("/login/enrol", code="000000").text.partition('class="secret"')[2][:60] == shown


def test_sr_85_who_has_a_factor_cannot_enrol_another_with_the_password_alone(
    visitor: Visitor, agent: Agent, house: House
) -> None:
    desk = visitor()
    desk.give_password()
    desk.get(SECOND)
    assert desk.client.get("/login/enrol", follow_redirects=False).headers["location"] == SECOND
    assert desk.post("/login/enrol", kind="passkey", code=CODE).headers["location"] == SECOND
    assert len(house.authenticators.of(agent_owner(agent.id))) == 1


def test_sr_85_a_phishing_resistant_option_is_always_offered(desk: Desk) -> None:
    assert "/account/enrol/passkey" in desk.get("/account")
    assert "A passkey cannot be phished." in desk.get("/account/enrol/totp")


def test_sr_85_wrong_codes_count_against_the_budget_of_passwords(
    visitor: Visitor, agent: Agent, clock: FakeClock
) -> None:
    desk = visitor()
    desk.give_password()
    for _ in range(3):
        desk.get(SECOND)
        assert desk.post("/login/second", code="000000").status_code == 422
    for _ in range(2):
        assert visitor().give_password(password="wrong").status_code == 422
    stopped = desk.post("/login/second", code=CODE)
    assert stopped.status_code == 429
    assert stopped.headers["retry-after"] == "900"
    clock.forward(minutes=9)
    assert visitor().give_password().status_code == 429


def test_sr_85_half_a_login_ends_after_ten_minutes(
    visitor: Visitor, agent: Agent, clock: FakeClock, store: Opened
) -> None:
    desk = visitor()
    desk.give_password()
    clock.forward(minutes=10)
    assert desk.client.get(SECOND, follow_redirects=False).headers["location"].startswith("/login?next=")
    assert store.accounts.visitor(digest(desk.client.cookies[COOKIE])) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "nothing"}, {"kind": "passkey"}, {"option": "x"}, {"at": "1"}, {"at": "-1"}, {"at": "9" * 10},
        {"at": "²"}, {"at": "9" * 5000}, {"code": ""}, {"code": "12345"}, {"code": "\x00" * 70}, {"next": "//x"},
    ],
)  # fmt: skip
def test_sr_85_what_is_no_answer_proves_nothing_and_breaks_nothing(
    visitor: Visitor, agent: Agent, fields: dict[str, str]
) -> None:
    desk = visitor()
    desk.give_password()
    desk.get(SECOND)
    answer = desk.post("/login/second", **({"code": CODE} | fields))
    assert answer.status_code in ({303} if "next" in fields else {404, 422})
    if "next" in fields:
        assert answer.headers["location"] == "/"


def test_sr_86_the_session_id_changes_at_the_second_factor_and_at_a_step_up(
    desk: Desk, visitor: Visitor, store: Opened, clock: FakeClock
) -> None:
    old, kept = desk.client.cookies[COOKIE], desk.get("/account")
    clock.forward(minutes=6)
    desk.get("/login/second?next=/account/enrol/totp")
    assert desk.post("/login/second", code=CODE).headers["location"] == "/account/enrol/totp"
    assert desk.client.cookies[COOKIE] != old
    assert store.accounts.visitor(digest(old)) is None
    csrf = desk.hidden()["csrf"]
    assert csrf in kept, "a form in another tab stays good"
    thief = visitor()
    thief.client.cookies.set(COOKIE, old)
    assert thief.client.get("/", follow_redirects=False).headers["location"] == "/login?next=%2F"


def test_sr_86_a_step_up_does_not_prolong_the_twelve_hours(desk: Desk, clock: FakeClock) -> None:
    for _ in range(23):
        clock.forward(minutes=30)
        desk.get("/")
    desk.get(SECOND)
    assert desk.post("/login/second", code=CODE).status_code == 303
    clock.forward(minutes=30)
    assert desk.client.get("/", follow_redirects=False).headers["location"] == "/login?next=%2F"


@pytest.mark.parametrize("path", ["/export.csv?text=IR", "/account/enrol/totp"])
def test_sr_88_a_page_of_power_asks_again_after_five_minutes_and_leads_back(
    desk: Desk, clock: FakeClock, path: str
) -> None:
    desk.get(path)
    clock.forward(minutes=5, seconds=1)
    asked = desk.client.get(path, follow_redirects=False).headers["location"]
    page = desk.get(asked)
    assert "Confirm that it is you" in page
    assert "Use another account" not in page
    assert desk.post("/login/second", code=CODE).headers["location"] == path
    desk.get(path)
    assert desk.client.get(SECOND, follow_redirects=False).headers["location"] == "/"


def test_sr_88_a_form_of_power_is_shown_again_and_never_sent_by_itself(
    desk: Desk, agent: Agent, house: House, clock: FakeClock
) -> None:
    house.authenticators.enrol([a_factor(agent, clock, 2, "passkey")])
    own = agent_owner(agent.id)
    desk.get("/account")
    clock.forward(minutes=6)
    asked = desk.post("/account/remove", factor="AU-kim-2").headers["location"]
    assert asked == "/login/second?next=%2Faccount"
    desk.get(asked)
    assert desk.post("/login/second", kind="totp", option="totp", code=CODE).headers["location"] == "/account"
    assert len(house.authenticators.of(own)) == 2
    desk.get("/account")
    assert desk.post("/account/remove", factor="AU-kim-2").headers["location"] == "/account"
    assert [a.id for a in house.authenticators.of(own)] == ["AU-kim-1"]


def test_sr_88_every_route_of_power_refuses_an_older_login(
    visitor: Visitor, staffed: Staffed, clock: FakeClock, store: Opened
) -> None:
    staffed("ada", Role.ADMINISTRATOR)
    other, desk = staffed("kim", Role.AGENT), visitor()
    desk.log_in("ada")
    desk.get("/people")
    clock.forward(minutes=6)
    for path in ("/people/invite", f"/people/{other.id}/roles", f"/people/{other.id}/activate",
                 f"/people/{other.id}/factors"):  # fmt: skip
        answer = desk.post(path, **{"role-auditor": "yes"})
        assert answer.headers["location"] == "/login/second?next=%2Fpeople"
    assert store.accounts.agent(other.id) == other
    assert store.accounts.invitations() == []


def test_second_factors_are_added_and_the_last_one_stays(desk: Desk, agent: Agent, house: House) -> None:
    assert "Remove" not in desk.get("/account")
    desk.get("/account/enrol/passkey")
    wrong = desk.post("/account/enrol/passkey", code="000000")
    assert wrong.status_code == 422
    assert desk.post("/account/enrol/passkey", code=CODE).headers["location"] == "/account?added=1"
    assert "The second factor is added." in desk.get("/account?added=1")
    desk.get("/account/enrol/nothing", 404)
    assert desk.post("/account/enrol/nothing", code=CODE).status_code == 404
    assert desk.post("/account/remove", factor="AU-somebody-else").status_code == 404
    assert desk.post("/account/remove", factor="AU-kim-1").status_code == 303
    last = house.authenticators.of(agent_owner(agent.id))
    assert len(last) == 1
    refused = desk.post("/account/remove", factor=last[0].id)
    assert refused.status_code == 409
    assert "Your last second factor cannot be removed." in refused.text


def test_a_code_that_was_used_is_no_code_any_more(
    visitor: Visitor, agent: Agent, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = visitor(), visitor()
    for desk in (first, second):
        desk.give_password()
        desk.get(SECOND)
    own = house.authenticators.of(agent_owner(agent.id))[0]
    assert first.post("/login/second", code=CODE).status_code == 303
    monkeypatch.setattr(type(house.authenticators), "of", lambda *_: [own])
    assert second.post("/login/second", code=CODE).status_code == 422


def test_no_secret_and_no_code_is_logged(visitor: Visitor, staffed: Staffed) -> None:
    staffed("kim", Role.AGENT, bare=True)
    desk = visitor()
    with capture_logs() as said:
        desk.give_password()
        secret = desk.get("/login/enrol").partition('class="secret"')[2][7:23]
        desk.post("/login/enrol", code=CODE)
    assert [line["event"] for line in said] == ["second factor enrolled", "signed in"]
    assert CODE not in str(said)
    assert secret not in str(said)


def test_sr_87_a_role_that_is_taken_away_is_gone_at_the_next_request(
    desk: Desk, agent: Agent, store: Opened
) -> None:
    desk.get("/")
    store.accounts.put_agent(replace(agent, roles=("auditor",)))
    desk.get("/send/DW-2222222222", 403)
