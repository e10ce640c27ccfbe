"""Covering arrays: every value alone, and every pair of values in few rows."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

Pair = tuple[tuple[str, Any], tuple[str, Any]]
Row = dict[str, Any]


def alone(values: Mapping[str, Sequence[Any]]) -> list[Row]:
    """Give the row of defaults, then one row for each value that is not a default, all else being default."""
    return [{}, *({name: value} for name, many in values.items() for value in many[1:])]


def pairwise(values: Mapping[str, Sequence[Any]]) -> list[Row]:
    """Give rows that together hold every pair of values, each row taking what covers most."""
    left = dict.fromkeys(pairs(values))
    rows = []
    while left:
        row = dict(next(iter(left)))
        for name, many in values.items():
            if name not in row:
                row[name] = max(many, key=lambda value: sum(p in left for p in _with(row, name, value, values)))
        for pair in _pairs_of(row, values):
            left.pop(pair, None)
        rows.append(row)
    return rows


def pairs(values: Mapping[str, Sequence[Any]]) -> Iterator[Pair]:
    """List every pair of values of two different names, names in their given order."""
    for first, second in combinations(values, 2):
        yield from (((first, one), (second, other)) for one in values[first] for other in values[second])


def _pairs_of(row: Row, values: Mapping[str, Sequence[Any]]) -> Iterator[Pair]:
    yield from combinations(((name, row[name]) for name in values if name in row), 2)


def _with(row: Row, name: str, value: Any, values: Mapping[str, Sequence[Any]]) -> Iterator[Pair]:
    order = list(values)
    for other, taken in row.items():
        pair = ((other, taken), (name, value))
        yield pair if order.index(other) < order.index(name) else (pair[1], pair[0])
