"""Pictures of more proof: set up, offered, asked for, vouched for, reviewed, held, and objected to."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from deskward.core.ports import Change
from deskward.store.opening import open_store
from tests.store.samples import RunningClock
from tests.stories.camera import WIDE, Camera
from tests.stories.people import PRIYA, RITA
from tests.stories.product import until
from tests.stories.proving import (
    add_authenticator,
    answer,
    app_code,
    approve,
    ask_colleagues,
    enrol_passkey,
    link_to,
    object_by,
    objection_link,
    offered,
    send_to_new,
    set_up_in_person,
    vouch,
    vouch_link,
)
from tests.stories.walk import Agent, Requester, Story, Ticket, mailed_link


def proof(story: Story, camera: Camera) -> None:
    """Set up everything, then prove it all from a new address, up to the review, the wait and its end."""
    human, agent, approver = (
        story.product.somebody(),
        story.agent(viewport=WIDE),
        story.agent("sam", viewport=WIDE),
    )
    requester, ticket = story.requester(), agent.ticket(human, "Password Reset")
    address = set_up_in_person(agent, approver, ticket)
    camera.shoot(agent.page, "details-set-up")
    secret, printed = _set_up(requester.page, camera, address)
    code = send_to_new(agent, ticket, f"{human.login}@new.example")
    requester.follow(link_to(story.product, f"{human.login}@new.example"))
    requester.agree(code)
    requester.sees("One more proof")
    camera.shoot(requester.page, "portal-offers")
    for name, words in (("second", "SMS"), ("passkey", "asskey"), ("app", "app"), ("saved", "rinted")):
        _ask(requester, words)
        camera.shoot(requester.page, f"portal-prove-{name}")
        _other(requester)
    _ask(requester, "app")
    answer(requester, "000000")
    requester.page.get_by_role("alert").wait_for()
    camera.shoot(requester.page, "portal-prove-wrong")
    answer(requester, app_code(secret, 1))
    requester.sees("One more proof")
    _ask(requester, "rinted")
    answer(requester, printed)
    requester.sees("Thank you")
    camera.shoot(requester.page, "portal-thanks")
    _second_person(approver, requester, camera, ticket)


def _set_up(page: Page, camera: Camera, address: str) -> tuple[str, str]:
    """Set up all three means; gives the app's secret and one printed code."""
    add_authenticator(page)
    page.goto(address)
    camera.shoot(page, "enrol-begin")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("heading", name="Make the next time faster").wait_for()
    camera.shoot(page, "enrol-choose")
    page.get_by_role("link", name="Passkey").click()
    camera.shoot(page, "enrol-passkey")
    page.get_by_role("button", name="Create the passkey").click()
    page.get_by_text("Set up already").wait_for()
    page.locator("a.choice", has_text="uthenticator app").click()
    camera.shoot(page, "enrol-app")
    secret = page.locator(".secret").text_content() or ""
    page.locator("input.digits").fill(app_code(secret))
    page.get_by_role("button", name="Check and keep").click()
    page.locator("a.choice", has_text="rinted").click()
    camera.shoot(page, "enrol-codes")
    code = page.locator(".codes li").first.inner_text()
    page.get_by_role("textbox").first.fill(code)
    page.get_by_role("button", name="Check and keep").click()
    page.get_by_text("codes left").wait_for()
    camera.shoot(page, "enrol-kept")
    return secret, code


def _ask(requester: Requester, words: str) -> None:
    offered(requester, words).click()
    requester.page.get_by_role("heading", name="One more proof").wait_for(state="detached")


def _other(requester: Requester) -> None:
    requester.press("Another way")
    requester.sees("One more proof")


def _second_person(approver: Agent, requester: Requester, camera: Camera, ticket: Ticket) -> None:
    product, page = requester.product, requester.page
    approver.page.goto(ticket.send_address)
    camera.shoot(approver.page, "sent-review")
    approver.details(ticket)
    camera.shoot(approver.page, "details-review")
    approver.page.get_by_label("Reason for approving").fill("Known by voice, and her lead confirms.")
    approve(approver)
    ticket.noted("Verification approved by a second person")
    page.goto(product.at("portal", "/v/step"))
    requester.sees("Almost done")
    camera.shoot(page, "portal-held")
    approver.page.goto(ticket.send_address)
    camera.shoot(approver.page, "sent-held")
    _wait_no_longer(ticket)
    ticket.noted("Waiting time is over")
    page.goto(product.at("portal", "/v/step"))
    requester.sees("You can go on")
    camera.shoot(page, "portal-held-over")


def _wait_no_longer(ticket: Ticket) -> None:
    """Let the time of the hold be over: it is long, so that its pictures are taken within it on any machine."""
    opened, now = open_store(ticket.product.url, RunningClock()), datetime.now(UTC)
    held = opened.store.get(ticket.verification)
    assert held
    opened.store.save(replace(held, hold_until=now, deadline=now), Change())
    opened.close()


