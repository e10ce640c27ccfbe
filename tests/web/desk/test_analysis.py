"""The analysis report on the details page: who reads what, how it looks, and marks."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from deskward.core.accounts import Agent, Role
from deskward.core.decision import Standing, decide
from deskward.core.ports import Change
from deskward.core.proof import ProofLevel
from deskward.core.report import Part
from deskward.core.risk import Finding, Section, kept, unknown
from deskward.core.verification import Mark, State, Verification
from deskward.lifecycle import House
from deskward.store.opening import Opened
from deskward.web.desk.analysis import Bar, bar_of
from tests.accessible import violations
from tests.core.test_report import AROUND
from tests.fakes import ANNA, FakeClock
from tests.web.desk.conftest import Desk, log_in

Open = Callable[..., Verification]
Made = Callable[[Role], None]
Judged = Callable[..., Verification]
RAW = ("192.0.2.7", "Berlin, Germany", "AS64500 Example Net", "Firefox 140", "Europe/Berlin", "Mozilla/5.0")
TOLD = (
    ("hosting", Section.NETWORK, 3.0, "The address belongs to a hosting company.", "network file"),
    ("familiar", Section.NETWORK, -1.0, "This person came from this network before.", "earlier visits"),
    ("automation", Section.ENDPOINT, 1.5, "The browser says that a program drives it.", "browser"),
    ("device", Section.ENDPOINT, 0.0, "The device was not seen before.", "earlier visits"),
    ("destination", Section.PERSONA, 3.0, "The link went to an address that is not established.", "provenance"),
)
DARK = unknown("hidden", Section.NETWORK, "It is not known whether the address hides behind something.", "no file")


def findings(clock: FakeClock) -> list[Finding]:
    made = [Finding(*row, as_of=clock.now() - timedelta(days=12)) for row in TOLD]
    return [replace(made[0], raw={"operator": "Example Hosting"}), *made[1:], DARK]


@pytest.fixture
def judged(opened: Open, house: House, store: Opened, clock: FakeClock) -> Judged:
    """Give a verification that was looked at and decided, sent by Kim."""

    def judging(level: ProofLevel = ProofLevel.P2, some: list[Finding] | None = None, **more: Any) -> Verification:
        opened_one = opened(more.pop("number", "1001"))
        standing = Standing(level, exception=True)
        seen = findings(clock) if some is None else some
        verdict = decide(house.category_of(opened_one), ANNA, standing, seen)
        changes: dict[str, Any] = {
            "state": verdict.state,
            "outcome": verdict.outcome,
            "risk_level": verdict.assessment.level,
            "risk_score": verdict.assessment.score,
            "findings": tuple(kept(c.finding, c.points) for c in verdict.assessment.contributions),
            "standing": verdict.standing,
            "proof_level": level,
            "reason": verdict.reason,
            "decided_at": clock.now(),
            "agent_id": "AG-OTHER",
            "agent_name": "Other Agent",
            "consent": "agreed",
            "surroundings": AROUND,
            "looked_at": clock.now(),
        }
        return store.store.save(replace(opened_one, **(changes | more)), Change())

    return judging


@pytest.fixture
def made(store: Opened, agent: Agent) -> Made:
    """Give Kim another role."""

    def making(role: Role) -> None:
        store.accounts.put_agent(replace(agent, roles=(role.value,)))

    return making


def card(page: str) -> str:
    """Give the report's card, and what follows it up to the transcript."""
    return page.split('id="analysis"')[1].split('id="transcript"', maxsplit=1)[0]


def shown_points(part: str) -> list[float]:
    found = re.findall(r'class="points">([+−]?\d+\.\d)', part)
    return [float(x.replace("−", "-")) for x in found]


