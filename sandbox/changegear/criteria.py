"""The criteria language of ``filter=``: exactly what changegear-api.md section 19 lists, the rest refused."""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sandbox.changegear.records import Refused

Row = Mapping[str, Any]
Criterion = Callable[[Row], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<prop>\[\w+\])|(?P<text>'(?:[^']|'')*')|(?P<date>\#[^#]+\#)|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])"
    r"|(?P<sign><=|>=|<>|=|<|>)|(?P<word>[A-Za-z]+))"
)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def compile_filter(text: str, known: Collection[str]) -> Criterion:
    """Turn a filter into a test of one row; Refused for any syntax or property that is not known."""
    alternatives: list[list[Criterion]] = [[]]
    tokens = _tokens(text)
    while tokens:
        alternatives[-1].append(_comparison(tokens, known))
        if not tokens:
            return lambda row: any(all(test(row) for test in tests) for tests in alternatives)
        joint = tokens.pop(0)[1].lower()
        if joint == "or":
            alternatives.append([])
        elif joint != "and":
            raise Refused(f"Invalid criteria: 'And' or 'Or' expected, not {joint!r}.")
    raise Refused("Invalid criteria: a comparison is missing.")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise Refused(f"Invalid criteria at position {at}.")
        found.append((str(match.lastgroup), match[match.lastgroup or 0]))
        at = match.end()
    return found


def _comparison(tokens: list[tuple[str, str]], known: Collection[str]) -> Criterion:
    if len(tokens) < 3:  # noqa: PLR2004 - property, sign, value
        raise Refused("Invalid criteria: a comparison needs a property, an operator and a value.")
    (prop_kind, prop), (_, sign), literal = tokens.pop(0), tokens.pop(0), tokens.pop(0)
    name = prop[1:-1]
    if prop_kind != "prop" or name not in known:
        raise Refused(f"Invalid criteria: unknown property {prop}.")
    if sign.lower() == "like":
        return _like(name, literal)
    if sign not in _SIGNS:
        raise Refused(f"Invalid criteria: unknown operator {sign!r}.")
    return _ordered(name, _SIGNS[sign], _value(literal))


def _value(literal: tuple[str, str]) -> str | float | datetime:
    kind, text = literal
    if kind == "text":
        return text[1:-1].replace("''", "'").casefold()
    if kind == "number":
        return float(text)
    if kind == "date":
        return _date(text[1:-1])
    raise Refused(f"Invalid criteria: {text!r} is not a value.")


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"Invalid criteria: {text!r} is not a date.") from error


def _like(name: str, literal: tuple[str, str]) -> Criterion:
    wanted = _value(literal)
    if not isinstance(wanted, str):
        raise Refused("Invalid criteria: 'like' needs a text.")
    pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("%")), re.DOTALL)
    return lambda row: row.get(name) is not None and bool(pattern.fullmatch(str(row[name]).casefold()))


def _ordered(name: str, compare: Callable[[Any, Any], bool], wanted: str | float | datetime) -> Criterion:
    def test(row: Row) -> bool:
        stored = row.get(name)
        if stored is None:
            return False
        if isinstance(wanted, str):
            return compare(str(stored).casefold(), wanted)
        if isinstance(wanted, datetime):
            return compare(*_comparable(str(stored), wanted))
        return isinstance(stored, int | float) and compare(stored, wanted)

    return test


def _comparable(stored: str, wanted: datetime) -> tuple[datetime, datetime]:
    moment = _date(stored)
    if wanted.tzinfo is None or moment.year == 1:
        return moment.replace(tzinfo=None), wanted.replace(tzinfo=None)
    return moment, wanted
