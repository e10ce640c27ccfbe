"""Facts come from every source that answers, and from no other directory."""

from deskward.core.questions import Fact
from deskward.lifecycle.facts import facts_of
from tests.fakes import ANNA, FakeSource
from tests.household import Household

TEAM, MEETING = Fact("team", "Which team?", ("Harbour",)), Fact("meeting", "Whom did you meet?", ("Cy Ward",))


def test_facts_of_directory_and_calendar_are_put_together(home: Household) -> None:
    assert facts_of(home.house, "roster", ANNA) == ()
    home.change(sources={"roster": FakeSource("roster", (TEAM,)), "calendar": FakeSource("calendar", (MEETING,))})
    assert facts_of(home.house, "roster", ANNA) == (TEAM, MEETING)


def test_sr_28_a_source_that_is_down_knows_nothing_and_hides_no_other(home: Household) -> None:
    home.change(
        sources={"calendar": FakeSource("calendar", (), down=True), "roster": FakeSource("roster", (TEAM,))}
    )
    assert facts_of(home.house, "roster", ANNA) == (TEAM,)


def test_another_directory_is_not_asked_about_its_own_namesake(home: Household) -> None:
    home.change(
        people={"roster": home.directory, "other": home.directory},
        sources={"other": FakeSource("other", (TEAM,)), "calendar": FakeSource("calendar", (MEETING,))},
    )
    assert facts_of(home.house, "roster", ANNA) == (MEETING,)


def test_what_the_ticket_shows_is_not_asked(home: Household) -> None:
    known = (Fact("team", "Which team?", ("Berg",)),)
    home.change(sources={"roster": FakeSource("roster", known)})
    assert facts_of(home.house, "roster", ANNA) == ()
