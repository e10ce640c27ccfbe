"""The collector in a real browser: nothing before the press, nothing that is off, and whatever is missing."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from anyio import to_thread
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskward.core.risk import RiskLevel
from deskward.core.signals import Signal
from deskward.core.surroundings import Consent
from deskward.core.verification import State
from deskward.lifecycle import House, Lifecycle
from deskward.web.guard import Guard
from tests.accessible import violations
from tests.loopback import client
from tests.web.browsing import ENDPOINT, Looking, every, leave_card, portal, signals, to_card
from tests.web.conftest import Sent
from tests.web.test_portal_browser import chromium, opened, served

Send = Callable[..., Sent]
__all__ = ["chromium"]
READ = (
    ("Navigator", "languages", "languages"),
    ("Navigator", "platform", "client_hints"),
    ("Navigator", "userAgentData", "client_hints"),
    ("Navigator", "maxTouchPoints", "screen"),
    ("Navigator", "hardwareConcurrency", "screen"),
    ("Navigator", "deviceMemory", "screen"),
    ("Navigator", "webdriver", "automation"),
    ("Navigator", "plugins", "automation"),
    ("Screen", "width", "screen"),
)
COUNTED = f"""(() => {{
  const kept = () => JSON.parse(sessionStorage.getItem("read") || "{{}}");
  const count = (what) => {{
    const all = kept();
    all[what] = (all[what] || 0) + 1;
    sessionStorage.setItem("read", JSON.stringify(all));
  }};
  for (const [owner, name] of {json.dumps([r[:2] for r in READ])}) {{
    const place = window[owner].prototype;
    const real = Object.getOwnPropertyDescriptor(place, name);
    Object.defineProperty(place, name, {{ ...real, get() {{ count(name); return real.get.call(this); }} }});
  }}
  for (const [owner, name, what] of [
    [Intl.DateTimeFormat.prototype, "resolvedOptions", "zone"],
    [Date.prototype, "getTimezoneOffset", "offset"],
    [HTMLCanvasElement.prototype, "getContext", "canvas"],
    [SubtleCrypto.prototype, "digest", "digest"],
    [Permissions.prototype, "query", "query"],
  ]) {{
    const real = owner[name];
    owner[name] = function (...told) {{ count(what); return real.apply(this, told); }};
  }}
}})();"""
CALLED = {
    "zone": "time_zone",
    "offset": "time_zone",
    "canvas": "renderer",
    "digest": "origin",
    "query": "automation",
} | {name: signal for _, name, signal in READ}
MISSING = """(() => {
  const gone = (place, name) => Object.defineProperty(place, name, { value: undefined, configurable: true });
  for (const name of ["languages", "platform", "userAgentData", "maxTouchPoints", "hardwareConcurrency",
    "deviceMemory", "webdriver", "plugins", "permissions", "userAgent"]) gone(Navigator.prototype, name);
  for (const name of ["Intl", "Notification", "indexedDB", "TextEncoder", "crypto", "screen", "outerWidth"])
    gone(window, name);
  gone(HTMLCanvasElement.prototype, "getContext");
  gone(Date.prototype, "getTimezoneOffset");
})();"""
THROWING = """(() => {
  const fail = () => { throw new TypeError("no"); };
  const bad = (place, name) => Object.defineProperty(place, name, { get: fail, configurable: true });
  for (const name of ["languages", "platform", "userAgentData", "maxTouchPoints", "hardwareConcurrency",
    "deviceMemory", "webdriver", "plugins", "permissions", "userAgent"]) bad(Navigator.prototype, name);
  for (const name of ["Intl", "Notification", "indexedDB", "TextEncoder", "crypto", "screen", "outerWidth"])
    bad(window, name);
  HTMLCanvasElement.prototype.getContext = fail;
  Date.prototype.getTimezoneOffset = fail;
})();"""
SILENT = """(() => {
  const never = () => new Promise(() => {});
  SubtleCrypto.prototype.digest = never;
  Permissions.prototype.query = never;
  IDBFactory.prototype.open = () => ({});
})();"""


def counted(page: Page) -> dict[str, int]:
    made: dict[str, int] = json.loads(page.evaluate("sessionStorage.getItem('read') || '{}'"))
    return made


def test_sr_119_nothing_is_read_before_the_press_and_everything_by_it(
    chromium: Browser, house: House, guard: Guard, sent: Send
) -> None:
    watch, link = Looking(), sent()
    with portal(house, guard, every() | {"watch": watch}) as address, opened(chromium) as (page, said):
        page.add_init_script(COUNTED)
        to_card(page, address, link.token, link.code)
        page.get_by_text("things we look at, and why").click()
        assert {name: n for name, n in counted(page).items() if name in CALLED} == {}
        assert page.evaluate("document.querySelector('[name=readings]').value") == ""
        leave_card(page, "Continue")
        assert set(counted(page)) == set(CALLED)
        assert said == []
    (seen,) = watch.seen
    assert {n for signal in every().values() for n in signal.reads} - set(seen.visit.readings) == {"origin_plain"}


def test_sr_119_declining_reads_nothing_sends_nothing_and_keeps_nothing(
    chromium: Browser, house: House, guard: Guard, sent: Send, lifecycle: Lifecycle
) -> None:
    watch, link, again = Looking(), sent(), sent("1002", requester_id="p-ben")
    posted: list[str] = []
    with portal(house, guard, every() | {"watch": watch}) as address, opened(chromium) as (page, said):
        to_card(page, address, again.token, again.code)
        leave_card(page, "Continue")
        assert "device" in kept_keys(page)
        page.context.clear_cookies()
        page.add_init_script(COUNTED)
        to_card(page, address, link.token, link.code)
        page.on("request", lambda request: posted.append(request.post_data or ""))
        leave_card(page, "Continue without this check")
        assert counted(page) == {}
        assert "device" not in kept_keys(page)
        assert said == []
    sent_form = next(text for text in posted if "choice" in text)
    assert "readings=&" in f"{sent_form}&"
    visit = watch.seen[-1].visit
    assert (visit.consent, visit.readings, visit.headers) == (Consent.DECLINED, {}, {})
    assert lifecycle.get(link.verification.id).state not in {State.STARTED, State.FAILED}


@pytest.mark.parametrize("off", [*ENDPOINT, "device_key"])
def test_sr_120_a_signal_that_is_off_is_neither_collected_nor_stored(  # noqa: PLR0917 - fixtures
    chromium: Browser, house: House, guard: Guard, sent: Send, lifecycle: Lifecycle, off: str
) -> None:
    link, on = sent(), {name: signal for name, signal in every().items() if name != off}
    with portal(house, guard, on) as address, opened(chromium) as (page, _):
        page.add_init_script(COUNTED)
        to_card(page, address, link.token, link.code)
        leave_card(page, "Continue")
        assert not [name for name in counted(page) if CALLED.get(name) == off]
        assert ("device" in kept_keys(page)) is (off != "device_key")
    kept = lifecycle.get(link.verification.id)
    assert not set(every()[off].reads) & set(kept.surroundings["readings"])
    assert off not in {row["signal"] for row in kept.observed}


def test_sr_126_beyond_the_keys_of_its_runs_the_browser_keeps_the_device_key_only_and_nobody_can_take_it_out(
    chromium: Browser, house: House, guard: Guard, sent: Send, lifecycle: Lifecycle
) -> None:
    watch, links = Looking("device_key", ("device_key",)), [sent(), sent("1002", requester_id="p-ben")]
    with portal(house, guard, {"device_key": watch}) as address, opened(chromium) as (page, _):
        for link in links:
            page.context.clear_cookies()
            to_card(page, address, link.token, link.code)
            leave_card(page, "Continue")
            page.get_by_label("New password").fill("violet otter paints 9 barns")
            page.get_by_role("button", name="Set the new password").click()
            expect(page.get_by_role("heading", name="Done")).to_be_visible()
        runs = {lifecycle.get(link.verification.id).pin_key for link in links}
        assert set(kept_keys(page)) - runs == {"device"}
        assert page.evaluate(f"{KEPT}.then((kept) => kept.key.extractable)") is False
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    first, second = (seen.visit.text("device_key") for seen in watch.seen)
    assert first
    assert first == second


KEYS = """new Promise((done) => {
  const opening = indexedDB.open("deskward");
  opening.onsuccess = () => {
    const names = opening.result.objectStoreNames.contains("keys")
      ? opening.result.transaction("keys").objectStore("keys").getAllKeys() : { result: [] };
    names.onsuccess = () => { opening.result.close(); done(names.result); };
  };
})"""
KEPT = """new Promise((done) => {
  const opening = indexedDB.open("deskward");
  opening.onsuccess = () => {
    const kept = opening.result.transaction("keys").objectStore("keys").get("device");
    kept.onsuccess = () => { opening.result.close(); done(kept.result); };
  };
})"""


def kept_keys(page: Page) -> list[str]:
    made: list[str] = page.evaluate(KEYS)
    return made


@pytest.mark.parametrize("broken", [MISSING, THROWING, SILENT], ids=["missing", "throwing", "silent"])
def test_sr_28_the_page_goes_on_when_what_it_reads_is_missing_throws_or_never_answers(
    chromium: Browser, house: House, guard: Guard, sent: Send, broken: str
) -> None:
    watch, link = Looking(), sent()
    with portal(house, guard, every() | {"watch": watch}) as address, opened(chromium) as (page, said):
        page.add_init_script(broken)
        to_card(page, address, link.token, link.code)
        leave_card(page, "Continue")
        assert said == []
    (seen,) = watch.seen
    assert seen.visit.flag("press_trusted") is True
    assert "device_key" not in seen.visit.readings
    assert "origin_echo" not in seen.visit.readings


def test_sr_28_a_blocked_script_is_unknown_and_the_page_goes_on(
    chromium: Browser, house: House, guard: Guard, sent: Send
) -> None:
    watch, link = Looking(), sent()
    with portal(house, guard, every() | {"watch": watch}) as address, opened(chromium) as (page, _):
        page.route("**/collect/*.js", lambda route: route.abort())
        to_card(page, address, link.token, link.code)
        leave_card(page, "Continue")
    assert watch.seen[0].visit.readings == {}


def test_sr_83_without_script_both_buttons_work_and_nothing_is_read(
    chromium: Browser, house: House, guard: Guard, sent: Send
) -> None:
    watch = Looking()
    buttons = {"Continue": Consent.AGREED, "Continue without this check": Consent.DECLINED}
    with portal(house, guard, every() | {"watch": watch}) as address:
        for (button, consent), link in zip(
            buttons.items(), (sent(), sent("1002", requester_id="p-ben")), strict=True
        ):
            with opened(chromium, java_script_enabled=False) as (page, _):
                page.goto(f"{address}/v")
                page.get_by_label("8-digit code").fill(link.fallback)
                page.get_by_role("button", name="Continue").click()
                page.get_by_label("6-digit code").fill(link.code)
                page.get_by_role("button", name="Continue").click()
                leave_card(page, button)
            assert (watch.seen[-1].visit.consent, watch.seen[-1].visit.readings) == (consent, {})


def test_a_29_a_headless_browser_is_seen_but_not_refused(
    chromium: Browser, house: House, guard: Guard, sent: Send, lifecycle: Lifecycle
) -> None:
    link = sent()
    with portal(house, guard, every()) as address, opened(chromium) as (page, _):
        to_card(page, address, link.token, link.code)
        leave_card(page, "Continue")
    now = lifecycle.get(link.verification.id)
    assert now.risk_level is RiskLevel.MEDIUM
    assert now.state is State.REVIEW


@contextmanager
def between(address: str) -> Iterator[str]:
    """Stand between browser and portal under another host name, as phishing kits do; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    own = f"http://p0rtal.localhost:{listening.getsockname()[1]}"
    port, host = address.rpartition(":")[2], address.removeprefix("http://")

    def passed_on(request: Request, body: bytes) -> Response:
        headers = [(n, v) for n, v in request.headers.items() if n not in {"host", "content-length"}]
        headers = [(n, v.replace(own, address)) for n, v in headers if n != "accept-encoding"]
        url = f"http://127.0.0.1:{port}{request.url.path}"
        with client() as line:
            answer = line.request(request.method, url, headers=[*headers, ("host", host)], content=body)
        response = Response(answer.content, answer.status_code)
        for name, value in answer.headers.multi_items():
            if name not in {"content-length", "content-encoding", "content-type"}:
                response.headers.append(name, value.replace(address, own))
        response.headers["content-type"] = answer.headers.get("content-type", "text/html")
        return response

    async def all_of_it(request: Request) -> Response:
        return await to_thread.run_sync(passed_on, request, await request.body())

    with served(Starlette(routes=[Route("/{path:path}", all_of_it, methods=["GET", "POST"])]), listening):
        yield own


