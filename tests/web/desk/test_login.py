"""Login, throttle, and the rules of web sessions (SR-86 to SR-89, A-22)."""

import re
from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from deskward.core.accounts import Agent
from deskward.core.links import digest
from deskward.core.verification import Verification
from deskward.store.opening import Opened
from deskward.web.desk.doors import COOKIE
from deskward.web.desk.grants import own_path
from tests.fakes import FakeClock
from tests.web.desk.conftest import PASSWORD, Desk

Visitor = Callable[[], Desk]
Open = Callable[..., Verification]


def test_login_leads_back_to_the_page_that_was_asked_for(visitor: Visitor, agent: Agent, opened: Open) -> None:
    desk, path = visitor(), f"/send/{opened().id}"
    asked = desk.client.get(path, follow_redirects=False)
    assert asked.status_code == 303
    page = desk.client.get(asked.headers["location"]).text
    kept = re.search(r'name="next" value="([^"]*)"', page)
    assert kept
    assert kept.group(1) == path
    assert desk.log_in(next=path).headers["location"] == path
    assert "Send Verification Portal Link" in desk.get(path)
    assert desk.client.get("/login?next=/", follow_redirects=False).headers["location"] == "/"


@pytest.mark.parametrize(
    "asked",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\\b", "/\tx", "x"],
)
def test_login_never_leads_elsewhere(visitor: Visitor, agent: Agent, asked: str) -> None:
    assert own_path(asked) == "/"
    assert visitor().log_in(next=asked).headers["location"] == "/"


def test_without_agents_the_page_says_where_the_first_administrator_begins(visitor: Visitor) -> None:
    assert "Deskward printed an address" in visitor().get("/login")


def test_a_wrong_password_and_an_unknown_login_read_alike(visitor: Visitor, agent: Agent) -> None:
    wrong, unknown = visitor().log_in("kim", "wrong"), visitor().log_in("nobody", "wrong")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    nonce = re.compile(r'nonce="[^"]+"')
    assert nonce.sub("", wrong.text).replace("kim", "nobody") == nonce.sub("", unknown.text)
    assert COOKIE not in wrong.cookies


@pytest.mark.parametrize("password", ["", "x" * 300, "\x00", "ÿ\ud7ff", PASSWORD + "x"])
def test_garbage_never_logs_in_and_never_breaks(visitor: Visitor, agent: Agent, password: str) -> None:
    assert visitor().log_in("kim", password).status_code == 422
    assert visitor().log_in("k\x00i\u202em" * 90, password).status_code == 422


def test_after_five_wrong_logins_one_waits_and_is_never_locked_for_ever(
    visitor: Visitor, agent: Agent, clock: FakeClock
) -> None:
    for _ in range(5):
        assert visitor().log_in("KIM", "wrong").status_code == 422
    stopped = visitor().log_in()
    assert stopped.status_code == 429
    assert stopped.headers["retry-after"] == "900"
    assert "Wait 15 minutes" in stopped.text
    clock.forward(minutes=15, seconds=1)
    assert visitor().log_in().status_code == 303


