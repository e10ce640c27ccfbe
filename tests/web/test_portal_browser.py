"""The portal in a real browser: with script, without script, and before a scanner that presses everything."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from deskward.challenges.questions import Challenge as Questions
from deskward.core.messages import Portal
from deskward.core.questions import Fact
from deskward.core.verification import State
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.store.tables import metadata
from deskward.web.guard import Guard
from deskward.web.hosts import Hosts
from deskward.web.portal import create_app
from tests.chromium import running_chromium
from tests.fakes import ANNA, FakeDirectory, FakeSource
from tests.web.conftest import Sent

HOST = "portal.localhost"
PASSWORD = "violet otter paints 9 barns"
Send = Callable[..., Sent]


@contextmanager
def served(app: Any, listening: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(app, log_level="error", proxy_headers=False, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def address(house: House, guard: Guard) -> Iterator[str]:
    """Serve the portal on a free port; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://{HOST}:{listening.getsockname()[1]}"
    near = replace(house, portal=Portal("Acme", url))
    app = create_app(Lifecycle(near), Reading(near), replace(guard, portal_url=url))
    with served(Hosts({HOST: app}), listening):
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


OTHERS = ("Tom Hill", "Ida Brand", "Noor Aziz", "Per Holm", "Lea Roth", "Jan Kolb", "Ana Ruiz")
FACTS = (
    Fact("manager", "Who is your manager?", ("Maria Lopez",), others=OTHERS),
    Fact("office", "In which office do you work?", ("Riverside",)),
    Fact("team", "What is your team called?", ("Payables",)),
)


@pytest.fixture
def asks_questions(house: House) -> None:
    """Let the category ask questions after the card, one of them as a choice."""
    category = replace(house.policy.categories[0], challenges=(("questions",),))
    object.__setattr__(house, "policy", replace(house.policy, categories=(category,)))
    object.__setattr__(house, "challenges", {"questions": Questions(ask=3, least=2, choices=1)})
    object.__setattr__(house, "sources", {"roster": FakeSource("roster", FACTS)})


@contextmanager
def opened(chromium: Browser, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """Open a window of its own; gives its page and what its console complained about."""
    context: BrowserContext = chromium.new_context(**options)
    context.set_default_timeout(30_000)
    page, said = context.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page, said
    context.close()


def tables(store: Opened) -> dict[str, list[Any]]:
    with store.database.read() as connection:
        return {
            t.name: [
                {k: v for k, v in r.items() if k != "opens"} for r in connection.execute(t.select()).mappings()
            ]
            for t in metadata.sorted_tables
        }


def test_sr_15_with_script_the_run_is_pinned_to_a_key_of_the_browser(
    chromium: Browser, address: str, sent: Send, lifecycle: Lifecycle, directory: FakeDirectory
) -> None:
    link = sent()
    asked: list[str] = []
    with opened(chromium) as (page, said):
        page.on("request", lambda request: asked.append(request.url + str(request.headers.get("referer", ""))))
        page.goto(f"{address}/v#{link.token}")
        expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
        assert page.url == f"{address}/v/open"
        page.reload()
        page.get_by_label("6-digit code").fill(f"{link.code[:3]} {link.code[3:]}")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", name="Is this your request?")).to_be_visible()
        started = lifecycle.get(link.verification.id)
        assert len(started.pin_key) == 87
        page.reload()
        stolen = page.context.cookies()
        assert [c["name"] for c in stolen] == ["__Host-dw"]
        with opened(chromium) as (elsewhere, _):
            elsewhere.context.add_cookies(stolen)  # type: ignore[arg-type]
            elsewhere.goto(f"{address}/v/step")
            elsewhere.get_by_role("button", name="Continue").click()
            expect(elsewhere.get_by_role("heading", name="This link does not work")).to_be_visible()
        assert lifecycle.get(started.id) == started
        page.goto(f"{address}/v#{link.token}")
        page.get_by_role("button", name="Continue").dblclick()
        page.get_by_label("New password").fill("short")
        expect(page.get_by_text("5 of at least 15 characters")).to_be_visible()
        page.get_by_role("button", name="Show").click()
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Set the new password").click()
        expect(page.get_by_role("heading", name="Done")).to_be_visible()
        assert said == []
    assert directory.passwords == {ANNA.id: PASSWORD}
    assert directory.changes == 1
    assert all(url.startswith(address) for url in asked)
    assert not any(secret in url for url in asked for secret in (link.token, link.code))


def test_sr_83_the_whole_way_works_without_script(
    chromium: Browser, address: str, sent: Send, lifecycle: Lifecycle, directory: FakeDirectory
) -> None:
    link = sent()
    with opened(chromium, java_script_enabled=False) as (page, said):
        page.goto(f"{address}/v#{link.token}")
        page.get_by_label("8-digit code").fill(f"{link.fallback[:4]} {link.fallback[4:]}")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("6-digit code").fill("12 34")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("alert")).to_contain_text("The code has 6 digits.")
        page.get_by_label("6-digit code").fill(link.code)
        page.get_by_role("button", name="Continue").click()
        page.get_by_text("This is not my request").click()
        expect(page.get_by_role("button", name="This is not me")).to_be_visible()
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Set the new password").click()
        expect(page.get_by_role("heading", name="Done")).to_be_visible()
        assert [s for s in said if "422" not in s] == []
    assert lifecycle.get(link.verification.id).pin_key == ""
    assert directory.passwords == {ANNA.id: PASSWORD}


