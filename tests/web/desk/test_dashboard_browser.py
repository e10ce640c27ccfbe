"""Dashboard and audit log in a real browser: by keyboard only, without complaints, accessible at every width."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from deskward.core.accounts import Agent, Role
from deskward.core.ports import Change
from deskward.core.risk import RiskLevel
from deskward.core.verification import Outcome, State, Verification
from deskward.store.opening import Opened
from tests.fakes import FakeClock
from tests.web.desk.conftest import log_in
from tests.web.desk.test_desk_browser import check, complaints

Open = Callable[..., Verification]
Window = Callable[..., BrowserContext]


@pytest.fixture
def auditor(store: Opened, agent: Agent) -> Agent:
    """Let the agent of the tests be an auditor too."""
    both = replace(agent, roles=(Role.AGENT.value, Role.AUDITOR.value))
    store.accounts.put_agent(both)
    return both


@pytest.fixture
def some(opened: Open, store: Opened, clock: FakeClock) -> None:
    """Write 40 verifications of 40 days."""
    first = opened("1001")
    ends = [(State.DONE, Outcome.PASSED, RiskLevel.VERIFIED), (State.FAILED, Outcome.FAILED, RiskLevel.HIGH)]
    for n in range(40):
        state, outcome, level = ends[n % 2]
        at = clock.now() - timedelta(days=n)
        row = replace(first, id=f"DW-{n:010d}", ticket_id=f"t-{n}", ticket_number=f"IR-{3000 + n}", version=0)
        row = replace(row, state=state, outcome=outcome, risk_level=level, opened_at=at)
        store.store.save(replace(row, started_at=at, decided_at=at + timedelta(minutes=n + 1)), Change())


def press_until(page: Page, text: str) -> None:
    """Press Tab until the link or button with this text has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == text:
            return
    raise AssertionError(f"“{text}” cannot be reached by Tab.")


def test_from_the_dashboard_to_the_table_and_from_the_log_to_the_details_by_keyboard_only(
    *, address: str, window: Window, auditor: Agent, some: None
) -> None:
    page = window().new_page()
    said = complaints(page)
    log_in(page, f"{address}/dashboard")
    press_until(page, "7 days")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard?days=7")
    press_until(page, "As a table")
    page.keyboard.press("Enter")
    expect(page.locator("#results ~ details table")).to_be_visible()
    press_until(page, "8")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Helpdesk Verifications | 8")).to_be_visible()
    press_until(page, "Audit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    press_until(page, "IR-1001")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Analysis Report")).to_be_visible()
    assert said == []


def test_a_chart_is_read_as_an_image_with_its_sums(
    address: str, window: Window, auditor: Agent, some: None
) -> None:
    page = window().new_page()
    log_in(page, f"{address}/dashboard")
    chart = page.get_by_role("img", name="Results, ")
    expect(chart).to_have_count(1)
    sums = "Passed 15, Failed 15, In progress 1. The table below has every number."
    expect(chart).to_have_accessible_name(f"Results, 2026-04-05 to 2026-05-04 {sums}")


@pytest.mark.parametrize("width", [390, 1280])
def test_sr_130_to_132_axe_finds_nothing_and_nothing_overflows(
    *, address: str, window: Window, auditor: Agent, some: None, width: int
) -> None:
    context = window(viewport={"width": width, "height": 900}, bypass_csp=True)
    page, found = context.new_page(), list[str]()
    log_in(page, f"{address}/dashboard")
    names = ["/dashboard", "/dashboard?days=90", "/dashboard?from=x", "/dashboard?from=2025-01-01&to=2025-01-02"]
    names += ["/audit", "/audit?what=looks", "/audit?who=odd&after=x", "/audit?about=IR-99", "/?need=review"]
    for name in names:
        page.goto(address + name)
        for summary in page.locator("section summary").all():
            summary.click()
        found += check(page)
    assert found == []
