"""Questions about what is on file: facts of a person, which of them are asked, and what can be chosen from."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from deskward.core.answers import FactKind, Grading, folded, grade
from deskward.core.months import Month, read_month
from deskward.core.people import Person

LEAST_CHOICES = 4


@dataclass(frozen=True)
class Fact:
    """Something on file about a person; any of `answers` is right.

    `weak` is true as well, but says too little to count whole; `others` are wrong values that somebody else has,
    to be offered beside the right one. No two questions of one run have the same `topic`.
    """

    topic: str
    question: str
    answers: tuple[str, ...]
    kind: FactKind = FactKind.WORDS
    weak: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@runtime_checkable
class QuestionSource(Protocol):
    """Who knows facts about people: a directory, a calendar, a system of human resources."""

    name: str

    def facts(self, person: Person) -> Sequence[Fact]:
        """Give what may be asked about this person, none when unknown; UnreachableError when down."""
        ...


def askable(facts: Iterable[Fact], person: Person) -> tuple[Fact, ...]:
    """Leave out what ticket and public pages show, and what would answer a question of an earlier topic."""
    shown = set(folded(f"{person.name} {person.first_name} {person.login} {person.email}").split())
    told: dict[str, str] = {}
    kept = []
    for fact in facts:
        fresh = [a for a in fact.answers if _is_hidden(a, shown) and told.get(folded(a), fact.topic) == fact.topic]
        if fresh:
            kept.append(replace(fact, answers=tuple(fresh), weak=_without(fact, fresh)))
            told |= {folded(a): fact.topic for a in fresh}
    return tuple(kept)


def selected(facts: Iterable[Fact], number: int, nonce: str) -> tuple[Fact, ...]:
    """Choose that many facts of different topics, the same ones for the same nonce."""
    of_topic: dict[str, Fact] = {}
    for fact in sorted(facts, key=lambda fact: _rank(nonce, fact.topic, fact.question)):
        of_topic.setdefault(fact.topic, fact)
    return tuple(of_topic.values())[:number]


def choices_of(fact: Fact, seed: str) -> tuple[str, ...]:
    """Give a right value among plausible ones, in reading order; none where too few others are known.

    Everybody's value falls into one fixed set for a seed, so neither asking again nor knowing all values and the
    seed tells which of the set is right.
    """
    right = min(fact.answers, key=lambda answer: _rank(seed, fact.topic, answer))
    true = {folded(value) for value in (*fact.answers, *fact.weak)}
    wrong = {o for o in fact.others if folded(o) not in true and grade(o, (right,), fact.kind) is Grading.INVALID}
    pool = sorted({right, *wrong}, key=lambda value: _rank(seed, fact.topic, value))
    sets = len(pool) // LEAST_CHOICES
    mine = pool.index(right) * sets // len(pool)
    shown = [value for place, value in enumerate(pool) if sets and place * sets // len(pool) == mine]
    return tuple(sorted(shown, key=lambda value: _reading_order(value, fact.kind)))


def _is_hidden(answer: str, shown: set[str]) -> bool:
    return not set(folded(answer).split()) <= shown


def _without(fact: Fact, fresh: Sequence[str]) -> tuple[str, ...]:
    return (*fact.weak, *(answer for answer in fact.answers if answer not in fresh))


def _rank(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _reading_order(value: str, kind: FactKind) -> tuple[int, int, str]:
    when = (kind is FactKind.MONTH and read_month(folded(value))) or Month()
    return (when.year, when.month, folded(value))
