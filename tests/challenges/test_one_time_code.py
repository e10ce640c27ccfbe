from dataclasses import replace
from datetime import timedelta

import pytest

from deskward.challenges.one_time_code import Challenge
from deskward.core.destinations import root_of
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.proof import Evidence
from deskward.core.secret import Secret
from tests.challenges.askings import ASKING, GARBAGE, MAIL, PHONE, answered

CHOSEN = replace(ASKING, option=MAIL.id)
KEPT = Challenge().ask(CHOSEN).kept


def test_every_established_address_is_offered_masked_and_the_phone_network_last() -> None:
    options = Challenge().options(ASKING)
    assert [o.id for o in options] == ["d-mail", "d-phone"]
    assert [o.title for o in options] == ["Code by e-mail to g•••@h•••.example", "Code by SMS to +4 ••• ••• 78"]
    assert [o.hint for o in options] == ["private e-mail", "mobile phone"]


def test_without_another_address_nothing_is_offered() -> None:
    assert Challenge().options(replace(ASKING, destinations=())) == []


def test_sr_010_asking_sends_a_code_to_the_chosen_address_for_ten_minutes() -> None:
    asked = Challenge().ask(CHOSEN)
    assert (asked.send_to, asked.lives) == ("d-mail", timedelta(minutes=10))
    assert Challenge(minutes=3).ask(CHOSEN).lives == timedelta(minutes=3)
    assert MAIL.value not in repr(asked)
    assert "012345" not in repr(asked)


def test_the_right_code_proves_the_root_of_that_address() -> None:
    checked = Challenge().check(CHOSEN, KEPT, answered(code="012 345"))
    assert (checked.right, checked.root) == (True, root_of(MAIL.kind, MAIL.value))
    assert Challenge.evidence is Evidence.ISSUED
    assert checked.used is None


def test_a_wrong_code_is_wrong() -> None:
    assert not Challenge().check(CHOSEN, KEPT, answered(code="012346")).right


def test_nothing_is_right_where_nothing_was_issued() -> None:
    assert not Challenge().check(replace(CHOSEN, issued=Secret("")), KEPT, answered(code="012345")).right


@pytest.mark.parametrize("typed", GARBAGE)
def test_what_is_no_code_is_refused_in_words(typed: str) -> None:
    with pytest.raises(InvalidError, match="6 digits"):
        Challenge().check(CHOSEN, KEPT, answered(code=typed))


def test_an_address_that_is_not_offered_gets_no_code() -> None:
    with pytest.raises(InvalidError, match="cannot be used"):
        Challenge().ask(replace(ASKING, option="d-other"))


def test_an_address_that_changed_meanwhile_proves_nothing() -> None:
    moved = replace(CHOSEN, destinations=(replace(MAIL, value="mallory@evil.example"), PHONE))
    with pytest.raises(InvalidError, match="cannot be used"):
        Challenge().check(moved, KEPT, answered(code="012345"))
    with pytest.raises(InvalidError, match="cannot be used"):
        Challenge().check(replace(CHOSEN, destinations=(PHONE,)), KEPT, answered(code="012345"))


@pytest.mark.parametrize("minutes", [0, 11])
def test_sr_010_a_life_above_ten_minutes_is_refused(minutes: float) -> None:
    with pytest.raises(SettingsError, match=r"challenges\.one_time_code\.minutes"):
        Challenge(minutes=minutes)
