"""Who had which part in a verification, so that nobody decides on their own work or account."""

from deskward.core.events import EventKind
from deskward.core.verification import Run, Verification
from deskward.lifecycle.house import House

_SENDS = {EventKind.SENT, EventKind.RESENT}


def duties(house: House, verification: Verification | Run) -> frozenset[str]:
    """Name every agent who sent something in this verification."""
    events = house.store.events(verification.id)
    sent = {e.actor.removeprefix("agent:") for e in events if e.kind in _SENDS}
    return frozenset((sent | {verification.agent_id}) - {""})


def is_subject(house: House, verification: Verification, agent_id: str) -> bool:
    """Tell whether this agent's login is the one of the account in question."""
    agent = house.accounts.agent(agent_id) if house.accounts else None
    if agent is None or not verification.subject_id:
        return False
    person = house.people[verification.directory].get(verification.subject_id)
    return person is not None and person.login.casefold() == agent.login.casefold()
