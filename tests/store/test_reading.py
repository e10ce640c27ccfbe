"""What the store finds again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import ColumnElement, select, text

from deskward.core.ports import Change, Delivery, Receipt
from deskward.core.verification import Run, State, Verification
from deskward.store.columns import hints_of
from deskward.store.conditions import HAS_RAW, IS_OPEN, TEACHES, UNTAUGHT, ends_in
from deskward.store.opening import Opened, open_store
from deskward.store.tables import verifications
from tests.store.samples import NOON, StandingClock, a_grant, a_sending, a_verification


def saved(opened: Opened, verification: Verification) -> Verification:
    return opened.store.save(verification, Change())


def test_a_link_and_a_pin_find_their_verification(opened: Opened) -> None:
    first = saved(opened, a_verification("v1", link_digest="d", pin="p"))
    saved(opened, a_verification("v2"))
    assert opened.store.by_link("d") == first
    assert opened.store.by_pin("p") == first
    assert opened.store.get("v3") is None


def test_an_empty_digest_finds_nothing(opened: Opened) -> None:
    saved(opened, a_verification(link_digest="", fallback_digest="", pin=""))
    assert opened.store.by_link("") is None
    assert opened.store.by_fallback("") is None
    assert opened.store.by_pin("") is None
    assert opened.store.sending_of_form("") is None
    assert opened.store.sending("") is None


def test_a_session_that_was_pinned_twice_finds_the_newest(opened: Opened) -> None:
    saved(opened, a_verification("v1", pin="p"))
    newest = saved(opened, a_verification("v2", pin="p", opened_at=NOON + timedelta(minutes=1)))
    assert opened.store.by_pin("p") == newest


def test_a_hand_typed_code_finds_the_open_one_and_never_guesses(opened: Opened) -> None:
    ended = saved(opened, a_verification("v1", fallback_digest="f", state=State.FAILED))
    assert opened.store.by_fallback("f") == ended
    alive = saved(opened, a_verification("v2", fallback_digest="f"))
    assert opened.store.by_fallback("f") == alive
    saved(opened, a_verification("v3", fallback_digest="f"))
    assert opened.store.by_fallback("f") is None


def test_overdue_are_the_open_ones_past_their_deadline_oldest_first(opened: Opened) -> None:
    late = saved(opened, a_verification("v1", deadline=NOON))
    later = saved(opened, a_verification("v2", deadline=NOON - timedelta(hours=1)))
    saved(opened, a_verification("v3", deadline=NOON + timedelta(microseconds=1)))
    saved(opened, a_verification("v4", deadline=NOON - timedelta(hours=2), state=State.DONE))
    assert opened.store.overdue(NOON, 10) == [later, late]
    assert opened.store.overdue(NOON, 1) == [later]


def test_open_tickets_are_those_of_a_connector_with_a_verification_that_has_not_ended(opened: Opened) -> None:
    saved(opened, a_verification("v1", state=State.SENT))
    saved(opened, a_verification("v2", state=State.DONE))
    saved(opened, a_verification("v3", connector="other"))
    saved(opened, a_verification("v4", deadline=NOON + timedelta(days=5000)))
    assert sorted(opened.store.open_tickets("changegear")) == ["ticket-v1", "ticket-v4"]
    assert list(opened.store.open_tickets("none")) == []


def test_earlier_are_those_of_this_person_since_then_newest_first(opened: Opened) -> None:
    first = saved(opened, a_verification("v1"))
    second = saved(opened, a_verification("v2", opened_at=NOON + timedelta(minutes=1)))
    saved(opened, a_verification("v3", opened_at=NOON - timedelta(days=1)))
    saved(opened, a_verification("v4", subject_id="somebody else"))
    assert opened.store.earlier("roster", "s1", NOON, 3) == [second, first]
    assert opened.store.earlier("roster", "s1", NOON, 1) == [second]
    assert [run.id for run in opened.store.runs("roster", "s1", NOON)] == [second.id, first.id]


def test_a_run_tells_how_its_verification_went(opened: Opened) -> None:
    one = saved(opened, a_verification("v1", action="reset_password", state=State.PASSED, started_at=NOON))
    (run,) = opened.store.runs("roster", "s1", NOON)
    assert all(getattr(run, name) == getattr(one, name) for name in hints_of(Run))
    assert not run.ended
    assert replace(run, action="").ended


def test_a_sending_is_found_by_id_by_ref_and_by_form(opened: Opened) -> None:
    first = saved(opened, a_verification())
    sending = a_sending(form_key="f")
    opened.store.save(first, Change(sendings=(sending,), grant=a_grant()))
    opened.store.update_sending("m1", Receipt(Delivery.ACCEPTED, "SM1", "accepted by the mail server"))
    known = replace(sending, delivery=Delivery.ACCEPTED, ref="SM1", detail="accepted by the mail server")
    assert opened.store.sending("m1") == known
    assert opened.store.sending("SM1") == known
    assert opened.store.sending_of_form("f") == known
    assert opened.store.sending("SM2") is None
    assert opened.store.grant("g1") == a_grant()


@pytest.mark.parametrize(
    ("told", "ends"),
    [
        ("queued accepted delivered accepted", Delivery.DELIVERED),
        ("accepted queued", Delivery.ACCEPTED),
        ("refused delivered", Delivery.REFUSED),
        ("accepted refused", Delivery.REFUSED),
        ("unknown delivered", Delivery.DELIVERED),
    ],
)
def test_a_final_delivery_is_never_taken_back(opened: Opened, told: str, ends: Delivery) -> None:
    opened.store.save(a_verification(), Change(sendings=(a_sending(),)))
    for word in told.split():
        opened.store.update_sending("m1", Receipt(Delivery(word), "SM1" if word == "accepted" else ""))
    [sending] = opened.store.sendings("v1")
    assert sending.delivery is ends
    assert sending.ref == ("SM1" if "accepted" in told else "")


def test_the_first_start_is_fixed_for_ever(database_url: str, clock: StandingClock) -> None:
    open_store(database_url, clock).close()
    clock.move(days=1)
    opened = open_store(database_url, clock)
    assert opened.store.first_start() == NOON
    opened.close()


@pytest.mark.parametrize(
    ("flag", "index", "column"),
    [
        (IS_OPEN, "ix_verifications_deadline", "deadline"),
        (TEACHES, "ix_verifications_seen_person", "directory"),
        (HAS_RAW, "ix_verifications_raw", "looked_at"),
        (UNTAUGHT, "ix_verifications_lessons", "looked_at"),
    ],
)
def test_a_flag_is_written_as_in_the_index_of_it(
    opened: Opened, flag: ColumnElement[bool], index: str, column: str
) -> None:
    if opened.database.dialect == "postgresql":
        return
    query = select(verifications.c.id).where(flag).order_by(verifications.c[column])
    with opened.database.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query.compile(connection)}").fetchall()
    assert index in str(plan)


@pytest.mark.parametrize("tail", [7, None])
def test_a_ticket_number_is_found_by_the_index_of_its_digits(opened: Opened, tail: int | None) -> None:
    grown = opened.database.dialect == "postgresql"
    query = select(verifications.c.id).where(ends_in(verifications.c.number_tail, tail))
    with opened.database.read() as connection:
        if grown:
            connection.exec_driver_sql("SET enable_seqscan = off")
        written = query.compile(connection, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN" if grown else "EXPLAIN QUERY PLAN"
        plan = str(connection.exec_driver_sql(f"{explain} {written}").fetchall())
        if grown:
            connection.exec_driver_sql("SET enable_seqscan = on")
    assert "ix_verifications_number" in plan
    assert ("Index Cond" if grown else "SEARCH") in plan


def test_every_look_up_of_a_visitor_uses_an_index(opened: Opened) -> None:
    if opened.database.dialect == "postgresql":
        return
    look_ups = {
        "ix_verifications_link": "verifications WHERE link_digest = 'x' AND verifications.link_digest != ''",
        "ix_verifications_pin": "verifications WHERE pin = 'x' AND verifications.pin != ''",
        "ix_verifications_deadline": "verifications WHERE verifications.is_open AND deadline <= 'x'",
        "uq_verifications_open": "verifications WHERE verifications.is_open AND connector='x' AND ticket_id='y'",
        "ix_verifications_newest": "verifications ORDER BY opened_at DESC, id DESC LIMIT 51",
        "ix_errands_heads": "errands WHERE lane = 'x' AND state IN ('due', 'sending') ORDER BY id LIMIT 1",
    }
    with opened.database.read() as connection:
        for index, query in look_ups.items():
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN SELECT * FROM {query}")).fetchall()
            assert index in str(plan)