def test_a_10_and_sr_82_a_proxy_under_another_name_is_seen_and_stopped(
    chromium: Browser, house: House, guard: Guard, sent: Send, lifecycle: Lifecycle
) -> None:
    link, on = sent(), signals("origin")
    with portal(house, guard, on) as address, between(address) as foreign, opened(chromium) as (page, _):
        to_card(page, foreign, link.token, link.code)
        assert page.url.startswith(foreign)
        leave_card(page, "Continue")
    now = lifecycle.get(link.verification.id)
    assert [row["text"] for row in now.observed] == ["The page was shown under another address than ours."]
    assert (now.state, now.risk_level) == (State.FAILED, RiskLevel.HIGH)


def test_a_10_sr_82_a_proxy_that_takes_the_script_away_gets_no_pass_by_link_and_code_alone(
    chromium: Browser, house: House, guard: Guard, sent: Send, lifecycle: Lifecycle
) -> None:
    link, on = sent(), signals("origin")
    with (
        portal(house, guard, on) as address,
        between(address) as foreign,
        opened(chromium, java_script_enabled=False) as (page, _),
    ):
        page.goto(f"{foreign}/v")
        page.get_by_label("8-digit code").fill(link.fallback)
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("6-digit code").fill(link.code)
        page.get_by_role("button", name="Continue").click()
        leave_card(page, "Continue")
    now = lifecycle.get(link.verification.id)
    assert "The browser told nothing of itself." in [row["text"] for row in now.observed]
    assert (now.state, now.risk_level) == (State.REVIEW, RiskLevel.MEDIUM)


def test_a_10_the_real_portal_is_seen_as_such(
    chromium: Browser, house: House, guard: Guard, sent: Send, lifecycle: Lifecycle
) -> None:
    on: dict[str, Signal] = signals("origin")
    link = sent()
    with portal(house, guard, on) as address, opened(chromium) as (page, _):
        to_card(page, address, link.token, link.code)
        leave_card(page, "Continue")
    (row,) = lifecycle.get(link.verification.id).observed
    assert (row["weight"], row.get("unknown")) == (0.0, None)
    assert row["text"].startswith("The page was shown under our own address.")


def test_the_card_is_readable_by_everybody_and_fits_a_small_phone(
    chromium: Browser, house: House, guard: Guard, sent: Send
) -> None:
    link, small = sent(), {"width": 320, "height": 640}
    with portal(house, guard, every()) as address, opened(chromium, viewport=small) as (page, _):
        to_card(page, address, link.token, link.code)
        page.get_by_text("things we look at, and why").click()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert [v["id"] for v in violations(page)] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
