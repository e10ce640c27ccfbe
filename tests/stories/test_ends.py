"""Stories that end early: failed, timed out, cancelled, changed in the ticket, never begun."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from deskward.core.notes import RECOMMEND_MORE, RECOMMEND_STOP
from tests.stories.product import Product, started, until
from tests.stories.walk import Story, mailed_link


def test_five_wrong_values_fail_it_and_the_page_names_no_reason(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    code = agent.send()
    link = mailed_link(product, human)
    requester.follow(link)
    for _ in range(4):
        requester.enter(_wrong(code))
        expect(requester.page.get_by_role("alert")).to_contain_text("That code is not right.")
    requester.enter(_wrong(code))
    requester.sees("We could not complete this")
    expect(requester.page.locator("main")).not_to_contain_text("wrong")
    ticket.noted("Verification result", "Verification Outcome: Failed", f"Recommendation: {RECOMMEND_STOP}")
    ticket.noted("Verification result", "Reason: The code was entered wrong 5 times.", "Proof level: P0")
    expect(agent.page.locator(".verdict")).to_contain_text("Failed")
    left_out = agent.page.locator(".steps li.skip").filter(has_text="Started")
    left_out.scroll_into_view_if_needed()
    expect(left_out).to_be_in_viewport()
    requester.page.goto("about:blank")
    requester.page.goto(link)
    requester.sees("This link does not work")
    expect(ticket.page.locator("#head .pill")).not_to_have_text("Closed")


def test_nothing_done_in_time_is_timed_out(chromium: Browser, tmp_path: Path) -> None:
    hurry = {"DESKWARD_LIMITS__LINK_MINUTES_EMAIL": "0.03"}
    with (
        started(tmp_path, "sqlite:///deskward.db", settings=hurry) as product,
        Story.told(chromium, product) as story,
    ):
        agent, requester, human = story.agent(), story.requester(), product.somebody()
        ticket = agent.ticket(human, "Password Reset")
        agent.open(ticket)
        agent.send()
        ticket.noted("Verification result", "Verification Outcome: Timed Out", "Reason: Nothing was done in time.")
        ticket.noted("Verification result", f"Recommendation: {RECOMMEND_MORE}")
        requester.page.goto(mailed_link(product, human))
        requester.sees("This link does not work")
        expect(agent.page.locator(".verdict")).to_contain_text("Timed Out")


def test_cancelled_by_the_agent_the_link_is_dead(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    code = agent.send()
    requester.follow(mailed_link(product, human))
    agent.page.get_by_role("button", name="Cancel").click()
    expect(agent.page.locator(".verdict")).to_contain_text("Cancelled")
    ticket.noted("Verification cancelled", "Cancelled by: Alex Agent")
    requester.enter(code)
    requester.sees("This link does not work")
    requester.page.goto(product.at("portal", "/v"))
    requester.page.goto(mailed_link(product, human))
    requester.sees("This link does not work")


def test_another_requester_in_the_ticket_cancels_and_begins_anew(story: Story) -> None:
    product, first, second = story.product, story.product.somebody(), story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(first, "Password Reset")
    agent.open(ticket)
    code, old = agent.send(), ticket.verification
    requester.follow(mailed_link(product, first))
    ticket.change(requester=second.name)
    ticket.noted("Verification cancelled", "a change in the ticket", "The requester was changed in the ticket.")
    ticket.noted("Identity verification needed", times=2)
    requester.enter(code)
    requester.sees("This link does not work")
    assert ticket.verification != old
    agent.open(ticket)
    expect(agent.page.locator("main")).to_contain_text(second.name)
    expect(agent.page.locator("main")).not_to_contain_text(first.name)


def test_another_category_in_the_ticket_cancels_it(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent = story.agent()
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    agent.send()
    ticket.change(category="Printer")
    ticket.noted("Verification cancelled", "a change in the ticket", "The category was changed in the ticket.")
    expect(agent.page.locator(".verdict")).to_contain_text("Cancelled")
    mailed = mailed_link(product, human)
    requester = story.requester()
    requester.page.goto(mailed)
    requester.sees("This link does not work")
    assert len([row for row in product.rows()["verifications"] if row["ticket_id"] == ticket.id]) == 1


def test_a_ticket_in_no_configured_category_stays_untouched(story: Story) -> None:
    product = story.product
    agent, human, other = story.agent(), product.somebody(), product.somebody()
    left = agent.ticket(human, "Printer")
    before = _record(product, left.id)
    agent.ticket(other, "Password Reset").noted("Identity verification needed")
    until(lambda: any(row["ticket_id"] == left.id for row in product.rows()["known_tickets"]))
    assert _record(product, left.id) == before
    assert all(row["ticket_id"] != left.id for row in product.rows()["verifications"])
    left.page.reload()
    assert left.titles() == []


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def _record(product: Product, ticket_id: str) -> Any:
    with sqlite3.connect(product.folder / "changegear.db") as shelf:
        rows = shelf.execute(
            "SELECT kind, body FROM record WHERE id = ? ORDER BY kind", (int(ticket_id),)
        ).fetchall()
    shelf.close()
    tickets = [body for kind, body in rows if kind == "ticket"]
    assert [json.loads(body)["fields"]["Summary"] for body in tickets]
    return tickets