def test_sr_92_what_the_page_shows_adds_up_to_the_score(desk: Desk, judged: Judged) -> None:
    verification = judged()
    text = card(desk.get(f"/verifications/{verification.id}"))
    whole = float(text.split('class="number">')[1].split("<")[0])
    parts = text.split('class="part"')[1:]
    assert len(parts) == 4
    sections = [shown_points(part)[0] for part in parts]
    assert sum(sections) == pytest.approx(whole) == round(verification.risk_score or 0, 1)
    for part, points in zip(parts, sections, strict=True):
        assert sum(shown_points(part)[1:]) == pytest.approx(points)


def test_the_report_tells_findings_with_source_age_and_what_was_not_seen(desk: Desk, judged: Judged) -> None:
    text = card(desk.get(f"/verifications/{judged().id}"))
    for row in TOLD:
        assert row[3] in text
    for words in (
        "Network file, 12 days old",
        "Raises the risk:",
        "Calms:",
        "No effect:",
        "Not seen:",
        DARK.text,
        "Nothing was found.",
        "Medium from 4, High from 7",
        "What would change this",
        "The requester agreed to be looked at.",
    ):
        assert words in text


@pytest.mark.parametrize("role", [Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR, Role.PRIVACY_OFFICER])
def test_sr_92_roles_that_may_read_raw_values_do(desk: Desk, judged: Judged, made: Made, role: Role) -> None:
    made(role)
    page = desk.get(f"/verifications/{judged().id}")
    for value in (*RAW, "Example Hosting", "by the country file of 3 March 2026"):
        assert value in page


def test_sr_92_an_agent_reads_verdict_and_reasons_without_raw_values(desk: Desk, judged: Judged) -> None:
    verification = judged()
    page = desk.get(f"/verifications/{verification.id}")
    assert verification.reason.replace("'", "&#39;") in page
    assert TOLD[0][3] in page
    assert "Approvers, auditors, privacy officers and administrators can read network, device" in page
    for value in (*RAW, "Example Hosting"):
        assert value not in page


def test_sr_121_raw_values_that_were_pruned_are_told_to_be_gone(
    desk: Desk, judged: Judged, made: Made, store: Opened, clock: FakeClock
) -> None:
    made(Role.AUDITOR)
    verification = judged(surroundings={})
    page = desk.get(f"/verifications/{verification.id}")
    assert "The raw values are deleted: their time is over." in page
    assert "Example Hosting" not in page


def test_a_requester_who_declined_is_told_so(desk: Desk, judged: Judged) -> None:
    page = desk.get(f"/verifications/{judged(consent='declined').id}")
    assert "The requester declined to have the browser looked at." in page


def test_before_anything_was_looked_at_the_report_says_so(desk: Desk, opened: Open) -> None:
    text = card(desk.get(f"/verifications/{opened().id}"))
    assert "The requester has not been looked at yet." in text
    assert 'class="part"' not in text
    assert "Network and device" not in text


def test_the_blind_and_the_critical_are_told(desk: Desk, judged: Judged) -> None:
    tor = Finding("hidden", Section.NETWORK, 3.0, "The address is an exit of Tor.", "file", critical=True)
    assert "Decides alone" in desk.get(f"/verifications/{judged(some=[tor]).id}")
    dark = desk.get(f"/verifications/{judged(some=[DARK], number='1002').id}")
    assert "Network and Device were not seen for the most part." in dark


def test_thresholds_that_changed_since_are_told(desk: Desk, judged: Judged) -> None:
    page = desk.get(f"/verifications/{judged(some=[], risk_score=5.0, risk_level='High').id}")
    assert "changed since this was decided" in page


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"state": "failed", "level": "High", "score": 8.25},
            "It would have decided High, failed, with a score of 8.2.",
        ),
        ({}, ""),
    ],
)
def test_only_administrators_see_what_the_shadow_would_have_decided(
    desk: Desk, judged: Judged, made: Made, row: dict[str, Any], words: str
) -> None:
    path = f"/verifications/{judged(shadow=row).id}"
    assert "Shadow policy" not in desk.get(path)
    made(Role.ADMINISTRATOR)
    page = desk.get(path)
    assert ("Shadow policy" in page) is bool(words)
    assert words in page


