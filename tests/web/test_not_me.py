"""“This is not me” over HTTP, as a browser without script sees it."""

import re
from collections.abc import Callable
from itertools import product

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from deskward.core.links import new_nonce
from deskward.core.verification import State, Verification
from deskward.lifecycle import SYSTEM, Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.web.guard import Guard
from deskward.web.portal import create_app
from tests.fakes import FakeClock
from tests.web.conftest import AGENT, Sent
from tests.web.test_portal import PASSWORD, advance, dump, hidden, start

Send = Callable[..., Sent]


@pytest.fixture
def browser(lifecycle: Lifecycle, reading: Reading, guard: Guard) -> Callable[[], TestClient]:
    """Make browsers: clients of the portal, each with cookies of its own."""
    app = create_app(lifecycle, reading, guard)
    headers = {"sec-fetch-site": "same-origin", "origin": "null"}
    return lambda: TestClient(app, base_url=guard.portal_url, headers=headers)


@pytest.fixture
def client(browser: Callable[[], TestClient]) -> TestClient:
    return browser()


@pytest.fixture
def token(lifecycle: Lifecycle, store: Opened) -> Callable[..., str]:
    """Derive what a message of a verification carries: `token(link, "notice-done")`."""

    def deriving(link: Sent, purpose: str = "link") -> str:
        sendings = store.store.sendings(link.verification.id)
        found = next(s for s in sendings if s.purpose == purpose)
        return lifecycle.house.keyring.own_token("objection", found.id).reveal()

    return deriving


def word_of(page: Response) -> str:
    found = re.search(r'class="word">(\w+)<', page.text)
    assert found, page.text
    return found[1]


def test_sr_46_the_page_says_what_was_asked_for_and_one_word_stops_it(
    client: TestClient, sent: Send, token: Callable[..., str], store: Opened
) -> None:
    link = sent()
    page = client.post("/not-me/open", data={"token": token(link)})
    assert page.status_code == 200
    for words in ("Acme", "Hello Anna", "Reset the password", "04 May 2026", "09:30 UTC", "This is not me"):
        assert words in page.text
    for hiding in ("Berg", "IR-1001", "I cannot sign in", "holidays", "Kim", "anna.berg", link.verification.id):
        assert hiding not in page.text
    answer = client.post("/not-me/press", data={"token": hidden(page, "token"), "word": word_of(page).upper()})
    assert "Thank you, it is stopped" in answer.text
    assert link.verification.id in answer.text
    now = store.store.get(link.verification.id)
    assert now
    assert now.state is State.DISPUTED
    assert client.post("/v/open", data={"token": link.token}).status_code == 404
    again = client.post("/not-me/open", data={"token": token(link)})
    assert again.text == answer.text


def test_sr_46_a_pasted_link_will_do_where_scripts_do_not_run(
    client: TestClient, sent: Send, token: Callable[..., str]
) -> None:
    pasted = f"  https://portal.acme.example/not-me#{token(sent())} "
    assert "Was this not you?" in client.post("/not-me/open", data={"token": pasted}).text


def test_sr_46_a_02_looking_and_junk_change_nothing(
    client: TestClient, sent: Send, token: Callable[..., str], store: Opened
) -> None:
    link = sent()
    before = dump(store)
    for method, path in product(("GET", "HEAD"), ("/not-me", f"/not-me?token={token(link)}")):
        assert client.request(method, path).status_code == 200
    for path in ("/not-me/open", "/not-me/press", "/v/not-me"):
        assert client.get(path).status_code == 405
    page = client.post("/not-me/open", data={"token": token(link)})
    for junk in ("", "scanner", "scanner@mail.example", "1234", "x" * 40, "<b>", "\u202e"):
        answer = client.post("/not-me/press", data={"token": hidden(page, "token"), "word": junk})
        assert answer.status_code == 422
        assert "That is not the word." in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert dump(store) == before


