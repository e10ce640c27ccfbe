"""From a ticket to an opened verification, or to nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deskward.core.errors import NotFoundError, RefusedError
from deskward.core.events import EventKind
from deskward.core.ports import KnownTicket
from deskward.core.verification import State
from deskward.lifecycle import BASELINE
from tests.fakes import ANNA, START, ticket
from tests.household import AGENT, Household


def test_a_ticket_of_a_category_is_opened_once_and_bound_to_its_account(home: Household) -> None:
    opened = home.open()
    assert (opened.subject_id, opened.refusal, opened.state) == ("o-anna", "", State.OPENED)
    assert home.lifecycle.open(ticket()) is None
    assert home.kinds(opened) == ["opened"]


def test_a_ticket_of_another_category_and_a_closed_one_are_left_alone(home: Household) -> None:
    assert home.lifecycle.open(ticket(category_name="Printer", category_id="9")) is None
    assert home.lifecycle.open(ticket("2", ended=True)) is None
    assert home.store.open_for("changegear", "id-1001") is None


def test_entering_a_category_by_an_update_counts_as_creation(home: Household) -> None:
    assert home.lifecycle.open(ticket(category_name="Printer", created_at=START)) is None
    assert home.lifecycle.open(ticket(created_at=START)) is not None


def test_tickets_from_before_the_first_start_are_left_alone(home: Household) -> None:
    home.store.first_start()
    before, after = START - timedelta(seconds=1), START + timedelta(seconds=1)
    assert home.lifecycle.open(ticket("1", created_at=before)) is None
    assert home.lifecycle.open(ticket("1", created_at=before)) is None
    assert home.lifecycle.open(ticket("2", created_at=after)) is not None
    home.store.remember([KnownTicket("changegear", BASELINE, "", "")])
    assert home.lifecycle.open(ticket("3", created_at=before)) is not None


@pytest.mark.parametrize(
    ("changes", "kinds", "reason"),
    [
        ({"requester_id": "p-ben"}, 2, "The requester was changed in the ticket."),
        ({"category_name": "Account Unlock"}, 2, "The category was changed in the ticket."),
        ({"category_name": "Printer"}, 1, "The category was changed in the ticket."),
        ({"ended": True}, 1, "The ticket was closed."),
    ],
)
def test_a_changed_ticket_cancels_its_verification(
    home: Household, changes: dict[str, Any], kinds: int, reason: str
) -> None:
    sent = home.sent()
    fresh = home.lifecycle.open(ticket(**changes))
    dead = home.lifecycle.get(sent.id)
    assert (dead.state, dead.reason) == (State.CANCELLED, reason)
    assert home.store.events(sent.id)[-1].fields["by"] == "a change in the ticket"
    assert (fresh is not None) == (kinds == 2)
    with pytest.raises(NotFoundError):
        home.lifecycle.living(home.token(sent))


def test_an_action_under_way_is_not_cancelled_by_the_ticket(home: Household) -> None:
    passed, _ = home.passed()
    stored = home.store.get(passed.id)
    assert stored is not None
    home.house.record(stored.moved(State.ACTING), EventKind.ACTING, AGENT, {})
    assert home.lifecycle.open(ticket(ended=True)) is None
    assert home.lifecycle.get(passed.id).state is State.ACTING


@pytest.mark.parametrize(
    ("requester", "words"),
    [
        ("", "names no requester"),
        ("p-nobody", "names no requester"),
        ("p-own", "account Deskward itself uses"),
        ("p-stranger", "not in the directory"),
        ("p-twin", "fits 2 accounts"),
        ("p-boss", "privileged"),
    ],
)
def test_who_cannot_be_bound_gets_no_link_and_the_note_says_why(
    home: Household, requester: str, words: str
) -> None:
    anna = home.connector.people["p-anna"]
    people = {
        "p-own": replace(anna, own=True),
        "p-stranger": replace(anna, email="x@y.example"),
        "p-twin": replace(anna, email="twin@acme.example"),
        "p-boss": replace(anna, email="boss@acme.example"),
    }
    home.connector.people |= people
    for name in ("t1", "t2"):
        home.directory.people[name] = replace(ANNA, id=name, email="twin@acme.example")
    home.directory.people["boss"] = replace(ANNA, id="boss", email="boss@acme.example", privileged=True)
    opened = home.open(requester_id=requester)
    assert words in opened.refusal
    assert home.kinds(opened) == ["unable"]
    with pytest.raises(RefusedError, match=words):
        home.send(opened)


def test_a_new_start_cancels_the_open_one_and_reads_the_ticket_again(home: Household) -> None:
    old = home.sent()
    home.connector.tickets["id-1001"] = ticket(requester_id="p-ben")
    fresh = home.lifecycle.reopen(old.id, AGENT)
    assert home.lifecycle.get(old.id).state is State.CANCELLED
    assert fresh.requester_id == "p-ben"
    ended = home.lifecycle.cancel(fresh.id, AGENT, "Typed by mistake.")
    again = home.lifecycle.reopen(ended.id, AGENT)
    assert again.state is State.OPENED
    assert home.lifecycle.reopen(ended.id, AGENT) == again


@pytest.mark.parametrize("now", [None, ticket(ended=True), ticket(category_name="Printer")])
def test_a_ticket_that_is_closed_gone_or_elsewhere_is_not_started_again(home: Household, now: object) -> None:
    old = home.open()
    home.connector.tickets.clear()
    if now:
        home.connector.tickets["id-1001"] = now  # type: ignore[assignment]
    with pytest.raises(RefusedError, match="closed, gone"):
        home.lifecycle.reopen(old.id, AGENT)


def test_many_hints_within_a_moment_are_one_errand(home: Household) -> None:
    for _ in range(5):
        home.lifecycle.hint("changegear", "id-1001")
    home.connector.tickets["id-1001"] = ticket()
    home.clock.forward(seconds=1)
    home.drain()
    assert home.store.open_for("changegear", "id-1001") is not None
