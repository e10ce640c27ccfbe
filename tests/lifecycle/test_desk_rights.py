"""Who serves at the desk and is privileged in the directory is told (SR-53)."""

from dataclasses import replace

from deskward.core.accounts import Agent
from deskward.lifecycle.desk_rights import rights_check
from tests.fakes import ANNA, BEN
from tests.household import Household


def test_sr_53_an_agent_with_rights_of_their_own_in_the_directory_raises_an_alarm(home: Household) -> None:
    accounts = home.opened.accounts
    for login, roles, active in (
        (ANNA.login.upper(), ("agent",), True),
        (BEN.email, ("approver",), True),
        ("olga", ("auditor",), True),
        ("gone", ("agent",), False),
    ):
        accounts.put_agent(Agent(f"AG-{login}", login, login, roles=roles, active=active))
    home.change(accounts=accounts)
    olga = replace(BEN, id="o-olga", login="olga@northwind.example", email="o@x.example", privileged=True)
    gone = replace(olga, id="o-gone", login="gone")
    home.directory.people |= {"o-olga": olga, "o-gone": gone}
    people = list(home.directory.people.values())
    fine = rights_check(home.house, "roster", people)
    assert (fine.well, fine.text) == (
        True,
        "2 of 2 agents and approvers have an account here; none is privileged.",
    )
    home.directory.people["o-ben"] = replace(BEN, privileged=True)
    told = rights_check(home.house, "roster", people)
    assert not told.well
    assert told.text.startswith(f"{BEN.name}: privileged here")
    assert told.hint


def test_an_agents_login_is_found_without_its_domain_and_many_are_counted(home: Household) -> None:
    strong = {
        f"o-{n}": replace(BEN, id=f"o-{n}", name=f"Person {n}", login=f"l{n}@acme.example", privileged=True)
        for n in range(7)
    }
    for n in range(7):
        home.opened.accounts.put_agent(Agent(f"AG-{n}", f"l{n}", f"Agent {n}", roles=("agent",)))
    home.directory.people = strong
    home.change(accounts=home.opened.accounts)
    told = rights_check(home.house, "roster", strong.values())
    assert told.text.startswith("Person 0, Person 1, Person 2, Person 3, Person 4 and 2 more: privileged here")


def test_without_accounts_of_the_desk_there_is_nobody_to_look_at(home: Household) -> None:
    home.change(accounts=None)
    assert rights_check(home.house, "roster", [ANNA]).well
