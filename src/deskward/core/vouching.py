"""Who may speak for whom, and what colleagues may say (SR-29)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from deskward.core.destinations import root_of
from deskward.core.people import Person
from deskward.core.risk import HIGH_FROM, Finding, Section

RETURN = timedelta(days=30)


class Met(StrEnum):
    """How a colleague reached the requester before they spoke for them."""

    IN_PERSON = "In person"
    KNOWN_NUMBER = "On a number I already knew"
    VIDEO = "By video, and I saw them"


class Doubt(StrEnum):
    """Why a colleague does not speak for the requester."""

    UNKNOWING = "I do not know about this"
    NOT_THEM = "I asked them, it is not their request"


@dataclass(frozen=True)
class Candidate:
    """Somebody who might be asked: whether a message reaches them, and whether they can sign."""

    person: Person
    reached: bool = True
    signs: bool = True


@dataclass(frozen=True)
class Circle:
    """Whom the requester cannot ask.

    `logins` are those of the ticket's agent and approver, in lower case; `returned` are the ids of people for
    whom the requester vouched within 30 days.
    """

    subject: Person
    today: date
    logins: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()


def conflict(candidate: Candidate, circle: Circle) -> str:
    """Say why this person may not vouch here; empty when they may."""
    person = candidate.person
    reasons = {
        "Nobody vouches for themselves.": same_owner(person, circle.subject),
        "Who sent or approved this request cannot vouch in it.": person.login.casefold() in circle.logins,
        "Who starts at work today cannot vouch yet.": bool(
            person.started_on and person.started_on >= circle.today
        ),
        "They vouched for you within 30 days, so you cannot vouch for them.": person.id in circle.returned,
        "A disabled account cannot vouch.": not person.enabled,
        "No established address is on file.": not candidate.reached,
        "Neither a passkey nor an account at the desk is there to sign with.": not candidate.signs,
    }
    return next((text for text, holds in reasons.items() if holds), "")


def same_owner(one: Person, other: Person) -> bool:
    """Tell whether two accounts seem to be one person's: by id, login, mailbox or phone."""
    names = {one.id, one.login.casefold()} & {other.id, other.login.casefold()}
    return bool(names or _roots(one) & _roots(other))


def reports_to(person: Person, other: Person) -> bool:
    """Tell whether the directory names the other as this person's manager, by id, login or name."""
    named = person.manager.strip().casefold()
    return bool(named) and named in {other.id.casefold(), other.login.casefold(), other.name.casefold()}


def colleagues_of(person: Person, people: Iterable[Person]) -> Sequence[Person]:
    """List who may know this person: the manager first, then team, own reports, and shared groups.

    Where two people fit the manager's name, neither is the manager.
    """
    others = [p for p in people if p.id != person.id]
    managers = [p for p in others if reports_to(person, p)]
    ranked = [(_nearness(person, p), p.name, p) for p in others if p not in managers]
    near = [p for rank, _, p in sorted(ranked, key=lambda found: (-found[0], found[1])) if rank]
    return (*managers, *near) if len(managers) == 1 else tuple(near)


def doubt_finding(doubt: Doubt) -> Finding:
    """Weigh a colleague's no: who asked the account's owner may stop it, who knows nothing hardly counts."""
    weight, text = {
        Doubt.UNKNOWING: (1.0, "A colleague who was asked to vouch knows nothing of this request."),
        Doubt.NOT_THEM: (HIGH_FROM, "A colleague asked the account's owner, who did not make this request."),
    }[doubt]
    return Finding("vouch", Section.PERSONA, weight, text, "a colleague who was asked to vouch")


def _nearness(person: Person, other: Person) -> int:
    if person.team and person.team == other.team:
        return 1000
    if reports_to(other, person):
        return 500
    return len(set(person.groups) & set(other.groups))


def _roots(person: Person) -> set[str]:
    return {root_of(d.kind, d.value) for d in person.destinations}
