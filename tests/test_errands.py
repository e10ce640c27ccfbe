"""What must happen outside happens, in order, once."""

from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from deskward.core.destinations import Kind
from deskward.core.errors import OutsideError, RejectedError, UncertainError, UnreachableError
from deskward.core.ports import Count, Delivery, Errand, ErrandKind, ErrandState, KnownTicket, Message, Receipt
from deskward.core.resets import Reset, ResetKind
from deskward.core.retention import Retention
from deskward.core.sign_ins import SignIn
from deskward.core.tickets import Closing, Ticket
from deskward.core.verification import State
from deskward.errands import PARK_FAULT_AFTER, wait_of
from tests.fakes import START, FakeChannel, FakeConnector, FakeDirectory, ticket
from tests.household import AGENT, PASSWORD, Household
from tests.servers.sqlite import fresh_file


class Desk(FakeConnector):
    """A ticketing system whose troubles are told to it."""

    poll_seconds = 60.0
    fails: Exception | None = None
    refuses_close = ""
    by_hand = False
    view: list[Ticket] | None = None

    def add_note(self, ticket_id: str, marker: str, text: str, html: str) -> None:
        self._maybe()
        if marker not in [n[1] for n in self.notes]:
            super().add_note(ticket_id, marker, text, html)

    def show_status(self, ticket_id: str, text: str) -> None:
        self._maybe()
        self.notes.append((ticket_id, "status", text))

    def close(self, ticket_id: str, comment: str) -> Closing:
        self._maybe()
        if self.refuses_close:
            raise RejectedError(self.refuses_close)
        self.notes.append((ticket_id, "close", comment))
        return Closing("Resolved", closed=not self.by_hand, by_hand=self.by_hand)

    def waiting(self) -> list[Ticket] | None:
        self._maybe()
        return self.view

    def _maybe(self) -> None:
        if self.fails:
            raise self.fails


class Phone(FakeChannel):
    """A channel whose answers are told to it."""

    answer: Receipt | Exception | None = None
    tries: list[bool]

    def send(self, message: Message, *, again: bool) -> Receipt:
        self.tries = [*getattr(self, "tries", []), again]
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or super().send(message, again=again)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """Keep the log for looking at; the printing of tracebacks is slow."""
    with capture_logs() as logged:
        yield logged


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def home(tmp_path: Path, desk: Desk) -> Iterator[Household]:
    mail = Phone("smtp", Kind.EMAIL)
    home = Household(fresh_file(tmp_path), connector=desk, mail=mail)
    yield home
    home.opened.close()


def sending_errand(home: Household, which: str) -> Errand:
    return next(e for e in home.opened.console.errands(which) if e.kind is ErrandKind.SEND)


def test_waits_double_up_to_five_minutes_with_jitter() -> None:
    for attempts in range(1, 40):
        ceiling = min(300.0, 2.0**attempts)
        assert ceiling / 2 <= wait_of(attempts) < ceiling


def test_an_hour_down_costs_an_hour_and_no_note(home: Household, desk: Desk) -> None:
    desk.fails = UnreachableError("down")
    _, pin = home.passed()
    done = home.lifecycle.act(pin, PASSWORD)
    home.drain(hours=1)
    assert desk.notes == []
    desk.fails = None
    home.drain(hours=0.2)
    markers = [n[1] for n in desk.notes]
    assert [m for m in markers if m.startswith("DW")] == [f"{done.id}-{n}" for n in (1, 2, 3, 4, 6)]
    assert markers[-3:] == [f"{done.id}-6", "status", "close"]


@pytest.mark.parametrize("error", [UncertainError("no answer"), UnreachableError("busy", retry_after=600)])
def test_what_may_pass_is_tried_again_after_the_time_asked_for(
    home: Household, desk: Desk, error: OutsideError
) -> None:
    desk.fails = error
    opened = home.open()
    home.drain()
    head = home.waiting(opened)[0]
    assert (head.state, head.last_error) == (ErrandState.DUE, error.text)
    least = getattr(error, "retry_after", 1.0)
    assert head.due_at - home.clock.now() >= timedelta(seconds=least)


@pytest.mark.parametrize(
    "error", [RejectedError("This field is read-only."), OutsideError("Nonsense."), KeyError("x")]
)
def test_what_never_passes_waits_for_a_person_and_the_lane_goes_on(
    home: Household, desk: Desk, error: Exception
) -> None:
    desk.fails = error
    opened = home.open()
    for _ in range(PARK_FAULT_AFTER):
        home.drain()
        home.clock.forward(minutes=6)
    note, status = home.waiting(opened)
    assert (note.state, note.kind) == (ErrandState.PARKED, ErrandKind.NOTE)
    assert status.attempts > 0
    assert note.attempts == (PARK_FAULT_AFTER if isinstance(error, KeyError) else 1)
    assert "see the log" in note.last_error or note.last_error == str(error)


