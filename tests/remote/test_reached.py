"""Directories behind a gateway keep the directories' contract, read over a real socket."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from deskward import plugins
from deskward.core.errors import RejectedError, UnreachableError
from deskward.core.people import Person
from deskward.core.ports import KeepsSessions, People, Ruled, Searchable
from deskward.core.powers import KeepsFactors, ShowsFactors
from deskward.core.questions import QuestionSource
from deskward.core.resets import KeepsLog, Reset, ResetKind
from deskward.core.tickets import TicketPerson
from deskward.outbound.local import Local
from deskward.remote.calls import OF_DIRECTORIES
from deskward.remote.reached import reach
from deskward.remote.served import create_app
from tests.contracts.directories import ReadingContract, SearchableContract
from tests.directories.test_roster import RosterPlace
from tests.fakes import ANNA, START, FactorDirectory, FakeDirectory
from tests.servers.gateway import at_socket

ROSTER = plugins.find("directories", "roster")
WRITES = ("set_password", "unlock", "revoke", "end_sessions", "give_access", "end_access", "reset_factors")


def app_of(directories: Mapping[str, People]) -> Starlette:
    """Make an app that answers for directories only."""
    nothing: Any = None
    return create_app(nothing, nothing, directories)


class RemotePlace(RosterPlace):
    """A roster behind a gateway, by each of its keys."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__(folder)
        near = {"roster": self.directory, "email": super().keyed("email"), "login": super().keyed("login")}
        path = stack.enter_context(at_socket(app_of(near), folder))
        self.far: Mapping[str, Any] = reach(path, dict.fromkeys(near, ROSTER)).directories
        self.directory = self.keyed("roster")

    def keyed(self, key: str) -> Any:
        return self.far[key]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemotePlace]:
    with ExitStack() as stack:
        yield RemotePlace(tmp_path_factory.mktemp("remote"), stack)


class TestADirectoryBehindAGatewayKeepsTheContract(ReadingContract, SearchableContract):
    """The reading part of the contract, over a real socket."""


def test_a_directory_has_the_powers_of_its_plugin_and_none_that_changes_accounts(tmp_path: Path) -> None:
    for name in plugins.names("directories"):
        plugin: Any = plugins.find("directories", name)
        far = reach(tmp_path / "none.sock", {name: plugin}).directories[name]
        assert far.name == name
        assert isinstance(far, Searchable) == hasattr(plugin, "search")
        assert isinstance(far, Ruled) == hasattr(plugin, "rules")
        assert isinstance(far, ShowsFactors) == hasattr(plugin, "factors")
        assert not isinstance(far, KeepsFactors)
        assert isinstance(far, QuestionSource) == hasattr(plugin, "facts")
        assert isinstance(far, KeepsLog) == hasattr(plugin, "resets")
        assert getattr(far, "rights", "") == getattr(plugin, "rights", "")
        assert not [write for write in WRITES if hasattr(far, write)]
        assert not isinstance(far, KeepsSessions)


def test_sr_68_the_log_of_a_directory_is_read_over_the_socket(tmp_path: Path) -> None:
    class Watched(FakeDirectory):
        def resets(self, since: datetime, until: datetime) -> Iterator[Reset]:
            yield Reset("e1", since, ResetKind.PASSWORD, "o-anna", "anna", "root")
            yield Reset("e2", until, ResetKind.FACTORS, "o-anna", "anna", own=True)

    with at_socket(app_of({"roster": Watched()}), tmp_path) as path:
        far = reach(path, {"roster": Watched}).directories["roster"]
        assert isinstance(far, KeepsLog)
        told = list(far.resets(START, START + timedelta(minutes=1)))
    assert [(one.id, one.at, one.kind, one.own) for one in told] == [
        ("e1", START, ResetKind.PASSWORD, False),
        ("e2", START + timedelta(minutes=1), ResetKind.FACTORS, True),
    ]


def test_the_factors_of_a_person_are_read_over_the_socket_and_an_older_gateway_is_no_empty_list(
    tmp_path: Path,
) -> None:
    keeping = FactorDirectory(kept=["Authenticator app “Anna’s phone”", "Recovery codes"])
    near = {"roster": keeping, "older": FakeDirectory()}
    with at_socket(app_of(near), tmp_path) as path:
        far: Any = reach(path, dict.fromkeys(near, FactorDirectory)).directories
        assert far["roster"].factors(ANNA.id) == tuple(keeping.kept)
        with pytest.raises(RejectedError):
            far["older"].factors(ANNA.id)


