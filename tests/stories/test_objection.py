"""“This is not me”: the owner stops somebody else's story from a message."""

from playwright.sync_api import expect

from tests.stories.proving import object_by, objection_link
from tests.stories.test_scanner import press_everything
from tests.stories.walk import NEW_PASSWORD, Story, mailed_link

WORDS = ("scanner", "scanner@mail.example", "1234")
SAID = "The account's owner says: this was not me"


def test_sr_46_a_37_the_owner_stops_it_from_a_notice_and_a_scanner_does_not(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, owner, stranger = story.agent(), story.requester(), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    code = agent.send()
    link = objection_link(product, human.email, "request for your account")
    for junk in WORDS:
        scanner = story.window().new_page()
        scanner.goto(link)
        expect(scanner.get_by_role("heading", name="Was this not you?")).to_be_visible()
        press_everything(scanner, junk)
        scanner.context.close()
    assert ticket.row()["state"] == "sent"

    stranger.follow(mailed_link(product, human))
    object_by(owner, link)
    ticket.noted(SAID, "Do nothing on this request.", "Password reset")
    stranger.enter(code)
    stranger.sees("This link does not work")
    agent.page.reload()
    expect(agent.page.locator(".objection")).to_contain_text("The account’s owner said: this was not me.")
    expect(agent.page.locator(".objection")).to_contain_text("call the owner on a number on file")
    expect(agent.page.get_by_role("link", name="Resend")).to_have_count(0)
    expect(agent.page.get_by_role("button", name="Start again")).to_have_count(0)


def test_sr_46_the_requester_stops_it_on_the_card_by_one_press(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Account Unlock")
    agent.open(ticket)
    code = agent.send()
    requester.follow(mailed_link(product, human))
    requester.enter(code)
    requester.sees("Is this your request?")
    requester.page.get_by_text("This is not my request").click()
    requester.press("This is not me")
    requester.sees("Thank you, it is stopped")
    ticket.noted(SAID, "Said: on the page of the pinned run")


def test_sr_47_after_the_reset_the_owner_gets_the_account_back(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, stranger, owner = story.agent(), story.requester(), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    code = agent.send()
    stranger.follow(mailed_link(product, human))
    stranger.agree(code)
    stranger.reset()
    assert product.has_password(human, NEW_PASSWORD)
    object_by(owner, objection_link(product, human.mail, "your account was changed"))
    expect(owner.page.locator("main")).to_contain_text("is being taken back")
    ticket.noted("What the action set was taken back")
    assert not product.has_password(human, NEW_PASSWORD)
    assert not product.is_locked(human)
