"""The desk in a real browser: the whole way, the keyboard, scripts in tickets, and accessibility."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from deskward.core.ports import Change, Delivery, Receipt
from deskward.core.verification import State, Verification
from deskward.lifecycle import Lifecycle
from deskward.store.opening import Opened
from deskward.web.desk.doors import COOKIE
from tests.accessible import violations
from tests.web.conftest import Sent
from tests.web.desk.conftest import CODE, PASSWORD, Desk, log_in
from tests.web.desk.test_details import SCRIPTS

Open = Callable[..., Verification]
Window = Callable[..., BrowserContext]


def complaints(page: Page) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    return said


def test_from_login_to_the_call_code_with_progress_that_updates_itself(
    *,
    address: str,
    window: Window,
    opened: Open,
    lifecycle: Lifecycle,
    store: Opened,
    secrets_of: Callable[[Verification], Sent],
) -> None:
    verification, page = opened(), window().new_page()
    said = complaints(page)
    log_in(page, f"{address}/send/{verification.id}")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Say this code to the caller:")).to_be_visible()
    link = secrets_of(lifecycle.get(verification.id))
    expect(page.locator(".code")).to_have_text(f"{link.code[:3]} {link.code[3:]}")
    expect(page.locator(".call")).to_contain_text("left")
    assert page.url == f"{address}/send/{verification.id}"
    page.evaluate("window.here = 1")
    page.get_by_role("link", name="Resend").focus()
    sent = next(s for s in store.store.sendings(verification.id) if s.purpose == "link")
    lifecycle.reported(sent.id, Receipt(Delivery.ACCEPTED, "r", "250"))
    expect(page.locator(".steps")).to_contain_text("Accepted by the mail server")
    expect(page.get_by_role("link", name="Resend")).to_be_focused()
    lifecycle.start(link.token, link.code, address="192.0.2.1", pin_key="")
    expect(page.locator(".steps")).to_contain_text("The right code was entered.")
    expect(page.get_by_text("Say this code to the caller:")).to_have_count(0)
    expect(page.locator("#announce")).to_contain_text("Started")
    assert page.evaluate("window.here") == 1
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    assert said == []


def test_the_ordinary_case_by_keyboard_only(address: str, window: Window, opened: Open) -> None:
    verification, page = opened(), window().new_page()
    page.goto(f"{address}/send/{verification.id}")
    page.get_by_label("Login").focus()
    page.keyboard.type("kim")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code from your app")).to_be_focused()
    page.keyboard.type(CODE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Send Verification Portal Link")).to_be_visible()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Send":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Say this code to the caller:")).to_be_visible()
    page.get_by_role("link", name="Verifications").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="IR-1001").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Analysis Report")).to_be_visible()


def test_a_typed_address_is_looked_at_before_it_is_sent(address: str, window: Window, opened: Open) -> None:
    page = window().new_page()
    log_in(page, f"{address}/send/{opened().id}")
    expect(page.get_by_label("Why no known address works")).to_be_hidden()
    page.get_by_text("Another address", exact=True).click()
    field = page.get_by_label("E-mail address, or phone number")
    field.fill("who@else.example")
    expect(page.locator("#echo")).to_contain_text("is not on file")
    expect(page.get_by_label("Why no known address works")).to_be_visible()
    field.fill("+4915112345678")
    expect(page.get_by_label("SMS")).to_be_checked()
    expect(page.locator("#echo")).to_contain_text("is on file and established")
    expect(page.get_by_label("Why no known address works")).to_be_hidden()
    expect(page.get_by_text("Leads all the way")).to_be_visible()


def test_what_is_new_is_announced_and_what_changed_is_rewritten_without_moving_what_is_read(
    *, address: str, window: Window, opened: Open, store: Opened
) -> None:
    first, page = opened("1001"), window().new_page()
    page.clock.install()
    said = complaints(page)
    log_in(page, f"{address}/")
    page.get_by_role("link", name="IR-1001").focus()
    place = page.locator("[data-news]")
    place.evaluate("place => place.dataset.news = '/news?newest=0_'")
    store.store.save(replace(first, state=State.FAILED, agent_name="Kim Agent"), Change())
    let_time_pass(page, lambda: "1 new verification" in place.inner_text())
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Failed")
    expect(row).to_contain_text("Kim Agent")
    expect(row.locator("time")).not_to_contain_text("UTC")
    expect(page.locator("#announce")).to_have_text("IR-1001: Failed, risk Not assessed")
    expect(page.get_by_role("link", name="IR-1001")).to_be_focused()
    assert said == []


def test_a_server_that_does_not_answer_is_said_and_forgotten_when_it_does(
    address: str, window: Window, opened: Open
) -> None:
    opened()
    page = window().new_page()
    page.clock.install()
    log_in(page, f"{address}/")
    place = page.locator("[data-news]")
    page.route("**/news*", lambda route: route.abort())
    let_time_pass(page, lambda: "No answer from the server" in place.inner_text())
    page.unroute("**/news*")
    let_time_pass(page, lambda: not place.inner_html())


def let_time_pass(page: Page, over: Callable[[], bool]) -> None:
    """Let half a minute pass for the page again and again, until this has come."""
    deadline = time.monotonic() + 90
    while not over():
        assert time.monotonic() < deadline, "waited in vain"
        page.clock.run_for(30_000)


def test_filters_by_keyboard_make_an_address_that_says_them_and_nothing_else(
    address: str, window: Window, opened: Open
) -> None:
    opened("1001")
    page = window(timezone_id="Asia/Tokyo").new_page()
    log_in(page, f"{address}/")
    expect(page.locator("[data-zone-said]")).to_have_text("Asia/Tokyo")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.type("anna")
    slider = page.get_by_role("slider", name="Risk score at least")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "2 or more")
    expect(page.locator("#score-said")).to_have_text("2")
    page.get_by_role("button", name="Apply").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/?text=anna&score=2")
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
    page.get_by_role("link", name="Remove the filter Risk score").click()
    page.wait_for_url(f"{address}/?text=anna")
    page.get_by_label("From", exact=True).fill("2026-05-01")
    page.get_by_role("searchbox", name="Search").press("Enter")
    page.wait_for_url(f"{address}/?text=anna&from=2026-05-01&zone=Asia%2FTokyo")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    expect(page.get_by_role("slider")).to_be_enabled()
    page.get_by_role("link", name="Reset").click()
    page.wait_for_url(f"{address}/")


def test_j_and_k_go_from_row_to_row_and_can_be_switched_off(address: str, window: Window, opened: Open) -> None:
    for number in ("1001", "1002", "1003"):
        opened(number)
    page = window().new_page()
    log_in(page, f"{address}/")
    rows = page.locator(".number a")
    for key, at in (("j", 0), ("j", 1), ("ArrowDown", 2), ("j", 2), ("k", 1), ("ArrowUp", 0), ("k", 0)):
        page.keyboard.press(key)
        expect(rows.nth(at)).to_be_focused()
    page.keyboard.press("Control+k")
    expect(rows.nth(0)).to_be_focused()
    page.get_by_role("checkbox", name="Keys").uncheck()
    page.reload()
    expect(page.get_by_role("checkbox", name="Keys")).not_to_be_checked()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).not_to_be_focused()


def test_the_table_works_without_script(address: str, window: Window, opened: Open, desk: Desk) -> None:
    opened("1001")
    context = window(java_script_enabled=False)
    value, url = desk.client.cookies[COOKIE], "https://desk.localhost"
    context.add_cookies([{"name": COOKIE, "value": value, "url": url, "secure": True, "httpOnly": True}])
    page = context.new_page()
    page.goto(f"{address}/")
    page.get_by_role("searchbox", name="Search").fill("anna")
    page.get_by_label("Status").select_option("In progress")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "text=anna" in page.url
    expect(page.locator("[data-zone-said]")).to_have_text("UTC")
    expect(page.locator("time").first).to_contain_text("UTC")


def test_a_page_left_open_after_the_session_ended_says_so(
    address: str, window: Window, opened: Open, sent: Callable[..., Sent], store: Opened
) -> None:
    page = window().new_page()
    log_in(page, f"{address}/send/{sent().verification.id}")
    store.accounts.end_web_sessions(agent_id="AG-KIM")
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()


def test_a_20_sr_108_no_script_of_a_ticket_runs(address: str, window: Window, opened: Open) -> None:
    corpus = " ".join(SCRIPTS)
    verification, page = opened(subject=corpus, description=corpus), window().new_page()
    said = complaints(page)
    log_in(page, f"{address}/send/{verification.id}")
    for path in ("/", f"/send/{verification.id}", f"/verifications/{verification.id}"):
        page.goto(address + path)
        expect(page.locator("h1")).to_be_visible()
        assert page.locator("main script, main svg, main [onerror]").count() == 0
    assert said == []


@pytest.mark.parametrize("width", [390, 1280])
def test_sr_130_to_132_axe_finds_nothing_and_nothing_overflows(
    *, address: str, window: Window, opened: Open, sent: Callable[..., Sent], width: int
) -> None:
    first, away = opened("1001"), opened("1003", requester_id="p-nobody")
    link = sent("1002").verification
    context = window(viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}/login")
    found = check(page)
    log_in(page, f"{address}/")
    names = [f"/send/{first.id}", f"/send/{link.id}", f"/send/{link.id}?again=1", f"/send/{away.id}"]
    names += [f"/verifications/{link.id}", f"/verifications/{away.id}", "/", "/?text=zzz", "/send/DW-2222222222"]
    names += ["/?status=Odd&score=99&from=x", "/?text=anna&status=In+progress&from=2026-01-01", "/?after=0_"]
    for name in names:
        page.goto(address + name)
        found += check(page)
    assert found == []


def check(page: Page) -> list[str]:
    """Look at the page in light and in dark; gives what is wrong with it."""
    found, wide = list[str](), "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{page.url} {scheme} {v['id']} {[n['html'] for n in v['nodes']][:2]}" for v in violations(page)]
        found += [f"{page.url} {scheme} is {over}px too wide" for over in [page.evaluate(wide)] if over]
    return found
