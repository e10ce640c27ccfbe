"""What may be asked about a person, from what a directory knows of everybody."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from deskward.core.answers import FactKind
from deskward.core.months import MONTHS
from deskward.core.people import Person
from deskward.core.questions import Fact

TOO_MANY = 0.5
MOST_OTHERS = 100
MOST_COLLEAGUES = 60
Values = Callable[[Person], Sequence[str]]


@dataclass(frozen=True)
class _Topic:
    name: str
    question: str
    kind: FactKind
    values: Values


def facts_among(person: Person, everybody: Iterable[Person]) -> tuple[Fact, ...]:
    """Give the facts of a person: manager, team, groups, office, first month, colleagues.

    A value that more than half of those who have one share is not asked, nor what is missing. A manager on file by
    id, login or e-mail is asked by name.
    """
    present = [one for one in everybody if one.enabled]
    names = {key: one.name for one in present for key in (one.id, one.login, one.email)}
    topics = (
        _Topic("manager", "Who is your manager?", FactKind.NAME, lambda p: _one(names.get(p.manager, p.manager))),
        _Topic("team", "Which team do you work in?", FactKind.WORDS, lambda p: _one(p.team)),
        _Topic("office", "Which office do you belong to?", FactKind.WORDS, lambda p: _one(p.office)),
        _Topic("groups", "Name a group that you belong to.", FactKind.WORDS, lambda p: p.groups),
        _Topic("started", "In which month and year did you start to work here?", FactKind.MONTH, _month),
    )
    found = [_fact(topic, person, present) for topic in topics]
    return tuple(fact for fact in (*found, _colleagues(person, present)) if fact)


def _fact(topic: _Topic, person: Person, present: Sequence[Person]) -> Fact | None:
    counts = Counter(value for one in present for value in set(topic.values(one)))
    having = sum(1 for one in present if any(topic.values(one)))
    mine = [value for value in topic.values(person) if value]
    rare = [value for value in mine if counts[value] <= TOO_MANY * having]
    if not rare:
        return None
    often = [value for value in mine if value not in rare]
    others = _some((value for value in counts if value and value not in mine), person, MOST_OTHERS)
    return Fact(topic.name, topic.question, tuple(rare), topic.kind, tuple(often), others)


def _colleagues(person: Person, present: Sequence[Person]) -> Fact | None:
    rest = [one for one in present if one.id != person.id]
    near = [one.name for one in rest if _work_together(person, one)]
    if not near or len(near) > min(MOST_COLLEAGUES, TOO_MANY * len(rest)):
        return None
    others = _some((one.name for one in rest if one.name not in near), person, MOST_OTHERS)
    question = "Name a colleague of your team, or one with the same manager as you."
    return Fact("colleagues", question, tuple(near), FactKind.NAME, others=others)


def _work_together(one: Person, other: Person) -> bool:
    return any(a and a == b for a, b in ((one.team, other.team), (one.manager, other.manager)))


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _month(person: Person) -> tuple[str, ...]:
    day = person.started_on
    return _one(f"{MONTHS[day.month - 1].capitalize()} {day.year}" if day else "")


def _some(values: Iterable[str], person: Person, most: int) -> tuple[str, ...]:
    """Keep that many different ones, the same for the same person."""
    return tuple(sorted(set(values), key=lambda v: sha256(f"{person.id}\0{v}".encode()).digest())[:most])
