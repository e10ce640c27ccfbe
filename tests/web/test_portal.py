"""The portal over HTTP, as a browser without script sees it."""

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine, event
from starlette.routing import Route

from deskward import plugins
from deskward.browsers import Devices
from deskward.core.errors import UnreachableError
from deskward.core.links import new_nonce
from deskward.core.people import Person
from deskward.core.resets import ResetKind
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.lifecycle.house import Actor
from deskward.store.opening import Opened
from deskward.store.tables import metadata
from deskward.web.guard import Guard
from deskward.web.pages import assets
from deskward.web.portal import COOKIE, create_app
from tests.fakes import ANNA, FactorDirectory, FakeClock, FakeDirectory, FakeUnlock
from tests.servers.statements import hearing_written
from tests.stories.screens import BARE, PAGES
from tests.web.conftest import AGENT, Sent

Send = Callable[..., Sent]
PASSWORD = "violet otter paints 9 barns"
FILE = b'--x\r\nContent-Disposition: form-data; name="token"; filename="a"\r\n\r\n1\r\n--x--'


@pytest.fixture
def browser(lifecycle: Lifecycle, reading: Reading, guard: Guard) -> Callable[[], TestClient]:
    """Make browsers: clients of the portal, each with cookies of its own."""
    app = create_app(lifecycle, reading, guard)

    def making() -> TestClient:
        headers = {"sec-fetch-site": "same-origin", "origin": "null"}
        return TestClient(app, base_url=guard.portal_url, headers=headers)

    return making


@pytest.fixture
def client(browser: Callable[[], TestClient]) -> TestClient:
    return browser()


