"""Break-glass in a real browser: asked for, confirmed, used by the requester, reviewed by a third (SR-69)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.stories.people import MIRA
from tests.stories.proving import add_authenticator, enrol, set_up_in_person
from tests.stories.walk import NEW_PASSWORD, Agent, Requester, Story, Ticket, mailed_link

Look = Callable[[Page, str], None]
WHY = "She operates in ten minutes, and her phone is in the taxi."
FOUND = "Called her on the ward: it was her."
UNREVIEWED = "Break-glass that nobody reviewed"


@pytest.mark.parametrize("product", ["postgresql"], indirect=True)  # the pictures are taken of it on SQLite
def test_sr_69_two_people_let_a_reset_through_and_it_stays_open_until_a_third_reviewed_it(story: Story) -> None:
    walk(story, lambda _page, _name: None)
    assert story.product.has_password(MIRA, NEW_PASSWORD)
    assert story.complaints == []


def walk(story: Story, look: Look) -> None:
    """Walk the whole way; `look` sees each screen."""
    agent, sam, ada, requester = story.agent(), story.agent("sam"), story.agent("ada"), story.requester()
    before = agent.ticket(MIRA, "Account Unlock")
    enrol(story.requester().page, set_up_in_person(agent, sam, before))
    ticket = agent.ticket(MIRA, "Password Reset", "Cannot sign in, operates at noon")
    agent.open(ticket)
    code = agent.send()
    requester.follow(mailed_link(story.product, MIRA))
    requester.agree(code)
    requester.sees("One more proof")
    requester.press("I cannot do any of these")
    requester.sees("Thank you")
    ticket.noted("Verification result", "Not decided", "The proof reaches P2, the requested action needs P3.")
    asked(sam, ticket, look)
    confirmed(ada, ticket, look)
    ticket.noted("Break-glass: let through without enough proof", "Asked by: Sam Second", WHY)
    agent.page.goto(ticket.send_address)
    expect(agent.page.get_by_role("heading", name="Let through by break-glass")).to_be_visible()
    look(agent.page, "sent-glass")
    used(requester, look)
    ticket.noted("Verification result", "Verification Outcome: Break-glass", times=2)
    ticket.has_status("Closed")
    reviewed(story, ada, ticket, look)


def asked(sam: Agent, ticket: Ticket, look: Look) -> None:
    """Ask for it as an approver."""
    page = sam.page
    sam.details(ticket)
    page.locator("summary", has_text="Break-glass").click()
    look(page, "details-glass-ask")
    page.get_by_label("Why this cannot wait for more proof").fill(WHY)
    if sam.press_fresh("sam", "Ask for break-glass"):
        page.locator("summary", has_text="Break-glass").click()
        page.get_by_label("Why this cannot wait for more proof").fill(WHY)
        page.get_by_role("button", name="Ask for break-glass").click()
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()


def confirmed(ada: Agent, ticket: Ticket, look: Look) -> None:
    """Confirm it as another person, who did not ask."""
    page, name = ada.page, "Confirm: let this request through"
    ada.details(ticket)
    expect(page.get_by_text("Sam Second asks for break-glass.")).to_be_visible()
    look(page, "details-glass-asked")
    if ada.press_fresh("ada", name):
        page.get_by_role("button", name=name).click()
    expect(page.get_by_text("Sam Second asked for it, Ada Administrator confirmed it")).to_be_visible()
    look(page, "details-glass-confirmed")


def used(requester: Requester, look: Look) -> None:
    """Go on as the requester."""
    page = requester.page
    page.goto(requester.product.at("portal", "/v/step"))
    requester.sees("You can go on")
    look(page, "portal-glass")
    requester.press("Continue")
    page.get_by_label("New password").wait_for()
    look(page, "portal-glass-act")
    requester.reset()
    expect(page.get_by_text("Make the next time faster")).to_have_count(0)


def reviewed(story: Story, ada: Agent, ticket: Ticket, look: Look) -> None:
    """Review it as a third person; until then it stays on the dashboard."""
    ada.page.goto(story.product.at("desk", "/dashboard"))
    expect(ada.page.get_by_text(UNREVIEWED)).to_be_visible()
    look(ada.page, "dashboard-glass")
    third = joined(story, ada)
    third.details(ticket)
    expect(third.page.get_by_role("button", name="Reviewed")).to_be_visible()
    look(third.page, "details-glass-review")
    third.page.get_by_label("What your review found").fill(FOUND)
    third.page.get_by_role("button", name="Reviewed").click()
    expect(third.page.get_by_text("Reviewed by Rosa Reviewer")).to_be_visible()
    look(third.page, "details-glass-reviewed")
    ticket.noted("Break-glass reviewed", FOUND)
    third.page.goto(story.product.at("desk", "/dashboard"))
    expect(third.page.get_by_role("heading", name="Needs a person now")).to_be_visible()
    expect(third.page.get_by_text(UNREVIEWED)).to_have_count(0)


def joined(story: Story, ada: Agent) -> Agent:
    """Let the administrator invite a third approver, who joins with a passkey."""
    page, new = ada.page, story.window().new_page()
    page.goto(story.product.at("desk", "/people"))
    page.locator("details").first.click()
    page.get_by_label("Approver").last.check()
    if ada.press_fresh("ada", "Make an address"):
        page.locator("details").first.click()
        page.get_by_label("Approver").last.check()
        page.get_by_role("button", name="Make an address").click()
    address = page.locator("code", has_text="/invitation#").inner_text()
    add_authenticator(new)
    new.goto(address)
    new.get_by_label("Login").fill("rosa")
    new.get_by_label("Your name").fill("Rosa Reviewer")
    new.get_by_label("Password").fill("violet otter paints 9 barns")
    new.get_by_role("button", name="Continue").click()
    new.get_by_role("link", name="Use “Passkey” instead").click()
    new.get_by_role("button", name="Create a passkey").click()
    new.get_by_role("button", name="Sign out").wait_for()
    return Agent(new, story.product)
