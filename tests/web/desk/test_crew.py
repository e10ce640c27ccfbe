"""Initiators: agents, the groups of the settings, and who is in none."""

from deskward.core.accounts import AgentName
from deskward.web.desk.crew import NOBODY, REST, crew_of

AGENTS = [AgentName("A1", "kim", "Kim"), AgentName("A2", "Ake", "Åke"), AgentName("A3", "zoe", "Zoe")]


def test_groups_are_made_of_logins_whose_case_does_not_count_and_the_rest_is_a_group() -> None:
    crew = crew_of(AGENTS, {"Desk": ["KIM", "gone"], "Empty": ["gone"]})
    assert crew.members == {
        "group:Desk": ("A1",),
        "group:Empty": ("group:Empty",),
        REST: ("A2", "A3"),
        NOBODY: ("",),
    }
    assert list(crew.names.items())[:4] == [
        ("group:Desk", "Desk"),
        ("group:Empty", "Empty"),
        (REST, "Agents in no group"),
        (NOBODY, "Nobody yet"),
    ]
    assert list(crew.names)[4:] == ["A2", "A1", "A3"]


def test_without_groups_all_agents_are_one() -> None:
    assert crew_of(AGENTS, {}).names[REST] == "All agents"
