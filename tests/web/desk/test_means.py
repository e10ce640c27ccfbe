"""The card of means on the details view: what is enrolled, and the set-up in person by two people."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from deskward.challenges import saved_code
from deskward.core.accounts import Agent, Role
from deskward.core.secret import Secret
from deskward.core.verification import Verification
from deskward.lifecycle import House, Lifecycle
from tests.fakes import FakeClock
from tests.web.desk.conftest import Desk

HOW = "Passport seen at the front desk"
ADDRESS = re.compile(r"https://portal\.acme\.example/enrol#([A-Za-z0-9_-]{43})")


@pytest.fixture
def house(house: House) -> House:
    """Give a house where codes can be printed."""
    return replace(house, challenges={"saved_code": saved_code.Challenge()})


@pytest.fixture
def boss(visitor: Callable[[], Desk], staffed: Callable[..., Agent]) -> Desk:
    """Give the browser of an approver."""
    staffed("bea", Role.AGENT, Role.APPROVER)
    made = visitor()
    assert made.log_in("bea").status_code == 303
    return made


@pytest.fixture
def page(opened: Callable[..., Verification]) -> str:
    return f"/verifications/{opened().id}"


def enrolment_of(desk: Desk, page: str) -> str:
    found = re.search(r'name="enrolment" value="(EN-\w+)"', desk.get(page))
    assert found
    return found.group(1)


def ask(desk: Desk, page: str) -> None:
    desk.get(page)
    assert desk.post(f"{page}/enrol", enrol_reason=HOW).status_code == 303


def test_sr_062_one_asks_another_approves_and_the_first_shows_the_address(
    desk: Desk, boss: Desk, page: str, lifecycle: Lifecycle
) -> None:
    ask(desk, page)
    waiting = desk.get(page)
    assert HOW in waiting
    assert "Approve set-up" not in waiting
    enrolment = enrolment_of(boss, page)
    assert "Approve set-up" in boss.seen
    assert boss.post(f"{page}/enrol/approve", enrolment=enrolment).status_code == 303
    assert not ADDRESS.search(boss.get(page))
    assert "Kim Agent shows the person the address" in boss.get(page)
    shown = desk.get(page)
    assert "data:image/svg+xml" in shown
    found = ADDRESS.search(shown)
    assert found
    assert lifecycle.enrol_begin(found.group(1), "5a" * 32)
    assert not ADDRESS.search(desk.get(page))


def test_sr_062_nobody_approves_their_own(boss: Desk, page: str) -> None:
    ask(boss, page)
    enrolment = enrolment_of(boss, page)
    answer = boss.post(f"{page}/enrol/approve", enrolment=enrolment)
    assert answer.status_code == 409
    assert "cannot approve" in answer.text
    assert "Take back" in boss.get(page)
    assert boss.post(f"{page}/enrol/decline", enrolment=enrolment).status_code == 303
    assert "Take back" not in boss.get(page)


def test_sr_090_without_the_role_nobody_approves_declines_or_removes(desk: Desk, boss: Desk, page: str) -> None:
    ask(boss, page)
    enrolment = enrolment_of(boss, page)
    assert "Decline" not in desk.get(page)
    assert desk.post(f"{page}/enrol/approve", enrolment=enrolment).status_code == 403
    assert desk.post(f"{page}/means/remove", means="AU-1").status_code == 403
    answer = desk.post(f"{page}/enrol/decline", enrolment=enrolment)
    assert answer.status_code == 409
    assert "role approver" in answer.text


def test_an_approver_declines(desk: Desk, boss: Desk, page: str) -> None:
    ask(desk, page)
    assert boss.post(f"{page}/enrol/decline", enrolment=enrolment_of(boss, page)).status_code == 303
    assert "Set up in person" in desk.get(page)


def test_without_saying_how_the_page_says_so(desk: Desk, page: str) -> None:
    desk.get(page)
    answer = desk.post(f"{page}/enrol", enrol_reason="x")
    assert answer.status_code == 422
    assert "how you identified" in answer.text
    assert "<details open>" in answer.text


@pytest.mark.parametrize("path", ["enrol/approve", "enrol/decline"])
def test_what_does_not_wait_is_refused_in_words(boss: Desk, page: str, path: str) -> None:
    boss.get(page)
    answer = boss.post(f"{page}/{path}", enrolment="é" * 5_000)
    assert answer.status_code == 409
    assert "any more" in answer.text


def test_what_is_enrolled_is_listed_and_an_approver_removes_it(
    desk: Desk, boss: Desk, page: str, lifecycle: Lifecycle, clock: FakeClock
) -> None:
    ask(desk, page)
    boss.post(f"{page}/enrol/approve", enrolment=enrolment_of(boss, page))
    found = ADDRESS.search(desk.get(page))
    assert found
    session = lifecycle.enrol_begin(found.group(1), "5a" * 32).reveal()
    codes = lifecycle.enrol_ask(session, "saved_code").shown["codes"]
    lifecycle.enrol_keep(session, "saved_code", {"code": Secret(codes[0])})
    listed = boss.get(page)
    assert "Printed recovery codes" in listed
    assert "10 left" in listed
    assert "Up to P3" in listed
    assert "means/remove" not in desk.get(page)
    means = re.search(r'name="means" value="(AU-\w+)"', listed)
    assert means
    assert boss.post(f"{page}/means/remove", means=means.group(1)).status_code == 303
    assert "10 left" not in boss.get(page)
    assert boss.post(f"{page}/means/remove", means=means.group(1)).status_code == 404


def test_without_anything_to_set_up_the_card_is_not_there(desk: Desk, page: str, lifecycle: Lifecycle) -> None:
    assert 'id="means"' in desk.get(page)
    lifecycle.house = replace(lifecycle.house, challenges={})
    assert 'id="means"' not in desk.get(page)
