"""However often something is clicked, in however many tabs, it happens once; back and reload lead on."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.servers.roster import nobody_writes
from tests.stories.people import Human
from tests.stories.product import Product, until
from tests.stories.proving import texted_code
from tests.stories.walk import NEW_PASSWORD, Story, Ticket, fallback_of, mailed_link, mailed_links

ONCE = ["opened", "sent", "started", "passed", "acting", "done", "closed"]


def test_a_double_click_on_every_button_does_everything_once(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    agent.page.get_by_role("button", name="Send", exact=True).dblclick()
    agent.page.get_by_role("heading", name="Progress").wait_for()
    link = mailed_link(product, human)
    requester.follow(link)
    requester.page.get_by_label("6-digit code").fill(agent.code())
    requester.page.get_by_role("button", name="Continue", exact=True).dblclick()
    requester.sees("Is this your request?")
    requester.page.get_by_role("button", name="Continue", exact=True).dblclick()
    requester.page.get_by_label("New password").fill(NEW_PASSWORD)
    requester.page.get_by_role("button", name="Set new password").dblclick()
    requester.sees("Done")
    ticket.has_status("Closed")
    _happened_once(product, human, ticket)


def test_two_tabs_do_everything_once(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    other = agent.page.context.new_page()
    other.goto(ticket.send_address)
    code = agent.send()
    other.get_by_role("button", name="Send", exact=True).click()
    expect(other.get_by_role("alert")).to_contain_text("This verification changed since you opened the page.")
    link, second = mailed_link(product, human), requester.page.context.new_page()
    requester.follow(link)
    second.goto(link)
    second.get_by_label("6-digit code").fill(code)
    requester.enter(code)
    requester.sees("Is this your request?")
    second.get_by_role("button", name="Continue", exact=True).click()
    expect(second.get_by_role("heading", name="Is this your request?")).to_be_visible()
    requester.press("Continue")
    requester.sees("Password reset")
    second.get_by_role("button", name="Continue", exact=True).click()
    expect(second.get_by_role("heading", name="Password reset")).to_be_visible()
    requester.reset()
    second.get_by_label("New password").fill("another long sentence 43")
    second.get_by_role("button", name="Set new password").click()
    expect(second.get_by_role("heading", name="Done")).to_be_visible()
    ticket.has_status("Closed")
    _happened_once(product, human, ticket)


def test_a_browser_that_is_closed_in_the_middle_of_the_action_stops_nothing(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    code = agent.send()
    link = mailed_link(product, human)
    requester.follow(link)
    requester.agree(code)
    requester.page.get_by_label("New password").fill(NEW_PASSWORD)
    with nobody_writes(product.folder):
        requester.page.get_by_role("button", name="Set new password").click(no_wait_after=True)
        until(lambda: ticket.row()["state"] == "acting")
        requester.page.context.close()
        assert not product.has_password(human, NEW_PASSWORD)
    ticket.has_status("Closed")
    ticket.noted("Action completed by the requester")
    other = story.requester()
    other.page.goto(link)
    expect(other.page.locator("main")).to_contain_text("This link does not work")
    _happened_once(product, human, ticket)


def test_of_two_agents_the_second_is_told(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    alex, sam = story.agent("alex"), story.agent("sam")
    ticket = alex.ticket(human, "Password Reset")
    alex.open(ticket)
    sam.open(ticket)
    code = alex.send()
    sam.page.get_by_role("button", name="Send", exact=True).click()
    expect(sam.page.get_by_role("alert")).to_contain_text("This verification changed since you opened the page.")
    sam.page.route("**/progress", lambda route: route.abort())  # what sam sees stays as it was
    sam.page.goto(ticket.send_address)
    assert sam.code() == code
    alex.page.get_by_role("button", name="Cancel").click()
    sam.page.get_by_role("button", name="New call code").click()
    expect(sam.page.locator(".verdict")).to_contain_text("Cancelled")
    ticket.noted("Verification cancelled", "Cancelled by: Alex Agent")
    assert len(mailed_links(product, human)) == 1


def test_back_and_reload_lead_on_at_every_step(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket, page = agent.ticket(human, "Password Reset"), requester.page
    agent.open(ticket)
    code = agent.send()
    requester.follow(mailed_link(product, human))
    page.reload()
    requester.sees("Enter the code")
    requester.enter(code)
    requester.sees("Is this your request?")
    _back_and_reload(page, "Is this your request?")
    requester.press("Continue")
    requester.sees("Password reset")
    _back_and_reload(page, "Password reset")
    page.get_by_label("New password").fill("short")
    requester.reset()
    _back_and_reload(page, "Done")
    ticket.has_status("Closed")
    _happened_once(product, human, ticket)
    agent.page.reload()
    agent.page.go_back()
    agent.page.go_forward()
    agent.progress("Ticket closed")
    assert len(mailed_links(product, human)) == 1


def _back_and_reload(page: Page, heading: str) -> None:
    page.reload()
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()


def _happened_once(product: Product, human: Human, ticket: Ticket) -> None:
    titles = ticket.titles()
    assert len(titles) == len(set(titles))
    assert [row["kind"] for row in _events(product, ticket)] == ONCE
    assert len(mailed_links(product, human)) == 1
    state: dict[str, Any] = json.loads((product.folder / "people.toml.state.json").read_text())
    assert state[human.id]["changes"] == 1
    assert product.has_password(human, NEW_PASSWORD)


def _events(product: Product, ticket: Ticket) -> list[dict[str, Any]]:
    return sorted(product.of("events", ticket.verification), key=lambda row: row["seq"])


def test_without_script_a_double_click_goes_on_too(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester(java_script_enabled=False)
    ticket = agent.ticket(human, "Account Unlock")
    agent.open(ticket)
    code = agent.send()
    requester.page.goto(mailed_link(product, human))
    requester.page.get_by_label("8-digit code").fill(fallback_of(product.mails(human.mail)[0]["text"]))
    requester.page.get_by_role("button", name="Continue", exact=True).dblclick()
    requester.page.get_by_label("6-digit code").fill(code)
    requester.page.get_by_role("button", name="Continue", exact=True).dblclick()
    requester.sees("Is this your request?")
    requester.page.get_by_role("button", name="Continue", exact=True).dblclick()
    requester.sees("One more proof")
    requester.page.locator("form.way", has_text="SMS").locator("button").dblclick()
    requester.page.get_by_label("Code").fill(texted_code(product, human))
    requester.page.get_by_role("button", name="Continue", exact=True).dblclick()
    requester.page.get_by_role("button", name="Unlock my account").dblclick()
    requester.sees("Done")
    ticket.has_status("Closed")
    more = ["agreed", "asked", "passed"]
    assert [row["kind"] for row in _events(product, ticket)] == [*ONCE[:3], *more, *ONCE[4:]]
