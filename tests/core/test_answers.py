"""Answers are compared tolerantly in spelling and strictly in value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.answers import FactKind, Grading, distance, folded, grade, typos
from deskward.core.months import MONTHS

CORRECT, PARTIAL, INVALID, SKIPPED = Grading
GRACE, LAB = "Grace Okafor", "Materials Lab"
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
WORDS = st.text(ALPHABET, min_size=4, max_size=12)


@pytest.mark.parametrize(
    ("typed", "grading"),
    [
        ("Grace Okafor", CORRECT),
        ("  grace   OKAFOR ", CORRECT),
        ("Okafor, Grace", CORRECT),
        ("Okafor Grace", CORRECT),
        ("Gráce Ókafor", CORRECT),
        ("Ｇｒａｃｅ Ｏｋａｆｏｒ", CORRECT),  # noqa: RUF001 - full-width letters
        ("GraceOkafor", CORRECT),
        ("Mrs. Grace Okafor", CORRECT),
        ("Grcae Okafor", CORRECT),
        ("Grace Okaforr", CORRECT),
        ("G. Okafor", CORRECT),
        ("Grace O.", CORRECT),
        ("Grace", PARTIAL),
        ("Okafor", PARTIAL),
        ("Mr", INVALID),
        ("G", INVALID),
        ("G O", INVALID),
        ("H. Okafor", INVALID),
        ("Grace Hopper", INVALID),
        ("Grace Okafor Rita Romero", INVALID),
        ("Grcea Okfaro", INVALID),
        ("", SKIPPED),
        (" .-? ", SKIPPED),
        ("I don't know", SKIPPED),
        ("N/A", SKIPPED),
    ],
)
def test_a_name_may_be_spelt_in_many_ways(typed: str, grading: Grading) -> None:
    assert grade(typed, (GRACE,), FactKind.NAME) is grading


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Wilhelmina Featherstonehaugh-Montgomery of Upper Tooting", "Wilhelmina Featherstonhaugh Montgomery"),
        ("Seán O'Brien", "sean obrien"),
        ("Søren Ångström", "Soren Angstrom"),
        ("Jürgen Groß", "Juergen Gross"),
        ("Ludwig van Beethoven", "Beethoven, Ludwig"),
        ("Cher", "cher"),
        ("李 小龙", "小龙 李"),
        ("Łukasz Dąbrowski", "lukasz dabrowski"),
    ],
)
def test_names_of_everywhere_are_read(name: str, typed: str) -> None:
    assert grade(typed, (name,), FactKind.NAME) in {CORRECT, PARTIAL}


@pytest.mark.parametrize(
    ("right", "typed", "grading"),
    [
        (LAB, "the materials lab", CORRECT),
        (LAB, "Materials-Lab team", CORRECT),
        (LAB, "Matreials Lab", CORRECT),
        (LAB, "materials", PARTIAL),
        (LAB, "M Lab", INVALID),
        (LAB, "Chemistry Lab", INVALID),
        ("The Office", "office", PARTIAL),
        ("Building 2", "building 2", CORRECT),
        ("Building 2", "building 3", INVALID),
        ("Building 2", "building", PARTIAL),
        ("Building 2", "2", INVALID),
        ("HR", "hr", CORRECT),
        ("HR", "IT", INVALID),
    ],
)
def test_words_may_be_spelt_in_many_ways_but_their_numbers_are_strict(
    right: str, typed: str, grading: Grading
) -> None:
    assert grade(typed, (right,), FactKind.WORDS) is grading


@pytest.mark.parametrize(
    ("typed", "grading"),
    [
        ("March 2021", CORRECT),
        ("in march of 2021", CORRECT),
        ("2021 March", CORRECT),
        ("Mar 2021", CORRECT),
        ("Mar '21", CORRECT),
        ("Marhc 2021", INVALID),
        ("Mrch 2021", CORRECT),
        ("Marcch 2021", CORRECT),
        ("Narch 2021", CORRECT),
        ("03/2021", CORRECT),
        ("3.21", CORRECT),
        ("2021-03", CORRECT),
        ("2021-03-15", CORRECT),
        ("15.03.2021", CORRECT),
        ("03/15/2021", CORRECT),
        ("15.3.21", CORRECT),
        ("15 March 2021", CORRECT),
        ("march", PARTIAL),
        ("3", PARTIAL),
        ("2021", PARTIAL),
        ("April 2021", INVALID),
        ("March 2020", INVALID),
        ("Mar 98", INVALID),
        ("13/2021", INVALID),
        ("0", INVALID),
        ("March or April 2021", INVALID),
        ("March 2021 2022", INVALID),
        ("1 2 3 4", INVALID),
        ("202103", INVALID),
        ("spring 2021", INVALID),
        ("may", INVALID),
        ("ju", INVALID),
        ("since", INVALID),
        ("?", SKIPPED),
    ],
)
def test_months_are_strict_in_value_but_not_in_spelling(typed: str, grading: Grading) -> None:
    assert grade(typed, ("March 2021",), FactKind.MONTH) is grading


def test_a_year_of_the_last_century_may_be_short_too() -> None:
    assert grade("Mar 98", ("March 1998",), FactKind.MONTH) is CORRECT


def test_what_is_no_month_on_file_fits_no_month() -> None:
    assert grade("March 2021", ("long ago",), FactKind.MONTH) is INVALID


@pytest.mark.parametrize(
    ("typed", "grading"),
    [
        ("12", CORRECT),
        ("twelve", CORRECT),
        ("012", CORRECT),
        ("1 2", CORRECT),
        ("13", INVALID),
        ("dozen", INVALID),
    ],
)
def test_numbers_are_strict_in_value_but_not_in_spelling(typed: str, grading: Grading) -> None:
    assert grade(typed, ("12",), FactKind.NUMBER) is grading


def test_any_right_answer_is_right_and_a_weak_one_is_partial() -> None:
    right, weak = ("Treasury", "First Aiders"), ("Staff",)
    gradings = [grade(t, right, FactKind.WORDS, weak=weak) for t in ("first aiders", "treasury", "staff", "sales")]
    assert gradings == [CORRECT, CORRECT, PARTIAL, INVALID]


def test_what_is_somebody_elses_exactly_is_no_small_mistake() -> None:
    assert grade("Anne Berg", ("Anna Berg",), FactKind.NAME) is CORRECT
    assert grade("Anne Berg", ("Anna Berg",), FactKind.NAME, others=("Anne Berg",)) is INVALID
    assert grade("Anna Berg", ("Anna Berg",), FactKind.NAME, others=("Anne Berg",)) is CORRECT
    assert grade("Sales", ("Sales Abroad",), FactKind.WORDS) is PARTIAL
    assert grade("Sales", ("Sales Abroad",), FactKind.WORDS, others=("Sales",)) is INVALID


@given(st.text(max_size=60), st.sampled_from(FactKind), st.lists(st.text(max_size=30), max_size=4))
def test_every_text_gets_a_grading(typed: str, kind: FactKind, values: list[str]) -> None:
    assert grade(typed, values, kind, weak=values[:1], others=values[1:]) in Grading


@given(st.lists(WORDS, min_size=1, max_size=4), st.randoms())
def test_case_accents_punctuation_and_order_do_not_matter_in_a_name(words: list[str], chance: object) -> None:
    shuffled = [w.upper().replace("E", "É") for w in words]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert grade("-, ".join(shuffled), (" ".join(words),), FactKind.NAME) is CORRECT


@given(WORDS, st.integers(0, 11), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_forgiven_in_words_of_four(word: str, place: int, letter: str) -> None:
    place %= len(word)
    assert grade(word[:place] + letter + word[place + 1 :], (word,), FactKind.WORDS) in {CORRECT, SKIPPED}


@given(st.text(ALPHABET, max_size=3), st.text(ALPHABET, max_size=3))
def test_short_words_are_taken_to_the_letter(one: str, two: str) -> None:
    assert (typos(one, two) == 0) == (one == two)


@given(st.text(ALPHABET, max_size=8), st.text(ALPHABET, max_size=8))
def test_the_distance_is_the_same_both_ways_and_no_longer_than_the_words(one: str, two: str) -> None:
    assert distance(one, two) == distance(two, one)
    assert abs(len(one) - len(two)) <= distance(one, two) <= max(len(one), len(two))
    assert (distance(one, two) == 0) == (one == two)


@given(st.integers(1, 12), st.integers(1970, 2069), st.integers(1, 12), st.integers(1970, 2069))
def test_only_the_same_month_is_right(month: int, year: int, other: int, later: int) -> None:
    on_file = f"{MONTHS[month - 1].capitalize()} {year}"
    same = (month, year) == (other, later)
    for typed in (
        f"{MONTHS[other - 1]} {later}",
        f"{other:02}/{later}",
        f"{later}-{other:02}-01",
        f"{other}.{later % 100}",
    ):
        assert (grade(typed, (on_file,), FactKind.MONTH) is CORRECT) == same


@given(st.lists(WORDS, min_size=4, max_size=8, unique=True))
def test_naming_everybody_at_once_names_nobody(names: list[str]) -> None:
    people = [f"{first} {last}" for first, last in zip(names[::2], names[1::2], strict=False)]
    assert grade(" ".join(people), people, FactKind.NAME) is INVALID


def test_folding_leaves_words() -> None:
    assert folded("  L’Équipe_Nord—№ 5! ") == "lequipe nord no 5"
