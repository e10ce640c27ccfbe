"""Everything outside is tested in one way, by the command line and by the desk."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from deskward.core.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    RejectedError,
    UnreachableError,
)
from deskward.core.integrations import Checkup, Hooks
from deskward.core.ports import ErrandKind, ErrandState
from deskward.core.secret import Secret
from deskward.core.surroundings import Network
from deskward.core.tickets import Check
from deskward.lifecycle import checking
from tests.fakes import FakeConnector, FakeSource
from tests.household import AGENT, Household

PLACE = "connectors.changegear"


@dataclass
class Careful(FakeConnector):
    """A ticketing system whose notes somebody has to look at."""

    note_way: str = "“Internal Note” as text"
    hidden: bool | None = None
    down: bool = False
    broken: bool = False
    tests: list[tuple[str, str]] = field(default_factory=list)
    rights: str = "view and edit."

    @property
    def may_note(self) -> bool:
        return bool(self.hidden)

    def looked(self, hidden: bool | None) -> None:
        self.hidden = hidden

    def test_note(self, ticket_id: str, marker: str) -> str:
        if self.down:
            raise UnreachableError("ChangeGear does not answer.", "Try later.")
        if marker not in [m for _, m in self.tests]:
            self.tests.append((ticket_id, marker))
        return "This is a test note."

    def add_note(self, ticket_id: str, marker: str, text: str, html: str) -> None:
        if not self.may_note:
            raise RejectedError("Nobody has confirmed it.")
        super().add_note(ticket_id, marker, text, html)

    def troubles(self) -> Iterable[Check]:
        return ()

    def doctor(self) -> Iterable[Check]:
        yield Check("log in", well=True, text="logged in")
        if self.down:
            raise UnreachableError("ChangeGear does not answer.", "Try later.")


class Files:
    """Network files, and a signal with a connection."""

    def look_up(self, address: str) -> Network:
        return Network(address)

    def troubles(self) -> Iterable[Check]:
        return ()

    def doctor(self) -> Iterable[Check]:
        yield Check("networks.asn", well=False, text="not configured", hint="Set it.")


@pytest.fixture
def careful(home: Household) -> Careful:
    made = Careful(tickets=home.connector.tickets, people=home.connector.people)
    home.change(
        connectors={"changegear": made},
        networks=Files(),
        sources={"calendar": FakeSource("calendar", ()), "roster": home.directory},
        hooks=Hooks("https://hooks.acme.example", {"changegear": Secret("s" * 32)}),
    )
    return made


def done(home: Household, place: str = PLACE, ticket: str = "") -> Checkup:
    home.clock.forward(seconds=1)
    checking.ask(home.house, place, AGENT, ticket)
    home.drain()
    return home.store.integrations.checkups()[place]


def test_everything_outside_is_listed_once_by_its_section(home: Household, careful: Careful) -> None:
    found = checking.outsides(home.house)
    assert [*found] == [
        PLACE,
        "channels.smtp",
        "channels.sms",
        "directories.roster",
        "sources.calendar",
        "networks",
    ]
    assert (found[PLACE].name, found[PLACE].rights) == ("changegear", "view and edit.")
    assert (found["networks"].name, found["networks"].rights) == ("networks", "")
    assert [place for place, one in found.items() if not one.testable] == ["sources.calendar"]
    assert [*checking.checks_of(home.house, "sources.calendar")] == []
    with pytest.raises(NotFoundError):
        checking.outside(home.house, "connectors.servicenow")
    home.change(networks=None)
    assert "networks" not in checking.outsides(home.house)


def test_a_test_runs_in_the_background_and_keeps_who_asked(home: Household, careful: Careful) -> None:
    checkup = checking.ask(home.house, PLACE, AGENT)
    assert home.store.integrations.checkups()[PLACE] == checkup
    with pytest.raises(ConflictError):
        checking.ask(home.house, PLACE, AGENT)
    home.drain()
    after = home.store.integrations.checkups()[PLACE]
    assert after.asked_by == "agent:a-kim"
    assert [(c.name, c.well) for c in after.checks] == [("webhook address", True), ("log in", True)]
    assert after.done_at == home.clock.now()


def test_the_test_of_a_directory_tells_who_could_pass_and_that_of_files_their_age(
    home: Household, careful: Careful
) -> None:
    assert "addresses" in [c.name for c in done(home, "directories.roster").checks]
    assert [(c.name, c.hint) for c in done(home, "networks").checks] == [("networks.asn", "Set it.")]


def test_what_is_down_is_said_in_words(home: Household, careful: Careful) -> None:
    careful.down = True
    last = done(home).checks[-1]
    assert (last.name, last.well, last.text, last.hint) == (
        "test",
        False,
        "ChangeGear does not answer.",
        "Try later.",
    )


def test_a_test_that_was_begun_is_not_done_again_by_another_process(home: Household, careful: Careful) -> None:
    checkup = checking.ask(home.house, PLACE, AGENT)
    home.store.integrations.begin(checkup.id, home.clock.now())
    home.drain()
    assert home.store.integrations.checkups()[PLACE].checks == ()


@pytest.mark.parametrize("ticket", ["IR-1", "1" * 41, "../1", " "])
def test_what_is_no_id_of_a_ticket_gets_no_test_note(home: Household, careful: Careful, ticket: str) -> None:
    with pytest.raises(InvalidError):
        checking.ask(home.house, PLACE, AGENT, ticket)
    assert home.store.integrations.checkups() == {}


def test_what_has_no_test_or_no_notes_is_not_tested(home: Household, careful: Careful) -> None:
    for place, ticket in (("sources.calendar", ""), ("channels.smtp", "39")):
        with pytest.raises(InvalidError):
            checking.ask(home.house, place, AGENT, ticket)
    home.change(connectors={"changegear": FakeConnector()})
    with pytest.raises(InvalidError):
        checking.write_test_note(home.house, "changegear", "39", "TEST-1", "command line")
    with pytest.raises(NotFoundError):
        checking.answer_look(home.house, "changegear", "TEST-1", AGENT, hidden=True)
    checking.told_of_notes(home.house, "changegear")


def test_a_test_note_is_written_once_and_waits_for_a_look(home: Household, careful: Careful) -> None:
    checkup = done(home, ticket="39")
    assert careful.tests == [("39", checkup.marker)]
    assert [c.name for c in checkup.checks] == ["test note", "webhook address", "log in"]
    look = home.store.integrations.looks("changegear", 5)[0]
    assert (look.id, look.ticket_id, look.written_by) == (checkup.marker, "39", "agent:a-kim")
    assert (look.text, look.way, look.hidden) == ("This is a test note.", careful.note_way, None)


def test_a_test_note_that_cannot_be_written_is_said_and_not_remembered(home: Household, careful: Careful) -> None:
    careful.down = True
    assert done(home, ticket="39").checks[-1].text == "ChangeGear does not answer."
    assert home.store.integrations.looks("changegear", 5) == []


def test_notes_wait_until_somebody_saw_that_requesters_do_not_see_them(home: Household, careful: Careful) -> None:
    opened = home.open()
    home.drain()
    note = next(e for e in home.waiting(opened) if e.kind is ErrandKind.NOTE)
    assert note.state is ErrandState.PARKED
    marker = done(home, ticket="39").marker
    checking.answer_look(home.house, "changegear", marker, AGENT, hidden=True)
    home.opened.console.replay(note.id, home.clock.now(), "agent:a-kim")
    home.drain()
    assert len(careful.notes) == 1
    look = done(home).checks[-1]
    assert (look.name, look.well) == ("look", True)
    assert "a-kim looked at" in look.text
    assert "does not see it" in look.text


def test_a_note_that_the_requester_sees_stops_all_notes(home: Household, careful: Careful) -> None:
    careful.hidden = True
    marker = done(home, ticket="39").marker
    checking.answer_look(home.house, "changegear", marker, AGENT, hidden=False)
    opened = home.open()
    home.drain()
    assert careful.notes == []
    assert next(e for e in home.waiting(opened) if e.kind is ErrandKind.NOTE).state is ErrandState.PARKED
    look = done(home).checks[-1]
    assert (look.well, "THE REQUESTER SEES IT" in look.text) == (False, True)


def test_a_look_is_taken_once_and_for_notes_as_they_are_written_now(home: Household, careful: Careful) -> None:
    first, second = (done(home, ticket="39").marker for _ in range(2))
    with pytest.raises(NotFoundError):
        checking.answer_look(home.house, "changegear", "TEST-9", AGENT, hidden=True)
    checking.answer_look(home.house, "changegear", first, AGENT, hidden=True)
    with pytest.raises(InvalidError, match="already"):
        checking.answer_look(home.house, "changegear", first, AGENT, hidden=False)
    careful.note_way = "“Notes” as text"
    with pytest.raises(InvalidError, match="another way"):
        checking.answer_look(home.house, "changegear", second, AGENT, hidden=True)
    checking.told_of_notes(home.house, "changegear")
    assert careful.hidden is None


def test_people_are_named_and_the_command_line_too(home: Household) -> None:
    assert checking.name_of(home.house, "agent:AG-unknown") == "AG-unknown"
    assert checking.name_of(home.house, "command line") == "command line"
