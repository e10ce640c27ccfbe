"""What may be asked about a person: the facts of every source that answers."""

from collections.abc import Iterator

from deskward.core.errors import DeskwardError
from deskward.core.people import Person
from deskward.core.questions import Fact, QuestionSource, askable
from deskward.lifecycle.house import House


def facts_of(house: House, directory: str, person: Person) -> tuple[Fact, ...]:
    """Collect what may be asked about a person of this directory; a source that is down knows nothing (SR-28).

    Another directory is never asked: its account of this id is somebody else's.
    """
    known = (_told(source, person) for source in _sources(house, directory))
    return askable((fact for facts in known for fact in facts), person)


def _sources(house: House, directory: str) -> Iterator[QuestionSource]:
    for name, source in house.sources.items():
        if name == directory or name not in house.people:
            yield source


def _told(source: QuestionSource, person: Person) -> tuple[Fact, ...]:
    try:
        return tuple(source.facts(person))
    except DeskwardError:
        return ()