def test_a_note_whose_event_is_gone_is_left_to_a_person(home: Household) -> None:
    opened = home.open()
    lost = replace(home.waiting(opened)[0], id=0, key="lost", about={"verification": opened.id, "seq": "99"})
    home.store.enqueue([lost])
    home.drain()
    assert "event 99" in home.waiting(opened)[-1].last_error


def test_an_uncertain_message_is_looked_for_and_then_left_to_the_agent(home: Household) -> None:
    phone = home.mail
    assert isinstance(phone, Phone)
    phone.answer = UncertainError("No answer from the provider.")
    sent = home.sent()
    for _ in range(6):
        home.drain()
        home.clock.forward(minutes=1)
    assert phone.tries == [False, True, True, True, True]
    (sending,) = home.asked(sent)
    assert sending.delivery is Delivery.UNKNOWN
    assert "Ask the requester, or send again" in sending.detail
    phone.answer = None
    home.send(home.lifecycle.get(sent.id))
    home.drain()
    assert len(phone.sent) == 1


def test_a_bounce_is_noted_and_offers_another_address(home: Household, desk: Desk) -> None:
    phone = home.mail
    assert isinstance(phone, Phone)
    phone.answer = Receipt(Delivery.REFUSED, text="550 no such mailbox")
    home.sent()
    home.drain()
    assert "550 no such mailbox" in next(n[2] for n in desk.notes if "not delivered" in n[2])


def test_what_was_cancelled_before_sending_is_not_sent(home: Household) -> None:
    sent = home.sent()
    home.lifecycle.cancel(sent.id, AGENT, "Stop.")
    home.drain()
    assert home.mail.sent == []
    assert sending_errand(home, sent.id).state is ErrandState.DONE


def test_a_resend_replaces_what_is_not_out_yet(home: Household) -> None:
    first = home.sent()
    second = home.send(first, choice="d-phone")
    home.drain()
    assert all(home.token(second) not in m.text and "/v#" not in m.text for m in home.mail.sent)
    assert home.token(second) in home.sms.sent[-1].text


def test_a_link_that_died_in_the_queue_is_not_sent(home: Household) -> None:
    sent = home.sent()
    home.clock.forward(minutes=16)
    home.errands.drain(f"smtp:{sent.id}")
    assert home.mail.sent == []


def test_link_and_code_of_one_form_are_both_sent(home: Household) -> None:
    home.send(home.open(), on_phone=False, second="d-phone")
    home.drain()
    assert ["/v#" in m.text for m in home.mail.sent] == [True]
    assert ["your code is" in m.text for m in home.sms.sent] == [False, True]


def test_sending_twice_after_a_crash_looks_first(home: Household) -> None:
    sent = home.sent()
    lane = f"smtp:{sent.id}"
    now = home.clock.now()
    assert home.opened.rows.claim(lane, "dead", now, now + timedelta(minutes=2))
    home.clock.forward(minutes=3)
    home.errands.drain(lane)
    assert home.mail.tries == [True]  # type: ignore[attr-defined]
    home.store.enqueue([replace(sending_errand(home, sent.id), id=0, key="again")])
    home.errands.drain(lane)
    assert len(home.mail.sent) == 1


def test_a_ticket_deskward_may_not_close_is_left_to_the_agent(home: Household, desk: Desk) -> None:
    desk.by_hand = True
    _, pin = home.passed()
    home.lifecycle.act(pin, PASSWORD)
    home.drain()
    assert [n[2].splitlines()[0] for n in desk.notes][-2:] == ["Please close this ticket", "Passed"]


def test_a_vanished_ticket_in_an_errand_is_left_alone(home: Household) -> None:
    home.lifecycle.hint("changegear", "gone")
    home.clock.forward(seconds=1)
    home.drain()
    assert home.store.open_for("changegear", "gone") is None


def test_sr_100_duplicate_and_reordered_hints_end_in_one_open_verification(home: Household, desk: Desk) -> None:
    for number in ("2", "1", "2", "1", "2"):
        made = ticket(number)
        desk.tickets[made.id] = made
        home.lifecycle.hint("changegear", made.id)
        home.clock.forward(seconds=0.2)
        home.drain()
    home.clock.forward(seconds=1)
    home.drain()
    for number in ("1", "2"):
        opened = home.store.open_for("changegear", f"id-{number}")
        assert opened is not None
        assert home.kinds(opened) == ["opened"]


def follow_up(home: Household) -> None:
    """Let the errands of a poll's hints read their tickets."""
    home.clock.forward(seconds=1)
    home.drain()


