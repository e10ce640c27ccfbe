"""From the link to the card: tokens, codes, tries and pins."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deskward.core.errors import InvalidError, LimitError, NotFoundError, RefusedError
from deskward.core.links import digest
from deskward.core.policy import Limits
from deskward.core.verification import State
from tests.household import AGENT, Household
from tests.many import at_once


def test_sr_02_sr_16_neither_token_nor_code_nor_pin_is_in_the_database(home: Household) -> None:
    started, pin = home.started()
    assert len(pin) >= 43
    assert home.lifecycle.get(started.id).pin == digest(pin)
    other = home.open("1002")
    open_link = home.send(other)
    secrets = {pin, home.token(open_link), home.code(open_link)}
    stored = repr([home.store.get(v.id) for v in (started, open_link)]) + repr(home.store.sendings(open_link.id))
    stored += repr(home.waiting(open_link)) + repr(home.store.events(open_link.id))
    assert not [s for s in secrets if s in stored]


def test_sr_05_sr_07_opening_changes_nothing_but_the_counter(home: Household) -> None:
    sent = home.sent()
    for _ in range(3):
        home.lifecycle.opened(home.token(sent))
    stored = home.lifecycle.get(sent.id)
    assert stored.opens == 3
    assert (stored.version, stored.state) == (sent.version, State.SENT)


def test_sr_08_a_code_lives_ten_minutes(home: Household) -> None:
    sent = home.sent()
    home.clock.forward(minutes=10, seconds=1)
    with pytest.raises(InvalidError, match="too old"):
        home.enter(home.token(sent), home.code(sent))
    renewed = home.lifecycle.renew_code(sent.id, sent.version, AGENT)
    assert home.lifecycle.renew_code(sent.id, sent.version, AGENT) == renewed
    assert home.code(renewed) != home.code(sent) or renewed.code_nonce != sent.code_nonce
    home.clock.forward(minutes=4)
    assert home.enter(home.token(sent), home.code(renewed))[0].state is State.STARTED


def test_sr_08_a_code_still_works_at_9_59(home: Household) -> None:
    sent = home.sent()
    home.clock.forward(minutes=9, seconds=59)
    assert home.enter(home.token(sent), f"{home.code(sent)[:3]} {home.code(sent)[3:]}")[1]


def test_sr_08_sr_135_the_sixth_entry_is_refused_even_when_right(home: Household) -> None:
    sent = home.sent()
    for _ in range(4):
        home.enter(home.token(sent), home.wrong(sent))
    home.restart()
    renewed = home.lifecycle.renew_code(sent.id, home.lifecycle.get(sent.id).version, AGENT)
    failed, pin = home.enter(home.token(sent), home.wrong(renewed))
    assert (failed.state, pin) == (State.FAILED, "")
    assert failed.reason == "The code was entered wrong 5 times."
    with pytest.raises(NotFoundError):
        home.enter(home.token(sent), home.code(renewed))


@pytest.mark.parametrize("value", ["", "12345", "1234567", "abcdef"])
def test_what_is_no_code_costs_no_try(home: Household, value: str) -> None:
    sent = home.sent()
    with pytest.raises(InvalidError, match="6 digits"):
        home.enter(home.token(sent), value)
    assert home.lifecycle.get(sent.id).code_tries == 0


def test_sr_136_an_address_that_guesses_is_stopped_on_every_link(home: Household) -> None:
    home.limits = Limits(wrong_per_address=2)
    home.restart()
    sent = home.sent()
    for _ in range(2):
        home.enter(home.token(sent), home.wrong(sent))
    home.restart()
    with pytest.raises(LimitError, match="your network"):
        home.enter(home.token(sent), home.code(sent))
    assert home.enter(home.token(sent), home.code(sent), "192.0.2.8")[1]


@pytest.mark.parametrize(("choice", "minutes"), [("d-mail", 15), ("d-phone", 10)])
def test_sr_10_a_link_dies_at_its_limit(home: Household, choice: str, minutes: int) -> None:
    sent = home.send(home.open(), choice=choice)
    home.clock.forward(minutes=minutes, seconds=-1)
    assert home.lifecycle.opened(home.token(sent)).id == sent.id
    home.clock.forward(seconds=1)
    with pytest.raises(NotFoundError, match="does not work"):
        home.lifecycle.opened(home.token(sent))


SPRING, AUTUMN = datetime(2026, 3, 29, 0, 55, tzinfo=UTC), datetime(2026, 10, 25, 0, 55, tzinfo=UTC)


@pytest.mark.parametrize("night", [SPRING, AUTUMN])
def test_sr_17_daylight_saving_moves_no_expiry(home: Household, night: datetime) -> None:
    home.clock.at = night.astimezone(ZoneInfo("Europe/Berlin")).astimezone(UTC)
    sent = home.sent()
    home.restart()
    home.clock.at = night + timedelta(minutes=14, seconds=59)
    assert home.lifecycle.opened(home.token(sent)).id == sent.id
    home.clock.at = night + timedelta(minutes=15)
    with pytest.raises(NotFoundError):
        home.lifecycle.opened(home.token(sent))


def test_sr_11_a_15_sixty_four_threads_start_with_one_token_and_one_succeeds(home: Household) -> None:
    sent = home.sent()
    token, code = home.token(sent), home.code(sent)
    seen = at_once(64, lambda _: home.enter(token, code))
    assert seen.pop("done") == 1
    assert set(seen) <= {"ConflictError", "NotFoundError"}
    assert home.kinds(sent).count("started") == 1


def test_sr_14_cancelled_or_used_and_never_both(home: Household) -> None:
    sent = home.sent()
    token, code = home.token(sent), home.code(sent)

    def race(n: int) -> object:
        return home.lifecycle.cancel(sent.id, AGENT, "Stop.") if n else home.enter(token, code)

    seen = at_once(2, race)
    kinds = home.kinds(sent)
    assert seen["done"] >= 1
    assert kinds in (
        ["opened", "sent", "cancelled"],
        ["opened", "sent", "started"],
        ["opened", "sent", "started", "cancelled"],
    )
    state = home.lifecycle.get(sent.id).state
    assert state is (State.CANCELLED if kinds[-1] == "cancelled" else State.STARTED)


def test_sr_12_the_fallback_code_works_once_and_five_tries_hold(home: Household) -> None:
    sent = home.sent()
    typed = home.house.keyring.fallback(sent.id, sent.link_nonce).reveal()
    assert home.lifecycle.opened(f"{typed[:4]} {typed[4:]}").id == sent.id
    home.enter(typed, home.wrong(sent))
    assert home.lifecycle.get(sent.id).code_tries == 1
    assert home.enter(typed, home.code(sent))[1]
    with pytest.raises(NotFoundError):
        home.lifecycle.opened(typed)


def test_sr_13_a_16_foreign_tokens_codes_and_pins_open_nothing(home: Household) -> None:
    links = [home.sent("1001"), home.send(home.open("1002", requester_id="p-ben"), choice="d-ben")]
    for mine in links:
        for other in links:
            if mine is other or home.code(mine) == home.code(other):
                continue
            assert home.enter(home.token(mine), home.code(other))[1] == ""
    for strange in ("", "x" * 43, "00000000", home.token(links[0])[:-1], links[0].link_digest):
        with pytest.raises(NotFoundError, match="does not work"):
            home.lifecycle.opened(strange)
    for pin in ("", "x", links[0].link_digest):
        with pytest.raises(NotFoundError, match="does not work"):
            home.lifecycle.answer(pin, 1)


def test_sr_15_the_first_proof_pins_and_a_resend_needs_a_new_one(home: Household) -> None:
    started, pin = home.started()
    assert started.pin_key == "key"
    with pytest.raises(NotFoundError):
        home.lifecycle.opened(home.token(started))
    home.clock.forward(minutes=1)
    again = home.send(started)
    assert (again.pin, again.proofs, again.started_at) == ("", (), None)
    with pytest.raises(NotFoundError):
        home.lifecycle.answer(pin, again.version)


def test_a_code_is_renewed_only_while_the_link_waits(home: Household) -> None:
    started, _ = home.started()
    with pytest.raises(RefusedError, match="no call code"):
        home.lifecycle.renew_code(started.id, started.version, AGENT)


def test_two_wrong_entries_at_once_never_count_as_none(home: Household) -> None:
    sent = home.sent()
    seen = at_once(8, lambda _: home.enter(home.token(sent), home.wrong(sent)))
    stored = home.lifecycle.get(sent.id)
    assert stored.code_tries == min(5, seen["done"]) > 0


def test_an_unknown_verification_is_not_found(home: Household) -> None:
    with pytest.raises(NotFoundError, match="no verification"):
        home.lifecycle.get("DW-none")


def test_sr_11_the_same_form_sent_twice_begins_one_session(home: Household) -> None:
    sent = home.sent()
    token, code = home.token(sent), home.code(sent)
    keys = {"address": "192.0.2.7", "pin_key": "", "form_key": "k" * 64}
    first, one = home.lifecycle.start(token, code, **keys)
    second, two = home.lifecycle.start(token, code, **keys)
    assert (first, one) == (second, two)
    with pytest.raises(NotFoundError):
        home.lifecycle.start(token, code, **(keys | {"form_key": "j" * 64}))
    with pytest.raises(NotFoundError):
        home.lifecycle.start(token, home.wrong(sent), **keys)


@pytest.mark.parametrize("late", ["looked", "found"])
def test_sr_11_the_second_click_that_looked_before_the_first_was_done_begins_no_other(
    home: Household, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """The first click is done after the second looked for its run, or after it found the link alive."""
    sent = home.sent()
    token, code = home.token(sent), home.code(sent)
    keys = {"address": "192.0.2.7", "pin_key": "", "form_key": "k" * 64}
    name = {"looked": "begun", "found": "living"}[late]
    look = getattr(home.lifecycle, name)
    first: list[object] = []

    def overtaken(*given: Any) -> Any:
        found = look(*given)
        if not first:
            monkeypatch.undo()
            first.append(home.lifecycle.start(token, code, **keys))
        return found

    monkeypatch.setattr(home.lifecycle, name, overtaken)
    assert home.lifecycle.start(token, code, **keys) == first[0]
    assert home.kinds(sent).count("started") == 1


def test_sr_136_guessed_fallback_codes_count_against_their_network(home: Household) -> None:
    for number in range(home.house.policy.limits.wrong_per_address):
        with pytest.raises(NotFoundError):
            home.lifecycle.opened(f"{number:08d}", "192.0.2.9")
    with pytest.raises(LimitError, match="Too many wrong codes"):
        home.lifecycle.opened("99999999", "192.0.2.9")
    with pytest.raises(NotFoundError):
        home.lifecycle.opened("99999999", "192.0.2.10")
