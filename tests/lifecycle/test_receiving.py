"""A secret that an action shows: once, received, ended unused, and never told as seen where it perhaps was not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deskward import gateway
from deskward.actions.temporary_access import Action
from deskward.core.errors import UnreachableError
from deskward.core.events import EventKind
from deskward.core.policy import Category
from deskward.core.ports import ErrandKind, Spent
from deskward.core.verification import State, Verification
from deskward.gateway import Gateway
from deskward.lifecycle import Actor
from tests.fakes import ANNA, BEN, GivingDirectory
from tests.household import AGENT, Household
from tests.servers.sqlite import fresh_file

SAM = Actor("agent", "a-sam", "Sam Approver")


@pytest.fixture
def directory() -> GivingDirectory:
    return GivingDirectory(people={p.id: p for p in (ANNA, BEN)})


@pytest.fixture
def home(tmp_path: Path, directory: GivingDirectory) -> Iterator[Household]:
    home = Household(
        fresh_file(tmp_path),
        directory=directory,
        categories=(Category("Help", ("Help",), "roster", "temporary_access"),),
    )
    actions = {"temporary_access": Action()}
    spender = Gateway(home.store, home.clock, {"roster": directory}, actions, "1")
    home.change(actions=actions, gateway=spender)
    yield home
    home.opened.close()


def acted(home: Household, number: str = "1001") -> tuple[Verification, str, list[Spent]]:
    shown: list[Spent] = []
    _, pin = home.passed(number, category_name="Help")
    return home.lifecycle.act(pin, {}, shown.append), pin, shown


def approved(home: Household, review: Verification, pin: str) -> None:
    """Let a second person say yes, and the requester go on."""
    held = home.lifecycle.approve(review.id, review.version, SAM, "Seen on video.")
    home.lifecycle.resume(pin, held.version)


def fields(home: Household, done: Verification, kind: EventKind) -> list[str]:
    return [str(e.fields["text"]) for e in home.store.events(done.id) if e.kind is kind]


def interrupted(home: Household, monkeypatch: pytest.MonkeyPatch) -> Verification:
    """Let the house die between the action and its end; the errand finds out by the stamp."""
    passed, pin = home.passed(category_name="Help")
    monkeypatch.setattr(gateway, "_done", lambda *_: Spent(done=False, unknown=True))
    shown: list[Spent] = []
    assert home.lifecycle.act(pin, {}, shown.append).state is State.ACTING
    assert not shown
    monkeypatch.undo()
    home.clock.forward(minutes=1)
    home.drain()
    return home.lifecycle.get(passed.id)


def test_sr_54_it_is_shown_once_and_is_in_no_row_note_or_log(home: Household, directory: GivingDirectory) -> None:
    done, pin, shown = acted(home)
    assert (done.state, [one.minutes for one in shown]) == (State.DONE, [60])
    assert shown[0].secret == directory.given["o-anna"]
    again: list[Spent] = []
    home.lifecycle.act(pin, {}, again.append)
    assert not again
    home.lifecycle.received(pin)
    home.drain()
    path = (
        home.opened.database.path if hasattr(home.opened.database, "path") else home.url.removeprefix("sqlite:///")
    )
    kept = b"".join(p.read_bytes() for p in Path(path).parent.iterdir() if p.is_file())
    assert done.id.encode() in kept
    secret = shown[0].secret.reveal()
    assert secret.encode() not in kept
    assert all(secret not in text for *_, text in home.connector.notes)
    assert secret not in repr(shown)


def test_the_ticket_is_closed_when_the_requester_says_that_they_have_it_and_not_before(home: Household) -> None:
    done, pin, _ = acted(home)
    home.drain()
    assert home.lifecycle.unconfirmed(done)
    assert home.lifecycle.get(done.id).closed_status == ""
    assert "stays open until they say that they have it" in fields(home, done, EventKind.DONE)[0]
    home.lifecycle.received(pin)
    home.lifecycle.received(pin)
    home.drain()
    assert not home.lifecycle.unconfirmed(home.lifecycle.get(done.id))
    assert len(fields(home, done, EventKind.RECEIVED)) == 1
    assert home.lifecycle.get(done.id).closed_status == "Closed"
    assert "The requester has the temporary access" in home.connector.notes[-1][2]


def test_nothing_is_received_before_it_is_made(home: Household) -> None:
    passed, pin = home.passed(category_name="Help")
    assert home.lifecycle.received(pin) == passed
    assert home.kinds(passed)[-1] == "passed"


def test_sr_58_after_a_crash_the_ticket_says_that_it_was_perhaps_not_seen_and_stays_open(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = interrupted(home, monkeypatch)
    assert done.state is State.DONE
    told = fields(home, done, EventKind.DONE)[0]
    assert "they have perhaps not seen what was made" in told
    assert "start a new verification" in told
    assert home.lifecycle.get(done.id).closed_status == ""
    assert "Done, but perhaps not seen by the requester" in home.connector.notes[-1][2]


def test_sr_58_after_a_crash_the_requester_gets_another_one_by_a_new_verification(
    home: Household, monkeypatch: pytest.MonkeyPatch, directory: GivingDirectory
) -> None:
    first = interrupted(home, monkeypatch)
    lost = directory.given["o-anna"]
    home.clock.forward(minutes=5)
    fresh = home.lifecycle.reopen(first.id, AGENT)
    sent = home.send(fresh)
    started, pin = home.enter(home.token(sent), home.code(sent))
    review = home.lifecycle.answer(pin, started.version)
    assert "a second person must approve" in review.reason
    approved(home, review, pin)
    shown: list[Spent] = []
    assert home.lifecycle.act(pin, {}, shown.append).state is State.DONE
    assert shown[0].secret != lost


def test_sr_55_what_nobody_used_is_ended_when_its_time_is_over_and_noted(
    home: Household, directory: GivingDirectory
) -> None:
    done, _, _ = acted(home)
    home.clock.forward(minutes=59)
    home.drain()
    assert directory.given
    home.clock.forward(minutes=1)
    home.drain()
    assert not directory.given
    assert fields(home, done, EventKind.ACCESS_ENDED) == ["It was ended."]


def test_sr_55_what_was_used_is_left_alone_and_nothing_is_noted(
    home: Household, directory: GivingDirectory
) -> None:
    done, _, _ = acted(home)
    directory.given.clear()
    home.clock.forward(minutes=61)
    home.drain()
    assert fields(home, done, EventKind.ACCESS_ENDED) == []
    assert directory.revoked == []


def test_sr_55_the_end_waits_for_a_directory_that_is_down(home: Household, directory: GivingDirectory) -> None:
    done, _, _ = acted(home)
    directory.down = UnreachableError("It is down.")
    home.clock.forward(minutes=61)
    home.drain()
    (errand,) = (e for e in home.waiting(done) if e.kind is ErrandKind.END_ACCESS)
    assert errand.attempts == 1
    directory.down = None
    home.drain(hours=0.2)
    assert not directory.given


def test_sr_55_the_end_of_the_first_leaves_a_newer_one_alone(home: Household, directory: GivingDirectory) -> None:
    acted(home)
    home.clock.forward(minutes=50)
    review, pin = home.passed("1002", category_name="Help")
    approved(home, review, pin)
    home.lifecycle.act(pin, {})
    home.clock.forward(minutes=11)
    home.drain()
    assert directory.given
    home.clock.forward(minutes=50)
    home.drain()
    assert not directory.given


def test_sr_47_after_an_objection_it_is_taken_back_and_not_only_ended(
    home: Household, directory: GivingDirectory
) -> None:
    done, _, _ = acted(home)
    directory.given.clear()
    home.objected(done)
    home.drain()
    assert directory.revoked == [("o-anna", True)]
    home.clock.forward(minutes=61)
    home.drain()
    assert directory.revoked == [("o-anna", True)]
    assert not home.lifecycle.unconfirmed(home.lifecycle.get(done.id))


def test_sr_54_under_an_objection_nothing_is_shown(
    home: Household, directory: GivingDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed, pin = home.passed(category_name="Help")
    give = directory.give_access

    def objecting(person_id: str, minutes: int) -> object:
        home.objected(passed)
        return give(person_id, minutes)

    monkeypatch.setattr(directory, "give_access", objecting)
    shown: list[Spent] = []
    assert home.lifecycle.act(pin, {}, shown.append).disputed
    assert not shown
    home.drain()
    assert not directory.given


def test_an_agent_who_saw_that_it_was_made_does_not_say_that_it_was_seen(
    home: Household, directory: GivingDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed, pin = home.passed(category_name="Help")
    monkeypatch.setattr(gateway, "_done", lambda *_: Spent(done=False, unknown=True))
    home.lifecycle.act(pin, {})
    directory.down = UnreachableError("It is down.")
    home.clock.forward(minutes=1)
    home.drain()
    done = home.lifecycle.checked(passed.id, AGENT, done=True)
    assert "Kim Agent checked the account: the action was done." in fields(home, done, EventKind.DONE)[0]
    assert "perhaps not seen" in fields(home, done, EventKind.DONE)[0]


def test_a_category_that_leaves_tickets_open_does_so_here_too(home: Household) -> None:
    kept = replace(home.categories[0], closes=False)
    home.change(policy=replace(home.house.policy, categories=(kept,)))
    done, pin, _ = acted(home)
    home.lifecycle.received(pin)
    home.drain()
    assert home.lifecycle.get(done.id).closed_status == ""
    (note,) = (text for *_, text in home.connector.notes if "Action completed by the requester" in text)
    assert "Next: The ticket stays open: the rest is for the help desk to do." in note