def test_a_shadow_that_agrees_says_so(desk: Desk, judged: Judged, made: Made) -> None:
    made(Role.ADMINISTRATOR)
    verification = judged()
    row = {"state": verification.state, "level": verification.risk_level, "score": 6.5}
    page = desk.get(f"/verifications/{judged(shadow=row, number='1002').id}")
    assert "It would have decided the same, with a score of 6.5." in page


@pytest.mark.parametrize("role", [Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_an_analyst_marks_a_result_and_takes_it_back(
    desk: Desk, judged: Judged, made: Made, store: Opened, role: Role
) -> None:
    made(role)
    verification = judged(state=State.FAILED, outcome="failed", ended_at=store.clock.now())
    path = f"/verifications/{verification.id}"
    page = desk.get(path)
    assert "Was this result right?" in page
    assert "Missed" not in page
    version = str(verification.version)
    assert desk.post(f"{path}/mark", mark="false_alarm", version=version).headers["location"] == path
    page = desk.get(path)
    assert "It was the right person, and the risk was overstated." in page
    assert "Result marked by an analyst" in page
    now = store.store.get(verification.id)
    assert now
    assert (now.mark, now.marked_by) == (Mark.FALSE_ALARM, "Kim Agent")
    assert desk.post(f"{path}/mark", mark="right", version=version).status_code == 409
    assert desk.post(f"{path}/mark", mark="wonderful", version=str(now.version)).status_code == 422
    assert desk.post(f"{path}/mark", mark="", version=str(now.version)).headers["location"] == path
    assert "The mark was taken back." in desk.get(path)


def test_who_sent_the_link_is_not_asked_whether_the_result_was_right(
    desk: Desk, judged: Judged, made: Made, clock: FakeClock
) -> None:
    ended = {"state": State.FAILED, "outcome": "failed", "ended_at": clock.now()}
    verification = judged(**ended)
    path = f"/verifications/{verification.id}"
    assert "Was this result right?" not in desk.get(path)
    assert desk.post(f"{path}/mark", mark="right", version="1").status_code == 403
    made(Role.APPROVER)
    own = judged(agent_id="AG-KIM", number="1002", **ended)
    page = desk.get(f"/verifications/{own.id}")
    assert "Was this result right?" not in page
    refused = desk.post(f"/verifications/{own.id}/mark", mark="right", version=str(own.version))
    assert refused.status_code == 409
    assert "Nobody marks the result of their own work, decision or account." in refused.text


def test_a_bar_shows_what_was_raised_and_what_was_calmed_away() -> None:
    assert bar_of(Part(Section.NETWORK, 0.0, (), ())) == Bar((), (0.0, 0.0))


@pytest.mark.parametrize("look", [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")])
def test_the_report_fits_and_is_accessible(
    window: Callable[..., BrowserContext], address: str, judged: Judged, made: Made, look: tuple[int, str]
) -> None:
    verification, (width, scheme) = judged(), look
    made(Role.AUDITOR)
    page = window(viewport={"width": width, "height": 844}, color_scheme=scheme).new_page()
    log_in(page, f"{address}/verifications/{verification.id}")
    page.get_by_text("Readings and headers").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".part svg").count() == 4
    assert violations(page) == []
    page.emulate_media(media="print")
    assert not page.locator(".bar").is_visible()
    assert page.get_by_role("heading", name="Analysis Report").is_visible()


def test_sr_124_after_high_risk_another_person_looks_again(
    desk: Desk, judged: Judged, made: Made, opened: Open, store: Opened
) -> None:
    tor = Finding("hidden", Section.NETWORK, 3.0, "The address is an exit of Tor.", "file", critical=True)
    verification = judged(some=[tor], ended_at=store.clock.now())
    path = f"/verifications/{verification.id}"
    made(Role.APPROVER)
    page = desk.get(path)
    assert verification.id in page
    assert "High risk detected - Reject this request" in page
    assert "False alarm" in page
    assert "Start again" in page
    assert desk.post(f"{path}/again").headers["location"].startswith("/send/DW-")
