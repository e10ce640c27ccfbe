"""The owner's objection at the desk: banner, lifting by two, confirming."""

from collections.abc import Callable

import pytest

from deskward.core.accounts import Agent, Role
from deskward.core.verification import Verification
from deskward.lifecycle import Lifecycle
from deskward.store.opening import Opened
from tests.fakes import FakeClock
from tests.web.conftest import Sent
from tests.web.desk.conftest import Desk

SAID = "The account’s owner said: this was not me."


@pytest.fixture
def link(sent: Callable[..., Sent], lifecycle: Lifecycle, store: Opened) -> Sent:
    """Send a link whose owner objected by the message."""
    link = sent()
    first = store.store.sendings(link.verification.id)[0]
    token = lifecycle.house.keyring.own_token("objection", first.id).reveal()
    lifecycle.dispute(token, lifecycle.disputable(token).word)
    return link


@pytest.fixture
def approvers(visitor: Callable[[], Desk], staffed: Callable[..., Agent]) -> list[Desk]:
    """Give two more browsers, in which approvers are logged in."""
    desks = []
    for login in ("eve", "max"):
        staffed(login, Role.APPROVER)
        desks.append(visitor())
        assert desks[-1].log_in(login).status_code == 303
    return desks


def fence(store: Opened) -> str:
    return store.store.fences("roster", "o-anna")[0].id


def test_sr_51_the_agent_sees_who_objected_when_and_what_to_do(desk: Desk, link: Sent) -> None:
    for path in (f"/send/{link.verification.id}", f"/verifications/{link.verification.id}"):
        page = desk.get(path)
        for words in (SAID, "04 May 2026, 09:30", "IR-1001", "call the owner on a number on file", "05 May 2026"):
            assert words in page
        assert "Start again" not in page
        assert 'name="form_key"' not in page
    assert "Notice of the request" in page
    assert "by the message to" in page


def test_sr_51_the_next_ticket_of_the_person_shows_it_too(
    desk: Desk, link: Sent, opened: Callable[..., Verification]
) -> None:
    page = desk.get(f"/send/{opened('1002').id}")
    assert SAID in page
    assert link.verification.id in page
    assert "cannot be read" not in page


@pytest.mark.usefixtures("agent")
def test_sr_49_two_lift_it_at_the_desk(approvers: list[Desk], link: Sent, store: Opened) -> None:
    eve, other = approvers
    path, found = f"/verifications/{link.verification.id}", fence(store)
    assert "Lift the fence (1 of 2)" in eve.get(path)
    assert eve.post(f"{path}/lift", fence=found).status_code == 303
    assert "Lift the fence (2 of 2)" in eve.get(path)
    again = eve.post(f"{path}/lift", fence=found)
    assert (again.status_code, "You said so already." in again.text) == (409, True)
    other.get(path)
    assert other.post(f"{path}/lift", fence=found).status_code == 303
    page = other.get(path)
    assert SAID not in page
    for words in ("Asked to lift the fence", "Fence lifted", "Max Person", "Start again"):
        assert words in page


def test_a_fence_that_is_not_there_is_said(approvers: list[Desk], link: Sent) -> None:
    path = f"/verifications/{link.verification.id}"
    approvers[0].get(path)
    assert approvers[0].post(f"{path}/lift", fence="FE-NOTHING00").status_code == 404
    assert approvers[0].post(f"{path}/uphold").status_code == 404


def test_sr_49_an_agent_has_no_button_and_no_way_to_lift_it(desk: Desk, link: Sent, store: Opened) -> None:
    path = f"/verifications/{link.verification.id}"
    assert "Lift the fence" not in desk.get(path)
    for way in ("lift", "uphold"):
        assert desk.post(f"{path}/{way}", fence=fence(store)).status_code == 403
    assert store.store.fences("roster", "o-anna")[0].lifters == ()


@pytest.mark.usefixtures("agent")
def test_sr_50_an_approver_confirms_it_with_the_owner(approvers: list[Desk], link: Sent, store: Opened) -> None:
    eve = approvers[0]
    path = f"/verifications/{link.verification.id}"
    assert "Confirm with the owner" in eve.get(path)
    assert eve.post(f"{path}/uphold", fence=fence(store)).status_code == 303
    page = eve.get(path)
    assert "until two approvers lift the fence" in page
    assert "Confirm with the owner" not in page


def test_sr_51_an_ended_fence_says_that_the_ticket_still_waits_for_an_approver(
    approvers: list[Desk], link: Sent, clock: FakeClock
) -> None:
    clock.forward(hours=25)
    eve = approvers[0]
    assert eve.log_in("eve").status_code == 303
    page = eve.get(f"/verifications/{link.verification.id}")
    assert "The fence has ended." in page
    assert "Lift the fence (1 of 1)" in page
