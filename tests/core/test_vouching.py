"""Who may speak for whom."""

from dataclasses import replace
from datetime import date

import pytest

from deskward.core.destinations import Destination, Kind
from deskward.core.people import Person
from deskward.core.risk import HIGH_FROM
from deskward.core.vouching import Candidate, Circle, Doubt, colleagues_of, conflict, doubt_finding, reports_to
from tests.fakes import ANNA, BEN

TODAY = date(2026, 5, 4)
CIRCLE = Circle(ANNA, TODAY, frozenset({"kim.agent", "sam.approver"}), frozenset({"o-dan"}))
SAME_PHONE = Destination("x", Kind.SMS, ANNA.destinations[1].value, "private phone", "HR")


def person(number: int = 1, **changes: object) -> Person:
    made = Person(f"o-{number}", f"login.{number}", f"Name {number}", f"{number}@acme.example")
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (Candidate(BEN), ""),
        (Candidate(ANNA), "themselves"),
        (Candidate(person(id=ANNA.id)), "themselves"),
        (Candidate(person(login="Anna.Berg")), "themselves"),
        (Candidate(person(destinations=(SAME_PHONE,))), "themselves"),
        (Candidate(person(login="Kim.Agent")), "sent or approved"),
        (Candidate(person(login="sam.approver")), "sent or approved"),
        (Candidate(person(started_on=TODAY)), "starts at work today"),
        (Candidate(person(started_on=date(2026, 6, 1))), "starts at work today"),
        (Candidate(person(started_on=date(2026, 5, 3))), ""),
        (Candidate(person(id="o-dan")), "within 30 days"),
        (Candidate(person(enabled=False)), "disabled"),
        (Candidate(BEN, reached=False), "established address"),
        (Candidate(BEN, signs=False), "passkey"),
    ],
)
def test_sr_29_the_table_of_conflicts(candidate: Candidate, reason: str) -> None:
    found = conflict(candidate, CIRCLE)
    assert (reason in found) if reason else not found


def test_the_manager_comes_first_then_team_own_reports_and_shared_groups() -> None:
    me = person(0, manager="LOGIN.9", team="Sales", groups=("a", "b"))
    boss, mate, report = person(9), person(2, team="Sales"), person(3, manager="Name 0")
    far, near, stranger = person(4, groups=("a",)), person(5, groups=("b", "a")), person(6)
    everybody = [stranger, far, near, report, mate, boss, me]
    assert colleagues_of(me, everybody) == (boss, mate, report, near, far)
    assert reports_to(me, boss)
    assert not reports_to(boss, me)


def test_two_namesakes_of_the_manager_are_nobodys_manager() -> None:
    me = person(0, manager="Ben Vogel")
    assert colleagues_of(me, [me, BEN, replace(BEN, id="o-ben2", login="ben2")]) == ()


def test_who_asked_the_owner_may_stop_it_and_who_knows_nothing_hardly_counts() -> None:
    assert doubt_finding(Doubt.NOT_THEM).weight == HIGH_FROM
    assert doubt_finding(Doubt.UNKNOWING).weight < 2
