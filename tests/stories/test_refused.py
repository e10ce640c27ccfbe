"""People who are never served by a link: note and page say why."""

import pytest
from playwright.sync_api import expect

from tests.stories.people import LENA
from tests.stories.product import until
from tests.stories.walk import Story, Ticket

REFUSED = {
    "Dana Root": "Privileged accounts are never served by link",
    "Tom Leaver": "The account is disabled in the directory.",
}
SECOND_FACTOR = "This request needs proof level P3, because the account uses a second factor"


@pytest.mark.parametrize("name", REFUSED)
def test_who_cannot_be_served_is_told_in_note_and_page(story: Story, name: str) -> None:
    _told(story, name, REFUSED[name])


def test_who_uses_a_second_factor_where_nobody_could_vouch_is_told_in_note_and_page(story: Story) -> None:
    _told(story, LENA.name, SECOND_FACTOR)


def _told(story: Story, name: str, words: str) -> None:
    ticket = story.agent().ticket(name, "Password Reset")
    ticket.noted("Identity verification cannot be sent", words)
    _nothing_to_send(story, ticket, words)


def test_the_accounts_own_ticket_is_never_served(story: Story) -> None:
    agent = story.agent()
    page = agent.page
    page.goto(story.product.at("sandbox", "/changegear/tickets/new"))
    page.get_by_label("Requester").evaluate("list => list.add(new Option('Deskward', '1'))")
    page.get_by_label("Requester").select_option("1")
    category = page.get_by_label("Category").locator("option").filter(has_text="Password Reset").first
    page.get_by_label("Category").select_option(category.get_attribute("value"))
    page.get_by_label("Summary").fill("A ticket of the account itself")
    page.get_by_role("button", name="Create ticket").click()
    page.wait_for_url("**/tickets/*")
    words = "The ticket's requester is the account Deskward itself uses."
    ticket = Ticket(page, story.product, page.url.rpartition("/")[2])
    ticket.noted("Identity verification cannot be sent", words)
    _nothing_to_send(story, ticket, words)


def _nothing_to_send(story: Story, ticket: Ticket, words: str) -> None:
    address = ticket.page.get_by_role("link", name="Details").get_attribute("href") or ""
    agent = story.agent()
    agent.page.goto(address)
    expect(agent.page.get_by_role("heading", name="Nothing can be sent")).to_be_visible()
    expect(agent.page.locator("main")).to_contain_text(words)
    expect(agent.page.get_by_role("button", name="Send", exact=True)).to_have_count(0)
    stored = until(lambda: story.product.of("verifications", address.rpartition("/")[2]))[0]
    assert (stored["state"], stored["sends"]) == ("opened", 0)
