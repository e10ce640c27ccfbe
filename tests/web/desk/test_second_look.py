"""Who has to look again, and by when, is said in words on details, table and dashboard (SR-124)."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deskward.core.accounts import Agent, Role
from deskward.core.ports import Change
from deskward.core.proof import Proof
from deskward.core.risk import RiskLevel
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle import Actor, House, Lifecycle
from deskward.store.opening import Opened
from tests.fakes import FakeClock
from tests.web.conftest import Sent
from tests.web.desk.conftest import Desk

Staffed = Callable[..., Agent]
Visitor = Callable[[], Desk]
FRIDAY = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.fixture
def refused(sent: Callable[..., Sent], store: Opened, clock: FakeClock) -> Verification:
    """Let High risk refuse a request that somebody else sent, on a Friday."""
    clock.at = FRIDAY
    saved = store.store.get(sent().verification.id)
    assert saved
    told: dict[str, Any] = {"state": State.FAILED, "outcome": Outcome.FAILED, "risk_level": RiskLevel.HIGH}
    told |= {"ended_at": clock.now(), "decided_at": clock.now()}
    return store.store.save(replace(saved, **told), Change())


def entered(visitor: Visitor, staffed: Staffed, login: str, role: Role) -> Desk:
    staffed(login, role)
    desk = visitor()
    assert desk.log_in(login).status_code == 303
    return desk


def test_sr_124_details_table_and_dashboard_say_by_when_another_person_has_to_look(
    visitor: Visitor, staffed: Staffed, refused: Verification, clock: FakeClock
) -> None:
    ada, path = entered(visitor, staffed, "ada", Role.APPROVER), f"/verifications/{refused.id}"
    due = 'Due by <time datetime="2026-11-30T12:00:00+00:00">30 Nov 2026, 12:00 UTC</time>'
    for page in (ada.get(path), ada.get("/?need=second_look"), ada.get("/")):
        assert due in page
        assert "Overdue" not in page
    assert "Another person than the first has to look at this." in ada.get(path)
    number = r'<a href="/\?need=second_look">1</a></span> Refused for High risk, to be looked at again'
    assert re.search(rf"{number}</span>", ada.get("/dashboard"))
    clock.at = FRIDAY + timedelta(days=3)
    ada.log_in("ada")
    for page in (ada.get(path), ada.get("/?need=second_look")):
        assert re.search(rf'Overdue</span> <span class="muted">{re.escape(due)}', page)
    assert re.search(rf"{number} \(1 overdue\)", ada.get("/dashboard"))
    assert ada.post(f"{path}/mark", mark="false_alarm", version=str(refused.version)).status_code == 303
    for page in (ada.get(path), ada.get("/")):
        assert "Due by" not in page
    assert "Refused for High risk" not in ada.get("/dashboard").split("ranges")[0]


def test_sr_124_who_sent_it_is_not_offered_to_look_again_and_is_refused_in_words(
    refused: Verification, desk: Desk, store: Opened, agent: Agent
) -> None:
    store.store.save(replace(refused, agent_id=agent.id), Change())
    store.accounts.put_agent(replace(agent, roles=(Role.APPROVER.value,)))
    path = f"/verifications/{refused.id}"
    assert "False alarm" not in desk.get(path)
    answer = desk.post(f"{path}/mark", mark="right", version=str(refused.version + 1))
    assert answer.status_code == 409
    assert "Nobody marks the result of their own work, decision or account." in answer.text


def test_sr_124_who_handed_it_over_is_not_offered_to_approve_it(
    *, visitor: Visitor, staffed: Staffed, sent: Callable[..., Sent], store: Opened, house: House, clock: FakeClock
) -> None:
    saved = store.store.get(sent().verification.id)
    assert saved
    proofs = tuple(
        Proof(name, f"{name}:1", established=True, at=clock.now(), subject_id=saved.subject_id)
        for name in ("link and code", "totp")
    )
    told: dict[str, Any] = {"state": State.STARTED, "agreed_at": clock.now(), "agent_id": "a-other"}
    begun = store.store.save(replace(saved, started_at=clock.now(), proofs=proofs, **told), Change())
    ada = entered(visitor, staffed, "ada", Role.APPROVER)
    mine = store.accounts.agent_by_login("ada")
    assert mine
    life = Lifecycle(house)
    review = life.hand_over(begun.id, begun.version, Actor("agent", mine.id, "Ada"), "Strange.")
    assert life.approvable(review)
    page, path = ada.get(f"/verifications/{review.id}"), f"/verifications/{review.id}"
    assert "Reason for approving" not in page
    assert "handed it to an approver, cannot approve it." in page
    answer = ada.post(f"{path}/approve", reason="It is fine.", version=str(review.version))
    assert answer.status_code == 409
    sam = entered(visitor, staffed, "sam", Role.APPROVER)
    assert "Reason for approving" in sam.get(path)
