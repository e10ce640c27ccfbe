import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deskward.connectors._changegear_rest import MOST_PAGES, SMALLEST_PAGE, ident, moment
from deskward.connectors.changegear import Connector
from deskward.core.errors import RejectedError, SettingsError, UncertainError, UnreachableError
from deskward.core.ports import Posted
from deskward.core.secret import Secret
from deskward.core.tickets import Check
from sandbox.changegear import PRINTER, Change, Profile, Ticket, running
from tests.connectors.changegear_desk import AGENT, API, NOTE, RITA, RacedSite, connector, notes, opened


@pytest.fixture
def site() -> Iterator[RacedSite]:
    made = RacedSite()
    yield made
    made.close()


@pytest.fixture
def root(site: RacedSite) -> Iterator[str]:
    with running(site) as address:
        yield address


@pytest.fixture
def changegear(root: str) -> Iterator[Connector]:
    made = connector(root)
    yield made
    made.log_out()


@pytest.fixture
def ticket(site: RacedSite) -> Ticket:
    return opened(site)


def posted(body: Any, user: str = "hook", password: str = "hüsh", scheme: str = "Basic") -> Posted:
    shown = f"{scheme} {b64encode(f'{user}:{password}'.encode()).decode()}"
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Posted("https://hooks.example/hooks/changegear/x", {"authorization": shown}, raw)


# Webhooks


def test_sr_100_a_webhook_with_wrong_credentials_is_not_accepted(changegear: Connector) -> None:
    assert changegear.accepts(posted({}))
    assert changegear.accepts(posted({}, scheme="basic"))
    assert not changegear.accepts(posted({}, password="hush"))
    assert not changegear.accepts(posted({}, user="hoo"))
    assert not changegear.accepts(posted({}, scheme="Bearer"))
    for header in ("", "Basic", "Basic !!!", "Basic ü", "Basic aG9vaw=="):
        assert not changegear.accepts(Posted("", {"authorization": header}, b""))
    assert not changegear.accepts(Posted("", {}, b""))


def test_sr_100_without_configured_credentials_no_webhook_is_accepted(root: str) -> None:
    bare = connector(root, webhook_basic_user="", webhook_basic_password=Secret(""))
    assert not bare.accepts(posted({}, user="", password=""))
    assert not bare.accepts(Posted("", {}, b""))
    bare.log_out()


@pytest.mark.parametrize("body", [{"Entity": {"ID": 39}}, {"ID": 39}, {"Entity": {"ID": "39"}, "Event": "update"}])
def test_sr_100_the_id_is_taken_with_or_without_entity(changegear: Connector, body: dict[str, Any]) -> None:
    assert changegear.hinted(posted(body)) == "39"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"<xml/>",
        b"[" * 100_000,
        [],
        [{"ID": 3}],
        "39",
        {},
        {"Entity": None},
        {"Entity": 3},
        {"Entity": {}},
        *({"ID": value} for value in (None, True, 0, -1, 1.5, "../../x", "39?x", " 39", 10**30, [39])),
    ],
)
def test_sr_100_a_body_without_an_id_is_nothing_to_look_at(changegear: Connector, body: Any) -> None:
    assert changegear.hinted(posted(body)) is None


def test_a_23_a_false_body_changes_nothing_because_the_ticket_is_read_again(
    changegear: Connector, ticket: Ticket
) -> None:
    forged = {
        "Entity": {"ID": ticket.id, "Summary": "Reset the CEO", "Requester": AGENT, "IncidentRequestType": 102}
    }
    hinted = changegear.hinted(posted(forged))
    read = changegear.read(hinted or "")
    assert read is not None
    assert (read.subject, read.requester_id, read.category_id) == ("I forgot my password", str(RITA), "101")


def test_a_23_an_echo_of_our_own_write_is_dropped_once_our_user_is_known(changegear: Connector) -> None:
    echo = posted({"Entity": {"ID": 39, "LastModifiedBy": API}})
    assert changegear.hinted(echo) == "39"
    changegear.rest.log_in()
    assert changegear.hinted(echo) is None
    assert changegear.hinted(posted({"Entity": {"ID": 39, "LastModifiedBy": AGENT}})) == "39"


