"""Asking colleagues, as the challenge sees it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deskward.challenges.vouch import Challenge
from deskward.core.challenges import Asking, Site
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.people import Person
from deskward.core.proof import Evidence, ProofLevel
from deskward.core.records import Vouch
from tests.fakes import ANNA, BEN, START

CARA, DAN, EVE = (
    Person(f"o-{n.lower()}", f"{n.lower()}.x", f"{n} X", f"{n.lower()}@acme.example")
    for n in ("Cara", "Dan", "Eve")
)
ASKING = Asking(ANNA, Site("portal", "https://portal", "Acme"), START, people=(BEN, CARA, DAN, EVE))


def vouch(person: Person, minutes: int | None = None) -> Vouch:
    signed = None if minutes is None else START + timedelta(minutes=minutes)
    return Vouch(f"MS-{person.id}", "DW-1", "roster", ANNA.id, person.id, START, signed)


def test_sr_29_it_asks_three_and_needs_two_the_manager_first() -> None:
    challenge = Challenge()
    asked = challenge.ask(ASKING)
    assert asked.send_to_people == (BEN.id, CARA.id, DAN.id)
    assert asked.kept == {"needed": 2, "people": [BEN.id, CARA.id, DAN.id]}
    assert asked.lives == timedelta(minutes=60)
    assert challenge.evidence is Evidence.CONTACT
    (option,) = challenge.options(ASKING)
    assert option.hint.startswith("Your manager and two colleagues get a message. Two of them must")


def test_no_name_but_your_manager_is_shown_to_whoever_asks() -> None:
    shown = Challenge().ask(replace(ASKING, vouches=(vouch(BEN, 3), vouch(CARA))))
    people = [("Your manager", True), ("A colleague", False), ("A colleague", False)]
    assert [(p["who"], p["confirmed"]) for p in shown.shown["people"]] == people
    assert shown.shown["confirmed"] == 1
    assert not any(p.name.split()[0] in f"{shown.text}{shown.shown}" for p in ASKING.people)


def test_it_is_offered_only_where_enough_may_vouch() -> None:
    challenge = Challenge()
    assert challenge.options(replace(ASKING, people=(BEN,))) == []
    (option,) = challenge.options(replace(ASKING, people=(CARA, DAN)))
    assert option.hint.startswith("A colleague and one colleague get")


def test_sr_29_too_few_signatures_prove_nothing() -> None:
    challenge = Challenge()
    kept = challenge.ask(ASKING).kept
    said = (vouch(BEN, 3), vouch(CARA), vouch(EVE, 4))
    with pytest.raises(InvalidError, match="1 of the 2 people"):
        challenge.check(replace(ASKING, vouches=said), kept, {})


def test_sr_21_the_set_of_those_who_signed_is_the_root_and_the_oldest_signature_its_age() -> None:
    challenge = Challenge()
    kept = challenge.ask(ASKING).kept
    checked = challenge.check(replace(ASKING, vouches=(vouch(DAN, 9), vouch(BEN, 3))), kept, {})
    assert (checked.right, checked.root, checked.ceiling) == (True, "vouch:o-ben,o-dan", ProofLevel.P3)
    assert checked.established
    assert checked.at == START + timedelta(minutes=3)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"needed": 1}, "needs 1"),
        ({"needed": 4}, "needs 4"),
        ({"asked": 11}, "asks 11"),
        ({"minutes": 61}, "minutes is 61"),
        ({"minutes": 5}, "minutes is 5"),
    ],
)
def test_settings_that_weaken_it_are_refused(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        Challenge(**settings)
