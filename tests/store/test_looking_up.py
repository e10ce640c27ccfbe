"""How a search is looked up: by which indexes, and in how many statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from deskward.core.accounts import Agent
from deskward.core.console import Counted, Search
from deskward.core.ports import Change
from deskward.store.opening import Opened
from tests.store.samples import NOON, a_verification

Asked = list[tuple[str, Any]]
SEARCHES = {
    "newest": (Search(), {"newest"}, 2),
    "older": (Search(after=(NOON, "v3")), {"newest"}, 2),
    "status": (Search(status="In progress"), {"status"}, 2),
    "score": (Search(score=1.0), {"newest"}, 2),
    "agents": (Search(agents=("a1", "a2")), {"newest"}, 2),
    "several": (Search(status="In progress", level="Not assessed"), {"status", "risk_level"}, 3),
    "text": (Search(text="grace"), {"requester"}, 4),
    "words": (Search(text="grace example"), {"requester"}, 3),
    "words and a filter": (Search(text="grace example", status="In progress"), {"requester", "status"}, 4),
    "agent and requester": (Search(text="hopper", named=("a1",)), {"requester", "agent_id"}, 5),
    "ticket": (Search(text="ir-v1"), {"number"}, 3),
}


@contextmanager
def listening() -> Iterator[Asked]:
    """Give the statements with their values."""
    asked: Asked = []

    def note(_: Connection, __: Any, statement: str, values: Any, *___: Any) -> None:
        asked.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


def plan_of(connection: Connection, statement: str, values: Any) -> list[str]:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return [str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", values)]


@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_reads_its_page_by_index_in_few_statements(opened: Opened, name: str) -> None:
    search, indexes, statements = SEARCHES[name]
    opened.accounts.put_agent(Agent("a1", "kim", "Kim Hopper"))
    for number in range(60):
        at = NOON + timedelta(minutes=number)
        opened.store.save(a_verification(f"v{number}", opened_at=at, risk_score=5.0, agent_id="a1"), Change())
    with listening() as asked:
        page, count = opened.console.page_and_count(search)
    assert page.rows
    assert count == Counted(1 if name == "ticket" else 60)
    assert len(asked) == statements
    with opened.database.write() as connection:
        for way in ("seqscan", "bitmapscan", "sort") if connection.dialect.name == "postgresql" else ():
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        plan = [row for one in asked if "FROM verifications" in one[0] for row in plan_of(connection, *one)]
    used = " ".join(plan)
    assert [index for index in indexes if f"ix_verifications_{index}" in used], plan
    assert not [row for row in plan if "Seq Scan on verifications" in row]
    assert not [row for row in plan if "SCAN verifications" in row and "COVERING INDEX" not in row]
