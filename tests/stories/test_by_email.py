"""The main story by e-mail: from a ticket to a closed ticket."""

from playwright.sync_api import expect

from deskward.core.notes import RECOMMEND_PROCEED
from tests.stories.walk import NEW_PASSWORD, SEND_LINK, Story, Ticket, fallback_of, mailed_link


def test_by_e_mail_from_the_ticket_to_the_closed_ticket(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket = agent.ticket(human, "Password Reset")
    _noted_once(ticket)

    agent.page.context.clear_cookies()
    agent.page.goto(ticket.send_address)
    agent.log_in()
    expect(agent.page.get_by_role("heading", name="Send Verification Portal Link")).to_be_visible()
    for words in (human.name, "Locked out after the holidays", "Password reset", "private e-mail", "mobile phone"):
        expect(agent.page.locator("main")).to_contain_text(words)
    assert human.mail not in agent.page.content()
    assert human.phone not in agent.page.content()
    code = agent.send()
    assert len(code) == 6
    agent.page.reload()
    assert agent.code() == code

    link = mailed_link(product, human)
    mail = product.mails(human.mail)[0]
    assert link in mail["html"]
    assert len(fallback_of(mail["text"])) == 8
    requester.follow(link)
    expect(requester.page.locator("main")).to_contain_text(f"Hello {human.first}")
    for hidden in (human.name, human.login, "Alex Agent", "Password"):
        expect(requester.page.locator("main")).not_to_contain_text(hidden)
    agent.progress("Opened, perhaps by a mail scanner")
    requester.enter(f"{code[:3]} {code[3:]}")
    requester.sees("Is this your request?")
    for words in (
        "Alex Agent",
        "Password reset",
        human.login,
        ticket.row()["ticket_number"],
        "Your network and your browser",
    ):
        expect(requester.page.locator("main")).to_contain_text(words)
    agent.progress("Started")
    requester.press("Continue")
    requester.sees("Password reset")
    ticket.noted("Verification result", *_result(ticket))
    requester.reset()
    agent.progress("Ticket closed")

    ticket.has_status("Closed")
    ticket.noted("Action completed by the requester", "Password reset", ticket.verification)
    order = ["needed", "sent", "started", "result", "requester"]
    assert [title.rpartition(" ")[2] for title in ticket.titles()] == order
    assert product.has_password(human, NEW_PASSWORD)
    assert not product.is_locked(human)
    _in_the_console(story, ticket, human.name)
    assert story.complaints == []


def _noted_once(ticket: Ticket) -> None:
    link = ticket.page.get_by_role("link", name=SEND_LINK, exact=True)
    expect(link).to_be_visible()
    expect(ticket.note("Identity verification needed")).to_have_count(1)


def _result(ticket: Ticket) -> list[str]:
    return [
        "Verification Outcome: Passed",
        f"Verification ID & Link: {ticket.verification}",
        "Risk Level: Verified",
        f"Recommendation: {RECOMMEND_PROCEED}",
        "Requested action: Password reset",
        "Initiated by: Alex Agent",
        "Channel: e-mail to",
        "private e-mail, established",
        "Proof level: P2",
        "Timestamp: 20",
        "Reason: The proof reaches P2, which is enough for the requested action.",
    ]


def _in_the_console(story: Story, ticket: Ticket, name: str) -> None:
    agent = story.agent()
    agent.page.goto(ticket.product.at("desk"))
    row = agent.page.get_by_role("row").filter(has_text=name)
    for words in ("Verified", "Passed", "Password Reset", "Alex Agent"):
        expect(row).to_contain_text(words)
    row.get_by_role("link").click()
    for words in (RECOMMEND_PROCEED, "Analysis Report", "Additional information about the user", "Ticket closed"):
        expect(agent.page.locator("main")).to_contain_text(words)
    result = ticket.note("Verification result").get_by_role("link", name=ticket.verification)
    assert result.get_attribute("href") == agent.page.url
