"""The verifications table page by page, and the errands that people see."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from deskward.core.console import Search
from deskward.core.events import EventKind
from deskward.core.ports import Change, ErrandState
from deskward.core.risk import RiskLevel
from deskward.core.verification import State
from deskward.store.opening import Opened
from tests.store.samples import NOON, a_verification, an_errand


@dataclass
class Rung:
    lanes: list[str] = field(default_factory=list)

    def ring(self, lanes: Iterable[str]) -> None:
        self.lanes += lanes


def test_the_pages_hold_every_row_once_newest_first(opened: Opened) -> None:
    for number in range(7):
        minute = NOON + timedelta(minutes=number // 2)
        opened.store.save(a_verification(f"v{number}", opened_at=minute), Change())
    seen: list[str] = []
    after: tuple[str, str] | None = None
    for _ in range(3):
        page = opened.console.page(Search(after=after), size=3)
        assert page.total == 7
        seen += [row.id for row in page.rows]
        after = page.after
    assert after is None
    assert seen == ["v6", "v5", "v4", "v3", "v2", "v1", "v0"]


def test_a_page_that_is_just_full_leads_nowhere(opened: Opened) -> None:
    opened.store.save(a_verification(), Change())
    page = opened.console.page(Search(), size=1)
    assert [row.id for row in page.rows] == ["v1"]
    assert page.after is None
    assert opened.console.page(Search(text="nobody")).rows == ()


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({}, {"v1", "v2"}),
        ({"text": " ÅSA "}, {"v2"}),
        ({"text": "ir-v1"}, {"v1"}),
        ({"text": "GRACE@example"}, {"v1"}),
        ({"text": "ticket-v2"}, {"v2"}),
        ({"text": "%"}, set()),
        ({"state": "failed"}, {"v2"}),
        ({"statuses": (("failed", "none"), ("failed", "failed"), ("done", "none"))}, {"v2"}),
        ({"level": "High"}, {"v2"}),
        ({"category": "Unlock"}, {"v2"}),
        ({"agent_id": "a2"}, {"v2"}),
        ({"since": NOON + timedelta(seconds=1)}, {"v2"}),
        ({"until": NOON + timedelta(seconds=1)}, {"v1"}),
        ({"text": "åsa", "state": "opened"}, set()),
    ],
)
def test_a_search_finds_what_all_its_fields_say(opened: Opened, search: dict[str, Any], found: set[str]) -> None:
    opened.store.save(a_verification("v1"), Change())
    other = a_verification(
        "v2",
        requester_name="Åsa Öberg",
        requester_email="asa@example.org",
        state=State.FAILED,
        risk_level=RiskLevel.HIGH,
        category="Unlock",
        agent_id="a2",
        opened_at=NOON + timedelta(hours=1),
    )
    opened.store.save(other, Change())
    page = opened.console.page(Search(**search))
    assert {row.id for row in page.rows} == found
    assert page.total == len(found)


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