def test_a_23_with_basic_our_own_user_is_known_from_the_settings(root: str, ticket: Ticket) -> None:
    basic = connector(root, auth_mode="basic", own_person_id=API)
    assert basic.hinted(posted({"Entity": {"ID": 39, "LastModifiedBy": API}})) is None
    own, rita = basic.person(str(API)), basic.person(str(RITA))
    assert own
    assert rita
    assert (own.own, rita.own) == (True, False)
    assert seen(basic)["own changes"].well
    basic.log_out()


def test_what_the_login_tells_wins_over_the_settings(root: str) -> None:
    told = connector(root, own_person_id=AGENT)
    told.rest.log_in()
    assert told.rest.user_id == str(API)
    told.log_out()


# Reads


def test_a_ticket_is_read_with_everything_the_story_needs(
    root: str, changegear: Connector, ticket: Ticket
) -> None:
    read = changegear.read(str(ticket.id))
    assert read is not None
    assert read.number == "IR-0000001"
    assert read.description == "Please help."
    assert read.url == f"{root}/CGWeb/MainUI/MainFrame.aspx?ID=1&moduleName=Incident"
    assert (read.category_id, read.category_name, read.status, read.ended) == (
        "101",
        "Password Reset",
        "New",
        False,
    )
    assert read.created_at is not None
    assert read.created_at.tzinfo is UTC
    assert read.created_at <= datetime.now(UTC)
    assert read.version == str(ticket.etag)