def test_a_stale_row_of_a_poll_only_hints_and_the_ticket_itself_decides(home: Household, desk: Desk) -> None:
    sent = home.sent()
    desk.view = [ticket(requester_id="p-ben")]
    home.errands.tick()
    follow_up(home)
    assert home.lifecycle.get(sent.id).state is State.SENT


def test_a_close_that_is_refused_asks_the_agent(home: Household, desk: Desk) -> None:
    done = home.lifecycle.act(home.passed()[1], PASSWORD)
    desk.refuses_close = "The action Close is not allowed."
    home.drain()
    assert home.lifecycle.get(done.id).closed_status == "done, not closed"
    assert home.kinds(done)[-1] == "close_by_hand"


def test_the_first_poll_leaves_older_tickets_alone_and_later_ones_count_as_new(
    home: Household, desk: Desk
) -> None:
    home.store.first_start()
    old = ticket("1", created_at=START - timedelta(days=1))
    desk.view = [old]
    desk.tickets[old.id] = old
    home.errands.tick()
    follow_up(home)
    assert home.store.open_for("changegear", old.id) is None
    entering = ticket("2", created_at=START - timedelta(days=1))
    desk.view = [old, entering]
    desk.tickets[entering.id] = entering
    home.clock.forward(seconds=58)
    home.errands.tick()
    follow_up(home)
    assert home.store.open_for("changegear", entering.id) is None
    home.errands.tick()
    follow_up(home)
    assert home.store.open_for("changegear", entering.id) is not None
    assert home.store.open_for("changegear", old.id) is None


def test_a_requester_changed_in_the_ticket_cancels_and_opens_anew(home: Household, desk: Desk) -> None:
    sent = home.sent()
    desk.view = [ticket(requester_id="p-ben")]
    desk.tickets[sent.ticket_id] = ticket(requester_id="p-ben")
    home.errands.tick()
    follow_up(home)
    assert home.lifecycle.get(sent.id).state is State.CANCELLED
    fresh = home.store.open_for("changegear", sent.ticket_id)
    assert fresh is not None
    assert fresh.subject_id == "o-ben"


def test_a_ticket_that_left_the_view_is_looked_after(home: Household, desk: Desk) -> None:
    sent = home.sent()
    desk.tickets[sent.ticket_id] = ticket(category_name="Printer")
    desk.view = []
    home.errands.tick()
    home.clock.forward(seconds=1)
    home.drain()
    assert home.lifecycle.get(sent.id).state is State.CANCELLED


def test_a_poll_that_fails_or_is_not_set_up_changes_nothing(home: Household, desk: Desk) -> None:
    home.errands.tick()
    desk.fails = UnreachableError("down")
    home.clock.forward(minutes=1)
    home.errands.tick()
    assert home.store.known("changegear", "baseline") is None


def test_a_ticket_that_cannot_be_opened_in_a_poll_goes_through_an_errand(
    home: Household, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: str) -> None:
        raise UnreachableError("down")

    made = ticket()
    desk.tickets[made.id] = made
    desk.view = [made]
    with monkeypatch.context() as patch:
        patch.setattr(desk, "person", down)
        home.errands.tick()
    home.clock.forward(seconds=1)
    home.drain()
    assert home.store.open_for("changegear", made.id) is not None
    assert home.store.known("changegear", "baseline") == KnownTicket("changegear", "baseline", "", "")


def test_a_tick_times_out_what_waited_too_long(home: Household) -> None:
    sent = home.sent()
    home.clock.forward(minutes=15)
    home.errands.tick()
    assert home.lifecycle.get(sent.id).state is State.TIMED_OUT


def test_what_nobody_needs_is_forgotten_once_an_hour(home: Household, desk: Desk) -> None:
    old = Count("send-agent", "old")
    home.store.add_counts([old], home.clock.now() - timedelta(days=40))
    long_ago = home.clock.now() - timedelta(days=50)
    assert home.store.counted([old], long_ago) == {old: 1}
    home.errands.tick()
    assert home.store.counted([old], long_ago) == {old: 0}
    home.store.add_counts([old], home.clock.now() - timedelta(days=40))
    home.errands.tick()
    assert home.store.counted([old], long_ago) == {old: 1}


