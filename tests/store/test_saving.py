"""`save` writes a change whole or not at all."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DatabaseError

from deskward.core.authenticators import Authenticator, Used
from deskward.core.errors import ConflictError, DeskwardError, RefusedError
from deskward.core.events import Event, EventKind
from deskward.core.ports import Change, Count, Errand, ErrandKind, ErrandState, Grant, KnownTicket, Sending
from deskward.core.proof import Proof
from deskward.core.retention import Retention
from deskward.core.secret import Secret
from deskward.core.verification import State, Verification
from deskward.store.opening import Opened
from tests.store.samples import NOON, StandingClock, a_grant, a_sending, a_verification, an_errand, an_event


@dataclass
class Rung:
    lanes: list[str] = field(default_factory=list)

    def ring(self, lanes: Iterable[str]) -> None:
        self.lanes += lanes


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
numbers = st.integers(-(2**31), 2**31 - 1)
times = st.datetimes(datetime(1971, 1, 1), datetime(2150, 1, 1), timezones=st.timezones()).map(  # noqa: DTZ001
    lambda time: time.astimezone(UTC)
)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
st.register_type_strategy(str, words)
st.register_type_strategy(int, numbers)
st.register_type_strategy(datetime, times)
mappings = st.dictionaries(words, plain, max_size=3)
changes = st.fixed_dictionaries(
    {
        "event": st.builds(Event, fields=mappings),
        "errand": st.builds(Errand, about=st.dictionaries(words, words, max_size=2)),
        "sending": st.builds(Sending),
        "grant": st.builds(Grant),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    verification=st.builds(
        Verification,
        findings=st.lists(mappings, max_size=2).map(tuple),
        proofs=st.lists(st.builds(Proof), max_size=2).map(tuple),
        risk_score=st.none() | st.floats(0, 10),
    ),
    parts=changes,
)
def test_every_value_comes_back_exactly(opened: Opened, verification: Verification, parts: dict[str, Any]) -> None:
    name = uuid4().hex
    new = replace(verification, id=name, ticket_id=name, version=0)
    sending = replace(parts["sending"], id=f"m-{name}", verification_id=name, form_key=name)
    grant = replace(parts["grant"], id=name, verification_id=name)
    errand = replace(parts["errand"], key=name, verification_id=name)
    change = Change(event=parts["event"], errands=(errand,), sendings=(sending,), grant=grant)
    saved = opened.store.save(new, change)
    assert saved == replace(new, version=1, updated_at=NOON)
    assert opened.store.get(name) == saved
    assert opened.store.events(name) == [replace(parts["event"], verification_id=name, seq=1)]
    assert opened.store.sendings(name) == [sending]
    assert opened.store.grant(name) == grant
    [stored] = opened.console.errands(name)
    assert replace(stored, id=errand.id) == errand


def test_text_that_no_database_takes_is_mended(opened: Opened) -> None:
    saved = opened.store.save(a_verification(requester_name="a\x00b\ud800c"), Change())
    kept = opened.store.get(saved.id)
    assert kept is not None
    assert kept.requester_name == "ab?c"


def test_the_seq_of_an_event_is_the_version_and_fills_the_placeholders(opened: Opened) -> None:
    first = opened.store.save(a_verification(), Change(event=an_event()))
    errand = an_errand("v1-{seq}-note", about={"event": "{seq}"})
    second = opened.store.save(first, Change(event=an_event(), errands=(errand,)))
    assert second.version == 2
    assert [e.seq for e in opened.store.events("v1")] == [1, 2]
    [stored] = opened.console.errands("v1")
    assert (stored.key, stored.about) == ("v1-2-note", {"event": "2"})


def test_a_version_that_moved_is_a_conflict_and_nothing_is_written(opened: Opened) -> None:
    first = opened.store.save(a_verification(), Change())
    opened.store.save(first, Change(event=an_event()))
    with pytest.raises(ConflictError):
        opened.store.save(first, Change(event=an_event(), errands=(an_errand("late"),)))
    assert len(opened.store.events("v1")) == 1
    assert opened.console.errands("v1") == []


def test_a_second_open_verification_of_a_ticket_is_a_conflict(opened: Opened) -> None:
    first = opened.store.save(a_verification("v1", ticket_id="t"), Change())
    with pytest.raises(ConflictError):
        opened.store.save(a_verification("v2", ticket_id="t"), Change())
    opened.store.save(first.moved(State.CANCELLED), Change())
    assert opened.store.open_for("changegear", "t") is None
    second = opened.store.save(a_verification("v2", ticket_id="t"), Change())
    assert opened.store.open_for("changegear", "t") == second


def test_a_form_and_an_errand_go_out_once(opened: Opened) -> None:
    first = opened.store.save(a_verification(), Change(sendings=(a_sending("m1", form_key="f"),)))
    with pytest.raises(ConflictError):
        opened.store.save(first, Change(sendings=(a_sending("m2", form_key="f"),)))
    notice = a_sending("m3", form_key="f", purpose="notice")
    second = opened.store.save(first, Change(sendings=(notice,), errands=(an_errand("k"),)))
    with pytest.raises(ConflictError):
        opened.store.save(second, Change(errands=(an_errand("k"),)))
    assert [s.id for s in opened.store.sendings("v1")] == ["m1", "m3"]


def test_a_save_needs_few_statements(opened: Opened) -> None:
    first = opened.store.save(a_verification(), Change())
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        opened.store.save(first, Change(event=an_event(), errands=(an_errand("a"), an_errand("b"))))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(seen) <= 4


def test_the_bell_rings_after_the_commit_once_for_each_lane(opened: Opened) -> None:
    bell = Rung()
    opened.store.bell = bell
    errands = (an_errand("a", "l1"), an_errand("b", "l1"), an_errand("c", "l2"))
    first = opened.store.save(a_verification(), Change(errands=errands))
    opened.store.save(first, Change())
    with pytest.raises(ConflictError):
        opened.store.save(first, Change(errands=(an_errand("d"),)))
    assert bell.lanes == ["l1", "l2"]
    opened.store.enqueue([an_errand("e", "l3")])
    opened.store.enqueue([])
    assert bell.lanes == ["l1", "l2", "l3"]


def test_a_known_errand_key_is_left_alone_by_enqueue(opened: Opened) -> None:
    opened.store.enqueue([an_errand("a", verification_id="v1"), an_errand("b")])
    opened.store.enqueue([an_errand("c"), an_errand("a", "other")])
    assert [(e.key, e.lane) for e in opened.console.errands("v1")] == [
        ("a", "ticket-v1"),
        ("b", "ticket-v1"),
        ("c", "ticket-v1"),
    ]


def test_opens_are_counted_beside_the_versions(opened: Opened) -> None:
    first = opened.store.save(a_verification(), Change())
    opened.store.count_open("v1")
    opened.store.count_open("v1")
    opened.store.save(first, Change())
    kept = opened.store.get("v1")
    assert kept is not None
    assert (kept.opens, kept.version) == (2, 2)


def test_counts_and_known_tickets_are_written_with_the_change(opened: Opened, clock: StandingClock) -> None:
    count = Count("subject", "s1")
    known = KnownTicket("changegear", "t", "Password Reset", "p1")
    first = opened.store.save(a_verification(), Change(counts=(count,), known=known))
    opened.store.save(first, Change(known=replace(known, category="Other")))
    assert opened.store.counted([count], clock.now()) == {count: 1}
    assert opened.store.known("changegear", "t") == replace(known, category="Other")


def test_a_spent_or_late_or_unknown_grant_is_refused_and_the_change_rolled_back(
    opened: Opened, clock: StandingClock
) -> None:
    grants = (a_grant("g1"), a_grant("g2"))
    saved = opened.store.save(a_verification(), Change(grant=grants[0]))
    saved = opened.store.save(saved, Change(grant=grants[1]))
    saved = opened.store.save(saved, Change(event=an_event(kind=EventKind.ACTING), consume="g1"))
    clock.move(minutes=5)
    for grant_id in ("g1", "g2", "g3"):
        with pytest.raises(RefusedError):
            opened.store.save(saved, Change(event=an_event(), errands=(an_errand("x"),), consume=grant_id))
    assert opened.store.get("v1") == saved
    assert [e.kind for e in opened.store.events("v1")] == [EventKind.ACTING]
    assert opened.console.errands("v1") == []


def test_sixty_four_threads_consume_a_grant_once(opened: Opened) -> None:
    """SR-57."""
    rounds, threads = 4, 64
    rivals = [opened.store.save(a_verification(f"v{n}"), Change()) for n in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        for number in range(rounds):
            grant = a_grant(f"g{number}", verification_id="v0")
            rivals[0] = opened.store.save(rivals[0], Change(grant=grant))
            ended = list(pool.map(lambda v, grant=grant: _consumed(opened, v, grant.id), rivals))
            winners = [result for result in ended if isinstance(result, Verification)]
            assert len(winners) == 1
            assert sum(isinstance(result, RefusedError) for result in ended) == threads - 1
            rivals[rivals.index(next(v for v in rivals if v.id == winners[0].id))] = winners[0]


def test_sixty_four_threads_with_the_same_page_act_once(opened: Opened) -> None:
    saved = opened.store.save(a_verification(), Change(grant=a_grant()))
    with ThreadPoolExecutor(64) as pool:
        ended = list(pool.map(lambda _: _consumed(opened, saved, "g1"), range(64)))
    assert sum(isinstance(result, Verification) for result in ended) == 1
    assert len(opened.store.events("v1")) == 1


def _consumed(opened: Opened, verification: Verification, grant_id: str) -> Verification | DeskwardError:
    try:
        return opened.store.save(verification, Change(event=an_event(), consume=grant_id))
    except DeskwardError as error:
        return error


def test_events_cannot_be_changed_or_deleted(opened: Opened) -> None:
    opened.store.save(a_verification(), Change(event=an_event()))
    for statement in ("UPDATE events SET actor = 'nobody'", "DELETE FROM events"):
        with pytest.raises(DatabaseError, match="append only"), opened.database.write() as connection:
            connection.execute(text(statement))
    assert opened.store.events("v1") == [replace(an_event(), seq=1)]


def test_a_change_of_known_tickets_alone_remembers_them(opened: Opened) -> None:
    tickets = [KnownTicket("changegear", name, "Other", "p1") for name in ("b", "a")]
    opened.store.remember(tickets)
    opened.store.remember([])
    assert opened.store.known("changegear", "a") == tickets[1]
    assert opened.store.known("changegear", "c") is None


def test_hints_that_were_followed_up_are_forgotten_after_a_day(opened: Opened, clock: StandingClock) -> None:
    about = {"connector": "changegear", "ticket": "39"}
    opened.store.enqueue(
        Errand(ErrandKind.INTAKE, f"changegear:{n}", f"intake:{n}", about, clock.now()) for n in ("done", "due")
    )
    done = opened.rows.claim("changegear:done", "me", clock.now(), clock.now() + timedelta(minutes=1))
    assert done is not None
    opened.rows.finish(done, clock.now())
    clock.move(days=2)
    opened.store.prune(clock.now(), Retention())
    assert list(opened.rows.due_lanes(clock.now(), 9)) == ["changegear:due"]
    opened.store.enqueue([replace(done, state=ErrandState.DUE, due_at=clock.now())])
    assert set(opened.rows.due_lanes(clock.now(), 9)) == {"changegear:due", "changegear:done"}


def test_old_counts_are_forgotten_and_young_ones_kept(opened: Opened, clock: StandingClock) -> None:
    old, young = Count("agent", "old"), Count("agent", "young")
    opened.store.add_counts([old], clock.now())
    opened.store.add_counts([], clock.now())
    clock.move(days=33)
    opened.store.add_counts([young, young], clock.now())
    opened.store.prune(clock.now(), Retention())
    assert opened.store.counted([old, young], NOON) == {old: 0, young: 2}
    assert opened.store.counted([], NOON) == {}
    assert opened.store.counted([young], clock.now() + timedelta(seconds=1)) == {young: 0}


def test_sr_11_a_change_that_uses_a_code_twice_is_refused_whole(opened: Opened) -> None:
    means = opened.authenticators(b"k" * 32)
    code = Authenticator("a2", "person:roster:s1", "saved_code", "Code", Secret(""), NOON, NOON, ref="digest")
    means.enrol([code])
    saved = opened.store.save(a_verification(), Change(used=(Used("a2", spends=True),)))
    again = Change(used=(Used("a2", spends=True),), event=an_event(kind=EventKind.PROVEN))
    with pytest.raises(ConflictError, match="used already"):
        opened.store.save(saved, again)
    assert opened.store.get(saved.id) == saved
    assert opened.store.events(saved.id) == []
