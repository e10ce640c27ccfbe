"""The gateway: one grant, one action, read back."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from deskward import gateway
from deskward.actions.reset_factors import Action
from deskward.core.errors import (
    OutsideError,
    RefusedError,
    RejectedError,
    SecondPersonError,
    UncertainError,
    UnreachableError,
)
from deskward.core.events import EventKind
from deskward.core.people import Person
from deskward.core.ports import Grant, Spent
from deskward.core.verification import State, Verification
from deskward.gateway import CHANGED, FAILED, TRY_AGAIN, UNREADABLE, Gateway
from deskward.lifecycle.raising import raise_level
from deskward.store.tables import grants
from tests.fakes import ANNA, BEN, FactorDirectory, FakeReset, SignedInDirectory
from tests.household import AGENT, PASSWORD, Household
from tests.many import at_once
from tests.servers.sqlite import fresh_file


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    home = Household(fresh_file(tmp_path))
    yield home
    home.opened.close()


@pytest.fixture
def passed(home: Household) -> Verification:
    return home.passed()[0]


def test_sr_56_57_a_grant_is_spent_once_and_read_back(home: Household, passed: Verification) -> None:
    spent = home.house.gateway.spend(passed, PASSWORD)
    assert (spent.done, spent.text) == (True, "A new password was set.")
    with pytest.raises(RefusedError):
        home.house.gateway.spend(home.lifecycle.get(passed.id), PASSWORD)
    assert home.directory.changes == 1


def test_sr_67_under_a_raised_level_the_gateway_spends_only_what_a_second_person_approved(
    home: Household, passed: Verification
) -> None:
    raise_level(home.house, 1, "Calls in other names.", 0, AGENT)
    with pytest.raises(SecondPersonError):
        home.house.gateway.spend(passed, PASSWORD)
    assert (home.directory.changes, home.lifecycle.get(passed.id)) == (0, passed)
    home.clock.forward(hours=1)
    with pytest.raises(RefusedError, match="expired"):
        home.house.gateway.spend(passed, PASSWORD)


@pytest.fixture
def signed_in(tmp_path: Path) -> Iterator[tuple[Household, SignedInDirectory]]:
    directory = SignedInDirectory(people={ANNA.id: ANNA, BEN.id: BEN})
    home = Household(fresh_file(tmp_path), directory=directory)
    yield home, directory
    home.opened.close()


def test_sr_70_what_was_open_before_a_new_password_is_ended_and_noted(
    signed_in: tuple[Household, SignedInDirectory],
) -> None:
    home, directory = signed_in
    passed, pin = home.passed()
    home.lifecycle.act(pin, PASSWORD)
    assert directory.ended == ["o-anna"]
    (done,) = (e for e in home.store.events(passed.id) if e.kind is EventKind.DONE)
    assert done.fields["text"] == "The requester did it, and the directory shows it. All sessions were ended."


@pytest.mark.parametrize(
    "error", [RejectedError("No right."), UnreachableError("It is down."), UncertainError("?")]
)
def test_sr_70_sessions_that_cannot_be_ended_undo_nothing_and_the_ticket_says_it(
    signed_in: tuple[Household, SignedInDirectory], error: OutsideError
) -> None:
    home, directory = signed_in
    directory.stuck = error
    spent = home.house.gateway.spend(home.passed()[0], PASSWORD)
    assert (spent.done, spent.text) == (True, "A new password was set.")
    assert spent.sessions == f"What was open before may still be open; end it by hand. {error.text}"


def test_sr_70_sessions_are_ended_after_a_crash_too(
    signed_in: tuple[Household, SignedInDirectory], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, directory = signed_in
    passed, _ = home.passed()
    monkeypatch.setattr(gateway, "_done", lambda *_: Spent(done=False, unknown=True))
    home.house.gateway.spend(passed, PASSWORD)
    monkeypatch.undo()
    assert directory.ended == []
    settled = home.house.gateway.settle(home.lifecycle.get(passed.id))
    assert (settled.done, settled.sessions, directory.ended) == (True, "All sessions were ended.", ["o-anna"])


def test_sr_70_an_unlock_ends_no_sessions(signed_in: tuple[Household, SignedInDirectory]) -> None:
    home, directory = signed_in
    passed, _ = home.passed("1002", category_name="Account Unlock")
    assert home.house.gateway.spend(passed, {}).done
    assert directory.ended == []


FIELDS = [f.name for f in fields(Grant) if f.name not in {"id", "expires_at"}]


@pytest.mark.parametrize("field", FIELDS)
def test_sr_56_a_grant_with_any_one_field_changed_is_refused(
    home: Household, passed: Verification, field: str
) -> None:
    other = home.open("1002").id
    with home.opened.database.write() as connection:
        connection.execute(update(grants).values({field: other}))
    spent = home.house.gateway.spend(passed, PASSWORD)
    assert spent.stop
    assert not spent.done
    assert home.directory.changes == 0


def test_sr_56_an_unknown_or_expired_grant_is_refused(home: Household, passed: Verification) -> None:
    assert home.house.gateway.spend(replace(passed, grant_id="GR-x"), PASSWORD).stop
    home.clock.at += timedelta(minutes=10)
    with pytest.raises(RefusedError, match="used up or has expired"):
        home.house.gateway.spend(passed, PASSWORD)
    assert home.directory.changes == 0


def test_sr_57_sixty_four_threads_spend_one_grant_once(home: Household, passed: Verification) -> None:
    seen = at_once(64, lambda _: home.house.gateway.spend(passed, PASSWORD))
    assert seen["done"] == 1
    assert home.directory.changes == 1


@pytest.mark.parametrize(
    "account",
    [
        None,
        replace(ANNA, login="renamed"),
        replace(ANNA, enabled=False),
        replace(ANNA, privileged=True),
    ],
)
def test_sr_60_an_account_that_changed_is_not_touched(
    home: Household, passed: Verification, account: Person | None
) -> None:
    home.directory.people.pop("o-anna")
    home.directory.people["recreated"] = replace(ANNA, id="recreated")
    if account:
        home.directory.people["o-anna"] = account
    spent = home.house.gateway.spend(passed, PASSWORD)
    assert (spent.stop, spent.text) == (True, CHANGED)
    assert home.directory.changes == 0


@pytest.mark.parametrize(
    ("error", "text", "unknown"),
    [
        (RejectedError("Too young."), "Too young.", False),
        (UnreachableError("down"), TRY_AGAIN, False),
        (UncertainError("no answer"), UNREADABLE, True),
    ],
)
def test_sr_58_how_a_failed_action_ended_is_told_truthfully(
    home: Household, monkeypatch: pytest.MonkeyPatch, error: OutsideError, text: str, unknown: bool
) -> None:
    passed, _ = home.passed()

    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr(home.directory, "set_password", failing)
    spent = home.house.gateway.spend(passed, PASSWORD)
    assert (spent.done, spent.text, spent.unknown) == (False, text, unknown)
    assert home.lifecycle.get(passed.id).state is State.ACTING


def test_a_directory_that_is_down_before_the_action_costs_no_grant(home: Household, passed: Verification) -> None:
    home.directory.down = UnreachableError("down")
    assert home.house.gateway.spend(passed, PASSWORD).text == TRY_AGAIN
    home.directory.down = None
    assert home.house.gateway.spend(passed, PASSWORD).done


def test_sr_59_a_directory_that_accepts_and_forgets_is_unknown(
    home: Household, passed: Verification, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home.directory, "set_password", lambda *_: None)
    spent = home.house.gateway.spend(passed, PASSWORD)
    assert (spent.done, spent.unknown) == (False, True)
    assert "does not show it" in spent.text


def test_sr_58_a_directory_that_dies_after_the_action_is_unknown_until_settled(
    home: Household, passed: Verification, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_password = home.directory.set_password

    def dying(*arguments: object) -> None:
        set_password(*arguments)  # type: ignore[arg-type]
        home.directory.down = UnreachableError("down")

    monkeypatch.setattr(home.directory, "set_password", dying)
    gateway = home.house.gateway
    assert gateway.spend(passed, PASSWORD).unknown
    acting = home.lifecycle.get(passed.id)
    assert gateway.settle(acting).unknown
    home.directory.down = None
    assert gateway.settle(acting).done
    assert not gateway.settle(replace(acting, acting_stamp=home.directory.people["o-anna"].stamp)).done
    home.directory.people.clear()
    assert gateway.settle(acting).unknown


@pytest.mark.parametrize("left", [[], ["key"]])
def test_sr_58_an_action_that_can_be_repeated_is_settled_by_what_is_left(tmp_path: Path, left: list[str]) -> None:
    directory = FactorDirectory(people={ANNA.id: replace(ANNA, stamp="other", aal=2 if left else 1)}, kept=left)
    home = Household(fresh_file(tmp_path), directory=directory)
    acting = replace(home.open(), action="reset_factors", acting_stamp="s0")
    spender = Gateway(home.store, home.clock, {"roster": directory}, {"reset_factors": Action()}, "1")
    settled = spender.settle(acting)
    home.opened.close()
    assert (settled.done, settled.unknown) == (not left, False)
    assert directory.ended == ([] if left else [ANNA.id])


@dataclass
class Elsewhere(FakeReset):
    """An action that another system does; `told` is how it says that it ended, None while it does not."""

    name: str = "elsewhere"
    told: bool | None = True
    grants: list[str] = field(default_factory=list)

    def bound(self, grant: Grant) -> "Elsewhere":
        self.grants.append(grant.id)
        return self

    def perform(self, directory: object, person: Person, answers: object) -> None:
        del directory, person, answers
        if not self.ended():
            raise RejectedError("It failed.")

    def achieved(self, before: Person, after: Person) -> bool:
        return before.same_account(after)

    def ended(self) -> bool:
        if self.told is None:
            raise UncertainError("Nobody tells.")
        return self.told


def test_sr_58_an_action_of_another_system_is_settled_by_its_grant(tmp_path: Path) -> None:
    home, action = Household(fresh_file(tmp_path)), Elsewhere()
    action.name = "reset_password"
    spender = Gateway(home.store, home.clock, {"roster": home.directory}, {"reset_password": action}, "1")
    home.change(gateway=spender)
    passed, _ = home.passed()
    action.told = None
    assert spender.spend(passed, PASSWORD).unknown
    acting = home.lifecycle.get(passed.id)
    assert spender.settle(acting).unknown
    action.told = False
    assert spender.settle(acting) == Spent(done=False, text=FAILED)
    action.told = True
    assert spender.settle(acting).done
    assert set(action.grants) == {passed.grant_id}
    assert spender.settle(replace(acting, grant_id="GR-x")).unknown
    home.opened.close()


def test_sr_55_an_action_that_gives_nothing_for_a_while_ends_nothing(
    home: Household, passed: Verification
) -> None:
    assert home.house.gateway.end_access(passed) == ""
    assert home.directory.changes == 0


def test_sr_47_only_a_password_that_the_action_set_is_taken_back(home: Household, passed: Verification) -> None:
    assert home.house.gateway.revoke(passed) == "The password set last was taken back."
    home.house.gateway.revoke(home.open("1002", category_name="Account Unlock"))
    assert home.directory.revoked == [("o-anna", True), ("o-anna", False)]
