"""The page of means over HTTP: one browser, some minutes, and calm words for everything else."""

import html
import json
import re
from base64 import b32decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from fastapi.testclient import TestClient
from httpx2 import Response

import deskward.web
from deskward.challenges import passkey, saved_code, totp
from deskward.core.errors import UnreachableError
from deskward.core.proof import ProofLevel
from deskward.core.verification import Verification
from deskward.lifecycle import Actor, House, Lifecycle, Reading
from deskward.web.enrol import COOKIE
from deskward.web.guard import Guard
from deskward.web.portal import create_app
from tests.fakes import FakeClock, FakeDirectory
from tests.passkeys import SoftPasskey
from tests.web.conftest import AGENT, Sent
from tests.web.test_portal import advance, hidden, start

BOSS = Actor("agent", "a-boss", "Bea Boss")
KEY = "5a" * 32
PASSWORD = "violet otter paints 9 barns"


@pytest.fixture
def house(house: House) -> House:
    """Give a house with everything that can be set up."""
    ways = (totp.Challenge(), passkey.Challenge(), saved_code.Challenge())
    return replace(house, challenges={c.name: c for c in ways})


@pytest.fixture
def browser(lifecycle: Lifecycle, reading: Reading, guard: Guard) -> Callable[[], TestClient]:
    app = create_app(lifecycle, reading, guard)
    headers = {"sec-fetch-site": "same-origin", "origin": "null"}
    return lambda: TestClient(app, base_url=guard.portal_url, headers=headers)


@pytest.fixture
def token(lifecycle: Lifecycle, opened: Callable[..., Verification]) -> str:
    asked = lifecycle.enrol_open(opened().id, AGENT, "Passport seen at the front desk")
    given = lifecycle.enrol_approve(asked.id, BOSS)
    return lifecycle.enrol_address(given, AGENT).reveal().partition("#")[2]


@pytest.fixture
def client(browser: Callable[[], TestClient], token: str) -> TestClient:
    """Give a browser that has taken the link."""
    made = browser()
    assert take(made, token).status_code == 200
    return made


def take(client: TestClient, token: str, form_key: str = KEY) -> Response:
    return client.post("/enrol/open", data={"token": token, "form_key": form_key})


def app_code(page: Response, clock: FakeClock) -> str:
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert found
    key = b32decode(found.group(1).replace(" ", ""))
    return TOTP(key, 6, SHA1(), 30).generate(clock.now().timestamp()).decode()


def test_sr_05_opening_the_address_changes_nothing_however_often(
    browser: Callable[[], TestClient], token: str
) -> None:
    scanner = browser()
    for _ in range(3):
        assert scanner.get("/enrol").status_code == 200
        assert scanner.head("/enrol").status_code == 200
    assert "Hello Anna" in take(browser(), token).text


def test_the_cookie_is_strict_and_of_this_host_only(browser: Callable[[], TestClient], token: str) -> None:
    answer = browser().post("/enrol/open", data={"token": token, "form_key": KEY}, follow_redirects=False)
    said = answer.headers["set-cookie"].lower()
    assert said.startswith(f"{COOKIE.lower()}=")
    for part in ("httponly", "secure", "samesite=strict", "path=/", "max-age=900"):
        assert part in said
    assert answer.headers["cache-control"] == "no-store"


def test_a_second_press_goes_on_and_a_second_browser_does_not(
    client: TestClient, browser: Callable[[], TestClient], token: str
) -> None:
    assert "Hello Anna" in take(client, token).text
    assert "Hello Anna" in take(client, token, "00" * 32).text
    other = take(browser(), token, "00" * 32)
    assert other.status_code == 404
    assert "does not work any more" in other.text
    assert "Anna" not in other.text


@pytest.mark.parametrize("path", ["/enrol/means", "/enrol/means/totp", "/enrol/means/nothing"])
def test_without_the_cookie_there_is_the_same_calm_page(browser: Callable[[], TestClient], path: str) -> None:
    answer = browser().get(path)
    assert answer.status_code == 404
    assert "does not work any more" in answer.text
    cookies = {COOKIE: "x" * 43}
    foreign = browser()
    foreign.cookies.update(cookies)
    assert foreign.get(path).status_code == 404


@pytest.mark.parametrize("fields", [{}, {"token": "é"}, {"token": "x" * 50_000}, {"token": "x" * 43}])
def test_garbage_takes_nothing(browser: Callable[[], TestClient], fields: dict[str, str]) -> None:
    assert browser().post("/enrol/open", data=fields).status_code == 404


def test_an_app_is_set_up_and_listed(client: TestClient, clock: FakeClock) -> None:
    page = client.get("/enrol/means/totp")
    assert "data:image/svg+xml" in page.text
    wrong = client.post("/enrol/means/totp", data={"code": "12"})
    assert wrong.status_code == 422
    assert "6 digits" in wrong.text
    kept = client.post("/enrol/means/totp", data={"code": app_code(page, clock)})
    assert "Since 4 May 2026" in kept.text
    assert "Authenticator app" in kept.text


@pytest.mark.parametrize("kind", ["totp", "passkey", "saved_code"])
@pytest.mark.parametrize("typed", ["", "x", "{}", "x" * 10_000, "\x00", "é"])
def test_garbage_is_said_on_the_same_page(client: TestClient, kind: str, typed: str) -> None:
    answer = client.post(f"/enrol/means/{kind}", data={"code": typed, "passkey": typed})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("kind", ["one_time_code", "nothing", "%C3%A9"])