def colleagues(story: Story, camera: Camera) -> None:
    """Let a colleague vouch with a passkey and the manager at the desk."""
    agent, voucher, requester = story.agent(viewport=WIDE), story.requester(), story.requester()
    own = agent.ticket(PRIYA.name, "Account Unlock")
    enrol_passkey(voucher.page, set_up_in_person(agent, story.agent("sam"), own))
    ask_colleagues(agent, requester, agent.ticket(RITA.name, "Password Reset"), "rita@new.example")
    camera.shoot(requester.page, "portal-vouch-wait")
    voucher.page.goto(vouch_link(story.product, PRIYA.email))
    voucher.sees("Is this really Rita Romero?")
    camera.shoot(voucher.page, "vouch")
    voucher.page.get_by_text("I cannot confirm this").click()
    camera.shoot(voucher.page, "vouch-refuse")
    voucher.page.locator("[name=met]").first.check()
    voucher.press("Confirm with my passkey")
    voucher.sees("Thank you")
    camera.shoot(voucher.page, "vouch-thanks")
    expect(requester.page.get_by_text("confirmed", exact=True)).to_be_visible()
    camera.shoot(requester.page, "portal-vouch-one")
    _at_the_desk(story, camera)
    vouch(story, "sam")
    requester.sees("They confirmed it is you")
    camera.shoot(requester.page, "portal-vouch-enough")


def _at_the_desk(story: Story, camera: Camera) -> None:
    manager = story.agent("sam", viewport=WIDE)
    manager.page.goto(vouch_link(story.product, "sam@northwind.example"))
    manager.page.get_by_role("link", name="Sign in at the desk to vouch").wait_for()
    camera.shoot(manager.page, "vouch-begin")
    manager.page.get_by_role("link", name="Sign in at the desk to vouch").click()
    manager.page.get_by_role("heading", name="Is this really Rita Romero?").wait_for()
    camera.shoot(manager.page, "desk-vouch")


def questions(story: Story, camera: Camera) -> None:
    """Answer questions, typed and chosen ones; the approver reads them."""
    agent, requester, approver = story.agent(), story.requester(), story.agent("sam", viewport=WIDE)
    ticket = agent.ticket(RITA.name, "Identity check")
    agent.open(ticket)
    code = agent.send()
    requester.follow(until(lambda: mailed_link_newest(story)))
    requester.agree(code)
    page = requester.page
    expect(page.get_by_role("heading", name="Is this your request?")).to_have_count(0)
    camera.shoot(page, "portal-questions-offer")
    _ask(requester, "questions")
    page.get_by_role("heading", name="Questions about your work").wait_for()
    camera.shoot(page, "portal-questions")
    for number, box in enumerate(page.get_by_role("textbox").all()):
        box.fill(("Sam Second", "Payables", "September 2019")[number % 3])
    for group in page.locator("fieldset").all():
        group.get_by_role("radio").first.check()
    requester.press("Continue")
    page.get_by_role("heading", name="Questions about your work").wait_for(state="detached")
    camera.shoot(page, "portal-questions-after")
    approver.details(ticket)
    camera.shoot(approver.page, "details-questions")


def mailed_link_newest(story: Story) -> str:
    """Give the link of the newest message to Rita's private mailbox."""
    texts = [mail["text"] for mail in story.product.mails(RITA.mail)]
    found = [link for text in texts for link in re.findall(r"http://portal\S+/v#\S+", text)]
    return found[-1] if found else ""


def objection(story: Story, camera: Camera) -> None:
    """Stop somebody else's story from a notice."""
    human, agent, owner = story.product.somebody(), story.agent(viewport=WIDE), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    agent.send()
    link = objection_link(story.product, human.email, "request for your account")
    mailed_link(story.product, human)
    owner.page.goto(link)
    owner.sees("Was this not you?")
    camera.shoot(owner.page, "not-me")
    owner.page.get_by_label("Type the word").fill("wrong")
    owner.press("This is not me")
    owner.page.get_by_role("alert").wait_for()
    camera.shoot(owner.page, "not-me-wrong")
    object_by(owner, link)
    camera.shoot(owner.page, "not-me-done")
    ticket.noted("The account's owner says: this was not me")
    agent.page.reload()
    camera.shoot(agent.page, "sent-objected")
    approver = story.agent("sam", viewport=WIDE)
    approver.details(ticket)
    camera.shoot(approver.page, "details-objected")


def hand_over(story: Story, camera: Camera) -> None:
    """Hand a pass that looks suspicious to an approver, before the requester acts on it."""
    human, agent, requester = story.product.somebody(), story.agent(viewport=WIDE), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    code = agent.send()
    requester.follow(mailed_link(story.product, human))
    requester.agree(code)
    requester.sees("Password reset")
    agent.details(ticket)
    agent.page.locator("summary", has_text="Send to review").click()
    agent.page.get_by_label("What is suspicious").fill("The voice changed in the middle of the call.")
    camera.shoot(agent.page, "details-hand-over")
    agent.page.get_by_role("button", name="Send to review").click()
    agent.page.get_by_text("handed it to an approver: The voice changed").first.wait_for()
    camera.shoot(agent.page, "details-handed-over")
    requester.page.get_by_label("New password").fill("a long sentence for today 42")
    requester.press("Set new password")
    requester.sees("Thank you")
    camera.shoot(requester.page, "portal-handed-over")


PROOF: dict[str, Callable[[Story, Camera], None]] = {
    "proof": proof,
    "colleagues": colleagues,
    "questions": questions,
    "objection": objection,
    "handing over": hand_over,
}