def test_sr_53_what_is_not_listed_is_not_offered_over_the_socket(tmp_path: Path) -> None:
    directory = FakeDirectory(people={ANNA.id: ANNA})
    methods = (*WRITES, "check_password", "_changed", "people", "name", "__class__")
    places = [f"/directories/roster/{method}" for method in methods]
    with at_socket(app_of({"roster": directory}), tmp_path) as path:
        for place in (
            *places,
            "/directories/other/get",
            "/directories/roster/spend",
            "/gateway/get",
            "/gateway/_read",
        ):
            with pytest.raises(RejectedError, match="404"):
                list(Local(path, "gateway").lines(place, b'["o-anna"]', repeatable=True, seconds=5))
    assert directory.changes == 0


@dataclass
class Ruling(FakeDirectory):
    """A directory that has rules and a colleague, and fails where it is told to."""

    def rules(self, person: Person) -> list[str]:
        return [f"{person.first_name or person.name} needs 15 characters.", "Zeile\u2028zwei\n“drei”"]

    def everyone(self) -> Iterator[Person]:
        yield ANNA
        raise UnreachableError("It went away.", "Wait.", 7)

    def find(self, person: TicketPerson) -> list[Person]:
        raise ZeroDivisionError(person.email)


@pytest.fixture(scope="module")
def ruling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("ruling")
    with at_socket(app_of({"roster": Ruling(people={ANNA.id: ANNA})}), folder) as path:
        yield reach(path, {"roster": Ruling}).directories["roster"]


def test_a_long_list_comes_whole_and_in_order(tmp_path: Path) -> None:
    people = {str(number): replace(ANNA, id=str(number)) for number in range(300)}
    with at_socket(app_of({"roster": FakeDirectory(people=people)}), tmp_path) as path:
        far = reach(path, {"roster": FakeDirectory}).directories["roster"]
        assert list(far.everyone()) == list(people.values())


def test_odd_words_come_out_as_they_went_in(ruling: Any) -> None:
    assert ruling.rules(ANNA)[1:] == ("Zeile\u2028zwei\n“drei”",)
    assert ruling.get(ANNA.id) == ANNA


def test_a_list_that_fails_in_the_middle_gives_what_came_and_then_the_error(ruling: Any) -> None:
    people = iter(ruling.everyone())
    assert next(people) == ANNA
    with pytest.raises(UnreachableError) as trouble:
        next(people)
    assert (trouble.value.text, trouble.value.hint, trouble.value.retry_after) == ("It went away.", "Wait.", 7)


def test_sr_54_a_mistake_in_the_gateway_is_told_without_its_words(
    ruling: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreachableError, match="its log says where") as trouble:
        ruling.find(TicketPerson("t", "Anna", "anna@secret.example", ""))
    said = capsys.readouterr()
    assert "gateway failed" in said.out + said.err
    assert "secret.example" not in f"{said.out}{said.err}{trouble.value!r}"


def test_a_text_that_cannot_be_written_is_refused_without_showing_it(ruling: Any) -> None:
    with pytest.raises(RejectedError) as refusal:
        ruling.get("anna\ud800")
    assert "anna" not in refusal.value.text


def test_a_request_of_another_version_is_refused_with_what_to_do(ruling: Any) -> None:
    for body in (b"", b"[]", b"{", b'["a", "b"]', b"[7]", b'[{"id": "o-anna"}]'):
        lines = ruling._line.lines("/directories/roster/get", body, repeatable=True, seconds=5)
        with pytest.raises(RejectedError) as refusal:
            list(OF_DIRECTORIES["get"].read(lines))
        assert "same version" in refusal.value.hint


def test_a_request_that_is_too_long_is_refused(ruling: Any) -> None:
    with pytest.raises(RejectedError, match="413"):
        ruling.get("x" * 1_000_001)


def test_a_gateway_that_is_down_is_unreachable_for_every_call_and_doctor_says_so(tmp_path: Path) -> None:
    far: Any = reach(tmp_path / "none.sock", {"roster": ROSTER}).directories["roster"]
    calls = (
        lambda: far.get("1"),
        lambda: far.find(TicketPerson("t", "Anna", "", "")),
        lambda: list(far.everyone()),
        lambda: far.colleagues(ANNA),
        lambda: far.search("anna", 3),
        lambda: far.facts(ANNA),
    )
    for call in calls:
        with pytest.raises(UnreachableError, match="does not answer on its socket") as trouble:
            call()
        assert trouble.value.hint
    (check,) = far.doctor()
    assert (check.name, check.well) == ("gateway", False)
    assert check.text
    assert check.hint
