"""The verifications table page by page, and the errands that people see."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from deskward.core.accounts import Agent
from deskward.core.console import Counted, Page, Search
from deskward.core.events import EventKind
from deskward.core.ports import Change, ErrandState
from deskward.core.risk import RiskLevel
from deskward.core.verification import State
from deskward.store.looking_up import Lookup
from deskward.store.opening import Opened
from deskward.store.tables import requesters
from tests.store.samples import NOON, a_verification, an_errand


@dataclass
class Rung:
    lanes: list[str] = field(default_factory=list)

    def ring(self, lanes: Iterable[str]) -> None:
        self.lanes += lanes


def test_the_pages_hold_every_row_once_newest_first_and_lead_back_the_same_way(opened: Opened) -> None:
    for number in range(7):
        minute = NOON + timedelta(minutes=number // 2)
        opened.store.save(a_verification(f"v{number}", opened_at=minute), Change())
    pages = [opened.console.page(Search(), size=3)]
    while after := pages[-1].after:
        pages.append(opened.console.page(Search(after=after), size=3))
    assert [[row.id for row in page.rows] for page in pages] == [["v6", "v5", "v4"], ["v3", "v2", "v1"], ["v0"]]
    assert pages[0].before is None
    back = opened.console.page(Search(before=pages[2].before), size=3)
    assert back.rows == pages[1].rows
    assert (back.after, back.before) == (pages[1].after, pages[1].before)
    assert opened.console.page(Search(before=back.before), size=3) == pages[0]


def test_a_page_of_newer_rows_that_is_not_full_is_the_first_page(opened: Opened) -> None:
    for number in range(4):
        opened.store.save(a_verification(f"v{number}", opened_at=NOON + timedelta(minutes=number)), Change())
    page = opened.console.page(Search(before=(NOON + timedelta(minutes=1), "v1")), size=3)
    assert [row.id for row in page.rows] == ["v3", "v2", "v1"]
    assert page.before is None


def test_a_page_that_is_just_full_leads_nowhere(opened: Opened) -> None:
    opened.store.save(a_verification(), Change())
    page = opened.console.page(Search(), size=1)
    assert [row.id for row in page.rows] == ["v1"]
    assert page.after is None
    assert opened.console.page(Search(text="nobody")).rows == ()


def test_behind_the_last_row_there_is_nothing_but_the_way_back(opened: Opened) -> None:
    opened.store.save(a_verification(), Change())
    gone = (NOON - timedelta(days=1), "v0")
    assert opened.console.page(Search(after=gone)) == Page((), before=gone)
    assert [row.id for row in opened.console.page(Search(before=gone)).rows] == ["v1"]


SEARCHES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"v1", "v2"}),
    ({"text": " ÅSA "}, {"v2"}),
    ({"text": "asa oberg"}, {"v2"}),
    ({"text": "oberg asa"}, {"v2"}),
    ({"text": "oberg grace"}, set()),
    ({"text": "berg"}, {"v2"}),
    ({"text": "as"}, {"v2"}),
    ({"text": "er"}, set()),
    ({"text": "x"}, set()),
    ({"text": "ir-1001"}, {"v1"}),
    ({"text": "(#1001)"}, {"v1"}),
    ({"text": "101"}, set()),
    ({"text": "inc-1001"}, set()),
    ({"text": "v2"}, {"v2"}),
    ({"text": "GRACE@example"}, {"v1"}),
    ({"text": "%"}, set()),
    ({"text": "hop%r"}, set()),
    ({"text": "gr_ce"}, set()),
    ({"text": "gr/ce"}, set()),
    ({"text": "mia", "named": ("a2",)}, {"v2"}),
    ({"text": "()"}, set()),
    ({"text": "x" * 10_000}, set()),
    ({"number": "IR-1001"}, {"v1"}),
    ({"number": "IR-v2"}, {"v2"}),
    ({"number": "ir-1001"}, set()),
    ({"status": "Failed"}, {"v2"}),
    ({"level": "High"}, {"v2"}),
    ({"category": "Unlock"}, {"v2"}),
    ({"agent_id": "a2"}, {"v2"}),
    ({"score": 7.5}, {"v2"}),
    ({"score": 7.6}, set()),
    ({"since": NOON + timedelta(seconds=1)}, {"v2"}),
    ({"until": NOON + timedelta(seconds=1)}, {"v1"}),
    ({"text": "asa", "status": "In progress"}, set()),
    ({"text": "example.org", "level": "High", "score": 1.0}, {"v2"}),
    ({"status": "Failed", "level": "High", "category": "Unlock", "agent_id": "a2", "score": 7.0}, {"v2"}),
    ({"status": "Failed", "category": "Password Reset"}, set()),
]


@pytest.fixture
def two(opened: Opened) -> Opened:
    """Save two verifications that differ in everything, and name their agents."""
    opened.accounts.put_agent(Agent("a1", "kim", "Kim Agent"))
    opened.accounts.put_agent(Agent("a2", "mia", "Mia Møller"))
    opened.store.save(a_verification("v1", ticket_number="IR-1001"), Change())
    other = a_verification(
        "v2",
        requester_name="Åsa Öberg",
        requester_email="asa@example.org",
        risk_level=RiskLevel.HIGH,
        risk_score=7.5,
        category="Unlock",
        agent_id="a2",
        opened_at=NOON + timedelta(hours=1),
    )
    saved = opened.store.save(replace(other, id="V2"), Change())
    opened.store.save(replace(saved, state=State.FAILED), Change())
    return opened


@pytest.mark.parametrize(("search", "found"), SEARCHES)
@pytest.mark.parametrize("crowded", [False, True], ids=["few", "crowd"])
def test_a_search_finds_and_counts_what_all_its_fields_say_by_both_ways(
    *, two: Opened, monkeypatch: pytest.MonkeyPatch, search: dict[str, Any], found: set[str], crowded: bool
) -> None:
    if crowded:
        monkeypatch.setattr("deskward.store.requesters.MOST_MATCHED", 0)
        monkeypatch.setattr(Lookup, "_busy", lambda *_: True)
    assert {row.id.lower() for row in two.console.page(Search(**search)).rows} == found
    assert two.console.counted(Search(**search)) == Counted(len(found))


@pytest.mark.parametrize("name", ["CROWD", "MOST_MATCHED"])
def test_a_text_that_fits_too_many_requesters_is_looked_for_on_the_walk(
    two: Opened, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(f"deskward.store.requesters.{name}", 1)
    page, count = two.console.page_and_count(Search(text="example.org"))
    assert [row.id for row in page.rows] == ["V2", "v1"]
    assert count == Counted(2)
    monkeypatch.setattr("deskward.store.looking_up.MOST_WALKED", 1)
    assert two.console.counted(Search(text="example.org")) == Counted(1, exact=False)
    assert two.console.counted(Search(text="example.org 1001")) == Counted(0)


def test_a_requester_or_an_agent_with_more_than_can_be_counted_is_walked_to(
    two: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskward.store.looking_up.MOST_COUNTED", 0)
    for search, count in (
        (Search(text="asa"), Counted(0, exact=False)),
        (Search(text="mia", named=("a2",)), Counted(1)),
    ):
        assert [row.id for row in two.console.page(search).rows] == ["V2"]
        assert two.console.counted(search) == count


def test_a_row_that_a_text_means_in_several_ways_is_shown_and_counted_once(two: Opened) -> None:
    both = a_verification("R2-1001", ticket_number="r2-1001", requester_name="R2-1001", agent_id="a3")
    two.store.save(both, Change())
    for text, agent, found in (("asa", "a2", "V2"), ("r2-1001", "a3", "R2-1001")):
        page, count = two.console.page_and_count(Search(text=text, named=(agent,)))
        assert ([row.id for row in page.rows], count) == ([found], Counted(1))


def test_an_id_is_found_that_happens_to_have_no_digit(opened: Opened) -> None:
    for verification_id in ("DW-BHTCDFTNPQ", "DW-BHTCDFTNPR"):
        opened.store.save(a_verification(verification_id), Change())
    assert [row.id for row in opened.console.page(Search(text="dw-bhtcdftnpq")).rows] == ["DW-BHTCDFTNPQ"]


def test_a_count_ends_where_it_is_enough(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deskward.store.looking_up.MOST_COUNTED", 3)
    for number in range(4):
        assert opened.console.counted(Search()) == Counted(number)
        opened.store.save(a_verification(f"v{number}", category="A" if number else "B"), Change())
    assert opened.console.counted(Search()) == Counted(3, exact=False)
    assert opened.console.counted(Search(category="A")) == Counted(3)
    assert opened.console.counted(Search(before=(NOON, "v1"))) == Counted(2)


def test_a_walk_that_finds_too_little_says_how_far_it_looked_and_goes_on_from_there(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskward.store.looking_up.LOOKED", 3)
    for number in range(8):
        score = 9.0 if number in {0, 6} else 1.0
        at = NOON + timedelta(minutes=number)
        opened.store.save(a_verification(f"v{number}", opened_at=at, risk_score=score), Change())
    pages = [opened.console.page(Search(score=8.0))]
    while after := pages[-1].after:
        pages.append(opened.console.page(Search(score=8.0, after=after)))
    assert [[row.id for row in page.rows] for page in pages] == [["v6"], [], ["v0"]]
    assert [page.looked_to for page in pages] == [NOON + timedelta(minutes=n) for n in (5, 2)] + [None]
    assert opened.console.counted(Search(score=8.0)) == Counted(1, exact=False)
    back = opened.console.page(Search(score=8.0, before=pages[2].before))
    assert (back.rows, back.before) == ((), (NOON + timedelta(minutes=3), "v3"))
    assert [row.id for row in opened.console.page(Search(score=8.0, before=back.before)).rows] == ["v6"]


def test_of_several_filters_the_one_with_the_fewest_rows_leads(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskward.store.looking_up.LOOKED", 3)
    for number in range(8):
        rare = {"risk_level": RiskLevel.HIGH} if number == 0 else {}
        opened.store.save(
            a_verification(f"v{number}", opened_at=NOON + timedelta(minutes=number), **rare), Change()
        )
    both = Search(category="Password Reset", level="High")
    assert [row.id for row in opened.console.page(both).rows] == ["v0"]
    assert opened.console.counted(both) == Counted(1)


def test_of_filters_with_more_rows_than_a_walk_looks_at_the_one_that_reaches_back_furthest_leads(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskward.store.looking_up.LOOKED", 20)
    for number in range(120):
        rare = {"risk_level": RiskLevel.HIGH} if number % 4 == 0 else {}
        category = "Unlock" if number == 0 else "Password Reset"
        at = NOON + timedelta(minutes=number)
        opened.store.save(a_verification(f"v{number:03}", category=category, opened_at=at, **rare), Change())
    page = opened.console.page(Search(category="Password Reset", level="High"))
    assert len(page.rows) == 20
    assert page.looked_to == NOON + timedelta(minutes=40)
    assert [row.id for row in opened.console.page(Search(category="Unlock", level="High")).rows] == ["v000"]


def test_a_row_is_read_again_as_it_is_now(two: Opened) -> None:
    (row,) = two.console.listed(["V2", "nobody"])
    assert (row.status.label, row.risk_score, row.version) == ("Failed", 7.5, 2)
    assert two.console.listed([]) == ()


def test_the_same_requester_is_kept_once_and_counted(two: Opened) -> None:
    two.store.save(a_verification("v3", requester_name="GRACE  Hopper"), Change())
    two.store.save(a_verification("v4", requester_name="", requester_email="\ud800\x00"), Change())
    two.store.save(a_verification("v5", requester_name="long " * 2_000), Change())
    with two.store.database.read() as connection:
        kept = dict(connection.execute(select(requesters.c.words, requesters.c.times)).fetchall())
    assert kept.pop(("".join([" long"] * 80))[:400]) == 1
    assert kept == {" grace hopper grace@example.org": 2, " asa oberg asa@example.org": 1, "": 1}


def test_stuck_are_the_parked_and_those_that_keep_failing(opened: Opened) -> None:
    opened.store.enqueue([an_errand(name, name) for name in ("fine", "parked", "failing", "tried", "done")])
    rows, later = opened.rows, NOON + timedelta(minutes=1)
    for _ in range(3):
        errand = rows.claim("failing", "h", NOON, later)
        assert errand
        rows.retry(errand, NOON, "The ticketing system is down.")
    for lane in ("tried", "parked", "done"):
        errand = rows.claim(lane, "h", NOON, later)
        assert errand
        if lane == "tried":
            rows.retry(errand, later, "Once.")
        elif lane == "parked":
            rows.park(errand, "The ticket is gone.")
        else:
            rows.finish(errand, NOON)
    stuck = {e.key: e for e in opened.console.stuck(10)}
    assert set(stuck) == {"parked", "failing"}
    assert stuck["parked"].last_error == "The ticket is gone."
    assert len(opened.console.stuck(1)) == 1


def test_a_parked_errand_is_replayed_and_its_lane_rung(opened: Opened) -> None:
    bell = Rung()
    opened.store.enqueue([an_errand("a")])
    opened.console.bell = bell
    errand = opened.rows.claim("ticket-v1", "h", NOON, NOON + timedelta(minutes=1))
    assert errand
    assert opened.console.replay(errand.id, NOON, "agent:a1") is None
    opened.rows.park(errand, "no")
    replayed = opened.console.replay(errand.id, NOON + timedelta(hours=1), "agent:a1")
    assert replayed == replace(
        errand, state=ErrandState.DUE, due_at=NOON + timedelta(hours=1), last_error="no", attempts=1
    )
    assert bell.lanes == ["ticket-v1"]
    assert opened.console.replay(12345, NOON, "agent:a1") is None


def test_sr_112_a_replay_says_who_tried_which_errand_again_in_the_same_transaction(opened: Opened) -> None:
    saved = opened.store.save(a_verification("v1"), Change(errands=(an_errand("a"),)))
    errand = opened.rows.claim("ticket-v1", "h", NOON, NOON + timedelta(minutes=1))
    assert errand
    assert opened.console.replay(errand.id, NOON, "agent:a1") is None
    assert opened.store.events("v1") == []
    opened.rows.park(errand, "no")
    opened.console.replay(errand.id, NOON, "agent:a1")
    (event,) = opened.store.events("v1")
    told = (event.kind, event.actor, event.at, event.fields, event.seq)
    assert told == (EventKind.REPLAYED, "agent:a1", NOON, {"errand": errand.kind.value}, saved.version + 1)
    now = opened.store.get("v1")
    assert now == replace(saved, version=saved.version + 1, updated_at=NOON)


def test_the_decided_ones_come_newest_first_a_few_at_a_time(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskward.store.console.AT_ONCE", 2)
    for number in range(5):
        at = NOON + timedelta(hours=number)
        row = a_verification(f"v{number}", opened_at=at, decided_at=None if number == 3 else at)
        opened.store.save(row, Change())
    assert [v.id for v in opened.console.decided()] == ["v4", "v2", "v1", "v0"]
    assert [v.id for v in opened.console.decided(NOON + timedelta(hours=2))] == ["v4", "v2"]
    assert not list(opened.console.decided(NOON + timedelta(days=1)))
