import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from deskward.challenges.saved_code import Challenge
from deskward.core.authenticators import Used
from deskward.core.challenges import Asking
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.proof import Evidence, ProofLevel
from tests.challenges.askings import ASKING, GARBAGE, answered, kept

CODES: list[str] = Challenge().enrol_ask(ASKING).shown["codes"]


def enrolled() -> Asking:
    return kept(*Challenge().enrol_check(ASKING, answered(code=CODES[0])), kind="saved_code")


def test_sr_016_ten_codes_of_80_bits_are_shown_and_kept_as_digests_only() -> None:
    assert len(set(CODES)) == 10
    assert {len(code.replace("-", "")) * 5 for code in CODES} == {80}
    kept_ones = Challenge().enrol_check(ASKING, answered(code=CODES[3]))
    assert [e.ref for e in kept_ones] == [hashlib.sha256(c.replace("-", "").encode()).hexdigest() for c in CODES]
    assert not any(e.sealed for e in kept_ones)
    assert not any(code in repr(kept_ones) for code in CODES)


def test_sr_016_other_enrolments_have_other_codes_and_the_same_one_has_the_same() -> None:
    assert Challenge().enrol_ask(ASKING).shown["codes"] == CODES
    assert not {*CODES} & {*Challenge().enrol_ask(replace(ASKING, nonce="00" * 32)).shown["codes"]}


def test_a_code_proves_once_and_is_spent() -> None:
    checked = Challenge().check(enrolled(), {}, answered(code=CODES[7]))
    assert (checked.right, checked.established, checked.ceiling) == (True, True, ProofLevel.P2)
    assert checked.used == Used("a-7", spends=True)
    assert checked.root == "saved:person:hr:p-1"
    assert Challenge.evidence is Evidence.SAVED


def test_sr_016_a_spent_code_is_wrong() -> None:
    left = replace(enrolled(), authenticators=enrolled().authenticators[1:])
    assert not Challenge().check(left, {}, answered(code=CODES[0])).right


@pytest.mark.parametrize(
    "written", [str.lower, lambda c: c.replace("-", ""), lambda c: f"  {c.replace('-', ' – ')}\n"]
)
def test_a_code_is_read_as_people_copy_it(written: Callable[[str], str]) -> None:
    assert Challenge().check(enrolled(), {}, answered(code=written(CODES[1]))).right


def test_letters_that_look_like_digits_are_read_as_these() -> None:
    code = next(c for c in CODES if "0" in c or "1" in c)
    assert Challenge().check(enrolled(), {}, answered(code=code.replace("0", "o").replace("1", "l"))).right


@pytest.mark.parametrize("typed", [*GARBAGE, CODES[0][:-1], CODES[0] + "A"])
def test_what_is_no_code_is_refused_in_words(typed: str) -> None:
    with pytest.raises(InvalidError, match="16 letters and digits"):
        Challenge().check(enrolled(), {}, answered(code=typed))
    with pytest.raises(InvalidError, match="16 letters and digits"):
        Challenge().enrol_check(ASKING, answered(code=typed))


def test_codes_are_kept_only_when_one_of_them_was_typed_back() -> None:
    with pytest.raises(InvalidError, match="not one of the codes"):
        Challenge().enrol_check(ASKING, answered(code="0000-0000-0000-0000"))


def test_it_is_offered_while_codes_are_left() -> None:
    assert Challenge().options(ASKING) == []
    assert len(Challenge().options(enrolled())) == 1
    assert [f.kind for f in Challenge().ask(enrolled()).fields] == ["text"]


def test_the_number_of_codes_can_be_set() -> None:
    assert len(Challenge(count=5).enrol_ask(ASKING).shown["codes"]) == 5
    with pytest.raises(SettingsError, match=r"challenges\.saved_code\.count"):
        Challenge(count=4)
