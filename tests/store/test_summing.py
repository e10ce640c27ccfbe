"""The sums of the dashboard stay those of the rows, on both databases, whatever happens to them."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from deskward.core.console import Counted, Search
from deskward.core.errors import ConflictError, RefusedError
from deskward.core.ports import Change
from deskward.core.risk import RiskLevel
from deskward.core.sums import Named, Need, Sums, need_of, reached
from deskward.core.verification import Outcome, State, Verification
from deskward.store.columns import value_of
from deskward.store.opening import Opened
from deskward.store.tables import verifications
from tests.store.samples import NOON, a_verification, an_errand

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
STATES = ((State.SENT, Outcome.NONE), (State.DONE, Outcome.PASSED), (State.FAILED, Outcome.FAILED))


def from_rows(opened: Opened) -> tuple[Counter[tuple[str, str, str]], Counter[tuple[str, str, str]]]:
    """Count the rows themselves, slowly: by day, and in all."""
    by_day, whole = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    with opened.database.read() as connection:
        rows = [value_of(Verification, row) for row in connection.execute(select(verifications)).mappings()]
    for row in rows:
        by_day[row.opened_at.date().isoformat(), row.risk_level.value, row.status.label] += 1
        named = [(Named.LEVEL, row.risk_level.value), (Named.CATEGORY, row.category), (Named.AGENT, row.agent_id)]
        for name, value in [*named, *((Named.REACHED, word) for word in reached(row))]:
            whole[name, value, row.status.label] += 1
    return by_day, whole


def told(sums: Sums) -> tuple[dict[tuple[str, str, str], int], dict[tuple[str, str, str], int]]:
    return {k: n for k, n in sums.by_day.items() if n}, {k: n for k, n in sums.whole.items() if n}


def test_sums_are_those_of_the_rows_after_any_changes(opened: Opened) -> None:
    chance, rows = random.Random(7), list[Verification]()
    for number in range(12):
        at = NOON - timedelta(hours=13 * number)
        rows.append(opened.store.save(a_verification(f"v{number}", opened_at=at), Change()))
    for _ in range(60):
        place = chance.randrange(len(rows))
        state, outcome = chance.choice(STATES)
        changed = replace(
            rows[place],
            state=state,
            outcome=outcome,
            risk_level=chance.choice(list(RiskLevel)),
            category=chance.choice(["Password Reset", "Account Unlock"]),
            agent_id=chance.choice(["", "a1", "a2"]),
            started_at=chance.choice([None, NOON]),
            decided_at=chance.choice([None, NOON + timedelta(minutes=chance.randrange(90))]),
        )
        rows[place] = opened.store.save(changed, Change())
    assert told(opened.console.sums(FIRST, LAST)) == from_rows(opened)


def test_a_change_that_is_refused_or_comes_too_late_counts_nothing(opened: Opened) -> None:
    first = opened.store.save(a_verification(), Change())
    opened.store.save(replace(first, state=State.SENT), Change())
    with pytest.raises(ConflictError):
        opened.store.save(replace(first, state=State.FAILED, outcome=Outcome.FAILED), Change())
    second = opened.store.get("v1")
    assert second
    with pytest.raises(RefusedError):
        opened.store.save(replace(second, state=State.FAILED, outcome=Outcome.FAILED), Change(consume="no-grant"))
    assert told(opened.console.sums(FIRST, LAST)) == from_rows(opened)


def test_savers_at_once_lose_no_count_and_count_nothing_twice(opened: Opened) -> None:
    def live(number: int) -> None:
        row = opened.store.save(a_verification(f"v{number}"), Change(errands=(an_errand(f"e{number}"),)))
        for state, outcome in STATES[: 1 + number % 3]:
            row = opened.store.save(
                replace(row, state=state, outcome=outcome, agent_id=f"a{number % 2}"), Change()
            )
        with suppress(ConflictError):
            opened.store.save(replace(row, version=row.version - 1), Change())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(live, range(24)))
    assert told(opened.console.sums(FIRST, LAST)) == from_rows(opened)


def test_sums_are_of_the_days_asked_for_both_included(opened: Opened) -> None:
    for number in range(4):
        opened.store.save(a_verification(f"v{number}", opened_at=NOON - timedelta(days=number)), Change())
    asked = opened.console.sums((NOON - timedelta(days=2)).date(), (NOON - timedelta(days=1)).date())
    assert asked.number(Named.LEVEL) == 2
    assert len(asked.by_day) == 2


def test_a_step_a_need_and_a_group_narrow_the_table(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deskward.store.looking_up.LOOKED", 4)
    for number in range(9):
        at, first = NOON - timedelta(minutes=number), number == 8
        state = State.REVIEW if first else State.SENT
        row = a_verification(
            f"v{number}", opened_at=at, state=state, agent_id=f"a{number}", started_at=at if first else None
        )
        opened.store.save(row, Change())
    review = Search(need=Need.REVIEW)
    assert need_of(a_verification(state=State.REVIEW)) is Need.REVIEW
    assert [row.id for row in opened.console.page(review).rows] == ["v8"]
    assert opened.console.counted(review) == Counted(1)
    assert opened.console.counted(replace(review, category="Other")) == Counted(0)
    assert opened.console.page(Search(reached="started")).looked_to == NOON - timedelta(minutes=3)
    assert [r.id for r in opened.console.page(Search(reached="started", number="IR-v8")).rows] == ["v8"]
    assert [r.id for r in opened.console.page(Search(agents=("a1", "a2"))).rows] == ["v1", "v2"]


def test_a_row_that_is_deleted_counts_no_more(opened: Opened) -> None:
    opened.store.save(a_verification("v1"), Change())
    opened.store.save(a_verification("v2", opened_at=NOON + timedelta(hours=11, minutes=59)), Change())
    with opened.database.write() as connection:
        connection.execute(verifications.delete().where(verifications.c.id == "v1"))
    assert told(opened.console.sums(FIRST, LAST)) == from_rows(opened)