def test_a_02_a_scanner_that_fills_and_presses_everything_changes_nothing(
    chromium: Browser, address: str, sent: Send, store: Opened, lifecycle: Lifecycle
) -> None:
    link = sent()
    before = tables(store)
    for junk in ("junk", "scanner@mail.example", "12345"):
        with opened(chromium) as (page, _):
            page.goto(f"{address}/v#{link.token}")
            expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
            _press_everything(page, junk)
        with opened(chromium, java_script_enabled=False) as (page, _):
            page.goto(f"{address}/v#{link.token}")
            _press_everything(page, junk)
    assert tables(store) == before
    seen = lifecycle.get(link.verification.id)
    assert (seen.state, seen.pin) == (State.SENT, "")
    assert seen.opens >= 3


def _press_everything(page: Page, junk: str) -> None:
    for _ in range(4):
        for field in page.locator("input:visible").all():
            field.fill(junk)
        for button in page.locator("button:visible").all():
            with page.expect_navigation():
                button.click()
        for link in page.locator("a:visible").all():
            link.click()


def test_a_waiting_page_shows_the_result_by_itself(
    chromium: Browser, address: str, sent: Send, lifecycle: Lifecycle, directory: FakeDirectory
) -> None:
    link, house = sent(category_name="Account Unlock"), lifecycle.house
    with opened(chromium) as (page, _):
        page.goto(f"{address}/v#{link.token}")
        page.get_by_label("6-digit code").fill(link.code)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="Is this your request?").wait_for()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Unlock my account").wait_for()
        house.gateway._begin(  # type: ignore[attr-defined]
            lifecycle.get(link.verification.id),
            house.store.grant(lifecycle.get(link.verification.id).grant_id),
            directory.people[ANNA.id],
        )
        page.reload()
        expect(page.get_by_role("heading", name="One moment")).to_be_visible()
        directory.unlock(ANNA.id)
        lifecycle.settle(link.verification.id)
        expect(page.get_by_role("heading", name="Done")).to_be_visible()


@pytest.mark.usefixtures("asks_questions")
@pytest.mark.parametrize("width", [390, 1280])
def test_questions_are_answered_by_typing_and_choosing_and_the_run_goes_on(
    chromium: Browser, address: str, sent: Send, lifecycle: Lifecycle, width: int
) -> None:
    link = sent()
    with opened(chromium, viewport={"width": width, "height": 844}) as (page, said):
        page.goto(f"{address}/v#{link.token}")
        page.get_by_label("6-digit code").fill(link.code)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Answer a few questions").click()
        expect(page.get_by_role("heading", name="Questions about your work")).to_be_visible()
        page.get_by_label("Maria Lopez").check()
        page.get_by_label("In which office do you work?").fill("riverside")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("button", name="Set the new password")).to_be_visible()
        assert said == []
    passed = lifecycle.get(link.verification.id)
    assert passed.state is State.PASSED
    gradings = {row["question"]: row["grading"] for row in passed.transcript}
    assert gradings == {
        "Who is your manager?": "correct",
        "In which office do you work?": "correct",
        "What is your team called?": "skipped",
    }
