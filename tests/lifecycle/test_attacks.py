"""Attacks played against the story: pumping, swapped numbers, clocks, a coached requester."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deskward.core.destinations import Destination, Kind
from deskward.core.errors import DeskwardError, NotFoundError
from deskward.core.notes import RECOMMEND_MORE, recommendation
from deskward.core.proof import ActionClass, ProofLevel
from deskward.core.verification import Outcome, State
from deskward.lifecycle import Actor
from tests.fakes import ANNA, FakeCode
from tests.household import AGENT, CATEGORIES, Household

OTHER_PHONE = Destination("d-phone-2", Kind.SMS, "+4915187654321", "work phone", "HR")


def test_a_08_two_phones_are_never_enough_for_a_factor(home: Household) -> None:
    home.challenges = {"one_time_code": FakeCode()}
    home.restart()
    home.directory.people[ANNA.id] = replace(ANNA, destinations=(*ANNA.destinations, OTHER_PHONE))
    c3 = replace(CATEGORIES[0], action_class=ActionClass.C3)
    home.change(policy=replace(home.house.policy, categories=(c3,)))
    opened = home.open()
    assert "P3" in opened.refusal
    assert opened.state is State.OPENED
    c2 = replace(CATEGORIES[0], challenges=(("one_time_code",),))
    home.change(policy=replace(home.house.policy, categories=(c2,)))
    sent = home.send(home.open("2"), choice="d-phone")
    started, pin = home.enter(home.token(sent), home.code(sent))
    agreed = home.lifecycle.answer(pin, started.version)
    asked = home.lifecycle.ask(pin, agreed.version, "one_time_code", "d-phone-2")
    code = home.house.keyring.code(asked.id, asked.asked["nonce"])
    assert home.lifecycle.prove(pin, asked.version, {"code": code}).proof_level is ProofLevel.P2


def test_a_18_pumping_and_bombing_stay_within_the_budgets(home: Household) -> None:
    begun = home.clock.now()
    for number in range(40):
        try:
            home.send(home.open(str(number)), choice="d-phone")
        except DeskwardError:
            home.clock.forward(minutes=20)
        home.drain()
    assert home.clock.now() - begun < timedelta(days=1)
    assert len(home.sms.sent) == home.limits.links_per_day


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 3, 29, 0, 55, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 55, tzinfo=UTC),
        datetime(2028, 2, 29, 23, 55, tzinfo=UTC),
    ],
)
def test_sr_17_a_34_no_clock_change_moves_an_expiry(home: Household, at: datetime) -> None:
    home.clock.at = at
    sent = home.sent()
    token, code = home.token(sent), home.code(sent)
    home.clock.forward(minutes=9, seconds=59)
    home.lifecycle.opened(token)
    started, pin = home.enter(token, code)
    home.clock.forward(minutes=15)
    with pytest.raises(NotFoundError):
        home.lifecycle.answer(pin, started.version)


def test_sr_17_a_34_a_clock_that_goes_back_gives_no_second_life(home: Household) -> None:
    sent = home.sent()
    home.clock.forward(minutes=16)
    assert home.lifecycle.expire() == 1
    home.clock.at -= timedelta(hours=1)
    with pytest.raises(NotFoundError):
        home.lifecycle.opened(home.token(sent))


def test_a_09_links_one_after_the_other_wait_longer_and_longer(home: Household) -> None:
    sent = home.sent()
    home.lifecycle.opened(home.token(sent))
    waits = []
    for _ in range(2):
        start = home.clock.now()
        while True:
            try:
                sent = home.send(sent)
                break
            except DeskwardError:
                home.clock.forward(seconds=20)
                sent = home.lifecycle.get(sent.id)
        home.lifecycle.opened(home.token(sent))
        waits.append(home.clock.now() - start)
    assert timedelta(minutes=1) <= waits[0] < waits[1]
    home.lifecycle.cancel(sent.id, AGENT, "Enough.")


def test_a_31_a_perfect_voice_and_no_other_proof_ends_at_p0(home: Household) -> None:
    sent = home.sent()
    convinced = Actor("agent", "a-olga", "Olga Approver")
    with pytest.raises(DeskwardError):
        home.lifecycle.approve(sent.id, sent.version, convinced, "It is the voice of Anna.")
    with pytest.raises(DeskwardError):
        home.lifecycle.checked(sent.id, convinced, done=True)
    home.drain(hours=1)
    home.clock.forward(days=8)
    home.lifecycle.expire()
    ended = home.lifecycle.get(sent.id)
    assert (ended.state, ended.outcome) == (State.TIMED_OUT, Outcome.TIMED_OUT)
    assert (ended.proof_level, ended.proofs, ended.grant_id) == (ProofLevel.P0, (), "")
    assert recommendation(ended) == RECOMMEND_MORE
    with pytest.raises(DeskwardError):
        home.lifecycle.approve(ended.id, ended.version, convinced, "It is the voice of Anna.")
