"""More proof in a real browser: set up in person, given, approved by a second person, held, and come back to."""

import re

from playwright.sync_api import expect

from tests.stories.people import PRIYA, RITA
from tests.stories.proving import (
    answer,
    app_code,
    approve,
    ask_colleagues,
    enrol,
    enrol_passkey,
    link_to,
    send_to_new,
    set_up_in_person,
    vouch,
    vouch_link,
    way,
)
from tests.stories.walk import NEW_PASSWORD, Agent, Requester, Story, Ticket


def test_a_06_a_new_address_leads_to_the_reset_by_proof_a_second_person_and_a_hold(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, approver, owner, requester = story.agent(), story.agent("sam"), story.requester(), story.requester()
    ticket, address = agent.ticket(human, "Password Reset"), f"{human.login}@new.example"
    secret, printed = enrol(owner.page, set_up_in_person(agent, approver, ticket))
    code = send_to_new(agent, ticket, address)
    requester.follow(link_to(product, address))
    requester.enter(code)
    requester.press("Continue")
    requester.sees("One more proof")
    way(requester, "app")
    answer(requester, app_code(secret, 1))
    requester.sees("One more proof")
    way(requester, "rinted")
    answer(requester, printed)
    requester.sees("Thank you")
    ticket.noted("Verification result", "Not decided", "Proof level: P3", "a second person must approve")

    agent.progress("Proof: authenticator app")
    agent.progress("Proof: printed recovery code")
    approver.details(ticket)
    approver.page.get_by_label("Reason for approving").fill("Known by voice, and her lead confirms.")
    approve(approver)
    ticket.noted("Verification approved by a second person", "Sam Second")
    requester.page.goto(product.at("portal", "/v/step"))
    expect(requester.page.get_by_role("heading", name=re.compile("Almost done|You can go on"))).to_be_visible()
    ticket.noted("Waiting time is over")
    requester.page.goto(product.at("portal", "/v/step"))
    requester.sees("You can go on")
    requester.press("Continue")
    requester.reset()
    ticket.has_status("Closed")
    assert product.has_password(human, NEW_PASSWORD)
    assert story.complaints == []


def test_sr_29_two_colleagues_vouch_after_their_own_login(story: Story) -> None:
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(RITA.name, "Password Reset")
    ask_colleagues(agent, requester, ticket, "rita@new.example")
    for login in ("sam", "ada"):
        vouch(story, login)
    confirmed(agent, requester, ticket)
    assert story.complaints == []


def test_sr_29_a_colleague_vouches_with_a_passkey_on_their_own_phone(story: Story) -> None:
    agent, voucher, requester = story.agent(), story.requester(), story.requester()
    own = agent.ticket(PRIYA.name, "Account Unlock")
    enrol_passkey(voucher.page, set_up_in_person(agent, story.agent("sam"), own))
    ticket = agent.ticket(RITA.name, "Password Reset")
    ask_colleagues(agent, requester, ticket, "rita@newer.example")
    vouch(story, "sam")
    voucher.page.goto(vouch_link(story.product, PRIYA.email))
    voucher.sees("Is this really Rita Romero?")
    voucher.page.locator("[name=met]").first.check()
    voucher.press("Confirm with my passkey")
    voucher.sees("Thank you")
    confirmed(agent, requester, ticket)
    assert story.complaints == []


def confirmed(agent: Agent, requester: Requester, ticket: Ticket) -> None:
    """Let the requester go on with what the colleagues said, up to the second person; then end it."""
    requester.press("Continue")
    requester.sees("Thank you")
    ticket.noted("Verification result", "Proof level: P3", "a second person must approve")
    agent.details(ticket)
    agent.page.get_by_role("button", name="Cancel").first.click()
