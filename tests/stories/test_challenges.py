"""The challenges that no other story meets, each asked for and given in a real browser."""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.stories.conftest import SETTINGS, address_of
from tests.stories.people import RITA
from tests.stories.product import started
from tests.stories.proving import enrol_passkey, link_to, offered, prove_by_text, send_to_new, set_up_in_person
from tests.stories.walk import Story, mailed_link

ASKING = {
    "DESKWARD_CHALLENGES__QUESTIONS": "{}",
    "DESKWARD_CATEGORIES": '{"Identity check": {"challenges": ["questions", "one_time_code"]}}',
}
RITAS = {
    "your manager?": {"Sam Second"},
    "team do you": {"Payables"},
    "month": {"September 2019"},
    "group": {"Travel Bookers", "Accounts Payable"},
    "colleague": {"Ada Administrator"},
    "office": {"Skip this question"},
}


def test_sr_025_a_requester_proves_by_a_passkey_and_a_code(story: Story) -> None:
    product, human = story.product, story.product.somebody()
    agent, requester = story.agent(), story.requester()
    ticket, address = agent.ticket(human, "Password Reset"), f"{human.login}@new.example"
    enrol_passkey(requester.page, set_up_in_person(agent, story.agent("sam"), ticket))
    code = send_to_new(agent, ticket, address)
    requester.follow(link_to(product, address))
    requester.agree(code)
    requester.sees("One more proof")
    offered(requester, "Use your passkey").click()
    requester.press("Continue")
    requester.sees("One more proof")
    prove_by_text(requester, human)
    requester.sees("Thank you")
    ticket.noted("Verification result", "Not decided", "Proof level: P3", "a second person must approve")
    agent.progress("Proof: passkey")
    assert story.complaints == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_sr_24_questions_are_asked_graded_and_read_by_an_approver_and_prove_nothing(
    chromium: Browser, tmp_path: Path, kind: str
) -> None:
    with ExitStack() as stack:
        product = stack.enter_context(started(tmp_path, address_of(stack, kind), settings=SETTINGS | ASKING))
        with Story.told(chromium, product) as story:
            agent, requester = story.agent(), story.requester()
            ticket = agent.ticket(RITA, "Identity check")
            agent.open(ticket)
            code = agent.send()
            requester.follow(mailed_link(product, RITA))
            requester.agree(code)
            offered(requester, "questions").click()
            requester.sees("Questions about your work")
            _answer(requester.page)
            requester.press("Continue")
            requester.sees("One more proof")
            approver = story.agent("sam")
            approver.details(ticket)
            expect(approver.page.locator("main")).to_contain_text(re.compile("[34] of 4 questions answered."))
            rows = approver.page.get_by_role("row").filter(has_text="?").all_inner_texts()
            assert {row.split()[-1] for row in rows} <= {"Correct", "Skipped"}
            assert ticket.row()["outcome"] == "none"
            prove_by_text(requester, RITA)
            requester.sees("You are verified")
            ticket.noted("Verification result", "Verification Outcome: Passed", "Proof level: P2")
            assert "Who is your manager" not in ticket.page.locator("#history").inner_text()
            assert story.complaints == []


def _answer(page: Page) -> None:
    """Answer what is asked, chosen or typed: right, but for the office, which is left out."""
    for group in page.locator("fieldset.choices").all():
        right = next(right for word, right in RITAS.items() if word in group.locator("legend").inner_text())
        shown = [text.strip() for text in group.locator("label").all_inner_texts()]
        group.get_by_label(next(text for text in shown if text in right), exact=True).check()
    for word, right in RITAS.items():
        for box in page.get_by_role("textbox", name=word).all():
            box.fill("" if word == "office" else min(right))
