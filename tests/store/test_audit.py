"""The audit log on both databases: every line once, newest first, both ways, by every filter."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from deskward.core.audit import LOOKS, Deed, Entry, Recorded, Sought
from deskward.core.events import Event, EventKind
from deskward.core.ports import Change
from deskward.store.audit import SqlAuditLog
from deskward.store.opening import Opened
from tests.store.samples import NOON, a_verification

MINUTE = timedelta(minutes=1)


@pytest.fixture
def log(opened: Opened) -> SqlAuditLog:
    """Write 3 events each of v1 and v2, and 6 entries, some at the very same time."""
    for name, number in (("V1", "IR-7"), ("V2", "IR-8")):
        row = a_verification(name, ticket_number=number)
        for n, kind in enumerate((EventKind.OPENED, EventKind.SENT, EventKind.PASSED)):
            actor = "agent:a1" if kind is EventKind.SENT else "system"
            change = Change(event=Event(name, kind, NOON + n * MINUTE, actor, {"detail": str(n)}))
            row = opened.store.save(row, change)
    deeds = [(Deed.DETAILS, "a1", "V1"), (Deed.DETAILS, "a2", "V2"), (Deed.SEARCHED, "a1", "")]
    for n, (deed, agent, about) in enumerate(deeds * 2):
        opened.audit.add([Entry(deed, NOON + (n % 3) * MINUTE, f"agent:{agent}", about, {"n": n})])
    return opened.audit


def told(row: Recorded) -> tuple[str, str, int]:
    return row.kind.value, row.verification_id, row.place.number


@pytest.mark.parametrize("size", [1, 2, 3, 5, 12, 50])
def test_every_line_comes_once_newest_first_and_the_way_back_is_the_same(log: SqlAuditLog, size: int) -> None:
    whole, pages, sought = log.page(Sought()).rows, list[tuple[Recorded, ...]](), Sought()
    while True:
        page = log.page(sought, size)
        pages.append(page.rows)
        if page.after is None:
            break
        sought = Sought(after=page.after)
    assert [told(row) for rows in pages for row in rows] == [told(row) for row in whole]
    assert len({told(row) for row in whole}) == len(whole) == 12
    assert [row.at for row in whole] == sorted((row.at for row in whole), reverse=True)
    for rows in reversed(pages[:-1]):
        assert page.before
        page = log.page(Sought(before=page.before), size)
        assert page.rows == rows
    assert page.before is None


@pytest.mark.parametrize(
    ("sought", "number"),
    [
        (Sought(actor="agent:a1"), 6),
        (Sought(actor="system"), 4),
        (Sought(actor="nobody"), 0),
        (Sought(kinds=("sent",)), 2),
        (Sought(kinds=(Deed.DETAILS.value,)), 4),
        (Sought(kinds=tuple(LOOKS)), 6),
        (Sought(kinds=("sent", Deed.DETAILS.value)), 6),
        (Sought(about="IR-7"), 5),
        (Sought(about="ir-8"), 5),
        (Sought(about="v1"), 5),
        (Sought(about="IR-9"), 0),
        (Sought(about="IR-7", actor="agent:a1", kinds=("sent",)), 1),
        (Sought(since=NOON + MINUTE), 8),
        (Sought(until=NOON + MINUTE), 4),
        (Sought(since=NOON + MINUTE, until=NOON + 2 * MINUTE), 4),
    ],
)
def test_every_filter_narrows(log: SqlAuditLog, sought: Sought, number: int) -> None:
    whole = log.page(sought)
    assert len(whole.rows) == number
    paged = list[Recorded]()
    while True:
        page = log.page(sought, 2)
        paged += page.rows
        if page.after is None:
            break
        sought = replace(sought, after=page.after)
    assert tuple(paged) == whole.rows


def test_a_line_has_who_when_what_and_of_which_ticket(log: SqlAuditLog) -> None:
    (row,) = log.page(Sought(about="IR-7", kinds=("sent",))).rows
    assert (row.kind, row.actor, row.at) == (EventKind.SENT, "agent:a1", NOON + MINUTE)
    assert (row.verification_id, row.ticket_number, row.fields) == ("V1", "IR-7", {"detail": "1"})
    look = log.page(Sought(kinds=(Deed.SEARCHED.value,))).rows[0]
    assert (look.kind, look.ticket_number, look.fields) == (Deed.SEARCHED, "", {"n": 5})


def test_sr_115_there_is_no_way_to_change_or_take_out_an_entry(log: SqlAuditLog) -> None:
    assert {name for name in dir(log) if not name.startswith("_")} == {"add", "page"}


def test_a_page_is_read_from_an_index_and_not_by_sorting(opened: Opened, log: SqlAuditLog) -> None:
    seen: list[tuple[str, object]] = []

    def note(*arguments: object) -> None:
        seen.append((str(arguments[2]), arguments[3]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for sought in (Sought(), Sought(actor="agent:a1"), Sought(kinds=("sent",))):
            opened.audit.page(sought)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    if opened.database.dialect == "sqlite":
        with opened.database.read() as connection:
            for statement, values in seen:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()  # type: ignore[arg-type]
                assert not [row for row in plan if "TEMP B-TREE" in row[3]], statement
