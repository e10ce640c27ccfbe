"""How a typed search is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.searching import (
    LONGEST,
    MOST_WORDS,
    folded,
    parts_of,
    searched_words,
    tail_of,
    terms_of,
    typed_words,
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("ÅSA Öberg", "asa oberg"),
        ("Straße", "strasse"),
        ("plain TEXT", "plain text"),
        ("a\0b", "ab"),
        ("é\ud800", "e"),
    ],
)
def test_case_and_accents_are_folded(text: str, read: str) -> None:
    assert folded(text) == read


def test_every_word_begins_with_a_space_and_has_parts_of_three() -> None:
    words = searched_words("Bo  Li", "li@x.org")
    assert words == " bo li li@x.org"
    assert parts_of(words) == {" bo", " li", "li@", "i@x", "@x.", "x.o", ".or", "org"}
    assert len(searched_words("x" * 1_000)) == 400


@pytest.mark.parametrize(
    ("number", "tail"),
    [
        ("IR-1001", 1001),
        ("INC0010023", 10023),
        ("CHG-2026-17/a", 17),
        ("none", None),
        ("", None),
        ("7" * 19, None),
    ],
)
def test_the_tail_of_a_number_is_its_last_digits(number: str, tail: int | None) -> None:
    assert tail_of(number) == tail


def test_a_search_is_read_as_words_without_what_stands_around_them() -> None:
    terms = terms_of("  (Grace), “hopper” grace ")
    assert terms.words == ("grace", "hopper")
    assert terms.single == ""
    assert terms_of("#1001").single == "1001"
    assert terms_of(" () ").words == ()
    assert len(terms_of(" ".join(map(str, range(50)))).words) == MOST_WORDS


def test_a_short_word_is_the_beginning_of_a_word() -> None:
    terms = terms_of("li x")
    assert (terms.needles, terms.parts) == ((" li", " x"), [" li"])
    assert terms.name("Xi Liang")
    assert not terms.name("Ali X")
    assert terms_of("x").parts == []


def test_a_directory_is_asked_for_words_that_somebody_may_be_called() -> None:
    assert typed_words("  Grace  Hopper ") == ["Grace", "Hopper"]
    for odd in ("", " ", "a\0b", "x" * (LONGEST + 1), "x " * (MOST_WORDS + 1)):
        assert list(typed_words(odd)) == []


@given(st.text(max_size=40), st.text(max_size=40))
def test_whoever_is_found_has_all_the_parts_that_are_looked_for(name: str, typed: str) -> None:
    terms = terms_of(typed)
    if terms.words and terms.name(name):
        assert set(terms.parts) <= parts_of(searched_words(name))
