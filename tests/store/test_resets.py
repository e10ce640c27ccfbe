"""Resets that were looked at, on both databases."""

from dataclasses import replace
from datetime import timedelta

from deskward.core.resets import LoggedReset, ResetKind
from deskward.core.retention import Retention
from deskward.store.opening import Opened
from deskward.store.resets import EXPLAINED_KEPT
from tests.store.samples import NOON

MINUTE = timedelta(minutes=1)


def looked_at(name: str, **changes: object) -> LoggedReset:
    made = LoggedReset(f"IN-{name}", "entra", name, NOON, ResetKind.PASSWORD, "s1", "anna", "root", NOON)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_first_mark_is_also_the_beginning_and_stays_it(opened: Opened) -> None:
    rows = opened.store.resets
    assert rows.marks("entra") is None
    assert rows.follow("entra", None, NOON)
    assert rows.follow("entra", NOON, NOON + MINUTE)
    assert rows.marks("entra") == (NOON, NOON + MINUTE)
    assert rows.marks("okta") is None
    assert opened.store.sightings.read_to("entra") is None


def test_whoever_comes_second_keeps_nothing(opened: Opened) -> None:
    rows = opened.store.resets
    rows.follow("entra", None, NOON)
    assert not rows.follow("entra", None, NOON + MINUTE, [looked_at("a")])
    assert rows.follow("entra", NOON, NOON + MINUTE, [looked_at("b")])
    assert not rows.follow("entra", NOON, NOON + MINUTE, [looked_at("c")])
    assert [one.event_id for one in rows.incidents(9, reviewed=False)] == ["b"]


def test_what_was_looked_at_is_known_by_directory_and_time(opened: Opened) -> None:
    rows = opened.store.resets
    rows.follow("entra", None, NOON, [looked_at("a", at=NOON - MINUTE), looked_at("b")])
    assert rows.known("entra", NOON) == {"b"}
    assert rows.known("entra", NOON - MINUTE) == {"a", "b"}
    assert rows.known("okta", NOON - MINUTE) == set()


def test_what_explained_a_reset_is_told_with_its_kind(opened: Opened) -> None:
    rows = opened.store.resets
    kept = [
        looked_at("a", explained_by="GR-1"),
        looked_at("b"),
        looked_at("c", at=NOON - MINUTE, explained_by="GR-2"),
    ]
    rows.follow("entra", None, NOON, kept)
    assert rows.spent("entra", NOON) == {("GR-1", ResetKind.PASSWORD)}
    assert rows.spent("okta", NOON) == set()


def test_incidents_are_listed_newest_first_until_they_are_reviewed_once(opened: Opened) -> None:
    rows = opened.store.resets
    kept = [looked_at("a"), looked_at("b", at=NOON + MINUTE), looked_at("c", explained_by="GR-1")]
    rows.follow("entra", None, NOON, kept)
    assert [one.id for one in rows.incidents(9, reviewed=False)] == ["IN-b", "IN-a"]
    assert len(rows.incidents(1, reviewed=False)) == 1
    assert rows.review("IN-a", NOON + MINUTE, "Kim", "A drill.")
    assert not rows.review("IN-a", NOON + MINUTE, "Sam", "No drill.")
    assert not rows.review("IN-c", NOON, "Sam", "It has a grant.")
    assert not rows.review("IN-z", NOON, "Sam", "It is not there.")
    (settled,) = rows.incidents(9, reviewed=True)
    told = {"reviewed_at": NOON + MINUTE, "reviewed_by": "Kim", "reason": "A drill."}
    assert settled == looked_at("a", **told)
    assert [one.id for one in rows.incidents(9, reviewed=False)] == ["IN-b"]


def test_what_a_grant_explained_is_forgotten_and_incidents_stay(opened: Opened) -> None:
    rows = opened.store.resets
    old = NOON - EXPLAINED_KEPT - MINUTE
    kept = [
        looked_at("a", at=old, explained_by="GR-1"),
        looked_at("b", at=old),
        looked_at("c", explained_by="GR-2"),
    ]
    rows.follow("entra", None, NOON, kept)
    opened.store.prune(NOON, Retention())
    assert rows.known("entra", old) == {"b", "c"}


def test_sr_121_a_settled_incident_goes_as_results_do_and_an_open_one_never(opened: Opened) -> None:
    rows, kept = opened.store.resets, Retention()
    rows.follow("entra", None, NOON, [looked_at("a"), looked_at("b")])
    rows.review("IN-a", NOON, "Kim", "A drill.")
    opened.store.prune(NOON + kept.results, kept)
    assert rows.incidents(9, reviewed=True)
    opened.store.prune(NOON + kept.results + MINUTE, kept)
    assert not rows.incidents(9, reviewed=True)
    assert [one.id for one in rows.incidents(9, reviewed=False)] == ["IN-b"]
