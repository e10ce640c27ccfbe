import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from deskward.connectors.changegear import Connector
from deskward.core.errors import RejectedError, UncertainError, UnreachableError
from sandbox.changegear import PROFILE_VALUES, Profile, Site, Ticket, running
from tests.connectors.changegear_desk import AGENT, NOTE, RITA, RacedSite, connector, notes, opened
from tests.contracts.covering import alone, pairs, pairwise

Wanted = TypeVar("Wanted")
Desk = tuple[Site, str]
PROFILES = [*alone(PROFILE_VALUES), *pairwise(PROFILE_VALUES)]


def named(values: dict[str, Any]) -> str:
    changed = [f"{name}={value}" for name, value in values.items() if value != PROFILE_VALUES[name][0]]
    return ",".join(changed) if len(changed) < 3 else f"pairwise-{PROFILES.index(values)}"


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    site = RacedSite()
    with running(site) as root:
        yield site, root
    site.close()


@pytest.fixture(params=PROFILES, ids=named)
def profile(request: pytest.FixtureRequest, desk: Desk) -> Profile:
    desk[0].profile = Profile(**request.param)
    return desk[0].profile


@pytest.fixture
def ticket(profile: Profile, desk: Desk) -> Iterator[Ticket]:
    made = opened(desk[0])
    yield made
    desk[0].delete(made.id, desk[0].agent)


@pytest.fixture
def changegear(profile: Profile, desk: Desk) -> Iterator[Connector]:
    made = connector(desk[1], timeout=0.3 if profile.timing == "timeout_after_commit" else 10.0)
    yield made
    made.log_out()


def persistent(step: Callable[[], Wanted]) -> Wanted:
    """Do what the errand runner does with a call that did nothing: call again."""
    for _ in range(4):
        try:
            return step()
        except UnreachableError:
            time.sleep(0.01)
    return step()


def expected(profile: Profile) -> type[Exception] | None:
    if profile.history_relation == "unreadable":
        return UncertainError
    return RejectedError if profile.note_action == "dropped" or profile.history_records == "replaces" else None


def test_a_note_ends_exactly_once_in_the_ticket_or_a_clear_error_is_raised(
    desk: Desk, ticket: Ticket, changegear: Connector, profile: Profile
) -> None:
    site, refusal = desk[0], expected(profile)
    for _ in range(2):
        if refusal is None:
            persistent(lambda: changegear.add_note(str(ticket.id), *NOTE))
        else:
            with pytest.raises(refusal) as told:
                persistent(lambda: changegear.add_note(str(ticket.id), *NOTE))
            assert getattr(told.value, "hint", "")
    found = site.ticket(ticket.id)
    assert found is not None
    assert len(notes(site, ticket.id)) == 1 if refusal is None else len(notes(site, ticket.id)) <= 1
    assert not [comment for comment in site.public_history(found) if "DW-X-1" in comment]


def test_a_server_that_replaces_the_history_gets_one_note_at_most_and_then_none_anywhere(
    desk: Desk, ticket: Ticket, changegear: Connector, profile: Profile
) -> None:
    if profile.history_records != "replaces" or profile.history_relation == "unreadable":
        assert expected(profile) in {None, RejectedError, UncertainError}
        return
    with pytest.raises(RejectedError, match="replaced the history"):
        persistent(lambda: changegear.add_note(str(ticket.id), *NOTE))
    other = opened(desk[0])
    with pytest.raises(RejectedError, match="No more notes are written"):
        changegear.add_note(str(other.id), *NOTE)
    assert len(desk[0].tickets[other.id].history) == len(other.history)
    desk[0].delete(other.id, desk[0].agent)


def test_a_close_ends_closed_or_a_clear_error_is_raised(
    desk: Desk, ticket: Ticket, changegear: Connector, profile: Profile
) -> None:
    if profile.action == "honoured":
        closing = persistent(lambda: changegear.close(str(ticket.id), "Done."))
        assert (closing.status, closing.closed, closing.by_hand) == ("Closed", True, False)
    else:
        with pytest.raises(RejectedError):
            persistent(lambda: changegear.close(str(ticket.id), "Done."))
    found = desk[0].tickets[ticket.id]
    actions = [record.action for record in found.history]
    assert (found.status == "Closed") is (profile.action == "honoured")
    assert actions.count("Resolve") == actions.count("Close") == int(profile.action == "honoured")


def test_tickets_are_read_whole_by_id_and_by_poll_and_the_status_is_shown(
    desk: Desk, ticket: Ticket, changegear: Connector
) -> None:
    read = persistent(lambda: changegear.read(str(ticket.id)))
    listed = persistent(changegear.waiting)
    assert read is not None
    assert listed is not None
    assert read in listed
    assert (read.number, read.subject, read.requester_id) == (ticket.number, "I forgot my password", str(RITA))
    assert read.category_names == {"101", "password reset"}
    persistent(lambda: changegear.show_status(str(ticket.id), "Sent"))
    assert desk[0].tickets[ticket.id].fields["UDF_DeskwardStatus"] == "Sent"


def test_a_ticket_that_a_person_goes_on_with_is_assigned_where_nobody_has_it(
    desk: Desk, ticket: Ticket, changegear: Connector
) -> None:
    changegear.hand_over_to = AGENT
    persistent(lambda: changegear.hand_over(str(ticket.id)))
    assert desk[0].tickets[ticket.id].fields["AssignedTo"] == AGENT


def test_the_pairwise_rows_hold_every_pair() -> None:
    rows = pairwise(PROFILE_VALUES)
    assert all(any(row[a] == x and row[b] == y for row in rows) for (a, x), (b, y) in pairs(PROFILE_VALUES))
    assert len(rows) < 60
