"""Agents and their web sessions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from deskward.core.accounts import Agent, Invitation, WebSession
from deskward.core.errors import ConflictError
from deskward.store.opening import Opened
from tests.store.samples import NOON


def test_an_agent_is_found_by_id_and_by_login_in_any_case(opened: Opened) -> None:
    ada = Agent("a1", "Ada", "Ada Lovelace", "hash")
    opened.accounts.put_agent(ada)
    assert opened.accounts.agent("a1") == ada
    assert opened.accounts.agent_by_login("aDA") == ada
    assert opened.accounts.agent_by_login("bob") is None
    assert opened.accounts.agent("a2") is None


def test_putting_an_agent_again_replaces_it(opened: Opened) -> None:
    opened.accounts.put_agent(Agent("a1", "ada", "Ada"))
    opened.accounts.put_agent(Agent("a1", "ada", "Ada King", active=False))
    opened.accounts.put_agent(Agent("a2", "Abe", "Abe"))
    assert [(a.login, a.name, a.active) for a in opened.accounts.agents()] == [
        ("Abe", "Abe", True),
        ("ada", "Ada King", False),
    ]


def test_a_login_is_taken_in_any_case(opened: Opened) -> None:
    opened.accounts.put_agent(Agent("a1", "ada", "Ada"))
    with pytest.raises(ConflictError, match="ADA"):
        opened.accounts.put_agent(Agent("a2", "ADA", "Another"))


def test_sessions_live_until_they_are_ended(opened: Opened) -> None:
    accounts = opened.accounts
    sessions = [WebSession(f"d{n}", f"a{n % 2}", "csrf", NOON, NOON + timedelta(minutes=n)) for n in range(5)]
    for session in sessions:
        accounts.put_web_session(session)
    accounts.end_web_sessions()
    assert [accounts.web_session(s.digest) for s in sessions] == sessions
    accounts.touch_web_session("d0", NOON + timedelta(hours=1))
    assert accounts.web_session("d0") == replace(sessions[0], seen_at=NOON + timedelta(hours=1))
    accounts.end_web_sessions(digest="d4")
    accounts.end_web_sessions(agent_id="a1")
    assert [s.digest for s in sessions if accounts.web_session(s.digest)] == ["d0", "d2"]
    accounts.end_web_sessions(before=NOON + timedelta(minutes=3))
    assert [s.digest for s in sessions if accounts.web_session(s.digest)] == ["d0"]


def test_an_invitation_makes_one_account_once_and_in_time(opened: Opened) -> None:
    accounts, day = opened.accounts, timedelta(hours=24)
    first, second = (Invitation(d, ("approver",), NOON, NOON + day) for d in ("d1", "d2"))
    for invitation in (first, second):
        accounts.put_invitation(invitation)
    assert accounts.invitations() == [first, second]
    ada = Agent("a1", "ada", "Ada", roles=("approver",))
    assert not accounts.accept("d1", ada, NOON + day)
    assert not accounts.accept("unknown", ada, NOON)
    assert accounts.agents() == []
    assert accounts.accept("d1", ada, NOON)
    assert not accounts.accept("d1", replace(ada, id="a2", login="abe"), NOON)
    assert accounts.agents() == [ada]
    assert accounts.invitations() == [second]


def test_an_invitation_stays_good_when_the_login_is_taken(opened: Opened) -> None:
    accounts, invitation = opened.accounts, Invitation("d1", ("agent",), NOON, NOON + timedelta(hours=24))
    accounts.put_invitation(invitation)
    accounts.put_agent(Agent("a1", "ada", "Ada"))
    with pytest.raises(ConflictError, match="ADA"):
        accounts.accept("d1", Agent("a2", "ADA", "Another"), NOON)
    assert accounts.invitations() == [invitation]