def test_what_cannot_be_set_up_is_not_found(client: TestClient, kind: str) -> None:
    assert client.get(f"/enrol/means/{kind}").status_code == 404
    assert client.post(f"/enrol/means/{kind}", data={"code": "1"}).status_code == 404


def test_more_than_five_are_refused_in_words_on_the_list(client: TestClient, clock: FakeClock) -> None:
    for _ in range(5):
        code = app_code(client.get("/enrol/means/totp"), clock)
        client.post("/enrol/means/totp", data={"code": code})
        clock.forward(seconds=30)
    for answer in (client.get("/enrol/means/totp"), client.post("/enrol/means/totp", data={"code": "1"})):
        assert answer.status_code == 409
        assert "5 of these are set up already" in answer.text


def test_one_is_removed_and_stays_removed(client: TestClient, clock: FakeClock) -> None:
    page = client.get("/enrol/means/totp")
    kept = client.post("/enrol/means/totp", data={"code": app_code(page, clock)})
    means = hidden(kept, "means")
    assert "Set up already" not in client.post("/enrol/remove", data={"means": means}).text
    again = client.post("/enrol/remove", data={"means": means})
    assert (again.status_code, "Choose one" in again.text) == (200, True)


def test_nobody_can_press_before_the_script_that_asks_for_the_passkey_is_there(client: TestClient) -> None:
    page = client.get("/enrol/means/passkey").text
    (tag,) = re.findall(r'<script src="[^"]*passkey[^>]*>', page)
    assert " defer" not in tag
    assert " async" not in tag
    assert page.index(tag) < page.index("<button>Create the passkey</button>")


def test_no_page_puts_the_script_of_a_challenge_off() -> None:
    templates = Path(deskward.web.__file__).parent.joinpath("templates").rglob("*.html")
    tags = [tag for one in templates for tag in re.findall(r"<script[^\n]*challenges/[^\n]*", one.read_text())]
    assert len(tags) == 2  # one for the portal's pages, one for the desk's
    assert [tag for tag in tags if re.search(r"defer|async", tag)] == []


def test_the_same_passkey_is_not_kept_twice(client: TestClient) -> None:
    key = SoftPasskey(origin="https://portal.acme.example", rp_id="portal.acme.example")

    def create() -> Response:
        page = client.get("/enrol/means/passkey")
        shown = json.loads(html.unescape(re.findall(r'data-shown="([^"]+)"', page.text)[0]))
        return client.post("/enrol/means/passkey", data={"passkey": key.created(shown["options"])})

    assert create().status_code == 200
    answer = create()
    assert answer.status_code == 409
    assert "a moment ago" in answer.text


def test_what_was_set_up_in_person_stays(
    client: TestClient, browser: Callable[[], TestClient], sent: Callable[..., Sent], clock: FakeClock
) -> None:
    page = client.get("/enrol/means/totp")
    means = hidden(client.post("/enrol/means/totp", data={"code": app_code(page, clock)}), "means")
    later = browser()
    done(later, sent("1002"))
    assert "Set up in person" in advance(later, "/v/faster").text
    answer = later.post("/enrol/remove", data={"means": means})
    assert answer.status_code == 409
    assert "in person and stays" in answer.text


def test_after_15_minutes_it_is_over(client: TestClient, clock: FakeClock) -> None:
    assert "Go on" in client.get("/enrol").text
    clock.forward(minutes=15)
    assert client.get("/enrol/means").status_code == 404
    assert "Go on" not in client.get("/enrol").text


def test_a_directory_that_is_down_is_said_and_nothing_is_lost(
    client: TestClient, directory: FakeDirectory
) -> None:
    directory.down = UnreachableError("The directory does not answer.")
    assert client.get("/enrol/means").status_code == 503
    directory.down = None
    assert client.get("/enrol/means").status_code == 200


def test_from_another_site_nothing_is_taken(browser: Callable[[], TestClient], token: str) -> None:
    elsewhere = browser()
    elsewhere.headers.update({"sec-fetch-site": "cross-site", "origin": "https://evil.example"})
    assert take(elsewhere, token).status_code == 403


def done(client: TestClient, link: Sent) -> Response:
    start(client, link)
    advance(client, "/v/continue")
    return advance(client, "/v/act", password=PASSWORD)


def test_the_last_page_leads_on_and_what_is_set_up_counts_later(
    browser: Callable[[], TestClient], sent: Callable[..., Sent], clock: FakeClock, lifecycle: Lifecycle
) -> None:
    client, link = browser(), sent()
    last = done(client, link)
    assert "Make the next time faster" in last.text
    means = advance(client, "/v/faster")
    assert "counts 14 days from now" in means.text
    kept = client.post("/enrol/means/totp", data={"code": app_code(client.get("/enrol/means/totp"), clock)})
    assert "Counts from 18 May 2026" in kept.text
    assert [k.ceiling for k in lifecycle.means_of(link.verification)] == [ProofLevel.P2]


def test_an_old_page_and_a_page_of_another_step_lead_nowhere_new(
    browser: Callable[[], TestClient], sent: Callable[..., Sent]
) -> None:
    client = browser()
    start(client, sent())
    early = advance(client, "/v/faster")
    assert early.status_code == 404
    old = client.post("/v/faster", data={"version": "1"})
    assert (old.status_code, "Is this your request?" in old.text) == (200, True)
    assert browser().post("/v/faster").status_code == 404
