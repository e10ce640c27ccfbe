"""Who the requester is: the ticket's person bound to one account of the directory (DESIGN 4)."""

from dataclasses import dataclass

from deskward.core.decision import obstacle
from deskward.core.destinations import Provenance
from deskward.core.links import new_id
from deskward.core.policy import Category
from deskward.core.tickets import Ticket
from deskward.core.verification import Outcome, Verification
from deskward.lifecycle.house import House
from deskward.lifecycle.means import Means
from deskward.lifecycle.vault import known


@dataclass(frozen=True)
class Subject:
    """The bound account, or `refusal`: why nothing can be sent."""

    person_id: str
    name: str
    email: str
    refusal: str


def bound(house: House, ticket: Ticket, category: Category) -> Verification:
    """Make the verification of a ticket, its subject bound to the directory's object id; not yet written."""
    return opened_for(house, ticket, category, bind(house, ticket, category))


def opened_for(house: House, ticket: Ticket, category: Category, subject: Subject) -> Verification:
    """Make a verification for this subject; not yet written."""
    now = house.clock.now()
    return Verification(
        id=new_id("DW"),
        connector=ticket.connector,
        ticket_id=ticket.id,
        ticket_number=ticket.number,
        ticket_subject=ticket.subject,
        ticket_description=ticket.description,
        ticket_url=ticket.url,
        category=category.name,
        requester_id=ticket.requester_id,
        requester_name=subject.name,
        requester_email=subject.email,
        directory=category.directory,
        subject_id=subject.person_id,
        action=category.action,
        refusal=subject.refusal,
        outcome=Outcome.UNABLE if subject.refusal else Outcome.NONE,
        opened_at=now,
        updated_at=now,
        deadline=now + house.policy.limits.to_send,
    )


def bind(house: House, ticket: Ticket, category: Category) -> Subject:
    """Find the one account of the ticket's `Requester`; never by a field of the form."""
    person = house.connectors[ticket.connector].person(ticket.requester_id) if ticket.requester_id else None
    if person is None:
        return Subject("", "unknown", "", "The ticket names no requester. Set the requester, then start again.")
    if person.own:
        return _refused(person.name, person.email, "The ticket's requester is the account Deskward itself uses.")
    found = house.people[category.directory].find(person)
    if not found:
        return _refused(person.name, person.email, "The requester is not in the directory.")
    if len(found) > 1:
        return _refused(person.name, person.email, f"The requester fits {len(found)} accounts in the directory.")
    account = known(house, category.directory, found[0])
    why = obstacle(category, account, Means(house, category.directory, account).reach(Provenance.ESTABLISHED))
    return Subject(account.id, account.name, account.email, why)


def _refused(name: str, email: str, why: str) -> Subject:
    return Subject("", name, email, f"{why} Correct the requester of the ticket, then start again.")