def test_sr_46_one_press_in_the_browser_of_the_run_and_the_word_elsewhere(
    browser: Callable[[], TestClient], sent: Send, token: Callable[..., str], store: Opened
) -> None:
    link, own, other = sent(), browser(), browser()
    start(own, link)
    assert 'name="word"' in other.post("/not-me/open", data={"token": token(link)}).text
    assert other.post("/not-me/press", data={"token": token(link)}).status_code == 422
    page = own.post("/not-me/open", data={"token": token(link)})
    assert 'name="word"' not in page.text
    assert "it is stopped" in own.post("/not-me/press", data={"token": hidden(page, "token")}).text
    assert store.store.fences("roster", "o-anna")[0].ends_at is None


def test_sr_46_the_card_takes_one_press(
    client: TestClient, browser: Callable[[], TestClient], sent: Send, store: Opened
) -> None:
    link = sent()
    assert browser().post("/v/not-me").status_code == 404
    assert 'action="/v/not-me"' in start(client, link).text
    assert "it is stopped" in client.post("/v/not-me").text
    assert "We could not complete this" in client.get("/v/step").text
    assert store.store.fences("roster", "o-anna")[0].pinned


def test_sr_47_after_the_action_the_page_says_that_it_is_taken_back(
    client: TestClient,
    browser: Callable[[], TestClient],
    sent: Send,
    token: Callable[..., str],
    clock: FakeClock,
) -> None:
    link, owner = sent(), browser()
    start(client, link)
    advance(client, "/v/continue")
    advance(client, "/v/act", password=PASSWORD)
    page = owner.post("/not-me/open", data={"token": token(link, "notice-done")})
    answer = owner.post("/not-me/press", data={"token": hidden(page, "token"), "word": word_of(page)})
    assert "What was changed on your account is being taken back." in answer.text
    assert "Call your help desk now" in answer.text
    clock.forward(hours=25)
    page = owner.post("/not-me/open", data={"token": token(link, "notice-done")})
    later = owner.post("/not-me/press", data={"token": hidden(page, "token"), "word": word_of(page)})
    assert "more than a day ago. That is not taken back by itself." in later.text


def test_sr_75_an_unknown_token_gets_the_bytes_of_every_dead_link(
    client: TestClient, sent: Send, token: Callable[..., str], clock: FakeClock
) -> None:
    known = token(sent())
    clock.forward(hours=72)
    dead = client.post("/v/open", data={"token": new_nonce()[:43]})
    for typed in (known, "", "x", new_nonce()[:43], "é" * 43):
        for path in ("/not-me/open", "/not-me/press"):
            answer = client.post(path, data={"token": typed, "word": "anchor"})
            assert (answer.status_code, answer.content) == (404, dead.content)


def wrong_codes(client: TestClient, link: Sent, _: Lifecycle) -> str:
    for _i in range(5):
        answer = start(client, link, value=str((int(link.code) + 1) % 10**6).zfill(6))
    return answer.text


def rejected(client: TestClient, link: Sent, lifecycle: Lifecycle) -> str:
    start(client, link)
    advance(client, "/v/continue")
    lifecycle.reject(link.verification.id, AGENT, "Did not know the manager.")
    return client.get("/v/step").text


def disputed(client: TestClient, link: Sent, _: Lifecycle) -> str:
    start(client, link)
    client.post("/v/not-me")
    return client.get("/v/step").text


def high_risk(client: TestClient, link: Sent, lifecycle: Lifecycle) -> str:
    start(client, link)
    current = lifecycle.get(link.verification.id)
    failed: Verification = current.moved(State.FAILED, reason="The risk is high.", risk_score=9.0)
    lifecycle.result(failed, SYSTEM)
    return client.get("/v/step").text


def test_sr_76_a_33_every_failing_reason_gives_the_same_bytes_but_the_reference(
    browser: Callable[[], TestClient], sent: Send, lifecycle: Lifecycle, clock: FakeClock
) -> None:
    pages = set()
    for number, failing in enumerate((wrong_codes, rejected, high_risk, disputed)):
        link = sent(f"{number}", typed="new@p.example" if failing is rejected else "")
        text = failing(browser(), link, lifecycle)
        assert link.verification.id in text
        pages.add(re.sub(r'nonce="[^"]+"', "", text.replace(link.verification.id, "")))
        clock.forward(minutes=61)
    assert len(pages) == 1
    assert "names no reason" in pages.pop()
