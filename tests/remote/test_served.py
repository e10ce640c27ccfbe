"""Grants spent over the socket: once, by ids, and truthfully when something breaks."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from deskward.core.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    RefusedError,
    RejectedError,
    UnreachableError,
)
from deskward.core.events import EventKind
from deskward.core.ports import Spent
from deskward.core.secret import Secret
from deskward.core.tickets import Check
from deskward.core.verification import State
from deskward.gateway import TRY_AGAIN, Gateway
from deskward.lifecycle.checking import checks_of
from deskward.outbound.local import Local
from deskward.remote.calls import OF_GATEWAY
from deskward.remote.reached import RemoteGateway, reach
from deskward.remote.served import create_app
from tests.fakes import FakeDirectory, FakeReset, FakeUnlock
from tests.household import PASSWORD, Household
from tests.many import at_once
from tests.servers.gateway import at_socket
from tests.servers.sqlite import fresh_file


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    """Give a house whose gateway and directory are reached over a socket."""
    home = Household(fresh_file(tmp_path))
    with at_socket(create_app(home.house.gateway, home.store, {"roster": home.directory}), tmp_path) as path:
        far = reach(path, {"roster": FakeDirectory})
        home.change(gateway=far.gateway, people=far.directories)
        yield home
    home.opened.close()


def test_sr_53_a_grant_is_spent_and_read_back_over_the_socket_and_nothing_of_it_is_logged(home: Household) -> None:
    passed, pin = home.passed()
    with capture_logs() as lines:
        done = home.lifecycle.act(pin, PASSWORD)
    assert done.state is State.DONE
    assert home.directory.passwords == {"o-anna": "correct horse battery"}
    assert {
        "event": "spent",
        "verification": passed.id,
        "done": True,
        "unknown": False,
        "log_level": "info",
    } in lines
    assert "correct horse" not in repr(lines)
    structlog.reset_defaults()


def test_sr_57_a_15_many_clients_at_once_spend_one_grant_once(home: Household) -> None:
    passed, _ = home.passed()
    clients = [RemoteGateway(home.house.gateway.line) for _ in range(12)]  # type: ignore[attr-defined]
    seen = at_once(12, lambda n: clients[n].spend(passed, PASSWORD))
    assert seen["done"] == 1
    assert set(seen) <= {"done", "RefusedError", "ConflictError"}
    assert home.directory.changes == 1


def test_a_directory_that_is_down_costs_no_grant_over_the_socket_either(home: Household) -> None:
    passed, _ = home.passed()
    home.directory.down = UnreachableError("down")
    assert home.house.gateway.spend(passed, PASSWORD).text == TRY_AGAIN
    with pytest.raises(UnreachableError, match="down"):
        home.house.people["roster"].get("o-anna")
    home.directory.down = None
    assert home.house.gateway.spend(passed, PASSWORD).done


def test_sr_58_an_action_under_way_is_settled_over_the_socket_and_no_other(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed, pin = home.passed()
    with pytest.raises(ConflictError, match="under way"):
        home.house.gateway.settle(passed)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("with a password in it")

    monkeypatch.setattr(home.directory, "set_password", broken)
    # What failed in the middle is unknown, and the page waits for it to be settled.
    assert home.lifecycle.act(pin, PASSWORD).state is State.ACTING
    home.lifecycle.settle(passed.id, passed.grant_id)
    assert home.lifecycle.get(passed.id).state is State.PASSED
    assert EventKind.ACTION_UNKNOWN not in [e.kind for e in home.store.events(passed.id)]


def test_sr_47_only_what_its_owner_objected_to_is_taken_back_over_the_socket(home: Household) -> None:
    passed, pin = home.passed()
    done = home.lifecycle.act(pin, PASSWORD)
    with pytest.raises(RefusedError, match="objected"):
        home.house.gateway.revoke(done)
    assert home.directory.revoked == []
    home.objected(passed)
    assert home.house.gateway.revoke(done) == "The password set last was taken back."
    assert home.directory.revoked == [("o-anna", True)]


def test_sr_55_only_what_a_done_action_gave_is_ended_over_the_socket(home: Household) -> None:
    passed, pin = home.passed()
    with pytest.raises(RefusedError, match="is done"):
        home.house.gateway.end_access(passed)
    assert home.house.gateway.end_access(home.lifecycle.act(pin, PASSWORD)) == ""
    assert home.directory.revoked == []


def test_an_action_is_tested_over_the_socket_and_one_without_a_test_tells_nothing(tmp_path: Path) -> None:
    class Tested(FakeReset):
        def doctor(self) -> Iterator[Check]:
            yield Check("dry run", well=True, text="It took it.")
            raise RejectedError("And then no more.")

    home = Household(fresh_file(tmp_path))
    near = Gateway(home.store, home.clock, {}, {"tested": Tested(), "other": FakeUnlock()}, "1")
    with at_socket(create_app(near, home.store, {}), tmp_path) as path:
        home.change(gateway=reach(path, {}).gateway, actions=near.actions)
        checks = checks_of(home.house, "actions.tested")
        assert next(checks) == Check("dry run", well=True, text="It took it.")
        with pytest.raises(RejectedError, match="no more"):
            next(checks)
        assert [list(home.house.gateway.examine(name)) for name in ("other", "nobody")] == [[], []]
    (check,) = checks_of(home.house, "actions.tested")
    assert (check.name, check.well, bool(check.hint)) == ("gateway", False, True)
    home.opened.close()


def test_what_is_shown_once_comes_whole_over_the_socket() -> None:
    spent, call = Spent(done=True, text="Made.", secret=Secret("S6gS-4GXj"), minutes=60), OF_GATEWAY["spend"]
    assert list(call.read(call.answered(spent))) == [spent]


def test_an_id_of_another_database_is_told(home: Household) -> None:
    passed, _ = home.passed()

    with pytest.raises(NotFoundError, match="no such verification"):
        home.house.gateway.spend(replace(passed, id="elsewhere"), PASSWORD)


def test_a_gateway_that_is_down_costs_no_grant_and_the_page_says_when_to_try_again(tmp_path: Path) -> None:
    home = Household(fresh_file(tmp_path))
    passed, pin = home.passed()
    home.change(gateway=RemoteGateway(Local(tmp_path / "none.sock", "gateway")))
    with pytest.raises(InvalidError) as told:
        home.lifecycle.act(pin, PASSWORD)
    assert told.value.text == TRY_AGAIN
    assert home.lifecycle.get(passed.id).state is State.PASSED
    assert home.house.gateway.settle(passed).unknown
    with pytest.raises(UnreachableError):
        home.house.gateway.revoke(passed)
    home.opened.close()


def test_sr_58_a_gateway_that_hangs_up_after_the_request_leaves_it_unknown(tmp_path: Path) -> None:
    home = Household(fresh_file(tmp_path))
    passed, pin = home.passed()
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def hang_up() -> None:
            with listener.accept()[0] as connection:
                connection.recv(100)

        thread = threading.Thread(target=hang_up)
        thread.start()
        home.change(gateway=RemoteGateway(Local(tmp_path / "s", "gateway")))
        with pytest.raises(UnreachableError):
            home.lifecycle.act(pin, {"password": Secret("x" * 20_000)})
        thread.join(10)
    assert home.lifecycle.get(passed.id).state is State.PASSED
    home.opened.close()
