"""Opens a verification at the desk, without a ticket: for a person of the directory whom the agent finds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from deskward.core.decision import obstacle
from deskward.core.destinations import Kind, Provenance, masked
from deskward.core.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from deskward.core.events import EventKind
from deskward.core.people import Person
from deskward.core.policy import Category
from deskward.core.ports import Searchable
from deskward.core.tickets import Ticket, TicketPerson
from deskward.core.verification import Verification
from deskward.lifecycle.duties import is_subject
from deskward.lifecycle.fencing import refuse_fenced
from deskward.lifecycle.house import Actor, House
from deskward.lifecycle.means import Means
from deskward.lifecycle.subject import Subject, opened_for
from deskward.lifecycle.vault import known

SHORTEST, LONGEST, MOST_FOUND = 3, 100, 10
NO_TICKET = "No ticket"


@dataclass(frozen=True)
class Found:
    """A person of the directory as an agent may see them before anything is opened: the address is masked."""

    person_id: str
    name: str
    login: str
    masked: str
    about: str


def search(house: House, category: str, typed: str) -> Sequence[Found]:
    """Find people by account or e-mail, and by parts of the name where the category's directory can.

    InvalidError for a category that is not there and for fewer than 3 signs; raises outside errors.
    """
    text, directory = " ".join(typed.split()), house.people[_category(house, category).directory]
    if not SHORTEST <= len(text) <= LONGEST:
        raise InvalidError(
            "Type at least 3 characters.", "A name, a work e-mail address, or the name of an account.", "text"
        )
    exact = directory.find(TicketPerson("", text, text, text))
    more = directory.search(text, MOST_FOUND) if isinstance(directory, Searchable) else ()
    people = {person.id: person for person in (*exact, *more)}
    return [_found(person) for person in islice(people.values(), MOST_FOUND)]


def open_at_desk(house: House, category: str, person_id: str, form_key: str, actor: Actor) -> Verification:
    """Open one for a person, once for each form and person; nothing is noted or closed outside.

    NotFoundError for who is not in the directory; RefusedError for the agent's own account, for whom nothing can
    be sent to, and while a fence stands; InvalidError for a category that is not there.
    """
    chosen, number = _category(house, category), f"desk:{form_key}:{person_id}"
    person = house.people[chosen.directory].get(person_id)
    if person is None:
        raise NotFoundError("This person is not in the directory any more.", "Search again.")
    if begun := house.store.open_for("", number):
        return begun
    account = known(house, chosen.directory, person)
    why = obstacle(chosen, account, Means(house, chosen.directory, account).reach(Provenance.ESTABLISHED))
    if why:
        raise RefusedError(why)
    fresh = opened_for(house, _no_ticket(number, chosen, actor), chosen, _subject(person))
    if is_subject(house, fresh, actor.id):
        raise RefusedError("Nobody verifies their own account.", "Ask a colleague at the desk.")
    refuse_fenced(house, fresh)
    try:
        return house.record(fresh, EventKind.OPENED, actor, {"text": "At the desk, without a ticket"})
    except ConflictError:
        # The same form may have won the race against itself: then its run is this one's too.
        if begun := house.store.open_for("", number):
            return begun
        raise


def _category(house: House, name: str) -> Category:
    found = house.policy.named(name)
    if found is None:
        raise InvalidError("Choose what the person asks for.", "Pick one of the list.", "category")
    return found


def _no_ticket(number: str, category: Category, actor: Actor) -> Ticket:
    return Ticket(
        connector="",
        id=number,
        number=NO_TICKET,
        subject=f"Opened at the desk by {actor.name}",
        description="",
        url="",
        category_id="",
        category_name=category.name,
        requester_id="",
        status="",
        created_at=None,
        version="",
    )


def _subject(person: Person) -> Subject:
    return Subject(person.id, person.name, person.email, "")


def _found(person: Person) -> Found:
    address = masked(Kind.EMAIL, person.email) if "@" in person.email else "no e-mail"
    return Found(person.id, person.name, person.login, address, ", ".join(_about(person)))


def _about(person: Person) -> Iterator[str]:
    yield from filter(None, (person.title, person.team))
    if not person.enabled:
        yield "disabled"
