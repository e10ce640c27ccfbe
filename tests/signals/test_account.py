from datetime import date, timedelta
from typing import Any

import pytest

from deskward.core.destinations import Destination, Kind
from deskward.core.errors import SettingsError
from deskward.core.risk import Direction, Finding, RiskLevel, assess
from deskward.signals.account import Signal
from tests.signals.callers import AT, look, weighed

OLD = Destination("d-1", Kind.EMAIL, "anna@home.example", "private e-mail", "HR", changed_at=AT - timedelta(400))
SETTLED = {"started_on": date(2020, 1, 1), "destinations": (OLD,)}


def account(**changes: Any) -> list[Finding]:
    return look(Signal(), person=SETTLED | changes)


def planted(days: float, **parts: Any) -> Destination:
    return Destination("d-2", Kind.SMS, "+15005550006", "phone", "HR", changed_at=AT - timedelta(days), **parts)


def said(direction: Direction, **changes: Any) -> list[str]:
    return [finding.text for finding in account(**changes) if finding.direction is direction]


def test_an_ordinary_account_is_said_without_weight() -> None:
    assert said(Direction.NEUTRAL) == [
        "This person has worked here for 30 days or longer.",
        "No contact address of this person was changed within 14 days.",
    ]
    assert len(account()) == 2


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"enabled": False}, "The account is disabled."),
        ({"privileged": True}, "The account is privileged. Privileged accounts are never served by link."),
    ],
)
def test_a_disabled_or_privileged_account_is_high_by_itself(changes: dict[str, bool], text: str) -> None:
    (critical,) = [finding for finding in account(**changes) if finding.critical]
    assert critical.text == text
    assert assess([critical]).level is RiskLevel.HIGH


def test_a_locked_account_is_ordinary() -> None:
    assert "The account is locked." in said(Direction.NEUTRAL, locked=True)


@pytest.mark.parametrize(
    ("days", "weight", "text"),
    [
        (0, 1.0, "This person is new: the first day at work was today."),
        (1, 1.0, "This person is new: the first day at work was 1 day ago."),
        (29, 1.0, "This person is new: the first day at work was 29 days ago."),
        (30, 0.0, "This person has worked here for 30 days or longer."),
        (-1, 1.0, "This person does not work here yet."),
    ],
)
def test_who_is_new_weighs_a_little(days: int, weight: float, text: str) -> None:
    (found,) = [f for f in account(started_on=AT.date() - timedelta(days)) if "work" in f.text]
    assert (found.weight, found.text) == (weight, text)


def test_a_first_day_that_nobody_tells_is_unknown() -> None:
    assert said(Direction.UNKNOWN, started_on=None) == [
        "The directory does not tell this person's first day at work."
    ]


@pytest.mark.parametrize(("days", "weights"), [(1, [2.0]), (6, [2.0]), (13, [2.0]), (15, [])])
def test_a_38_a_planted_contact_raises_the_risk_for_two_weeks(days: int, weights: list[float]) -> None:
    assert weighed(Signal(), person=SETTLED | {"destinations": (OLD, planted(days))}) == weights


@pytest.mark.parametrize(("days", "weights"), [(0, [2.0]), (13.99, [2.0]), (14, []), (-0.5, [2.0])])
def test_a_38_the_last_day_is_the_one_before_the_limit(days: float, weights: list[float]) -> None:
    assert weighed(Signal(), person=SETTLED | {"destinations": (planted(days),)}) == weights


def test_a_38_a_longer_limit_finds_a_patient_planter() -> None:
    person = SETTLED | {"destinations": (planted(15),)}
    assert weighed(Signal(days=30), person=person) == [2.0]


@pytest.mark.parametrize(
    ("destination", "text"),
    [
        (planted(3), "A contact address of this person was changed 3 days ago."),
        (planted(1.5), "A contact address of this person was changed 1 day ago."),
        (planted(-0.1), "A contact address of this person was changed today."),
        (
            planted(3, first_seen_at=AT - timedelta(3)),
            "A contact address of this person was first seen 3 days ago.",
        ),
        (
            planted(3, confirmed_at=AT - timedelta(3)),
            "A contact address of this person was first confirmed 3 days ago.",
        ),
    ],
)
def test_a_38_the_youngest_address_is_said_and_never_shown(destination: Destination, text: str) -> None:
    (found,) = [f for f in account(destinations=(planted(9), destination, OLD)) if f.weight]
    assert found.text == text
    assert destination.value not in f"{found}"
    assert set(found.raw) == {"changed_at", "kind", "from"}


def test_addresses_of_the_first_import_count_as_old_where_the_house_remembers_them() -> None:
    person = SETTLED | {"destinations": (Destination("d", Kind.EMAIL, "a@b.example", "private e-mail", "HR"),)}
    assert weighed(Signal(), person=person | {"recalled": True}) == []
    assert said(Direction.UNKNOWN, **person, recalled=True) == []


@pytest.mark.parametrize(
    ("destinations", "text"),
    [
        ((), "No contact address of this person is known."),
        (
            (Destination("d", Kind.EMAIL, "a@b.example", "private e-mail", "HR"),),
            "Nobody knows since when this person's contact addresses are so.",
        ),
    ],
)
def test_sr_28_addresses_without_a_stamp_are_unknown(destinations: tuple[Destination, ...], text: str) -> None:
    assert said(Direction.UNKNOWN, destinations=destinations) == [text]


def test_a_limit_below_the_floor_is_refused() -> None:
    with pytest.raises(SettingsError, match="days is 6"):
        Signal(days=6)
