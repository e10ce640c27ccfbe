"""A typed address on the Send page in a browser: its echo, its tick, and the second field without it."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from deskward.core.accounts import Agent
from deskward.core.verification import Verification
from deskward.store.opening import Opened
from tests.web.desk.conftest import PASSWORD


def test_sr_39_the_echo_replaces_the_second_field(
    address: str,
    window: Callable[..., BrowserContext],
    agent: Agent,
    opened: Callable[..., Verification],
    store: Opened,
) -> None:
    verification = opened()
    page = window().new_page()
    page.goto(f"{address}/login")
    page.fill("[name=login]", agent.login)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.goto(f"{address}/send/{verification.id}")
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
    assert store.store.sendings(verification.id)[0].address == "anna@privat.example"
