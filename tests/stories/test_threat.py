"""The threat level in a real browser: what passes ends in review and is approved, and two people lower it."""

import pytest
from playwright.sync_api import Page, expect

from tests.accessible import violations
from tests.stories.proving import approve
from tests.stories.walk import Agent, Story, mailed_link

WHY = "Calls in other people's names since noon."
BANNER = "The threat level is raised"


@pytest.mark.parametrize("product", ["postgresql"], indirect=True)
def test_sr_67_under_a_raised_level_an_approver_lets_one_reset_go_on_and_two_people_lower_it(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, approver, ada, requester = story.agent(), story.agent("sam"), story.agent("ada"), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    raised(approver, "sam")
    try:
        agent.open(ticket)
        expect(agent.page.locator("#threat")).to_contain_text(BANNER)
        code = agent.send()
        requester.follow(mailed_link(product, human))
        requester.agree(code)
        requester.sees("Thank you")
        ticket.noted("Verification result", "The threat level is raised, so a second person must approve.")
        approver.details(ticket)
        approver.page.get_by_label("Reason for approving").fill("Called back on the number on file.")
        approve(approver)
        requester.page.reload()
        requester.press("Continue")
        requester.reset()
        ticket.has_status("Closed")
    finally:
        lowered(approver, ada)
    assert story.complaints == []


def raised(approver: Agent, login: str) -> None:
    page = approver.page
    page.goto(approver.product.at("desk", "/policy"))
    sound(page)
    page.get_by_label("Why").fill(WHY)
    if approver.press_fresh(login, "Raise the threat level"):
        page.get_by_label("Why").fill(WHY)
        page.get_by_role("button", name="Raise the threat level").click()
    expect(page.locator("#threat")).to_contain_text(WHY)
    sound(page)


def lowered(first: Agent, second: Agent) -> None:
    for agent, login, name in (
        (first, "sam", "Ask to lower it now"),
        (second, "ada", "Confirm: lower it now"),
    ):
        page = agent.page
        page.goto(agent.product.at("desk", "/policy"))
        if agent.press_fresh(login, name):
            page.get_by_role("button", name=name).click()
        sound(page)
    expect(second.page.get_by_text(BANNER)).to_have_count(0)
    expect(second.page.get_by_text("Normal", exact=True)).to_be_visible()


def sound(page: Page) -> None:
    """Find nothing that keeps anybody out (WCAG 2.2 A and AA)."""
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations(page)] == []
