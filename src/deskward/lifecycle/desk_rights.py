"""Looks whether people of the desk can change accounts in the directory by themselves (SR-53, A-12, A-13)."""

from collections.abc import Iterable

from deskward.core.accounts import Role
from deskward.core.lines import some
from deskward.core.people import Person
from deskward.core.tickets import Check
from deskward.lifecycle.house import House

SERVES = (Role.AGENT, Role.APPROVER)
SHOWN = 5


def rights_check(house: House, directory: str, people: Iterable[Person]) -> Check:
    """Name those of these people who serve others at the desk and are privileged; raises outside errors.

    Somebody is known by the login of their desk account: it is the login there, with or without its domain, or
    the mailbox. Rights that the directory's plugin does not take for privileged are not seen.
    """
    agents = house.accounts.agents() if house.accounts else []
    logins = {agent.login.casefold() for agent in agents if agent.active and agent.has(*SERVES)}
    own = [house.people[directory].get(person.id) for person in people if _names(person) & logins]
    known = [person for person in own if person]
    strong = [person.name for person in known if person.privileged]
    if not strong:
        text = f"{len(known)} of {len(logins)} agents and approvers have an account here; none is privileged."
        return Check("rights of agents", well=True, text=text)
    text = f"{some(strong, SHOWN)}: privileged here, so they can change accounts past Deskward."
    hint = "Take these roles and groups away from who serves at the desk, or give them a second account for it."
    return Check("rights of agents", well=False, text=text, hint=hint)


def _names(person: Person) -> set[str]:
    login = person.login.casefold()
    return {login, login.partition("@")[0], person.email.casefold()}
