"""Single sign-on in a real browser: an agent sends, an approver confirms at the provider and approves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.accessible import violations
from tests.servers.openid import OpenId
from tests.stories.conftest import SETTINGS
from tests.stories.product import started
from tests.stories.provider import NAME, give, newcomer, provided, send_back_to, settings_of
from tests.stories.proving import enrol
from tests.stories.walk import Agent, Story, Ticket, mailed_link


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenId]:
    with provided() as running:
        yield running


@pytest.fixture(scope="module")
def signing_on(chromium: Browser, provider: OpenId, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Give a story on a product that has the provider."""
    folder = Path(tmp_path_factory.mktemp("single-sign-on"))
    settings = {**SETTINGS, **settings_of(provider)}
    with started(folder, "sqlite:///deskward.db", settings=settings) as product:
        send_back_to(provider, product)
        with Story.told(chromium, product) as story:
            yield story


def test_sr_84_sr_88_an_agent_sends_and_an_approver_confirms_at_the_provider(
    signing_on: Story, provider: OpenId
) -> None:
    story, human = signing_on, signing_on.product.somebody()
    kim = newcomer(story, provider)
    ticket = kim.ticket(human, "Account Unlock")
    kim.page.goto(ticket.send_address)
    sound(kim.page)
    kim.page.get_by_role("link", name=f"Sign in with {NAME}").click()
    give(kim.page, "kim")
    expect(kim.page.get_by_role("heading", name="Send Verification Portal Link")).to_be_visible()
    ask_for_set_up(kim, ticket)
    address = approved(newcomer(story, provider, "lee", minutes=20), kim, ticket)
    enrol(story.requester().page, address)
    kim.open(ticket)
    code, requester = kim.send(), story.requester()
    requester.follow(mailed_link(story.product, human))
    requester.agree(code)
    ticket.noted("Verification result", "Verification Outcome: Passed", "Kim Agent")
    assert story.complaints == []


def ask_for_set_up(agent: Agent, ticket: Ticket) -> None:
    """Let the agent open a set-up, which a second person has to approve."""
    agent.details(ticket)
    agent.page.get_by_text("Set up in person").click()
    agent.page.get_by_label("How did you identify the person?").fill("Passport seen at the front desk")
    agent.page.get_by_role("button", name="Ask for approval").click()
    expect(agent.page.get_by_text("Another person with the role approver has to say yes")).to_be_visible()


def approved(lee: Agent, kim: Agent, ticket: Ticket) -> str:
    """Approve after confirming at the provider, whose own session is too old; gives the one-time address."""
    lee.details(ticket)
    lee.page.get_by_role("link", name=f"Sign in with {NAME}").click()
    lee.page.get_by_role("button", name="Approve set-up", exact=True).click()
    expect(lee.page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    sound(lee.page)
    lee.page.get_by_role("link", name=f"Confirm with {NAME}").click()
    give(lee.page, "lee")
    lee.page.get_by_role("button", name="Approve set-up", exact=True).click()
    expect(lee.page.get_by_text("Approved.")).to_be_visible()
    kim.page.reload()
    return kim.page.locator("code.address").inner_text()


def test_who_is_in_no_group_of_ours_stays_outside(signing_on: Story, provider: OpenId) -> None:
    page = newcomer(signing_on, provider).page
    page.goto(signing_on.product.at("desk"))
    page.get_by_role("link", name=f"Sign in with {NAME}").click()
    give(page, "nia")
    expect(page.get_by_role("alert")).to_contain_text("is in no group that gives a role here")
    sound(page)
    page.goto(signing_on.product.at("desk"))
    expect(page.get_by_role("heading", name="Sign in to the desk")).to_be_visible()


def sound(page: Page) -> None:
    """Find nothing that keeps anybody out (WCAG 2.2 A and AA)."""
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations(page)] == []