def test_parallel_tries_do_not_slip_past_the_limit(visitor: Visitor, agent: Agent) -> None:
    barrier, seen = Barrier(12), list[int]()

    def guess() -> None:
        desk = visitor()
        barrier.wait()
        seen.append(desk.log_in("kim", "wrong").status_code)

    threads = [Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [422] * 5 + [429] * 7


def test_sr_86_the_session_id_is_new_at_login_and_the_old_one_is_refused(
    desk: Desk, visitor: Visitor, store: Opened
) -> None:
    old = desk.client.cookies[COOKIE]
    assert len(old) >= 43
    desk.log_in()
    assert desk.client.cookies[COOKIE] != old
    thief = visitor()
    thief.client.cookies.set(COOKIE, old)
    assert thief.client.get("/", follow_redirects=False).status_code == 303
    assert store.accounts.visitor(digest(old)) is None


def test_sr_86_a_session_ends_after_an_idle_hour(desk: Desk, clock: FakeClock) -> None:
    clock.forward(minutes=59)
    desk.get("/")
    clock.forward(minutes=59)
    desk.get("/")
    clock.forward(minutes=60)
    assert desk.client.get("/", follow_redirects=False).status_code == 303


def test_sr_86_a_session_ends_after_twelve_hours_whatever_is_done(desk: Desk, clock: FakeClock) -> None:
    for _ in range(23):
        clock.forward(minutes=30)
        desk.get("/")
    clock.forward(minutes=30)
    assert desk.client.get("/", follow_redirects=False).status_code == 303


def test_sr_86_what_a_page_fetches_by_itself_keeps_no_session_alive(
    desk: Desk, clock: FakeClock, opened: Open
) -> None:
    path = f"/send/{opened().id}/progress"
    for _ in range(2):
        clock.forward(minutes=29)
        desk.get(path)
    clock.forward(minutes=2)
    assert desk.get(path, 401) == "You were signed out."


def test_sr_86_the_cookie_is_of_this_host_only(visitor: Visitor, agent: Agent) -> None:
    cookie = visitor().log_in().headers["set-cookie"]
    assert cookie.startswith("__Host-desk=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} == {p.strip() for p in cookie.split(";")[1:]}


def test_sr_87_a_deactivated_agent_is_out_at_the_next_request(desk: Desk, agent: Agent, store: Opened) -> None:
    desk.get("/")
    store.accounts.put_agent(replace(agent, active=False))
    assert desk.client.get("/", follow_redirects=False).status_code == 303
    assert desk.log_in().status_code == 422


def test_signing_out_ends_the_session(desk: Desk, visitor: Visitor) -> None:
    old = desk.client.cookies[COOKIE]
    desk.get("/")
    assert desk.post("/logout").headers["location"] == "/login?bye=1"
    thief = visitor()
    thief.client.cookies.set(COOKIE, old)
    assert thief.client.get("/", follow_redirects=False).status_code == 303
    assert "You are signed out." in thief.get("/login?bye=1")


@pytest.mark.parametrize("cookie", ["", "x" * 4000, "%00", "é".encode().decode("latin-1")])
def test_a_made_up_cookie_opens_nothing(visitor: Visitor, agent: Agent, cookie: str) -> None:
    answer = visitor().client.get(
        "/", headers={b"cookie": f"{COOKIE}={cookie}".encode("latin-1")}, follow_redirects=False
    )
    assert answer.status_code == 303


POSTS = ["", "/look", "/code", "/cancel", "/again"]


@pytest.mark.parametrize("part", POSTS)
def test_a_22_sr_89_a_form_without_the_token_or_from_elsewhere_changes_nothing(
    desk: Desk, opened: Open, part: str, store: Opened
) -> None:
    before = opened()
    path = f"/send/{before.id}{part}"
    desk.get(f"/send/{before.id}")
    assert desk.post(path, csrf="").status_code == 403
    assert desk.post(path, csrf="ü" * 43).status_code == 403
    for site in ("cross-site", "same-site", "none"):
        foreign = {"sec-fetch-site": site, "origin": "https://evil.example"}
        answer = desk.client.post(path, data=desk.hidden(), headers=foreign, follow_redirects=False)
        assert answer.status_code == 403
    assert store.store.get(before.id) == before


def test_a_22_a_token_of_another_login_is_refused(desk: Desk, visitor: Visitor, opened: Open) -> None:
    other, path = visitor(), f"/send/{opened().id}"
    other.log_in()
    desk.get(path)
    other.get(path)
    assert other.post(f"{path}/cancel", csrf=desk.hidden()["csrf"]).status_code == 403


def test_sr_89_reading_changes_nothing(desk: Desk, opened: Open, store: Opened) -> None:
    before = opened()
    for part in ("", "?again=1&choice=d-mail&on_phone=yes", "/progress"):
        desk.get(f"/send/{before.id}{part}")
    for part in POSTS[1:]:
        desk.get(f"/send/{before.id}{part}", 405)
    desk.get(f"/verifications/{before.id}?cancel=1")
    assert store.store.get(before.id) == before


def test_a_form_sent_after_the_session_ended_leads_to_login_and_back(
    desk: Desk, opened: Open, clock: FakeClock
) -> None:
    path = f"/send/{opened().id}"
    desk.get(path)
    clock.forward(hours=2)
    answer = desk.post(f"{path}/cancel")
    assert answer.headers["location"] == f"/login?next={path.replace('/', '%2F')}"