def hidden(answer: Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found, answer.text
    return found.group(1)


def start(client: TestClient, link: Sent, **fields: str) -> Response:
    return client.post("/v/start", data={"token": link.token, "value": link.code} | fields)


def advance(client: TestClient, path: str, **fields: str) -> Response:
    """Press the button of the present step."""
    page = client.get("/v/step")
    return client.post(path, data={"version": hidden(page, "version")} | fields)


def dump(store: Opened, *, without: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Read every table, but for the counter of opens."""
    with store.database.read() as connection:
        return {
            t.name: [
                tuple(v for k, v in row.items() if k != "opens")
                for row in connection.execute(t.select()).mappings()
            ]
            for t in metadata.sorted_tables
            if t.name not in without
        }


@contextmanager
def counted(store: Opened) -> Iterator[list[str]]:
    """Collect the SQL statements and commits of a request."""
    seen: list[str] = []
    engines: list[Engine] = [store.database._reading, store.database._writer]  # type: ignore[attr-defined]

    def statement(_c: Any, _u: Any, text: str, *_rest: Any) -> None:
        if not text.startswith("BEGIN"):
            seen.append(text)

    def commit(_c: Any) -> None:
        seen.append("COMMIT")

    for engine in engines:
        event.listen(engine, "before_cursor_execute", statement)
    event.listen(engines[1], "commit", commit)
    with hearing_written(lambda: seen.append("written")):
        yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", statement)
    event.remove(engines[1], "commit", commit)


def statements(seen: list[str]) -> tuple[int, int]:
    commits = seen.count("COMMIT")
    return len(seen) - commits, commits


def test_a_reset_goes_from_the_link_to_the_new_password(
    client: TestClient, sent: Send, directory: FakeDirectory, lifecycle: Lifecycle
) -> None:
    link = sent()
    first = client.post("/v/open", data={"token": link.token})
    assert first.status_code == 200
    assert "Hello Anna" in first.text
    assert "The agent on the phone tells you a 6-digit code" in first.text
    card = start(client, link, value=f"{link.code[:3]} {link.code[3:]}")
    assert card.url.path == "/v/step"
    for shown in ("Kim Agent", "IR-1001", "Reset the password", "anna.berg", link.verification.id):
        assert shown in card.text
    form = advance(client, "/v/continue")
    assert "It is you" in form.text
    assert 'autocomplete="new-password"' in form.text
    done = advance(client, "/v/act", password=PASSWORD)
    assert "A new password was set." in done.text
    assert "This page does not sign you in" in done.text
    assert directory.passwords == {ANNA.id: PASSWORD}
    assert lifecycle.get(link.verification.id).state is State.DONE
    assert client.get("/v").url.path == "/v"


def test_what_the_directory_asks_of_a_new_password_stands_beside_the_field(
    client: TestClient, sent: Send, directory: FakeDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ["At least 20 characters.", "<Not> your last 3."]
    monkeypatch.setattr(FakeDirectory, "rules", lambda *_: told, raising=False)
    start(client, sent())
    form = advance(client, "/v/continue").text
    assert "asks for this as well: At least 20 characters. &lt;Not&gt; your last 3.</p>" in form
    assert 'aria-describedby="h-password r-password"' in form


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (["Phone “<b>”", "Recovery codes"], "<li>Phone “&lt;b&gt;”</li><li>Recovery codes</li>"),
        ([], "Nothing is set up there"),
        (None, "cannot be read just now"),
    ],
)
def test_a_removal_of_factors_says_before_the_button_what_will_go(
    client: TestClient, sent: Send, house: House, kept: list[str] | None, said: str
) -> None:
    keeping = FactorDirectory(people={ANNA.id: ANNA}, kept=kept or [], unread=kept is None)
    house.people["roster"] = keeping  # type: ignore[index]
    house.actions["unlock_account"] = FakeUnlock(resets=frozenset({ResetKind.FACTORS}))  # type: ignore[index]
    card = start(client, sent(category_name="Account Unlock")).text
    assert not any(one in card for one in ("Recovery codes", "removal"))
    form = advance(client, "/v/continue").text
    assert said in form
    assert form.index(said) < form.index('<button aria-describedby="removal">')


def test_an_unlock_asks_for_a_button_only(client: TestClient, sent: Send, directory: FakeDirectory) -> None:
    start(client, sent(category_name="Account Unlock"))
    form = advance(client, "/v/continue")
    assert "Unlock my account" in form.text
    assert "password" not in form.text
    assert "The account was unlocked." in advance(client, "/v/act").text
    assert directory.changes == 1


def test_verify_only_ends_with_you_are_verified(client: TestClient, sent: Send) -> None:
    start(client, sent(category_name="Identity check"))
    assert "You are verified" in advance(client, "/v/continue").text
    assert client.post("/v/act", data={"version": "5"}).status_code == 200


def test_sr_03_and_a_26_the_token_is_taken_from_the_body_only(client: TestClient, sent: Send) -> None:
    link = sent()
    for path in (f"/v?token={link.token}", f"/v/open?token={link.token}"):
        assert "Hello" not in client.get(path).text
    assert "Hello" not in client.post(f"/v/open?token={link.token}").text


def test_sr_04_and_a_25_another_host_name_is_refused(client: TestClient, sent: Send) -> None:
    link = sent()
    answer = client.post("/v/open", data={"token": link.token}, headers={"host": "evil.example"})
    assert answer.status_code == 421
    forwarded = client.get("/v", headers={"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"})
    assert forwarded.status_code == 200
    assert "evil.example" not in forwarded.text


def test_sr_05_and_a_01_reading_changes_nothing(client: TestClient, sent: Send, store: Opened) -> None:
    link = sent()
    before = dump(store)
    for method in ("GET", "HEAD", "OPTIONS"):
        for path in ("/", "/v", "/v/open", "/v/start", "/v/step", "/v/continue", "/v/act", "/v/state"):
            assert client.request(method, path, params={"token": link.token, "value": link.code}).status_code < 500
    assert dump(store) == before


@pytest.mark.parametrize("junk", ["", "junk", "12345", "1234567", "a@b.example", "0" * 4000, "١٢٣٤٥٦", "\0", "☃"])
def test_sr_06_and_a_02_an_open_with_junk_changes_nothing(
    client: TestClient, sent: Send, store: Opened, junk: str
) -> None:
    link = sent()
    before = dump(store)
    client.post("/v/open", data={"token": link.token})
    answer = start(client, link, value=junk)
    assert answer.status_code == 422
    assert "The code has 6 digits." in answer.text
    for path in ("/v/continue", "/v/act"):
        assert client.post(path, data={"version": "2", "password": PASSWORD}).status_code == 404
    assert dump(store) == before


def test_sr_07_an_earlier_open_elsewhere_changes_no_result(
    browser: Callable[[], TestClient], sent: Send, lifecycle: Lifecycle
) -> None:
    link = sent()
    browser().post("/v/open", data={"token": link.token})
    subject = browser()
    start(subject, link)
    advance(subject, "/v/continue")
    verification = lifecycle.get(link.verification.id)
    assert verification.state is State.PASSED
    assert verification.findings == ()


def test_sr_08_five_wrong_codes_end_it_even_for_the_right_one(
    client: TestClient, sent: Send, lifecycle: Lifecycle
) -> None:
    link = sent()
    wrong = str((int(link.code) + 1) % 10**6).zfill(6)
    for _ in range(4):
        answer = start(client, link, value=wrong)
        assert answer.status_code == 422
        assert "That code is not right." in answer.text
        assert "Check the code with the agent." in answer.text
    last = start(client, link, value=wrong)
    assert "We could not complete this" in last.text
    assert link.verification.id in last.text
    assert start(client, link).status_code == 404
    assert lifecycle.get(link.verification.id).state is State.FAILED


def test_sr_08_a_code_lives_ten_minutes(client: TestClient, sent: Send, clock: FakeClock) -> None:
    link = sent()
    clock.forward(minutes=10, seconds=1)
    assert "This code is too old." in start(client, link).text


def test_sr_09_no_request_approves_without_the_value(client: TestClient, sent: Send, lifecycle: Lifecycle) -> None:
    link = sent()
    client.post("/v/open", data={"token": link.token, "yes": "1", "approve": "true"})
    client.post("/v/start", data={"token": link.token, "approve": "true"})
    client.post("/v/continue", data={"token": link.token, "version": str(link.verification.version)})
    assert lifecycle.get(link.verification.id).state is State.SENT


def test_sr_12_the_hand_typed_code_stands_for_the_link(client: TestClient, sent: Send) -> None:
    link = sent()
    typed = f"{link.fallback[:4]} {link.fallback[4:]}"
    first = client.post("/v/open", data={"code": typed})
    assert "Hello Anna" in first.text
    assert start(client, link, token=hidden(first, "token")).url.path == "/v/step"


def test_sr_13_and_a_16_a_token_serves_its_own_verification_only(
    client: TestClient, sent: Send, lifecycle: Lifecycle
) -> None:
    anna = sent()
    ben = sent("1002", requester_id="p-ben")
    assert start(client, anna, token=ben.token).status_code == 422
    assert lifecycle.get(anna.verification.id).state is State.SENT
    assert lifecycle.get(ben.verification.id).wrong_total == 1
    card = start(client, anna)
    assert "ben.vogel" not in card.text
    assert "IR-1002" not in card.text


def test_sr_15_and_a_04_a_forwarded_link_is_dead_after_the_first_proof(
    browser: Callable[[], TestClient], sent: Send
) -> None:
    link, first, second = sent(), browser(), browser()
    second.post("/v/open", data={"token": link.token})
    start(first, link)
    assert start(second, link).status_code == 404
    assert second.get("/v/step").status_code == 404
    again = first.post("/v/open", data={"token": link.token})
    assert again.url.path == "/v/step"


def test_a_03_opening_often_still_pins_one_browser(
    browser: Callable[[], TestClient], sent: Send, lifecycle: Lifecycle
) -> None:
    link, browsers = sent(), [browser() for _ in range(4)]
    for b in browsers:
        assert b.post("/v/open", data={"token": link.token}).status_code == 200
    pinned = [COOKIE in start(b, link).request.headers.get("cookie", "") for b in browsers]
    assert pinned == [True, False, False, False]
    assert lifecycle.get(link.verification.id).opens == 4


def states(
    lifecycle: Lifecycle, client: TestClient, link: Sent, state: State, directory: FakeDirectory
) -> Verification:
    """Bring a verification into a state by its own steps."""
    if state is State.SENT:
        return lifecycle.get(link.verification.id)
    start(client, link)
    if state in {State.PASSED, State.DONE, State.ACTING}:
        advance(client, "/v/continue")
    if state is State.DONE:
        advance(client, "/v/act", password=PASSWORD)
    if state is State.ACTING:
        lost = UnreachableError("gone")
        directory.set_password = lambda *_: setattr(directory, "down", lost)  # type: ignore[method-assign]
        advance(client, "/v/act", password=PASSWORD)
        directory.down = None
    if state is State.CANCELLED:
        lifecycle.cancel(link.verification.id, AGENT, "No.")
    return lifecycle.get(link.verification.id)


@pytest.mark.parametrize(
    "state", [State.SENT, State.STARTED, State.PASSED, State.ACTING, State.DONE, State.CANCELLED]
)
def test_sr_30_no_step_can_be_skipped(
    client: TestClient, sent: Send, lifecycle: Lifecycle, directory: FakeDirectory, state: State
) -> None:
    link = sent()
    before = states(lifecycle, client, link, state, directory)
    assert before.state is state
    allowed = {State.SENT: "/v/start", State.STARTED: "/v/continue", State.PASSED: "/v/act"}.get(state)
    fields = {"version": str(before.version), "token": link.token, "value": link.code, "password": PASSWORD}
    for path in ("/v/start", "/v/continue", "/v/act"):
        if path != allowed:
            assert client.post(path, data=fields).status_code < 500
            assert lifecycle.get(before.id) == before


def test_sr_75_every_dead_token_gives_the_same_bytes(
    client: TestClient,
    browser: Callable[[], TestClient],
    sent: Send,
    lifecycle: Lifecycle,
    clock: FakeClock,
) -> None:
    used, cancelled = sent("1"), sent("2", requester_id="p-ben")
    start(client, used)
    lifecycle.cancel(cancelled.verification.id, Actor("agent", "a", "A"), "Wrong person.")
    expired = sent("3", requester_id="p-ben")
    clock.forward(minutes=16)
    foreign = new_nonce()[:43]
    tokens = [used.token, cancelled.token, expired.token, foreign, "", "x", "0" * 60_000, "1234 5678", "\0", "ü"]
    for path in ("/v/open", "/v/start"):
        answers = [browser().post(path, data={"token": t, "value": "123456"}) for t in tokens]
        assert {a.status_code for a in answers} == {404}
        assert len({a.content for a in answers}) == 1


def test_sr_76_a_failure_says_the_same_for_every_cause(
    browser: Callable[[], TestClient], sent: Send, lifecycle: Lifecycle
) -> None:
    by_codes, by_verdict, pinned = sent("1"), sent("2", requester_id="p-ben"), browser()
    for _ in range(5):
        failed = start(browser(), by_codes, value=str((int(by_codes.code) + 1) % 10**6).zfill(6))
    start(pinned, by_verdict)
    started = lifecycle.get(by_verdict.verification.id)
    reason = "A signal that nobody may learn of."
    lifecycle.result(started.moved(State.FAILED, reason=reason), AGENT)
    other = pinned.get("/v/step")
    assert reason not in other.text
    one = failed.text.replace(by_codes.verification.id, "ID")
    assert one == other.text.replace(by_verdict.verification.id, "ID")
    assert failed.status_code == other.status_code == 200


def test_sr_77_the_first_screen_shows_first_name_and_organisation_only(client: TestClient, sent: Send) -> None:
    link = sent()
    text = client.post("/v/open", data={"token": link.token}).text
    assert "Anna" in text
    assert "Acme" in text
    hidden_words = ("Berg", "anna.berg", "IR-1001", "sign in", "Kim", "Reset", "private", link.verification.id)
    for word in (*hidden_words, link.code, link.fallback):
        assert word not in text


def test_sr_79_a_password_is_asked_for_after_the_grant_only(
    client: TestClient, sent: Send, lifecycle: Lifecycle
) -> None:
    link = sent()
    pages = [client.get("/v"), client.post("/v/open", data={"token": link.token}), start(client, link)]
    assert all('type="password"' not in p.text for p in pages)
    form = advance(client, "/v/continue")
    assert lifecycle.get(link.verification.id).grant_id
    assert form.text.count('type="password"') == 1
    assert "current-password" not in form.text
    assert 'type="password"' not in advance(client, "/v/act", password=PASSWORD).text


def test_sr_80_the_cookie_is_strict_and_ends(client: TestClient, sent: Send, clock: FakeClock) -> None:
    link = sent()
    client.follow_redirects = False
    cookie = start(client, link).headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    assert name == "__Host-dw"
    assert len(rest.split(";")[0]) >= 43
    for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/", "Max-Age=1800"):
        assert part in rest
    assert "domain" not in rest.lower()
    assert client.get("/v/step").status_code == 200
    clock.forward(minutes=14)
    assert advance(client, "/v/continue").status_code == 303
    clock.forward(minutes=9)
    assert client.get("/v/step").status_code == 200
    clock.forward(minutes=8)
    assert client.get("/v/step").status_code == 404


def test_a_started_run_that_waits_too_long_is_over(client: TestClient, sent: Send, clock: FakeClock) -> None:
    start(client, sent())
    clock.forward(minutes=15)
    assert client.get("/v/step").status_code == 404


def test_sr_83_the_first_screen_is_light(client: TestClient, sent: Send) -> None:
    page = client.post("/v/open", data={"token": sent().token})
    static = [a for n, a in assets().items() if n.startswith("portal.")]
    assert len(static) == 2
    assert len(page.content) + sum(len(a.packed) for a in static) <= 14_000
    assert set(re.findall(r'(?:src|href)="([^"]*)"', page.text)) >= {"data:,"}
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page.text)
    for path in re.findall(r'(?:src|href)="(/static/[^"]*)"', page.text):
        answer = client.get(path)
        assert answer.headers["content-encoding"] == "gzip"
        assert "immutable" in answer.headers["cache-control"]


def test_sr_89_and_a_22_a_foreign_page_cannot_post(browser: Callable[[], TestClient], sent: Send) -> None:
    link, client = sent(), browser()
    start(client, link)
    version = hidden(client.get("/v/step"), "version")
    for headers in (
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "https://desk.acme.example"},
        {"sec-fetch-site": "cross-site", "origin": "null"},
        {"sec-fetch-site": "", "origin": "null"},
    ):
        answer = client.post("/v/continue", data={"version": version}, headers=headers)
        assert answer.status_code == 403
    assert "Is this your request?" in client.get("/v/step").text


def test_a_double_click_or_an_old_page_does_nothing_twice(
    client: TestClient, sent: Send, lifecycle: Lifecycle, directory: FakeDirectory
) -> None:
    start(client, sent())
    version = hidden(client.get("/v/step"), "version")
    for _ in range(3):
        assert "It is you" in client.post("/v/continue", data={"version": version}).text
    act = hidden(client.get("/v/step"), "version")
    for _ in range(3):
        fields = {"version": act, "password": PASSWORD}
        assert "A new password was set." in client.post("/v/act", data=fields).text
    assert directory.changes == 1


def test_a_refused_password_is_asked_for_again_and_not_echoed(
    client: TestClient, sent: Send, directory: FakeDirectory
) -> None:
    start(client, sent())
    advance(client, "/v/continue")
    short = advance(client, "/v/act", password="too short!")
    assert short.status_code == 422
    assert "The new password needs 15 characters." in short.text
    assert "too short!" not in short.text
    directory.refuses = "The directory says: used before."
    refused = advance(client, "/v/act", password=PASSWORD)
    assert "used before" in refused.text
    assert PASSWORD not in refused.text
    directory.refuses = ""
    assert "A new password was set." in advance(client, "/v/act", password=PASSWORD).text


def test_a_directory_that_is_down_keeps_the_page(client: TestClient, sent: Send, directory: FakeDirectory) -> None:
    start(client, sent())
    advance(client, "/v/continue")
    version = hidden(client.get("/v/step"), "version")
    directory.down = UnreachableError("The directory is down.")
    answer = client.post("/v/act", data={"version": version, "password": PASSWORD})
    assert answer.status_code == 503
    assert "Wait a minute, then press the button again" in answer.text
    assert PASSWORD not in answer.text
    directory.down = None
    assert "A new password was set." in advance(client, "/v/act", password=PASSWORD).text


def test_an_account_that_is_gone_before_the_verdict_ends_the_run_with_whom_to_call_and_the_ticket_says_why(
    client: TestClient, sent: Send, directory: FakeDirectory, lifecycle: Lifecycle
) -> None:
    link = sent()
    start(client, link)
    del directory.people[ANNA.id]
    answer = advance(client, "/v/continue")
    assert "Please call your help desk" in answer.text
    assert link.verification.id in answer.text
    ended = lifecycle.get(link.verification.id)
    assert (ended.state, ended.outcome) == (State.CANCELLED, Outcome.NONE)
    assert "not in the directory any more. Nothing was done." in ended.reason
    assert "This link does not work" in client.get("/v/step").text


@pytest.mark.parametrize("now", [None, replace(ANNA, login="b"), replace(ANNA, enabled=False)])
def test_sr_60_an_account_that_changed_since_the_proof_ends_with_whom_to_call_and_is_not_touched(
    client: TestClient, sent: Send, directory: FakeDirectory, lifecycle: Lifecycle, now: Person | None
) -> None:
    link = sent()
    start(client, link)
    advance(client, "/v/continue")
    version = hidden(client.get("/v/step"), "version")
    del directory.people[ANNA.id]
    if now:
        directory.people[ANNA.id] = now
    answer = client.post("/v/act", data={"version": version, "password": PASSWORD})
    assert "Please call your help desk" in answer.text
    assert link.verification.id in answer.text
    assert PASSWORD not in answer.text
    assert (directory.changes, lifecycle.get(link.verification.id).state) == (0, State.CANCELLED)
    assert "This link does not work" in client.get("/v/step").text


def test_an_unsure_action_shows_one_moment_until_it_is_settled(
    client: TestClient, sent: Send, lifecycle: Lifecycle, directory: FakeDirectory
) -> None:
    link = sent()
    acting = states(lifecycle, client, link, State.ACTING, directory)
    page = client.get("/v/step")
    assert "One moment" in page.text
    assert client.get("/v/state").json() == {"state": "acting", "version": acting.version}
    directory._changed(ANNA.id)
    lifecycle.settle(acting.id)
    assert client.get("/v/state").json()["state"] == "done"
    assert "Done" in client.get("/v/step").text


def test_a_review_thanks_and_says_nothing(client: TestClient, sent: Send) -> None:
    start(client, sent(typed="new@elsewhere.example"))
    page = advance(client, "/v/continue")
    assert "The help desk will tell you the next step." in page.text
    for word in ("risk", "caller", "proof"):
        assert word not in page.text.lower()


def test_a_second_code_is_named_as_such(client: TestClient, sent: Send) -> None:
    link = sent(on_phone=False)
    page = client.post("/v/open", data={"token": link.token})
    assert "We sent a 6-digit code to another address of yours." in page.text
    assert "agent on the phone" not in page.text


def test_the_start_page_leads_on_while_a_run_is_under_way(client: TestClient, sent: Send) -> None:
    assert client.get("/").url.path == "/v"
    start(client, sent())
    assert client.get("/v").url.path == "/v/step"
    assert client.get("/v?other").url.path == "/v"


def test_a_cancelled_run_ends_on_the_neutral_page(client: TestClient, sent: Send, lifecycle: Lifecycle) -> None:
    link = sent()
    states(lifecycle, client, link, State.CANCELLED, FakeDirectory())
    for path in ("/v/step", "/v/state"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "This link does not work" in answer.text


def test_too_many_wrong_codes_from_one_network_have_to_wait(client: TestClient, sent: Send, store: Opened) -> None:
    links = [sent(str(n), requester_id="p-ben" if n % 2 else "p-anna") for n in range(4)]
    first = links[0]
    wrong = str((int(first.code) + 1) % 10**6).zfill(6)
    start(client, first, value=wrong)
    with store.database.read() as connection:
        marks = connection.execute(metadata.tables["counts"].select()).mappings().all()
    mark = next(m for m in marks if m["dimension"] == "wrong-address")
    rows = [{k: v for k, v in mark.items() if k not in {"id", "number"}}] * 50
    with store.database.write() as connection:
        connection.execute(metadata.tables["counts"].insert(), rows)
    answer = start(client, links[1])
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3600"


@pytest.mark.parametrize("path", ["/v/open", "/v/start", "/v/continue", "/v/act"])
def test_garbage_gives_a_clear_page(client: TestClient, sent: Send, path: str) -> None:
    link = sent()
    start(client, link)
    bodies: list[tuple[str, bytes]] = [
        ("application/x-www-form-urlencoded", b"token=%FF%FE&value=%00&version=%ED%A0%80"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(200))),
        ("application/x-www-form-urlencoded; charset=nope", b"\xff\xfe\x00"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nothing"),
        ("multipart/form-data", b"--x"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="token"; filename="a"\r\n\r\n1\r\n--x--',
        ),
        ("application/json", b"{}"),
        ("", b""),
    ]
    for kind, body in bodies:
        answer = client.post(path, content=body, headers={"content-type": kind})
        assert answer.status_code < 500
        assert "<h1>" in answer.text
    assert client.post(path, content=b"a=" + b"x" * 70_000).status_code == 413


@pytest.mark.parametrize("cookie", ["x", '"\\303\\050"', "a" * 3000, "%00", ";;=;"])
def test_a_foreign_cookie_is_nobody(client: TestClient, cookie: str) -> None:
    answer = client.get("/v/step", headers={"cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code == 404


@pytest.mark.parametrize("looking", [False, True], ids=["without signals", "with signals"])
def test_every_post_stays_within_its_statements(
    house: House, guard: Guard, sent: Send, store: Opened, *, looking: bool
) -> None:
    by_default = [n for n in plugins.names("signals") if looking and not plugins.needs_settings("signals", n)]
    on = {name: plugins.find("signals", name)() for name in by_default}
    near = replace(house, signals=on, devices=Devices())
    headers = {"sec-fetch-site": "same-origin", "origin": "null"}
    app = create_app(Lifecycle(near), Reading(near), guard)
    client = TestClient(app, base_url=guard.portal_url, headers=headers, follow_redirects=False)
    link = sent()
    spent: dict[str, tuple[int, int]] = {}
    with counted(store) as seen:
        client.post("/v/open", data={"token": link.token})
        spent["open"] = statements(seen)
        seen.clear()
        start(client, link, value=str((int(link.code) + 1) % 10**6).zfill(6))
        spent["wrong"] = statements(seen)
        seen.clear()
        start(client, link)
        spent["start"] = statements(seen)
        version = hidden(client.get("/v/step"), "version")
        seen.clear()
        client.post("/v/continue", data={"version": version, "readings": '{"webdriver": false}'})
        spent["continue"] = statements(seen)
        version = hidden(client.get("/v/step"), "version")
        seen.clear()
        client.post("/v/act", data={"version": version, "password": PASSWORD})
        spent["act"] = statements(seen)
    # Acting is committed before the call, so that a crash is known (DESIGN 6): that is a second commit.
    assert all(n <= 8 * c for n, c in spent.values()), spent
    assert {k: c for k, (_, c) in spent.items()} == {"open": 1, "wrong": 1, "start": 1, "continue": 1, "act": 2}


def test_the_first_screen_packs_to_little(client: TestClient) -> None:
    assert len(gzip.compress(client.get("/v").content)) < 2_000


def test_every_page_of_the_portal_is_in_a_picture(lifecycle: Lifecycle, reading: Reading, guard: Guard) -> None:
    routes = [route for route in create_app(lifecycle, reading, guard).routes if isinstance(route, Route)]
    pages = {("portal", route.path) for route in routes if "GET" in (route.methods or ())}
    shield = {("portal", "/static/{mark}/{name:path}")}
    assert pages - shield == {place for place in {*PAGES} | BARE if place[0] == "portal"}
