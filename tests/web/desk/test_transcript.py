"""The transcript of questions: who may read it, and how it looks."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext

from deskward.core.accounts import Agent, Role
from deskward.core.ports import Change
from deskward.core.verification import Outcome, State, Verification
from deskward.store.opening import Opened
from tests.web.desk.conftest import Desk, log_in

Open = Callable[..., Verification]
ROWS = tuple(
    {"topic": topic, "question": question, "answer": answer, "grading": grading}
    for topic, question, answer, grading in (
        ("manager", "Who is your manager?", "Grace Okafor", "correct"),
        ("started", "In which month and year did you start to work here?", "March", "partial"),
        ("team", "Which team do you work in?", "<b>Hulls</b>", "invalid"),
        ("office", "Which office do you belong to?", "", "skipped"),
    )
)


@pytest.fixture
def asked(opened: Open, store: Opened) -> Verification:
    """Give a verification that ended with too few answers."""
    told = replace(
        opened(),
        transcript=ROWS,
        state=State.FAILED,
        outcome=Outcome.NOT_ENOUGH_QUESTIONS,
        reason="Too few questions were answered to decide.",
        decided_at=store.clock.now(),
        ended_at=store.clock.now(),
    )
    return store.store.save(told, Change())


@pytest.fixture
def made(store: Opened, agent: Agent) -> Callable[[Role], None]:
    """Give Kim another role."""

    def making(role: Role) -> None:
        store.accounts.put_agent(replace(agent, roles=(role.value,)))

    return making


@pytest.mark.parametrize("role", [Role.APPROVER, Role.AUDITOR])
def test_the_transcript_shows_question_answer_and_grading(
    desk: Desk, asked: Verification, made: Callable[[Role], None], role: Role
) -> None:
    made(role)
    page = desk.get(f"/verifications/{asked.id}").split('id="transcript"')[1].split("</section>")[0]
    for row in ROWS:
        assert row["question"] in page
    assert "3 of 4 questions answered." in page
    assert "Grace Okafor" in page
    assert "&lt;b&gt;Hulls&lt;/b&gt;" in page
    for chip in ('green">Correct', 'amber">Partial', 'red">Invalid', 'grey">Skipped'):
        assert chip in page


def test_sr_24_an_agent_is_not_told_how_an_answer_was(desk: Desk, asked: Verification) -> None:
    page = desk.get(f"/verifications/{asked.id}").split('id="transcript"')[1].split("</section>")[0]
    assert "3 of 4 questions answered." in page
    assert "Approvers, auditors, privacy officers and administrators can read the answers." in page
    for secret in ("Grace Okafor", "Correct", "Invalid", "manager"):
        assert secret not in page


def test_too_few_answers_have_a_status_of_their_own(desk: Desk, asked: Verification) -> None:
    page = desk.get(f"/verifications/{asked.id}")
    assert "Not Enough Questions" in page
    assert "Too few questions were answered to decide." in page
    assert "Not Enough Questions" in desk.get("/")


def test_sr_23_without_questions_the_transcript_says_so(desk: Desk, opened: Open, store: Opened) -> None:
    verification = opened()
    path = f"/verifications/{verification.id}"
    assert "No questions were asked yet." in desk.get(path)
    desk.post(f"{path}/cancel")
    assert "No questions were asked." in desk.get(path)


def test_the_transcript_fits_a_phone(
    window: Callable[..., BrowserContext], address: str, asked: Verification, made: Callable[[Role], None]
) -> None:
    made(Role.AUDITOR)
    page = window(viewport={"width": 390, "height": 844}).new_page()
    log_in(page, f"{address}/verifications/{asked.id}")
    assert page.locator("#transcript").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
