"""Placeholder."""

from collections.abc import Mapping

from deskward.core.surroundings import Learned


def learned(owner: str, features: Mapping[str, str], month: str, times: int = 1) -> tuple[Learned, ...]:
    """Give the counts of one visit for its owner and for everyone."""
    return tuple(Learned(who, f, v, month, times) for who in (owner, "") for f, v in features.items())
