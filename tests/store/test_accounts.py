"""Agents and their web sessions."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

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


def test_agents_are_found_by_many_logins_at_once_in_any_case(opened: Opened) -> None:
    for login in ("Ada", "bob", "eve"):
        opened.accounts.put_agent(Agent(f"id-{login}", login, login))
    found = opened.accounts.agents_by_login(["aDA", "EVE", "nobody"])
    assert [agent.login for agent in found] == ["Ada", "eve"]
    assert opened.accounts.agents_by_login([]) == []


def test_putting_an_agent_again_replaces_it(opened: Opened) -> None:
    opened.accounts.put_agent(Agent("a1", "ada", "Ada"))
    opened.accounts.put_agent(Agent("a1", "ada", "Ada King", active=False))
    opened.accounts.put_agent(Agent("a2", "Abe", "Abe"))
    assert [(a.login, a.name, a.active) for a in opened.accounts.agents()] == [
        ("Abe", "Abe", True),
        ("ada", "Ada King", False),
    ]
    assert opened.accounts.names() == [("a2", "Abe", "Abe"), ("a1", "ada", "Ada King")]


def test_a_login_is_taken_in_any_case(opened: Opened) -> None:
    opened.accounts.put_agent(Agent("a1", "ada", "Ada"))
    with pytest.raises(ConflictError, match="ADA"):
        opened.accounts.put_agent(Agent("a2", "ADA", "Another"))


def test_an_agent_is_found_by_issuer_and_subject_together(opened: Opened) -> None:
    ada = Agent("a1", "ada", "Ada", issuer="https://idp.example", subject="s-1")
    opened.accounts.put_agent(ada)
    opened.accounts.put_agent(Agent("a2", "local", "Local"))
    opened.accounts.put_agent(Agent("a3", "eve", "Eve", issuer="https://other.example", subject="s-1"))
    assert opened.accounts.agent_by_subject("https://idp.example", "s-1") == ada
    assert opened.accounts.agent_by_subject("https://idp.example", "s-2") is None
    assert opened.accounts.agent_by_subject("", "") is None
    with pytest.raises(ConflictError):
        opened.accounts.put_agent(replace(ada, id="a4", login="other"))


def test_sr_87_who_is_deactivated_loses_sessions_and_invitations_with_it(opened: Opened) -> None:
    accounts, day = opened.accounts, timedelta(hours=24)
    ada, bob = (Agent(i, i, i, roles=("administrator",)) for i in ("ada", "bob"))
    for agent in (ada, bob):
        accounts.put_agent(agent)
        accounts.put_web_session(WebSession(f"d-{agent.id}", agent.id, "csrf", NOON, NOON))
        accounts.put_invitation(Invitation(f"i-{agent.id}", ("agent",), NOON, NOON + day, made_by=agent.id))
    accounts.put_invitation(Invitation("used", ("agent",), NOON, NOON + day, made_by="bob"))
    assert accounts.accept("used", Agent("cy", "cy", "Cy"), NOON)
    accounts.change_agent(replace(bob, active=False))
    assert [s.agent_id for s in accounts.web_sessions()] == ["ada"]
    assert [i.digest for i in accounts.invitations()] == ["i-ada"]
    accounts.change_agent(replace(bob, name="Bob"))
    assert accounts.agent("bob") == replace(bob, name="Bob")
    with pytest.raises(ConflictError, match="Ada"):
        accounts.change_agent(replace(bob, login="Ada"))


def test_sr_87_renewing_never_activates(opened: Opened) -> None:
    ada, bob = Agent("a1", "ada", "Ada"), Agent("a2", "bob", "Bob", active=False)
    for agent in (ada, bob):
        opened.accounts.put_agent(agent)
    assert opened.accounts.renew_agent(replace(ada, name="Ada King"))
    assert not opened.accounts.renew_agent(replace(bob, active=True))
    assert [(a.name, a.active) for a in opened.accounts.agents()] == [("Ada King", True), ("Bob", False)]
    with pytest.raises(ConflictError, match="BOB"):
        opened.accounts.renew_agent(replace(ada, login="BOB"))


@pytest.mark.parametrize("change", [{"active": False}, {"roles": ("agent",)}])
def test_sr_87_the_last_administrator_stays_one(opened: Opened, change: dict[str, Any]) -> None:
    ada = Agent("a1", "ada", "Ada", roles=("administrator",))
    gone = Agent("a2", "gone", "Gone", roles=("administrator",), active=False)
    for agent in (ada, gone):
        opened.accounts.put_agent(agent)
    with pytest.raises(ConflictError, match="last administrator"):
        opened.accounts.change_agent(replace(ada, **change))
    assert opened.accounts.agent("a1") == ada
    opened.accounts.change_agent(replace(ada, name="Ada King"))


def test_sr_87_two_administrators_cannot_shut_each_other_out_at_the_same_moment(opened: Opened) -> None:
    pair = [Agent(i, i, i, roles=("administrator",)) for i in ("ada", "bob")]
    for agent in pair:
        opened.accounts.put_agent(agent)
    barrier, refused = Barrier(2), list[str]()

    def shut_out(agent: Agent) -> None:
        barrier.wait()
        try:
            opened.accounts.change_agent(replace(agent, active=False))
        except ConflictError:
            refused.append(agent.id)

    threads = [Thread(target=shut_out, args=(agent,)) for agent in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert [a.id for a in opened.accounts.agents() if a.active] == refused


def test_sessions_are_listed_by_their_last_use(opened: Opened) -> None:
    made = [
        WebSession(f"d{n}", f"a{n % 2}", "c", NOON, NOON + timedelta(minutes=n), browser="X") for n in range(4)
    ]
    for one in made:
        opened.accounts.put_web_session(one)
    assert opened.accounts.web_sessions() == made[::-1]
    assert opened.accounts.web_sessions("a1") == [made[3], made[1]]


def test_sessions_live_until_they_are_ended(opened: Opened) -> None:
    accounts = opened.accounts
    people = [Agent(f"a{n}", f"login{n}", f"Agent {n}") for n in range(2)]
    for agent in people:
        accounts.put_agent(agent)
    sessions = [WebSession(f"d{n}", f"a{n % 2}", "csrf", NOON, NOON + timedelta(minutes=n)) for n in range(5)]
    for session in sessions:
        accounts.put_web_session(session)
    accounts.end_web_sessions()
    assert [accounts.visitor(s.digest) for s in sessions] == [(people[n % 2], s) for n, s in enumerate(sessions)]
    accounts.touch_web_session("d0", NOON + timedelta(hours=1))
    assert accounts.visitor("d0") == (people[0], replace(sessions[0], seen_at=NOON + timedelta(hours=1)))
    accounts.end_web_sessions(digest="d4")
    accounts.end_web_sessions(agent_id="a1")
    assert [s.digest for s in sessions if accounts.visitor(s.digest)] == ["d0", "d2"]
    accounts.end_web_sessions(before=NOON + timedelta(minutes=3))
    assert [s.digest for s in sessions if accounts.visitor(s.digest)] == ["d0"]


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
