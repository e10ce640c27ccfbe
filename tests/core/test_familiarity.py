"""How familiar a visit is: the published formula by hand, and what must hold for every history."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.familiarity import (
    ALL,
    DISTINCT,
    FEATURES,
    OWNERS,
    PARTS,
    UNSEEN,
    digested,
    features_of,
    first_month,
    learned,
    month_of,
    score,
    wanted,
)
from deskward.core.surroundings import Device, Learned, Network, Place, Tally, Visit

NAMES = tuple(name for _, parts in FEATURES for name in parts)
VISIT = Visit(datetime(2026, 5, 4, tzinfo=UTC), "192.0.2.7", {"user-agent": "Mozilla/5.0 (X11)"})
MOST_MORE = 20
DEVICE = Device("Firefox", "140", "Linux", "", "desktop")
PLACED = Network("192.0.2.7", Place("NO"), 29695)


def test_the_weights_are_the_published_ones() -> None:
    assert dict(FEATURES)["address"] == {"address": 0.6, "asn": 0.3, "country": 0.1}
    assert tuple(dict(FEATURES)["agent"].values()) == (
        0.5386653840551359,
        0.2680451498625666,
        0.18818295100109536,
        0.0051065150812021525,
    )
    for _, parts in FEATURES:
        assert math.isclose(sum(parts.values()), 1.0)


def test_what_is_looked_at_is_named_and_unknown_parts_are_left_out() -> None:
    full = {
        "address": "192.0.2.7",
        "asn": "29695",
        "country": "NO",
        "agent": "Mozilla/5.0 (X11)",
        "browser": "Firefox 140",
        "system": "Linux",
        "kind": "desktop",
    }
    assert features_of(VISIT, PLACED, DEVICE) == full
    unplaced = features_of(VISIT, Network("192.0.2.7"), Device())
    assert unplaced == {"address": "192.0.2.7", "agent": "Mozilla/5.0 (X11)", "kind": "unknown"}
    silent = Visit(VISIT.at, "192.0.2.7")
    assert features_of(silent, Network("192.0.2.7"), Device())["agent"] == ""


def test_values_are_digested_by_the_purpose_of_their_own() -> None:
    assert digested({"asn": "1", "kind": "x"}, lambda purpose, value: f"<{purpose} {value}>") == {
        "asn": "<asn 1>",
        "kind": "<kind x>",
    }


# Everyone: 20 visits of 5 people; 3 operators, 2 countries, 4 browsers, 3 systems, 2 kinds.
EVERYONE = {
    ALL: 20,
    OWNERS: 5,
    DISTINCT + "asn": 3,
    DISTINCT + "country": 2,
    DISTINCT + "browser": 4,
    DISTINCT + "system": 3,
    DISTINCT + "kind": 2,
    "address": 4,
    "asn": 8,
    "country": 16,
    "agent": 2,
    "browser": 5,
    "system": 10,
    "kind": 12,
}


def test_a_score_is_what_the_formula_gives_by_hand() -> None:
    own = {ALL: 4, "address": 2, "asn": 3, "country": 4, "agent": 1, "browser": 2, "system": 4, "kind": 4}
    network = 0.6 * (5 / 8) * (4 / 26) + 0.3 * 8 / 20 + 0.1 * 16 / 20
    network /= 0.6 * 2 / 4 + 0.3 * 3 / 4 + 0.1 * 4 / 4
    a, b, s, k = dict(FEATURES)["agent"].values()
    device = a * (3 / 7) * (2 / 30) + b * 5 / 20 + s * 10 / 20 + k * 12 / 20
    device /= a * 1 / 4 + b * 2 / 4 + s * 4 / 4 + k * 4 / 4
    by_hand = network * device * (1 / 5) / (4 / 20)
    assert score(NAMES, own, EVERYONE) == pytest.approx(by_hand, rel=1e-12)
    assert by_hand == pytest.approx(0.16025, abs=5e-6)


def test_a_value_that_nobody_had_counts_as_one_of_those_still_to_come() -> None:
    own = {ALL: 4, "country": 4, "agent": 1, "browser": 2, "system": 4, "kind": 4}
    crowd = EVERYONE | {"address": 0, "asn": 0}
    device = score(NAMES, own | {"address": 4, "asn": 4}, EVERYONE)
    network = (0.6 * (1 / 4) * (1 / 26) + 0.1 * 16 / 20) / (0.1 * 4 / 4)
    known = 0.6 * (5 / 8) * (4 / 26) + 0.3 * 8 / 20 + 0.1 * 16 / 20
    assert device is not None
    assert score(NAMES, own, crowd) == pytest.approx(device / known * network, rel=1e-12)


def test_without_history_there_is_no_score() -> None:
    assert score(NAMES, {}, EVERYONE) is None


def test_unknown_parts_never_make_a_strange_address_familiar() -> None:
    own = {ALL: 4, "agent": 4, "browser": 4, "system": 4, "kind": 4}
    unplaced = [name for name in NAMES if name not in {"asn", "country"}]
    placed_at_home = score(NAMES, own | {"asn": 4, "country": 4}, EVERYONE)
    unknown = score(unplaced, own, EVERYONE)
    assert placed_at_home is not None
    assert unknown is not None
    assert unknown > placed_at_home


def test_counts_that_contradict_each_other_still_give_a_score() -> None:
    assert score(NAMES, {ALL: 2}, {}) == UNSEEN * UNSEEN


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, int], dict[str, int]]:
    """Make counts as real visits make them: a part was there at least as often as the full value."""
    everyone, own = {OWNERS: draw(st.integers(1, 50))}, {ALL: draw(st.integers(1, 60))}
    everyone[ALL] = own[ALL] + draw(st.integers(MOST_MORE, 2000))
    for full, parts in FEATURES:
        for name in parts:
            least = own.get(full, 0)
            own[name] = draw(st.integers(least, own[ALL]))
            everyone[name] = draw(st.integers(own[name], own[name] + everyone[ALL] - own[ALL]))
    everyone |= {DISTINCT + name: draw(st.integers(0, 40)) for name in PARTS}
    return own, everyone


def scored(own: dict[str, int], everyone: dict[str, int]) -> float:
    found = score(NAMES, own, everyone)
    assert found is not None
    return found


@given(histories(), st.integers(1, MOST_MORE))
def test_more_history_of_the_same_values_never_raises_the_score(counts: Any, more: int) -> None:
    own, everyone = counts
    longer = {name: times + more for name, times in own.items()}
    assert scored(longer, everyone) <= scored(own, everyone) * (1 + 1e-9)


@given(histories())
def test_nothing_seen_before_is_the_highest_of_all(counts: Any) -> None:
    own, everyone = counts
    stranger = scored({ALL: own[ALL]}, everyone)
    assert stranger == pytest.approx(UNSEEN * UNSEEN * everyone[ALL] / (everyone[OWNERS] * own[ALL]))
    assert 0 < scored(own, everyone) <= stranger * (1 + 1e-9)


@given(histories(), st.sampled_from(NAMES))
def test_a_value_that_the_person_had_more_often_never_raises_the_score(counts: Any, name: str) -> None:
    own, everyone = counts
    assert scored(own, everyone) <= scored(own | {name: 0}, everyone) * (1 + 1e-9)


def test_a_lesson_counts_for_the_person_and_for_everyone() -> None:
    kept = {"address": "A", "asn": "B"}
    first = learned("o1", kept, "2026-05", times=3)
    for owner in ("o1", ""):
        for name, value in (("address", "A"), ("asn", "B"), (ALL, "")):
            assert Learned(owner, name, value, "2026-05", 3) in first
    assert Learned("", DISTINCT + "asn", "", "2026-05", 1) in first
    assert Learned("", OWNERS, "", "2026-05", 1) in first
    assert len(first) == 8


def test_distinct_values_are_counted_in_the_newest_month_only() -> None:
    kept = {"address": "A", "asn": "B"}
    met = {("", "asn"): Tally(4, "2026-03"), ("o1", ALL): Tally(4, "2026-05"), ("", ALL): Tally(9, "2026-05")}
    again = learned("o1", kept, "2026-05", met=met)
    distinct = [one for one in again if one.feature.startswith(DISTINCT)]
    assert distinct == [
        Learned("", DISTINCT + "asn", "", "2026-03", -1),
        Learned("", DISTINCT + "asn", "", "2026-05"),
    ]
    older = learned("o1", kept, "2026-02", met=met)
    assert not [one for one in older if one.feature.startswith(DISTINCT)]


def test_what_is_unlearned_counts_no_more_and_the_last_of_a_value_is_no_longer_distinct() -> None:
    met = {("", "asn"): Tally(1, "2026-05"), ("o1", ALL): Tally(4, "2026-05")}
    back = learned("o1", {"address": "A", "asn": "B"}, "2026-05", times=-1, met=met)
    assert Learned("o1", "asn", "B", "2026-05", -1) in back
    assert [one for one in back if one.feature.startswith(DISTINCT)] == [
        Learned("", DISTINCT + "asn", "", "2026-05", -1)
    ]


def test_all_that_is_asked_for_is_named() -> None:
    rows = wanted({"address": "A"})
    assert rows["address"] == "A"
    assert set(rows) == {"address", ALL, OWNERS, *(DISTINCT + name for name in PARTS)}


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-06-30", "2026-01"),
        ("2026-05-01", "2025-12"),
        ("2026-01-31", "2025-08"),
        ("2026-12-15", "2026-07"),
    ],
)
def test_sr_121_six_months_count_this_one_included(now: str, first: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert first_month(at) == first
    assert month_of(at) == now[:7]
