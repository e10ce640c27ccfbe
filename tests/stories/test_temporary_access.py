"""Temporary access in a browser: shown once to the requester, copied, received; in no ticket, page or row."""

from playwright.sync_api import expect

from tests.stories.walk import Story, mailed_link


def test_sr_54_temporary_access_is_shown_once_and_closes_the_ticket_by_the_requesters_word(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Temporary access")
    agent.open(ticket)
    code = agent.send()
    requester.follow(mailed_link(product, human))
    requester.agree(code)
    requester.press("Show my temporary access")
    given = requester.page.get_by_label("Your temporary access")
    expect(given).to_have_attribute("type", "password")
    requester.press("Show")
    expect(given).to_have_attribute("type", "text")
    secret = given.input_value()
    requester.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    requester.press("Copy")
    expect(requester.page.get_by_role("button", name="Copied")).to_be_visible()
    assert requester.page.evaluate("navigator.clipboard.readText()") == secret
    requester.page.goto(product.at("portal", "/v/step"))
    expect(requester.page.locator("main")).to_contain_text("was shown on this page once")
    assert secret not in requester.page.content()
    ticket.noted("Action completed by the requester", "stays open until they say that they have it")
    requester.press("I have it")
    requester.sees("Done")
    ticket.has_status("Closed")
    ticket.noted("The requester has the temporary access")
    assert secret not in ticket.page.content()
    agent.details(ticket)
    assert secret not in agent.page.content()
    assert secret not in repr(product.rows())
    assert product.has_password(human, secret)
    assert not product.has_password(human, secret)
