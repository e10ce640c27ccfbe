"""Other ways to the end: by SMS, without script, off the phone, at an address nobody knows."""

import re

from playwright.sync_api import expect

from deskward.core.notes import RECOMMEND_PROCEED, RECOMMEND_STOP
from tests.stories.product import until
from tests.stories.proving import prove_by_text
from tests.stories.walk import Story, fallback_of, mailed_link, mailed_links, texted_link

WHY = "The requester cannot reach any address on file"


def test_by_sms_a_typed_number_that_is_on_file_leads_all_the_way(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Account Unlock")
    agent.open(ticket)
    agent.type(human.spaced)
    expect(agent.page.locator("#echo")).to_contain_text("is on file and established.")
    expect(agent.page.locator(".banner.when-established:visible")).to_contain_text("Leads all the way")
    assert product.is_locked(human)
    code = agent.send()
    requester.follow(texted_link(product, human))
    requester.agree(code)
    requester.press("Unlock my account")
    requester.sees("Done")
    ticket.has_status("Closed")
    ticket.noted(
        "Verification result", "Verification Outcome: Passed", "Channel: SMS to", "mobile phone, established"
    )
    agent.progress("Ticket closed")
    assert not product.is_locked(human)
    assert mailed_links(product, human) == []
    assert next("/v#" in one["body"] for one in product.texts(human.phone))
    assert story.complaints == []


def test_an_identity_check_without_script_leaves_the_ticket_to_the_agent(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester(java_script_enabled=False)
    ticket = agent.ticket(human, "Identity check")
    agent.open(ticket)
    code = agent.send()
    link = mailed_link(product, human)
    requester.page.goto(link.partition("#")[0])
    requester.page.get_by_label("8-digit code").fill(fallback_of(product.mails(human.mail)[0]["text"]))
    requester.press("Continue")
    requester.agree(code)
    prove_by_text(requester, human)
    requester.sees("You are verified")
    agent.progress("Result")
    expect(agent.page.locator("main")).to_contain_text(RECOMMEND_PROCEED)
    ticket.noted("Verification result", "Verification Outcome: Passed", f"Recommendation: {RECOMMEND_PROCEED}")
    ticket.noted("Verification result", "Requested action: Identity check")
    expect(ticket.page.locator("#head .pill")).not_to_have_text("Closed")
    assert ticket.row()["state"] == "passed"


def test_off_the_phone_the_link_goes_by_e_mail_and_the_code_by_sms(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Account Unlock")
    agent.open(ticket)
    agent.page.get_by_label("No A second address on file or an authenticator stands for the call.").check()
    assert agent.send() == ""
    expect(agent.page.locator("main")).to_contain_text("The code is on its way to a second address.")
    text = until(lambda: [t["body"] for t in product.texts(human.phone) if "your code is" in t["body"]])[0]
    code = re.search(r"your code is (\d{3}) (\d{3})", text)
    assert code
    requester.follow(mailed_link(product, human))
    expect(requester.page.locator("main")).to_contain_text("We sent a 6-digit code to another address of yours.")
    requester.agree(code[1] + code[2])
    requester.press("Unlock my account")
    requester.sees("Done")
    ticket.noted("Verification link sent", "private e-mail", "Code sent to: +1 •••")
    ticket.has_status("Closed")


def test_a_new_code_and_a_new_link_replace_the_old_ones(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Account Unlock")
    agent.open(ticket)
    first, old = agent.send(), mailed_link(product, human)
    agent.page.get_by_role("button", name="New call code").click()
    second = until(lambda: agent.code().replace(first, ""))
    agent.page.get_by_role("link", name="Resend").click()
    agent.choose("mobile phone")
    third = agent.send()
    ticket.noted("Verification link sent again", "mobile phone")
    requester.page.goto(old)
    requester.sees("This link does not work")
    requester.follow(texted_link(product, human))
    for stale in {first, second} - {third}:
        requester.enter(stale)
        expect(requester.page.get_by_role("alert")).to_contain_text("That code is not right.")
    requester.agree(third)
    requester.press("Unlock my account")
    requester.sees("Done")
    ticket.has_status("Closed")


def test_an_address_nobody_knows_ends_in_review_and_can_be_rejected(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    address = f"somewhere-{human.login}@elsewhere.example"
    ticket = agent.ticket(human, "Password Reset")
    agent.open(ticket)
    agent.type(address)
    expect(agent.page.locator("#echo")).to_contain_text("is not on file")
    expect(agent.page.locator(".banner.when-supplied:visible")).to_contain_text(
        "The result will be a review, not a pass."
    )
    yes = agent.page.get_by_label("Yes, this is what the requester said")
    yes.check()
    agent.page.get_by_role("button", name="Send", exact=True).click()
    expect(agent.page.get_by_role("alert")).to_contain_text("An address that is not established needs a reason.")
    assert product.mails(address) == []
    agent.page.get_by_label("Why no known address works").select_option(label=WHY)
    agent.page.get_by_label("In your words").fill("On a boat")
    yes.check()
    code = agent.send()
    mail = until(lambda: product.mails(address))[0]
    link = re.search(r"http://portal\S+", mail["text"])
    assert link
    requester.follow(link[0])
    requester.agree(code)
    requester.sees("Thank you")
    ticket.noted("Verification link sent", "caller-supplied", f"Reason for this address: {WHY}")
    ticket.noted("Verification result", "Verification Outcome: Not decided", "Proof level: P1", "needs P3")
    agent.details(ticket)
    agent.page.get_by_label("Reason for rejecting").fill("The manager does not know of this")
    agent.page.get_by_role("button", name="Reject").click()
    ticket.noted("Verification result", f"Recommendation: {RECOMMEND_STOP}", "does not know of this", times=2)
    expect(ticket.page.locator("#head .pill")).not_to_have_text("Closed")
    expect(ticket.page.locator("#history")).not_to_contain_text(address)
    requester.page.reload()
    requester.sees("We could not complete this")
    assert not product.has_password(human, "anything at all")