def test_sr_121_what_is_left_to_delete_waits_for_seconds_and_not_for_an_hour(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned: list[Retention] = []

    def prune(_now: datetime, kept: Retention) -> bool:
        pruned.append(kept)
        return len(pruned) == 1

    monkeypatch.setattr(home.store, "prune", prune)
    for seconds, times in ((0, 1), (4, 1), (1, 2), (5, 2), (3594, 2), (1, 3)):
        home.clock.forward(seconds=seconds)
        home.errands.tick()
        assert len(pruned) == times
    assert pruned[0] is home.house.retention


@dataclass
class SignInsOf:
    """A log whose troubles are told to it; one sign-in an hour."""

    teaches: str = "roster"
    fails: OutsideError | None = None
    read: list[tuple[datetime, datetime]] = field(default_factory=list)

    def sign_ins(self, since: datetime, until: datetime) -> Iterable[SignIn]:
        self.read.append((since, until))
        if self.fails:
            raise self.fails
        hours = int((until - since) / timedelta(hours=1))
        return [SignIn("p-anna", since + timedelta(hours=n), "192.0.2.7") for n in range(hours)]


def test_sign_ins_are_learned_once_an_hour_and_at_a_calm_pace_while_more_wait(home: Household) -> None:
    log = SignInsOf()
    home.change(sign_ins={"roster": log})
    for _ in range(3):
        home.errands.tick()
    assert len(log.read) == 1
    home.clock.forward(seconds=5)
    home.errands.tick()
    assert len(log.read) == 2
    home.clock.forward(minutes=59)
    home.errands.tick()
    assert len(log.read) == 2
    home.clock.forward(minutes=1)
    home.errands.tick()
    assert [since for since, _ in log.read[1:]] == [log.read[0][0] + timedelta(hours=500), log.read[1][1]]


def test_a_log_of_sign_ins_that_fails_says_why_and_is_tried_again(
    home: Household, logged: list[MutableMapping[str, Any]]
) -> None:
    log = SignInsOf(fails=UnreachableError("The log is down."))
    home.change(sign_ins={"roster": log})
    for minutes in (0, 9, 1):
        home.clock.forward(minutes=minutes)
        home.errands.tick()
    assert len(log.read) == 2
    failed = [line for line in logged if line["event"] == "sign-ins not learned"]
    assert [(line["directory"], line["reason"]) for line in failed] == [("roster", "The log is down.")] * 2
    assert home.store.sightings.read_to("roster") is None


@dataclass
class Watched(FakeDirectory):
    """A directory whose log tells what it is told to."""

    log: list[Reset] = field(default_factory=list)
    fails: OutsideError | None = None
    asked: int = 0

    def resets(self, since: datetime, until: datetime) -> Iterable[Reset]:
        self.asked += 1
        if self.fails:
            raise self.fails
        return [one for one in self.log if since <= one.at < until]


def watched(home: Household) -> Watched:
    directory = Watched(people=home.directory.people)
    home.change(people={"roster": directory})
    return directory


def test_sr_68_a_reset_without_a_grant_is_logged_within_a_minute_by_its_ids_only(
    home: Household, logged: list[MutableMapping[str, Any]]
) -> None:
    directory = watched(home)
    home.errands.tick()
    home.clock.forward(seconds=10)
    directory.log = [Reset("e1", home.clock.now(), ResetKind.PASSWORD, "o-anna", "anna.berg", "rogue")]
    for _ in range(6):
        home.clock.forward(seconds=10)
        home.errands.tick()
    (warned,) = [line for line in logged if line["event"] == "reset without a grant"]
    (incident,) = home.store.resets.incidents(9, reviewed=False)
    told = {"incident": incident.id, "directory": "roster", "kind": "password", "subject": "o-anna"}
    assert warned == told | {"event": "reset without a grant", "log_level": "warning"}


def test_the_log_of_a_directory_is_read_once_a_minute_and_sooner_while_more_waits(home: Household) -> None:
    directory = watched(home)
    home.errands.tick()
    for seconds in (30, 30, 30):
        home.clock.forward(seconds=seconds)
        home.errands.tick()
    assert directory.asked == 1
    home.clock.forward(days=2)
    home.errands.tick()
    home.clock.forward(seconds=5)
    home.errands.tick()
    assert directory.asked == 3


def test_a_log_of_resets_that_fails_says_why_and_is_tried_again(
    home: Household, logged: list[MutableMapping[str, Any]]
) -> None:
    directory = watched(home)
    home.errands.tick()
    directory.fails = UnreachableError("The log is down.")
    for _ in range(2):
        home.clock.forward(minutes=1)
        home.errands.tick()
    failed = [line for line in logged if line["event"] == "resets not looked at"]
    assert [(line["directory"], line["reason"]) for line in failed] == [("roster", "The log is down.")] * 2
    assert home.store.integrations.pulses()["directories.roster"].error == "The log is down."


def test_no_request_of_a_requester_reads_the_log_to_learn(home: Household) -> None:
    log = SignInsOf()
    home.change(sign_ins={"roster": log})
    home.passed()
    assert log.read == []
