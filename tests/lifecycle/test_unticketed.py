"""A verification without a ticket: for a person of the directory, with the same proof, limits and conflicts."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from deskward.core.accounts import Agent
from deskward.core.errors import ConflictError, InvalidError, LimitError, NotFoundError, RefusedError
from deskward.core.people import Person
from deskward.core.ports import Change, ErrandKind
from deskward.core.verification import State, Verification
from deskward.lifecycle.unticketed import NO_TICKET, Found, open_at_desk, search
from tests.fakes import ANNA, BEN, FakeDirectory
from tests.household import AGENT, PASSWORD, Household

RESET = "Password Reset"


@dataclass
class Telling(FakeDirectory):
    """A directory that finds people by parts of their names."""

    def search(self, text: str, limit: int) -> Sequence[Person]:
        found = [p for p in self.people.values() if text.casefold() in p.name.casefold()]
        return found[:limit]


def opened(home: Household, person: str = "o-anna", key: str = "k" * 24, category: str = RESET) -> Verification:
    return open_at_desk(home.house, category, person, key, AGENT)


def test_a_person_is_found_by_the_key_and_shown_masked(home: Household) -> None:
    found = search(home.house, RESET, "anna.berg@acme.example")
    assert found == [Found("o-anna", "Anna Berg", "anna.berg", "a•••@a•••.example", "")]
    assert search(home.house, RESET, "Anna") == []


def test_a_directory_that_can_finds_by_parts_of_names_and_each_person_once(home: Household) -> None:
    disabled = replace(BEN, enabled=False, title="Lead", team="Sales", email="")
    home.change(people={"roster": Telling(people={"o-anna": ANNA, "o-ben": disabled})})
    assert [one.name for one in search(home.house, RESET, " ann ")] == ["Anna Berg"]
    assert search(home.house, RESET, "vogel")[0] == Found(
        "o-ben", "Ben Vogel", "ben.vogel", "no e-mail", "Lead, Sales, disabled"
    )
    many = {f"o-{n}": replace(ANNA, id=f"o-{n}") for n in range(12)}
    home.change(people={"roster": Telling(people=many)})
    assert len(search(home.house, RESET, "berg")) == 10


@pytest.mark.parametrize(
    ("category", "typed"), [(RESET, "an"), (RESET, "x" * 101), ("Odd", "anna"), (RESET, "  ")]
)
def test_what_cannot_be_searched_is_said(home: Household, category: str, typed: str) -> None:
    with pytest.raises(InvalidError):
        search(home.house, category, typed)


def test_the_whole_story_is_lived_without_a_ticket_and_nothing_is_written_outside(home: Household) -> None:
    fresh = opened(home)
    assert (fresh.connector, fresh.ticket_number, fresh.subject_id) == ("", NO_TICKET, "o-anna")
    sent = home.send(fresh)
    started, pin = home.enter(home.token(sent), home.code(sent))
    home.lifecycle.answer(pin, started.version)
    done = home.lifecycle.act(pin, PASSWORD)
    assert done.state is State.DONE
    home.drain(hours=0.1)
    assert home.connector.notes == []
    assert {e.kind for e in home.waiting(done)} <= {ErrandKind.SEND, ErrandKind.SETTLE}
    assert home.kinds(done)[0] == "opened"
    assert not any(NO_TICKET in m.text for m in home.mail.sent + home.sms.sent)


def test_a_double_click_opens_one_and_another_person_is_another(home: Household) -> None:
    assert opened(home).id == opened(home).id
    assert opened(home, "o-ben").id != opened(home).id
    with ThreadPoolExecutor(8) as pool:
        ids = {v.id for v in pool.map(lambda _: opened(home, key="j" * 24), range(8))}
    assert len(ids) == 1


def test_the_same_form_that_won_the_race_against_itself_answers_for_both(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, real, looked = opened(home), home.store.open_for, list[str]()

    def late(connector: str, ticket_id: str) -> Verification | None:
        looked.append(ticket_id)
        return real(connector, ticket_id) if len(looked) > 1 else None

    monkeypatch.setattr(home.store, "open_for", late)
    assert opened(home).id == first.id
    assert len(looked) == 2


def test_what_is_no_race_against_itself_is_raised(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    def conflicting(verification: Verification, change: Change) -> Verification:
        raise ConflictError("Somebody was faster.")

    monkeypatch.setattr(home.store, "save", conflicting)
    with pytest.raises(ConflictError):
        opened(home)


def test_a_12_nobody_opens_one_for_their_own_account(home: Household) -> None:
    home.opened.accounts.put_agent(Agent("a-kim", "ANNA.berg", "Kim Agent", "hash", roles=("agent",)))
    with pytest.raises(RefusedError, match="own account"):
        opened(home)
    assert opened(home, "o-ben").subject_id == "o-ben"


def test_who_cannot_be_served_by_link_is_refused_with_the_reason(home: Household) -> None:
    home.directory.people["o-anna"] = replace(ANNA, privileged=True)
    with pytest.raises(RefusedError, match="privileged"):
        opened(home)
    with pytest.raises(NotFoundError):
        opened(home, "o-nobody")
    with pytest.raises(InvalidError):
        opened(home, category="Odd")


def test_sr_48_nothing_is_opened_while_a_fence_stands(home: Household) -> None:
    home.objected(home.sent())
    with pytest.raises(RefusedError):
        opened(home)


def test_sr_137_the_limits_of_a_person_hold_over_tickets_and_none(home: Household) -> None:
    for number in ("1001", "1002", "1003"):
        home.sent(number)
    with pytest.raises(LimitError):
        home.send(opened(home))


def test_sr_72_what_was_opened_without_a_ticket_is_seen_with_the_others(home: Household) -> None:
    fresh = opened(home)
    assert [v.id for v in home.reading.others(home.open())] == [fresh.id]


def test_without_a_ticket_there_is_nothing_to_read_again(home: Household) -> None:
    with pytest.raises(RefusedError, match="no ticket"):
        home.lifecycle.reopen(opened(home).id, AGENT)
