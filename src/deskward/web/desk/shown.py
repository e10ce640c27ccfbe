"""What templates write again and again: a page of the table has fifty of each, and a macro of Jinja costs more."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache

from markupsafe import Markup

from deskward.core.risk import RiskLevel
from deskward.web.pages import Templates, environment

_COLOURS = {RiskLevel.VERIFIED: "green", RiskLevel.MEDIUM: "amber", RiskLevel.HIGH: "red"}


def templates() -> Templates:
    """Give the templates of the desk, which know `time`, `risk` and `options` as filters."""
    made = environment("desk")
    made.filters |= {"time": time, "risk": risk, "options": options}
    return Templates(made)


def time(at: datetime) -> Markup:
    """Write a time of UTC for people and for scripts."""
    return Markup(f'<time datetime="{at.isoformat(timespec="seconds")}">{at:%d %b %Y, %H:%M} UTC</time>')  # noqa: S704 - of digits and names of months


@cache
def risk(level: RiskLevel) -> Markup:
    """Write a level in its colour."""
    return Markup('<span class="chip {}">{}</span>').format(_COLOURS.get(level, "grey"), level.value)


def options(named: Mapping[str, str], chosen: str = "") -> Markup:
    """Write the choices of a list, names by value; there may be hundreds of agents."""
    return _options(tuple(named.items()), chosen)


@lru_cache(maxsize=64)
def _options(named: tuple[tuple[str, str], ...], chosen: str) -> Markup:
    option, mark = Markup('<option value="{}"{}>{}</option>'), Markup(" selected")
    return Markup("").join(option.format(value, mark if value == chosen else "", name) for value, name in named)
