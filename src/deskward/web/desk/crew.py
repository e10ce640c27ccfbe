"""Who initiates verifications: agents, and the groups that the settings put them in (SR-127)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deskward.core.accounts import AgentName
from deskward.core.searching import Terms, folded

GROUP = "group:"
REST, NOBODY = "rest", "nobody"


@dataclass(frozen=True)
class Crew:
    """Initiators by the word that an address names them with: an agent's id, or a group.

    `members` are the ids of each group's agents; “” stands for nobody, where nothing was sent yet.
    """

    names: Mapping[str, str]
    members: Mapping[str, tuple[str, ...]]

    def called(self, terms: Terms) -> tuple[str, ...]:
        """Give the ids of the agents whose names hold all words."""
        if not terms.words:
            return ()
        return tuple(n for n, name in self.names.items() if n not in self.members and terms.name(name))


def crew_of(agents: Sequence[AgentName], groups: Mapping[str, Sequence[str]]) -> Crew:
    """Put agents into groups by their logins; the rest are a group too, and so is nobody."""
    by_login = {agent.login.casefold(): agent.id for agent in agents}
    made = {
        f"{GROUP}{name}": tuple(by_login[login.casefold()] for login in logins if login.casefold() in by_login)
        for name, logins in groups.items()
    }
    grouped = {agent_id for ids in made.values() for agent_id in ids}
    rest = tuple(agent.id for agent in agents if agent.id not in grouped)
    members = {word: ids or (word,) for word, ids in {**made, REST: rest, NOBODY: ("",)}.items()}
    called = {f"{GROUP}{name}": name for name in groups}
    called |= {REST: "Agents in no group" if groups else "All agents", NOBODY: "Nobody yet"}
    sorted_agents = sorted(agents, key=lambda agent: folded(agent.name))
    return Crew({**called, **{agent.id: agent.name for agent in sorted_agents}}, members)
