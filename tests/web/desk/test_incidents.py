"""Resets without a grant stand on one page, to be settled with a reason (SR-68)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from deskward.core.accounts import Agent, Role
from deskward.core.audit import Sought
from deskward.core.resets import LoggedReset, Reset, ResetKind
from deskward.lifecycle import House
from deskward.store.opening import Opened
from tests.fakes import FakeClock, FakeDirectory
from tests.web.desk.conftest import Desk

Visitor = Callable[[], Desk]
Staffed = Callable[..., Agent]


class Watched(FakeDirectory):
    """A directory that has a log."""

    def resets(self, since: datetime, until: datetime) -> list[Reset]:
        del since, until
        return []


def an_incident(at: datetime, **changes: object) -> LoggedReset:
    victim, rogue = "victim@staff.example", "rogue@staff.example"
    made = LoggedReset("IN-1", "entra", "e-1", at, ResetKind.PASSWORD, "p-1", victim, rogue, at)
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def approver(visitor: Visitor, staffed: Staffed) -> Desk:
    staffed("ada", Role.APPROVER)
    desk = visitor()
    desk.log_in("ada")
    return desk


def kept(store: Opened, clock: FakeClock, *more: LoggedReset) -> None:
    store.store.resets.follow("entra", None, clock.now(), [an_incident(clock.now()), *more])


def test_where_no_log_is_read_the_page_says_so(approver: Desk) -> None:
    assert "No log is read" in approver.get("/incidents")


def test_where_a_log_is_read_and_nothing_is_open_the_page_says_so(
    approver: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(house.people, dict)
    monkeypatch.setitem(house.people, "entra", Watched())
    page = approver.get("/incidents")
    assert "Nothing is open" in page
    assert "the log of entra tells of" in page


def test_sr_68_an_incident_shows_account_time_and_who_did_it(
    approver: Desk, store: Opened, clock: FakeClock
) -> None:
    untold = {"id": "IN-2", "event_id": "e-2", "kind": ResetKind.FACTORS, "by": "", "login": ""}
    kept(store, clock, an_incident(clock.now(), **untold))
    page = approver.get("/incidents")
    for text in (
        "New password",
        "victim@staff.example",
        "Done by rogue@staff.example.",
        "Sign-in factors removed",
    ):
        assert text in page
    assert "The log does not tell by whom." in page
    assert "p-1" in page


def test_an_incident_is_settled_with_a_reason_that_stays_and_is_recorded(
    approver: Desk, store: Opened, clock: FakeClock
) -> None:
    kept(store, clock)
    approver.get("/incidents")
    answer = approver.post("/incidents/IN-1/settle", reason="Seen <b>in person</b>.")
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents")
    page = approver.get("/incidents")
    assert "Seen &lt;b&gt;in person&lt;/b&gt;." in page
    assert "What it was" not in page
    (entry,) = store.audit.page(Sought(kinds=("incident settled",))).rows
    assert (entry.actor, entry.fields) == ("agent:AG-ADA", {"incident": "IN-1"})


def test_without_a_reason_or_a_second_time_nothing_is_settled(
    approver: Desk, store: Opened, clock: FakeClock
) -> None:
    kept(store, clock)
    approver.get("/incidents")
    answer = approver.post("/incidents/IN-1/settle", reason=" ")
    assert answer.status_code == 422
    assert "Say in one sentence what it was." in answer.text
    approver.post("/incidents/IN-1/settle", reason="A drill.")
    answer = approver.post("/incidents/IN-1/settle", reason="Another drill.")
    assert answer.status_code == 409
    assert "settled already" in answer.text
    assert "Another drill." not in approver.get("/incidents")


def test_an_auditor_reads_and_does_not_settle(
    visitor: Visitor, staffed: Staffed, store: Opened, clock: FakeClock
) -> None:
    kept(store, clock)
    staffed("vera", Role.AUDITOR)
    desk = visitor()
    desk.log_in("vera")
    page = desk.get("/incidents")
    assert "victim@staff.example" in page
    assert "What it was" not in page
