"""The secret part of a webhook's address can be changed without losing a webhook."""

import pytest

from deskward.core.errors import ConflictError, NotFoundError
from deskward.core.integrations import Hooks
from deskward.core.secret import Secret
from deskward.lifecycle.hook_paths import accepted, address_of, new_address, path_check
from tests.household import AGENT, Household

OLD = "s" * 32


@pytest.fixture
def hooked(home: Household) -> Household:
    home.change(hooks=Hooks("https://hooks.acme.example/", {"changegear": Secret(OLD)}))
    return home


def made(home: Household, *, at_once: bool = False) -> str:
    seen = address_of(home.house, "changegear").version
    address = new_address(home.house, "changegear", AGENT, seen, at_once=at_once).reveal()
    start = "https://hooks.acme.example/hooks/changegear/"
    assert address.startswith(start)
    return address.removeprefix(start)


def test_sr_100_the_token_of_the_settings_is_good_until_another_takes_its_place(hooked: Household) -> None:
    assert accepted(hooked.house, "changegear", OLD)
    fresh = made(hooked)
    assert accepted(hooked.house, "changegear", fresh)
    hooked.clock.forward(hours=23, minutes=59)
    assert accepted(hooked.house, "changegear", OLD), "within the overlap"
    hooked.clock.forward(minutes=1)
    assert not accepted(hooked.house, "changegear", OLD)
    assert accepted(hooked.house, "changegear", fresh)


def test_a_token_that_leaked_ends_at_once_with_all_older_ones(hooked: Household) -> None:
    first, second = made(hooked), made(hooked, at_once=True)
    assert [accepted(hooked.house, "changegear", t) for t in (OLD, first, second)] == [False, False, True]
    assert address_of(hooked.house, "changegear").old_until is None


def test_a_token_that_is_new_in_the_settings_is_good_beside_the_one_made_at_the_desk(hooked: Household) -> None:
    fresh = made(hooked, at_once=True)
    hooked.change(hooks=Hooks("https://hooks.acme.example", {"changegear": Secret("n" * 32)}))
    assert accepted(hooked.house, "changegear", "n" * 32)
    assert accepted(hooked.house, "changegear", fresh)


@pytest.mark.parametrize("typed", ["", "x", "\udcff", "é" * 32, OLD.upper()])
def test_a_23_a_token_that_is_not_the_one_is_refused(hooked: Household, typed: str) -> None:
    assert not accepted(hooked.house, "changegear", typed)


def test_a_23_a_token_of_one_connector_opens_no_other(hooked: Household) -> None:
    assert not accepted(hooked.house, "servicenow", made(hooked))


def test_without_a_token_nothing_is_taken_in_and_doctor_says_so(home: Household) -> None:
    assert not accepted(home.house, "changegear", "")
    check = path_check(home.house, "changegear")
    assert (check.well, "[hooks] changegear" in check.hint) == (False, True)
    new_address(home.house, "changegear", AGENT, "", at_once=False)
    assert path_check(home.house, "changegear").text == "made at the desk"


def test_doctor_says_how_long_an_old_address_is_taken(hooked: Household) -> None:
    assert path_check(hooked.house, "changegear").text == "from the settings"
    made(hooked)
    assert "the old one is taken until 2026-05-05 09:30 UTC" in path_check(hooked.house, "changegear").text


def test_a_double_click_makes_one_address(hooked: Household) -> None:
    new_address(hooked.house, "changegear", AGENT, "", at_once=False)
    with pytest.raises(ConflictError):
        new_address(hooked.house, "changegear", AGENT, "", at_once=False)
    with pytest.raises(NotFoundError):
        new_address(hooked.house, "servicenow", AGENT, "", at_once=False)


def test_sr_02_only_digests_are_kept(hooked: Household) -> None:
    fresh = made(hooked)
    kept = hooked.store.integrations.path_tokens("changegear")
    assert kept[0].made_by == "agent:a-kim"
    assert not {fresh, OLD} & {row.digest for row in kept}
    assert fresh not in repr(new_address(hooked.house, "changegear", AGENT, kept[0].digest, at_once=False))
