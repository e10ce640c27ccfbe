"""The policy from the command line: explain · check."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from deskward.core.errors import DeskwardError, InvalidError
from deskward.core.policy_promises import broken
from deskward.core.policy_table import judged, methods_of
from deskward.core.policy_words import explained, tabled
from deskward.settings import Settings, read, settings_path
from deskward.wiring import challenges_of

policies = App(name="policy", help="What the policy asks for, and what it would let through.")

File = Annotated[Path | None, Parameter(name="--settings", help="The settings file (or DESKWARD_SETTINGS).")]


@policies.command
def explain(category: str, *, settings: File = None) -> None:
    """Say in plain words what an agent and a requester meet, in order, and which evidence passes.

    Parameters
    ----------
    category
        The name of its section, [categories.NAME].

    """
    there = read(settings_path(settings))
    policy = there.policy()
    found = policy.named(category)
    if found is None:
        names = ", ".join(f"“{c.name}”" for c in policy.categories) or "none"
        raise InvalidError(f"There is no category “{category}”.", f"There are: {names}.")
    for line in explained(found, policy.limits, methods_of(challenges_of(there).values())):
        print(line)


@policies.command
def check(*, settings: File = None) -> None:
    """Try every combination of evidence and print what would be let through; exit 1 where a standard is broken."""
    there = read(settings_path(settings))
    text, wrong = checked(there)
    print(text)
    if wrong:
        raise DeskwardError(
            "The policy lets through what a standard forbids; see BROKEN above.",
            "Correct the category; where a plugin brought the challenge, look at the evidence that it claims.",
        )


def checked(settings: Settings) -> tuple[str, tuple[str, ...]]:
    """Give the tables of all categories and the sentences that are broken."""
    policy, methods = settings.policy(), methods_of(challenges_of(settings).values())
    results = {c: judged(c, policy.limits, methods) for c in policy.categories}
    tables = ("\n".join(tabled(c, policy.limits, r)) for c, r in results.items())
    wrong = (sentence for c, r in results.items() for sentence in broken(c, policy.limits, r))
    return "\n\n".join(tables), tuple(wrong)
