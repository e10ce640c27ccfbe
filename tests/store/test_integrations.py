"""What is kept about integrations, on both databases."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from deskward.core.errors import ConflictError
from deskward.core.integrations import Checkup, Lane, NoteLook, PathToken, Pulse
from deskward.core.ports import Change, Errand, ErrandKind
from deskward.core.tickets import Check
from deskward.store.opening import Opened
from tests.store.samples import NOON, StandingClock, a_verification

LATER = NOON + timedelta(minutes=1)
LOOK = NoteLook("TEST-1", "changegear", "way", "39", "Hello.", NOON, "agent:AG-1")


class Bell:
    def __init__(self) -> None:
        self.rung: list[str] = []

    def ring(self, lanes: Iterable[str]) -> None:
        self.rung += lanes


def asked(name: str = "one", place: str = "channels.smtp") -> tuple[Checkup, Errand]:
    errand = Errand(ErrandKind.CHECK, f"check:{place}", f"check:{name}", {"checkup": name}, NOON)
    return Checkup(name, place, NOON, "agent:AG-1"), errand


def token(name: str, connector: str = "changegear") -> PathToken:
    return PathToken(name, connector, NOON, "agent:AG-1")


def test_a_contact_is_kept_with_its_last_error_until_the_next_one(opened: Opened) -> None:
    rows = opened.store.integrations
    assert rows.pulses() == {}
    rows.beat("channels.smtp", NOON)
    rows.beat("channels.smtp", LATER, "It does not answer.", reached=False)
    failed = Pulse("channels.smtp", NOON, LATER, "It does not answer.", reached=False)
    assert rows.pulses() == {"channels.smtp": failed}
    assert failed.failing
    rows.beat("channels.smtp", LATER + timedelta(minutes=1))
    well = rows.pulses()["channels.smtp"]
    assert (well.failing, well.reached, well.error) == (False, True, "It does not answer.")


def test_the_backlog_counts_each_lane_under_what_it_needs(opened: Opened) -> None:
    store, rows = opened.store, opened.store.integrations
    saved = store.save(a_verification("DW-1", directory="roster"), Change())
    lanes = [("changegear:7", ErrandKind.NOTE), ("smtp:a", ErrandKind.SEND), ("check:networks", ErrandKind.CHECK)]
    about = {"verification": saved.id}
    store.enqueue(
        Errand(kind, lane, f"{lane}-{number}", about, NOON) for lane, kind in lanes for number in range(3)
    )
    store.enqueue([Errand(ErrandKind.REVOKE, "revoke:DW-1", "revoke", about, NOON, verification_id=saved.id)])
    first = opened.rows.claim("changegear:7", "here", NOON, LATER)
    assert first
    opened.rows.park(first, "It was refused.")
    second = opened.rows.claim("changegear:7", "here", NOON, LATER)
    assert second
    opened.rows.retry(second, LATER, "It does not answer.")
    sent = opened.rows.claim("smtp:a", "here", NOON, LATER)
    assert sent
    opened.rows.finish(sent, NOON)
    backlog = rows.backlog()
    assert {(x.waiting, x.failing, x.parked) for x in backlog["connectors.changegear"]} == {(1, 1, 1)}
    assert backlog["connectors.changegear"][0].error in {"It was refused.", "It does not answer."}
    assert backlog["channels.smtp"] == [Lane("smtp:a", 2, 0, 0)]
    assert backlog["directories.roster"] == [Lane("revoke:DW-1", 1, 0, 0)]
    assert backlog.keys() == {"connectors.changegear", "channels.smtp", "directories.roster"}


def test_the_lane_with_most_trouble_is_named_first(opened: Opened) -> None:
    store = opened.store
    store.enqueue(Errand(ErrandKind.SEND, "smtp:calm", f"calm-{n}", {}, NOON) for n in range(3))
    store.enqueue([Errand(ErrandKind.SEND, "smtp:bad", "bad", {}, NOON)])
    bad = opened.rows.claim("smtp:bad", "here", NOON, LATER)
    assert bad
    opened.rows.park(bad, "No.")
    assert [lane.lane for lane in store.integrations.backlog()["channels.smtp"]] == ["smtp:bad", "smtp:calm"]


def test_a_test_rings_its_errand_and_only_one_runs_at_a_time(opened: Opened) -> None:
    opened.store.bell = bell = Bell()
    rows = opened.store.integrations
    rows.ask(*asked())
    with pytest.raises(ConflictError):
        rows.ask(*asked("two"))
    rows.ask(*asked("three", "channels.sms"))
    assert bell.rung == ["check:channels.smtp", "check:channels.sms"]
    assert opened.rows.due_lanes(NOON, 9) == ["check:channels.smtp", "check:channels.sms"]


def test_of_many_who_ask_at_once_one_begins_a_test(opened: Opened) -> None:
    def ask(name: str) -> bool:
        try:
            opened.store.integrations.ask(*asked(name))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, map(str, range(8)))) == 1


def test_a_test_is_begun_once_told_line_by_line_and_ended(opened: Opened) -> None:
    rows, lines = (
        opened.store.integrations,
        [Check("reach", well=True, text="there"), Check("rights", False, "none")],
    )
    rows.ask(*asked())
    begun = rows.begin("one", NOON)
    assert begun
    assert begun.begun_at == NOON
    assert rows.begin("one", NOON) is None
    rows.tell("one", lines[:1])
    assert rows.checkups()["channels.smtp"].checks == (lines[0],)
    rows.tell("one", lines, LATER)
    rows.tell("one", [], LATER)
    done = rows.checkups()["channels.smtp"]
    assert (done.checks, done.done_at, done.running(NOON)) == (tuple(lines), LATER, False)
    assert rows.begin("one", NOON) is None
    again, errand = asked("two")
    rows.ask(replace(again, asked_at=LATER), errand)
    assert rows.checkups()["channels.smtp"].id == "two"


def test_a_test_without_a_result_in_time_makes_room_for_another(opened: Opened, clock: StandingClock) -> None:
    rows = opened.store.integrations
    rows.ask(*asked())
    clock.move(minutes=5)
    again, errand = asked("two")
    rows.ask(replace(again, asked_at=clock.now()), errand)
    assert rows.begin("one", clock.now()) is None
    assert rows.begin("two", clock.now()) is not None
    assert not asked()[0].running(clock.now())


def test_what_was_seen_of_a_test_note_is_said_once_and_counts_for_its_way(opened: Opened) -> None:
    rows = opened.store.integrations
    rows.wrote(LOOK)
    rows.wrote(replace(LOOK, text="Another."))
    assert rows.looks("changegear", 5) == [LOOK]
    assert rows.seen("changegear", "way") is None
    assert rows.answer("TEST-1", LATER, "agent:AG-2", hidden=True)
    assert not rows.answer("TEST-1", LATER, "agent:AG-3", hidden=False)
    assert not rows.answer("TEST-9", LATER, "agent:AG-3", hidden=False)
    said = replace(LOOK, looked_at=LATER, looked_by="agent:AG-2", hidden=True)
    assert rows.seen("changegear", "way") == said
    assert rows.seen("changegear", "another way") is None
    assert rows.seen("servicenow", "way") is None
    rows.wrote(replace(LOOK, id="TEST-2", written_at=LATER))
    rows.answer("TEST-2", LATER + timedelta(minutes=1), "agent:AG-1", hidden=False)
    newest = rows.seen("changegear", "way")
    assert newest
    assert newest.hidden is False
    assert [look.id for look in rows.looks("changegear", 1)] == ["TEST-2"]


def test_sr_02_a_new_path_token_ends_the_one_before_and_that_of_the_settings(opened: Opened) -> None:
    rows, ends = opened.store.integrations, NOON + timedelta(hours=24)
    rows.rotate(token("a"), ends, "", "of the settings")
    rows.rotate(token("x", "servicenow"), ends, "", "")
    rows.rotate(replace(token("b"), made_at=LATER), ends, "a", "of the settings")
    found = {row.digest: row.ends_at for row in rows.path_tokens("changegear")}
    assert found == {"b": None, "a": ends, "of the settings": ends}
    assert rows.path_tokens("changegear")[0].digest == "b"
    assert rows.path_token("x") == token("x", "servicenow")
    assert rows.path_token("y") is None


def test_a_leak_ends_what_overlaps_at_once(opened: Opened) -> None:
    rows = opened.store.integrations
    rows.rotate(token("a"), NOON + timedelta(hours=24), "", "of the settings")
    rows.rotate(token("b"), NOON, "a", "of the settings")
    assert {row.digest: row.ends_at for row in rows.path_tokens("changegear")} == {
        "b": None,
        "a": NOON,
        "of the settings": NOON,
    }


def test_who_saw_another_token_in_use_changes_nothing(opened: Opened) -> None:
    rows = opened.store.integrations
    rows.rotate(token("a"), LATER, "", "")
    for seen in ("", "another"):
        with pytest.raises(ConflictError):
            rows.rotate(token("b"), LATER, seen, "")
    assert [row.digest for row in rows.path_tokens("changegear")] == ["a"]
    assert rows.path_tokens("changegear")[0].ends_at is None


def test_a_token_that_is_there_is_not_made_a_second_time(opened: Opened) -> None:
    rows = opened.store.integrations
    rows.rotate(token("a"), LATER, "", "")
    with pytest.raises(ConflictError):
        rows.rotate(token("a"), LATER, "a", "")
    assert rows.path_token("a") == token("a")


def test_of_many_who_make_an_address_at_once_one_does(opened: Opened) -> None:
    def rotate(name: str) -> bool:
        try:
            opened.store.integrations.rotate(token(name), LATER, "", "given")
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(rotate, map(str, range(8)))) == 1
    assert len([row for row in opened.store.integrations.path_tokens("changegear") if row.ends_at is None]) == 1
