"""A typed address on the Send page in a browser: its echo, its tick, and the second field without it."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from deskward.core.verification import Verification
from deskward.store.opening import Opened
from tests.web.desk.conftest import log_in


def test_sr_39_the_echo_replaces_the_second_field(
    address: str,
    window: Callable[..., BrowserContext],
    opened: Callable[..., Verification],
    store: Opened,
) -> None:
    verification = opened()
    page = window().new_page()
    log_in(page, f"{address}/send/{verification.id}")
    page.check("#typed-choice")
    expect(page.locator("#again")).to_be_visible()
    page.fill("#typed", "anna@privat.example")
    page.get_by_label("Yes, this is what the requester said").check()
    expect(page.locator("#again")).to_be_hidden()
    expect(page.locator("#echo")).to_contain_text("looks like a•••@p•••.example")
    page.select_option("#reason", "Another reason")
    page.fill("#reason_text", "On a boat")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(f"{address}/send/{verification.id}")
    expect(page.get_by_text("Say this code to the caller")).to_be_visible()
    links = [s for s in store.store.sendings(verification.id) if s.purpose == "link"]
    assert [s.address for s in links] == ["anna@privat.example"]
