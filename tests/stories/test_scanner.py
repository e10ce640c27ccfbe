"""A mail scanner comes first: it asks, runs scripts, fills every field and presses every button (A-01, A-02)."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.stories.product import Product
from tests.stories.walk import Story, Ticket, mailed_link

WORDS = ("scanner", "scanner@mail.example", "1234")
PATHS = ("/", "/v", "/v/open", "/v/start", "/v/step", "/v/continue", "/v/act", "/v/state", "/v/not-me")
OBJECTION = ("/not-me", "/not-me/open", "/not-me/press")


def test_a_01_a_02_a_scanner_before_the_requester_changes_nothing(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent = story.agent()
    ticket = agent.ticket(human, "Account Unlock")
    agent.open(ticket)
    code = agent.send()
    link = mailed_link(product, human)
    ticket.noted("Verification link sent")
    before = _standing(product, ticket)
    _asked_for(product, link)
    for junk in (*WORDS, f"{(int(code) + 7) % 10**6:06}"):
        scanner = story.window(viewport={"width": 800, "height": 600}).new_page()
        scanner.goto(link)
        expect(scanner.get_by_role("heading", name="Enter the code")).to_be_visible()
        press_everything(scanner, junk)
        scanner.context.close()
    assert _standing(product, ticket) == before
    stored = ticket.row()
    assert (stored["state"], stored["pin"]) == ("sent", "")
    assert stored["wrong_total"] <= 4
    assert ticket.titles() == ["Identity verification needed", "Verification link sent"]

    requester = story.requester()
    requester.follow(link)
    requester.agree(code)
    requester.press("Unlock my account")
    requester.sees("Done")
    ticket.noted("Verification result", "Verification Outcome: Passed")
    ticket.has_status("Closed")


def _asked_for(product: Product, link: str) -> None:
    token = link.partition("#")[2]
    for method in ("HEAD", "GET", "OPTIONS"):
        for path in (*PATHS, *OBJECTION, f"/v?token={token}", f"/v/open?token={token}", f"/{token}"):
            answer = product.ask(method, "portal", path)
            assert answer.status_code < 500
            assert "set-cookie" not in answer.headers


def _standing(product: Product, ticket: Ticket) -> dict[str, Any]:
    """Give what a scanner must not change: the row without its counters, sendings and errands."""
    counters = {"opens", "code_tries", "wrong_total", "reached", "version", "updated_at"}
    row = {name: value for name, value in ticket.row().items() if name not in counters}
    events = [e["kind"] for e in product.of("events", ticket.verification) if e["kind"] != "wrong_value"]
    tables = {name: product.of(name, ticket.verification) for name in ("sendings", "grants", "errands")}
    # Notices are still on their way, and their delivery goes on.
    own = {"sendings": ("purpose", "link"), "errands": ("kind", "note")}
    tables |= {name: [r for r in tables[name] if r[column] == value] for name, (column, value) in own.items()}
    return {"row": row, "events": sorted(events), **tables}


def press_everything(page: Page, junk: str) -> None:
    """Fill every field and press every button, twice."""
    for _ in range(2):
        for one in page.locator("input:visible").all():
            one.fill(junk)
        for button in page.locator("button:visible").all():
            with page.expect_navigation():
                button.click()
        for link in page.locator("a:visible").all():
            link.click()
