"""Whoever follows a link to a result whose time was over reads that it was deleted, and where to look (SR-121)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from deskward.core.accounts import Agent, Role
from deskward.core.ports import Change
from deskward.core.retention import Retention
from deskward.core.verification import Outcome, State, Verification
from deskward.store.opening import Opened
from tests.fakes import FakeClock
from tests.web.conftest import Sent
from tests.web.desk.conftest import Desk

Staffed = Callable[..., Agent]
Visitor = Callable[[], Desk]


@pytest.fixture
def deleted(sent: Callable[..., Sent], store: Opened, clock: FakeClock) -> Verification:
    """End a verification in a time long ago, and let its time be over."""
    saved = store.store.get(sent().verification.id)
    assert saved
    for errand in store.console.errands(saved.id):
        claimed = store.rows.claim(errand.lane, "me", clock.now() + timedelta(hours=1), clock.now())
        assert claimed
        store.rows.park(claimed, "nothing to do here")
    done = replace(saved, state=State.CANCELLED, outcome=Outcome.NONE, ended_at=clock.now() - timedelta(days=366))
    store.store.save(done, Change())
    store.store.prune(clock.now(), Retention())
    assert store.store.deleted_at(saved.id) == clock.now()
    return saved


@pytest.mark.parametrize("page", ["/verifications/{}", "/send/{}", "/verifications/{}/report.pdf"])
def test_sr_121_a_link_to_a_deleted_result_says_so_and_names_the_log(
    desk: Desk, deleted: Verification, clock: FakeClock, page: str
) -> None:
    said = desk.get(page.format(deleted.id), 410)
    assert "<h1>Deleted</h1>" in said
    assert f"This verification was deleted on {clock.now():%Y-%m-%d}" in said
    assert "The audit log still has what happened" in said
    assert deleted.requester_email not in said


def test_sr_121_a_form_for_a_deleted_result_changes_nothing_and_says_so(desk: Desk, deleted: Verification) -> None:
    desk.get("/")
    answer = desk.post(f"/verifications/{deleted.id}/cancel")
    assert answer.status_code == 410
    assert "This verification was deleted on" in answer.text


def test_an_id_that_never_was_is_not_said_to_be_deleted(desk: Desk, deleted: Verification) -> None:
    assert deleted.id != "VE-0000000000"
    assert "There is no verification with this id." in desk.get("/verifications/VE-0000000000", 404)


def test_sr_121_the_log_shows_the_ticket_of_a_deleted_result_and_the_deletion(
    visitor: Visitor, staffed: Staffed, deleted: Verification
) -> None:
    staffed("olga", Role.AUDITOR)
    olga = visitor()
    olga.log_in("olga")
    page = olga.get(f"/audit?about={deleted.ticket_number}")
    assert f'<a href="/verifications/{deleted.id}">{deleted.ticket_number}</a>' in page
    assert "Opened" in page
    told = olga.get("/audit?what=results+deleted")
    assert "Deleted results whose time was over" in told
    assert "1 from before " in told
    assert "Deskward</td>" in told