def test_a_ticket_that_is_gone_or_cannot_be_one_is_none(
    site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    site.delete(ticket.id, site.agent)
    assert [changegear.read(x) for x in (str(ticket.id), "999", "../1", "", "0", "All Open Incidents")] == [
        None
    ] * 6
    with pytest.raises(RejectedError, match="is gone"):
        changegear.show_status("999", "Sent")


def test_a_resolved_ticket_has_ended(site: RacedSite, changegear: Connector, ticket: Ticket) -> None:
    site.act(ticket.id, "Resolve", "Solved")
    read = changegear.read(str(ticket.id))
    assert read is not None
    assert read.ended


def test_a_category_that_is_missing_or_a_text_is_taken_as_it_is(
    root: str, site: RacedSite, ticket: Ticket
) -> None:
    site.change(ticket.id, Change(fields={"IncidentRequestType": None, "SLAStage": "Password Reset"}), site.agent)
    by_text = connector(root, fields={"category": "SLAStage"})
    by_id = connector(root)
    told, none = by_text.read(str(ticket.id)), by_id.read(str(ticket.id))
    assert told is not None
    assert told.category_names == {"password reset"}
    assert none is not None
    assert none.category_names == frozenset()
    by_text.log_out()
    by_id.log_out()


def test_category_names_and_people_are_asked_for_once(
    site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    changegear.read(str(ticket.id))
    changegear.person(str(RITA))
    before = site.calls
    changegear.read(str(ticket.id))
    changegear.person(str(RITA))
    assert site.calls == before + 1


def test_the_requester_is_the_person_and_never_a_form_field(
    root: str, site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    person = changegear.person(str(RITA))
    assert person is not None
    assert (person.id, person.name, person.email, person.login) == ("3", "Rita Requester", "rita@example.test", "")
    assert changegear.person("99") is None
    assert changegear.person("rita@example.test") is None
    with pytest.raises(SettingsError, match="not a form field"):
        connector(root, fields={"requester": "EmailPIT"})
    mailed = connector(root, fields={"requester": "Summary"})
    read = mailed.read(str(ticket.id))
    assert read is not None
    assert read.requester_id == ""
    mailed.log_out()


@pytest.mark.parametrize("pagesize", [3, 7, 50])
def test_the_view_is_read_completely_page_by_page(root: str, site: RacedSite, pagesize: int) -> None:
    made = {str(opened(site).id) for _ in range(23)}
    opened(site, PRINTER)
    polled = connector(root, poll_pagesize=pagesize)
    found = polled.waiting()
    polled.log_out()
    assert found is not None
    assert {ticket.id for ticket in found} == made
    assert len(found) == len(made) > 2 * SMALLEST_PAGE


def test_a_filter_stands_in_for_a_view_and_neither_means_no_poll(root: str, site: RacedSite) -> None:
    reset, _ = opened(site), opened(site, PRINTER)
    filtered = connector(root, poll_view="", poll_filter="[IncidentRequestType] = 101", poll_sort="ID")
    found = filtered.waiting()
    assert found is not None
    assert [ticket.id for ticket in found] == [str(reset.id)]
    filtered.log_out()
    none = connector(root, poll_view="")
    assert none.waiting() is None
    none.log_out()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2015-04-13T08:55:15.9-06:00", datetime(2015, 4, 13, 14, 55, 15, 900_000, UTC)),
        ("2015-04-27T13:17:26.22-06:00", datetime(2015, 4, 27, 19, 17, 26, 220_000, UTC)),
        ("2015-04-27T13:17:26.1234567+02:00", datetime(2015, 4, 27, 11, 17, 26, 123_456, UTC)),
        ("2015-04-27T13:17:26Z", datetime(2015, 4, 27, 13, 17, 26, tzinfo=UTC)),
        ("2015-04-27T13:17:26", datetime(2015, 4, 27, 13, 17, 26, tzinfo=UTC)),
        ("0001-01-01T00:00:00-07:00", None),
        ("0001-01-01T00:00:00+07:00", None),
        ("9999-12-31T23:59:59-07:00", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_have_offsets_and_fractions_and_year_one_is_empty(text: Any, read: datetime | None) -> None:
    assert moment(text) == read


def test_an_id_is_a_whole_number_above_zero() -> None:
    assert [ident(x) for x in (39, "39", True, 1.0, None, "039", "1" * 19, "٣")] == ["39", "39", *[""] * 6]


# Notes


def test_nothing_is_written_before_a_person_confirmed_that_notes_are_internal(
    root: str, site: RacedSite, ticket: Ticket
) -> None:
    careful = connector(root, note_visibility_acknowledged=False)
    with pytest.raises(RejectedError, match="a person has confirmed"):
        careful.add_note(str(ticket.id), *NOTE)
    assert site.tickets[ticket.id].etag == ticket.etag
    told = [careful.test_note(str(ticket.id), "TEST-CU-1") for _ in range(2)]
    careful.log_out()
    assert told[0] in notes(site, ticket.id, "TEST-CU-1")[0]
    assert len(notes(site, ticket.id, "TEST-CU-1")) == 1, "once per marker"
    assert "Deskward test note" in site.tickets[ticket.id].history[-1].comment
    assert not [text for text in site.public_history(site.tickets[ticket.id]) if "test note" in text]


@pytest.mark.parametrize(
    ("set_in_settings", "seen", "may"),
    [(False, True, True), (True, False, False), (True, None, True), (False, None, False)],
)
def test_what_a_person_saw_of_a_test_note_counts_before_the_settings(
    root: str, ticket: Ticket, set_in_settings: bool, seen: bool | None, may: bool
) -> None:
    told = connector(root, note_visibility_acknowledged=set_in_settings)
    told.looked(seen)
    check = next(one for one in told.doctor() if one.name == "note visibility")
    assert (told.may_note, check.well) == (may, may)
    if may:
        told.add_note(str(ticket.id), *NOTE)
    else:
        with pytest.raises(RejectedError, match="a person has confirmed"):
            told.add_note(str(ticket.id), *NOTE)
    told.log_out()


def test_a_look_counts_for_notes_that_are_written_the_same_way_only(root: str) -> None:
    ways = set()
    for changed in ({}, {"note_action": "Notes"}, {"note_format": "html"}, {"entity_type": "ServiceRequest"}):
        one = connector(root, **changed)
        ways.add(one.note_way)
        one.log_out()
    assert len(ways) == 4


@pytest.mark.parametrize("action", ["", "  ", "Description", "DESCRIPTION "])
def test_a_note_action_that_is_public_for_certain_is_refused(root: str, action: str) -> None:
    with pytest.raises(SettingsError, match="note_action"):
        connector(root, note_action=action)


def test_a_note_is_one_put_and_html_where_it_is_proved(root: str, site: RacedSite, ticket: Ticket) -> None:
    rich = connector(root, note_format="html")
    rich.add_note(str(ticket.id), "DW-X-1", "text", "<p>one &amp; only</p>")
    rich.add_note(str(ticket.id), "DW-X-1", "text", "<p>one &amp; only</p>")
    rich.log_out()
    assert notes(site, ticket.id) == ["<p>one &amp; only</p><p>Ref: DW-X-1</p>"]
    assert site.tickets[ticket.id].etag == ticket.etag + 1


def test_a_marker_is_not_found_in_a_longer_one(site: RacedSite, changegear: Connector, ticket: Ticket) -> None:
    for comment in ("Ref: DW-X-12", "Ref: DW-X-1-2", "xRef: DW-X-1", "see DW-X-1", "Ref: ADW-X-1"):
        site.note(ticket.id, comment)
    changegear.add_note(str(ticket.id), "DW-X-1", "Sent", "")
    assert site.tickets[ticket.id].history[-1].comment == "Sent\nRef: DW-X-1"
    for comment in ("<p>Ref:&nbsp;DW-X-2</p>", "&lt;b&gt;Ref: DW-X-3&lt;/b&gt;"):
        site.note(ticket.id, comment)
    before = len(site.tickets[ticket.id].history)
    changegear.add_note(str(ticket.id), "DW-X-2", "Sent", "")
    changegear.add_note(str(ticket.id), "DW-X-3", "Sent", "")
    assert len(site.tickets[ticket.id].history) == before


def test_a_requesters_comment_that_copies_a_marker_does_not_suppress_the_note(
    site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    site.note(ticket.id, "Ref: DW-X-1", action="Description")
    changegear.add_note(str(ticket.id), *NOTE)
    assert notes(site, ticket.id) == [NOTE[1]]


def test_a_note_is_found_in_a_history_longer_than_a_page(root: str, site: RacedSite, ticket: Ticket) -> None:
    changegear = connector(root)
    changegear.add_note(str(ticket.id), *NOTE)
    for number in range(120):
        site.note(ticket.id, f"chatter {number}")
    changegear.add_note(str(ticket.id), *NOTE)
    changegear.log_out()
    assert len(notes(site, ticket.id)) == 1


@pytest.mark.parametrize("conflict", [409, 400, 412, 500])
def test_an_etag_conflict_is_read_again_and_written_once(
    site: RacedSite, changegear: Connector, ticket: Ticket, conflict: int
) -> None:
    site.switch(etag_conflict=conflict)
    site.race_at, site.raced = {3}, ticket.id
    changegear.add_note(str(ticket.id), *NOTE)
    assert len(notes(site, ticket.id)) == 1
    assert any(record.comment == "I was faster." for record in site.tickets[ticket.id].history)


def test_a_ticket_that_changes_all_the_time_is_tried_later(
    site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    site.race_at, site.raced = set(range(100)), ticket.id
    with pytest.raises(UnreachableError, match="all the time"):
        changegear.add_note(str(ticket.id), *NOTE)
    assert notes(site, ticket.id) == []
    site.race_at = set()
    changegear.add_note(str(ticket.id), *NOTE)
    assert len(notes(site, ticket.id)) == 1


def test_a_server_that_records_and_then_answers_500_gets_each_note_once(
    site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    site.switch(fault_500_after_commit=1.0)
    for _ in range(2):
        changegear.add_note(str(ticket.id), *NOTE)
    assert len(notes(site, ticket.id)) == 1
    assert changegear.close(str(ticket.id), "Done").closed


def test_a_note_stored_under_another_action_stops_all_notes(root: str, site: RacedSite, ticket: Ticket) -> None:
    class Renaming(RacedSite):
        def change(self, ticket_id: int, change: Change, actor: Any) -> Ticket:
            renamed = tuple(("Update", text) for _, text in change.records or ())
            return super().change(ticket_id, Change(records=renamed), actor)

    renaming = Renaming()
    with running(renaming) as address:
        made, changegear = opened(renaming), connector(address)
        with pytest.raises(RejectedError, match="under the action 'Update'"):
            changegear.add_note(str(made.id), *NOTE)
        with pytest.raises(RejectedError, match="No more notes"):
            changegear.add_note(str(made.id), *NOTE)
        changegear.log_out()


@pytest.mark.parametrize("moment", [3, 4])
def test_sr_107_a_comment_that_imitates_a_marker_at_the_right_moment_stops_no_notes(
    site: RacedSite, changegear: Connector, ticket: Ticket, moment: int
) -> None:
    site.race_at, site.raced = {moment}, ticket.id
    site.race_words, site.race_action = "Ref: DW-X-1", "Description"
    changegear.add_note(str(ticket.id), *NOTE)
    changegear.add_note(str(ticket.id), "DW-X-2", "Sent", "")
    assert len(notes(site, ticket.id)) == len(notes(site, ticket.id, "DW-X-2")) == 1


def test_a_down_server_costs_time_and_no_note(site: RacedSite, changegear: Connector, ticket: Ticket) -> None:
    site.switch(down=True)
    for call in (
        lambda: changegear.add_note(str(ticket.id), *NOTE),
        lambda: changegear.read(str(ticket.id)),
        lambda: changegear.close(str(ticket.id), "Done"),
        changegear.waiting,
    ):
        with pytest.raises(UnreachableError):
            call()
    site.switch(down=False)
    changegear.add_note(str(ticket.id), *NOTE)
    assert len(notes(site, ticket.id)) == 1


def test_threads_share_one_session_and_write_each_note_once(
    site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    tickets = [opened(site) for _ in range(6)]

    def write(made: Ticket) -> None:
        for number in range(3):
            changegear.add_note(str(made.id), f"DW-T-{number}", "Sent", "")

    threads = [threading.Thread(target=write, args=(made,)) for made in tickets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert site.logins == 1
    assert all(len(notes(site, t.id, f"DW-T-{n}")) == 1 for t in tickets for n in range(3))


# Sessions


def test_a_session_that_ended_is_opened_again_once(site: RacedSite, changegear: Connector, ticket: Ticket) -> None:
    changegear.read(str(ticket.id))
    site.end_sessions()
    assert changegear.read(str(ticket.id)) is not None
    assert site.logins == 2


def test_an_account_without_the_privilege_is_refused_after_one_new_login(root: str, ticket: Ticket) -> None:
    class Locked(RacedSite):
        def use_session(self, session: str) -> bool:
            return not session

    locked = Locked()
    with running(locked) as address:
        changegear = connector(address)
        with pytest.raises(RejectedError, match=r"refuses the account \(401"):
            changegear.read("1")
        changegear.log_out()
    assert locked.logins == 2


def test_a_refused_login_is_told_and_not_repeated_at_once(root: str, site: RacedSite, ticket: Ticket) -> None:
    wrong = connector(root, password=Secret("wrong"))
    with pytest.raises(UnreachableError, match="answers 401 to the login") as told:
        wrong.read("1")
    assert "wrong" not in f"{told.value} {told.value.hint}"
    assert told.value.retry_after == 300
    with pytest.raises(UnreachableError, match="refused a moment ago"):
        wrong.read("1")
    wrong.log_out()


def test_a_wrong_base_address_is_told(root: str) -> None:
    astray = connector(root, base_url=f"{root}/RestAPI")
    with pytest.raises(RejectedError, match="404"):
        astray.read("1")
    astray.log_out()


def test_basic_opens_no_session(root: str, site: RacedSite, ticket: Ticket) -> None:
    basic, wrong = connector(root, auth_mode="basic"), connector(root, auth_mode="basic", password=Secret("no"))
    assert basic.read(str(ticket.id)) is not None
    basic.add_note(str(ticket.id), *NOTE)
    with pytest.raises(RejectedError, match="refuses the account"):
        wrong.read(str(ticket.id))
    assert site.logins == 0
    assert len(notes(site, ticket.id)) == 1
    basic.log_out()
    wrong.log_out()


def test_log_out_ends_the_session_and_survives_a_dead_server(site: RacedSite) -> None:
    with running(site) as address:
        ended, left = connector(address), connector(address)
        ended.rest.log_in()
        left.rest.log_in()
        assert len(site._sessions) == 2
        ended.log_out()
        assert len(site._sessions) == 1
    left.log_out()


# Closing


def test_without_transitions_the_agent_closes_by_hand(root: str, site: RacedSite, ticket: Ticket) -> None:
    none = connector(root, transition_mode="none")
    closing = none.close(str(ticket.id), "Done")
    assert (closing.status, closing.closed, closing.by_hand) == ("New", False, True)
    site.act(ticket.id, "Close", "by hand")
    closing = none.close(str(ticket.id), "Done")
    assert (closing.status, closing.closed, closing.by_hand) == ("Closed", True, False)
    none.log_out()


def test_close_resolves_reads_again_and_closes_with_the_public_comment(
    site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    for _ in range(2):
        closing = changegear.close(str(ticket.id), "Verified and done.")
        assert (closing.status, closing.closed) == ("Closed", True)
    history = [(record.action, record.comment) for record in site.tickets[ticket.id].history]
    assert history[-2:] == [("Resolve", "Solved: Verified and done."), ("Close", "Solved: Verified and done.")]


def test_a_resolved_ticket_is_only_closed(site: RacedSite, changegear: Connector, ticket: Ticket) -> None:
    site.act(ticket.id, "Resolve", "by the agent")
    assert changegear.close(str(ticket.id), "Done").closed
    assert [record.action for record in site.tickets[ticket.id].history].count("Resolve") == 1


def test_resolve_alone_leaves_the_closing_to_others(root: str, ticket: Ticket) -> None:
    only = connector(root, transition_map={"resolve": "Resolve"})
    closing = only.close(str(ticket.id), "Done")
    assert (closing.status, closing.closed, closing.by_hand) == ("Pending Close", False, True)
    only.log_out()


def test_an_action_that_is_not_allowed_is_not_tried(
    site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    site.switch(allowed_actions="by_state")
    site.act(ticket.id, "Promote")
    with pytest.raises(RejectedError, match="“Pending Resolution” does not allow “Resolve”"):
        changegear.close(str(ticket.id), "Done")


def test_states_are_written_where_the_site_allows_it(root: str, site: RacedSite, ticket: Ticket) -> None:
    states = {"resolve": "Pending Close", "close": "Closed"}
    by_status = connector(root, transition_mode="status_field", transition_map=states, transition_comment_field="")
    with pytest.raises(RejectedError, match="did nothing"):
        by_status.close(str(ticket.id), "Done")
    site.switch(status_writable=True)
    assert by_status.close(str(ticket.id), "Done").closed
    by_status.log_out()


def test_fields_can_be_set_for_the_sites_own_rules() -> None:
    site = RacedSite(field_actions={"SLAStage": "Close"})
    with running(site) as address:
        ticket = opened(site)
        by_fields = connector(
            address, transition_mode="field_set", transition_extra_fields={"close": {"SLAStage": "verified"}}
        )
        assert by_fields.close(str(ticket.id), "Done").closed
        by_fields.log_out()


def test_the_live_status_is_written_once_and_only_where_there_is_a_field(
    root: str, site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    for _ in range(2):
        changegear.show_status(str(ticket.id), "Sent")
    assert site.tickets[ticket.id].fields["UDF_DeskwardStatus"] == "Sent"
    assert site.tickets[ticket.id].etag == ticket.etag + 1
    silent = connector(root, status_field="")
    silent.show_status(str(ticket.id), "Started")
    silent.log_out()
    assert site.tickets[ticket.id].etag == ticket.etag + 1
    missing = connector(root, status_field="UDF_Missing")
    with pytest.raises(RejectedError, match="did nothing"):
        missing.show_status(str(ticket.id), "Started")
    missing.log_out()


def test_a_ticket_is_handed_over_once_and_whoever_has_it_keeps_it(
    root: str, site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    changegear.hand_over(str(ticket.id))
    assert site.tickets[ticket.id].etag == ticket.etag
    giving = connector(root, hand_over_to=AGENT)
    for _ in range(2):
        giving.hand_over(str(ticket.id))
    assert site.tickets[ticket.id].fields["AssignedTo"] == AGENT
    assert site.tickets[ticket.id].etag == ticket.etag + 1
    other = connector(root, hand_over_to=RITA)
    other.hand_over(str(ticket.id))
    assert site.tickets[ticket.id].fields["AssignedTo"] == AGENT
    for each in (giving, other):
        each.log_out()


def test_a_ticket_that_has_ended_is_handed_to_nobody(root: str, site: RacedSite, ticket: Ticket) -> None:
    giving = connector(root, hand_over_to=AGENT)
    assert giving.close(str(ticket.id), "Done").closed
    site.change(ticket.id, Change(fields={"AssignedTo": None}), site.agent)
    giving.hand_over(str(ticket.id))
    giving.log_out()
    assert site.tickets[ticket.id].fields["AssignedTo"] is None


def test_the_doctor_looks_for_the_assignees_field_where_tickets_are_handed_over(root: str, ticket: Ticket) -> None:
    for taker, well in ((0, True), (AGENT, False)):
        asked = connector(root, assignee_field="UDF_Nobody", hand_over_to=taker)
        assert seen(asked)["fields"].well is well
        asked.log_out()


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth_mode": "token"},
        {"base_url": "ftp://cg.example/x"},
        {"base_url": "cg.example"},
        {"fields": {"colour": "Red"}},
        {"note_format": "markdown"},
        {"own_person_id": -1},
        {"hand_over_to": -1},
        {"transition_mode": "guess"},
        {"transition_map": {"reopen": "Reopen"}},
        {"poll_filter": "[ID] = 1"},
        {"poll_pagesize": 0},
        {"ca_bundle": Path("/nowhere.pem")},
    ],
)
def test_settings_that_cannot_be_are_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as told:
        connector("http://127.0.0.1:9", **wrong)
    assert told.value.text


# The doctor


def seen(connector: Connector) -> dict[str, Check]:
    return {check.name: check for check in connector.doctor()}


def test_the_doctor_finds_everything_well_and_changes_nothing(
    site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    found = seen(changegear)
    assert [check for check in found.values() if not check.well] == []
    assert "Description" in found["history"].text
    assert "IncidentRequestTasks_link" in found[f"ticket {ticket.id}"].text
    assert "Resolve" in found["AllowedActions"].text
    assert site.tickets[ticket.id].etag == ticket.etag


def test_the_doctor_is_loud_about_what_is_missing(root: str, site: RacedSite, ticket: Ticket) -> None:
    site.switch(history_relation="unreadable", allowed_actions="by_state")
    site.change(ticket.id, Change(fields={"Requester": RITA}), site.agent)
    poor = connector(
        root,
        note_visibility_acknowledged=False,
        transition_mode="none",
        poll_view="",
        status_field="UDF_Missing",
        webhook_basic_user="",
        fields={"modified_by": "Summary"},
        person_fields={"email": "Mail"},
    )
    found = seen(poor)
    poor.log_out()
    loud = {"webhook", "poll", "note visibility", "transitions", "fields", "history", "requester", "own changes"}
    assert {name for name, check in found.items() if not check.well} == loud
    assert all(check.hint for check in found.values() if not check.well)


def test_the_doctor_tells_a_privilege_that_is_missing(root: str, ticket: Ticket) -> None:
    lacking = connector(root, transition_map={"close": "Archive"}, auth_mode="basic")
    found = seen(lacking)
    lacking.log_out()
    assert not found["AllowedActions"].well
    assert "Basic" in found["log in"].text
    assert not found["own changes"].well
    assert "own_person_id" in found["own changes"].hint


def test_the_doctor_stops_where_nothing_can_be_looked_at(root: str, site: RacedSite) -> None:
    empty, wrong = connector(root), connector(root, password=Secret("wrong"))
    assert not seen(empty)["one ticket"].well
    assert list(seen(wrong))[-1] == "log in"
    assert not seen(wrong)["log in"].well
    empty.log_out()
    wrong.log_out()


def test_the_doctor_tells_when_reading_moves_the_etag() -> None:
    site = RacedSite(profile=Profile())
    with running(site) as address:
        ticket, changegear = opened(site), connector(address)
        site.race_at, site.raced = {3}, ticket.id
        found = seen(changegear)
        changegear.log_out()
    assert "reading moves it" in found["eTag"].text


def test_an_unreadable_history_leaves_the_note_to_a_person(
    site: RacedSite, changegear: Connector, ticket: Ticket
) -> None:
    site.switch(history_relation="unreadable")
    with pytest.raises(UncertainError, match="cannot be read") as told:
        changegear.add_note(str(ticket.id), *NOTE)
    assert "by hand" in told.value.hint
    assert notes(site, ticket.id) == []


# A server that is none, in raw answers


@contextmanager
def answering(*answers: tuple[int, Any]) -> Iterator[tuple[Connector, list[tuple[str, Any]]]]:
    """Serve these answers, the last one again and again, to a connector with Basic; give what was asked."""
    asked: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((f"{self.command} {self.path}", json.loads(body or b"null")))
            status, told = answers[min(len(asked), len(answers)) - 1]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(told if isinstance(told, bytes) else json.dumps(told).encode())

        def do_PUT(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    made = connector(f"http://127.0.0.1:{server.server_port}", auth_mode="basic")
    try:
        yield made, asked
    finally:
        made.log_out()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("body", [b"", b"null", [], b"[]"])
def test_an_empty_answer_is_a_ticket_that_is_not_there(body: Any) -> None:
    with answering((200, body)) as (changegear, _):
        assert changegear.read("39") is None


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", [3], "text"])
def test_a_page_in_place_of_an_answer_is_an_outage_that_passes(body: Any) -> None:
    with answering((200, body)) as (changegear, _), pytest.raises(UnreachableError):
        changegear.read("39")


@pytest.mark.parametrize("body", [{"ID": 40}, [{"ID": 40}]])
def test_an_answer_that_is_not_the_ticket_is_refused(body: Any) -> None:
    with answering((200, body)) as (changegear, _), pytest.raises(RejectedError):
        changegear.read("39")


def test_a_server_that_knows_no_pages_is_asked_twice_at_most() -> None:
    with answering((200, [{"Summary": str(n)} for n in range(50)])) as (changegear, asked):
        assert len(changegear.listed()) == 50
        assert len(asked) == 2


def test_a_list_without_an_end_is_refused() -> None:
    pages = [(200, [{"ID": page * 50 + row} for row in range(1, 51)]) for page in range(MOST_PAGES)]
    with answering(*pages) as (changegear, asked), pytest.raises(RejectedError, match="holds more than"):
        changegear.listed()
    assert len(asked) == MOST_PAGES


def test_the_history_is_followed_by_its_link_and_by_no_strange_one() -> None:
    relation = "IncidentRequestHistoryRecords"
    for link, path in (
        ("api/entity/x/39/H", "/api/entity/x/39/H"),
        ("https://evil.example/H", f"/api/entity/IncidentRequest/39/{relation}"),
        ("../../H", f"/api/entity/IncidentRequest/39/{relation}"),
        (None, f"/api/entity/IncidentRequest/39/{relation}"),
    ):
        with answering((200, [{"ID": 39, f"{relation}_link": link}]), (200, [])) as (changegear, asked):
            changegear.rest.history(changegear.rest.need("39"), relation)
        assert asked[1][0] == f"GET /CGRestAPI{path}?pagesize=50&page=1"


def test_a_server_that_always_fails_a_write_is_tried_later_and_one_that_says_no_is_not() -> None:
    ticket = (200, [{"ID": 39, "eTag": 4, "UDF_DeskwardStatus": ""}])
    for status, error in ((500, UnreachableError), (429, UnreachableError), (400, RejectedError)):
        with answering(ticket, (status, {"Message": "no"}), ticket) as (changegear, asked):
            with pytest.raises(error, match=f"refuses the change \\({status}\\). no"):
                changegear.show_status("39", "Sent")
            assert [line for line, _ in asked].count("PUT /CGRestAPI/api/IncidentRequest/39") == 1
            assert asked[1][1] == {"eTag": 4, "UDF_DeskwardStatus": "Sent"}


def test_a_login_page_in_trouble_is_tried_later_without_a_hold() -> None:
    with answering((500, b"")) as (stand_in, asked):
        changegear = connector(stand_in.rest._out.base_url)
        for _ in range(2):
            with pytest.raises(UnreachableError, match="refuses the login"):
                changegear.read("39")
        changegear.log_out()
    assert len(asked) == 2


def test_writes_that_commit_in_silence_and_do_nothing_end_with_a_no(site: RacedSite, ticket: Ticket) -> None:
    site.switch(timing="timeout_after_commit", note_action="dropped")
    with running(site) as address:
        changegear = connector(address, timeout=0.3)
        with pytest.raises(RejectedError, match="did nothing"):
            changegear.add_note(str(ticket.id), *NOTE)
        changegear.log_out()
    assert site.tickets[ticket.id].etag == ticket.etag + 2
