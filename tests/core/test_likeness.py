"""Addresses that look like others."""

import pytest

from deskward.core.likeness import like_any, meant, resembles, within


@pytest.mark.parametrize(
    ("value", "known", "alike"),
    [
        ("anna@boat.example", "ANNA@boat.example", False),
        ("anna@boat.example", "ana@boat.example", True),
        ("anna@boat.example", "nana@boat.example", True),
        ("anna@boat.example", "anna@boat.exarnple", True),
        ("anna@b0at.example", "anna@boat.example", True),
        ("änna@boat.example", "anna@boat.example", True),
        ("ben@else.example", "anna@boat.example", False),
        ("+491511", "+491511999", False),
        ("a@b.c", "a@b.d", False),
    ],
)
def test_a_06_likeness_is_seen(value: str, known: str, alike: bool) -> None:
    assert resembles(value, known) is alike
    assert bool(like_any(value, ["nobody@nowhere.example", known])) is alike


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ("who@gmial.com", "gmail.com"),
        ("who@gmail.com", ""),
        ("who@hotmial.com", "hotmail.com"),
        ("who@gmx.ed", "gmx.de"),
        ("who@boat.example", ""),
    ],
)
def test_a_07_a_slip_in_the_provider_is_asked_about(value: str, domain: str) -> None:
    assert meant(value) == domain


def test_letters_that_changed_places_are_one_slip() -> None:
    assert within("ab", "ba", 1)
    assert not within("abcd", "badc", 1)
