"""What a browser tells is taken flat, short and only as far as it was asked for."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.surroundings import LARGEST, LONGEST_READINGS, LONGEST_TEXT, MOST_TEXTS, Visit, readings_of

TOLD: dict[str, Any] = {"text": "Win32", "number": 8, "part": 1.5, "flag": True, "texts": ["de", "en"]}
VISIT = Visit(datetime(2026, 11, 24, tzinfo=UTC), "192.0.2.1", readings=TOLD)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=20,
)


def test_a_reading_is_given_as_what_it_is_asked_for_or_not_at_all() -> None:
    assert VISIT.text("text") == "Win32"
    assert (VISIT.number("number"), VISIT.number("part")) == (8.0, 1.5)
    assert VISIT.flag("flag") is True
    assert VISIT.texts("texts") == ("de", "en")
    assert [n for n in TOLD if VISIT.text(n) is not None] == ["text"]
    assert [n for n in TOLD if VISIT.number(n) is not None] == ["number", "part"]
    assert [n for n in TOLD if VISIT.flag(n) is not None] == ["flag"]
    assert [n for n in TOLD if VISIT.texts(n) is not None] == ["texts"]
    assert VISIT.text("missing") is None


def test_only_what_was_asked_for_is_taken() -> None:
    assert readings_of(json.dumps(TOLD), ("text", "flag", "missing")) == {"text": "Win32", "flag": True}


@pytest.mark.parametrize(
    "good",
    ["", "x" * LONGEST_TEXT, 0, -5, 1.5, False, [], ["de"] * MOST_TEXTS],
)
def test_what_is_flat_and_short_is_taken(good: Any) -> None:
    assert readings_of(json.dumps({"a": good}), ("a",)) == {"a": good}


@pytest.mark.parametrize(
    "bad",
    [
        *("x" * (LONGEST_TEXT + 1), "two\nlines", "\x00", "\u202eturned"),
        *(LARGEST, -LARGEST, float("inf"), float("nan"), pytest.param(10**400, id="huge")),
        *(None, {}, {"a": 1}, [1], [["de"]], [None], ["de"] * (MOST_TEXTS + 1), ["x" * (LONGEST_TEXT + 1)]),
    ],
)
def test_what_is_long_deep_or_not_finite_is_left_out(bad: Any) -> None:
    assert readings_of(json.dumps({"a": bad, "b": 1}), ("a", "b")) == {"b": 1}


@pytest.mark.parametrize(
    "garbage", ["", "{", "[1]", '"a"', "null", '{"a": 1}' + " " * LONGEST_READINGS, "[" * (LONGEST_READINGS - 1)]
)
def test_garbage_is_nothing_and_no_error(garbage: str) -> None:
    assert readings_of(garbage, ("a",)) == {}


@given(st.dictionaries(st.sampled_from("abcd"), JSON))
def test_whatever_comes_what_is_taken_can_be_kept_and_read_again(told: dict[str, Any]) -> None:
    taken = readings_of(json.dumps(told), ("a", "b", "c"))
    assert set(taken) <= {"a", "b", "c"} & set(told)
    assert readings_of(json.dumps(taken, allow_nan=False), ("a", "b", "c")) == taken
