"""How contacts go is noted when it changes, and now and then while it does not."""

import pytest

from deskward.core.errors import DeskwardError, RejectedError, UncertainError, UnreachableError
from deskward.core.integrations import Pulse
from deskward.lifecycle.pulsing import Pulses
from tests.fakes import START
from tests.household import Household


@pytest.fixture
def pulses(home: Household) -> Pulses:
    return Pulses(home.house)


def told(home: Household) -> Pulse:
    return home.store.integrations.pulses()["channels.smtp"]


def test_a_success_is_noted_once_a_minute_at_most(home: Household, pulses: Pulses) -> None:
    for seconds in (0, 59, 1):
        home.clock.forward(seconds=seconds)
        with pulses.of("channels", "smtp"):
            pass
        noted = told(home).succeeded_at
        assert noted == (home.clock.now() if seconds != 59 else START)


@pytest.mark.parametrize(
    ("error", "reached"), [(UnreachableError, False), (UncertainError, False), (RejectedError, True)]
)
def test_a_failure_is_noted_in_its_words_and_goes_on(
    home: Household, pulses: Pulses, error: type[DeskwardError], reached: bool
) -> None:
    with pulses.of("channels", "smtp"):
        pass
    with pytest.raises(error), pulses.of("channels", "smtp"):
        raise error("It said no.")
    assert (told(home).error, told(home).reached, told(home).failed_at) == ("It said no.", reached, START)
    with pulses.of("channels", "smtp"):
        pass
    assert told(home).reached


def test_what_is_no_trouble_of_the_outside_is_not_noted(home: Household, pulses: Pulses) -> None:
    with pytest.raises(ValueError, match="ours"), pulses.of("channels", "smtp"):
        raise ValueError("ours")
    assert home.store.integrations.pulses() == {}


def test_errands_and_the_import_note_how_it_went(home: Household) -> None:
    home.sent()
    home.errands.tick()
    home.drain()
    assert {*home.store.integrations.pulses()} == {
        "connectors.changegear",
        "channels.smtp",
        "channels.sms",
        "directories.roster",
    }


def test_a_poll_that_is_not_configured_is_no_contact(home: Household) -> None:
    home.errands.tick()
    assert "connectors.changegear" not in home.store.integrations.pulses()
