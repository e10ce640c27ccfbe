import httpx2
import pytest

from sandbox.changegear import PASSWORD_RESET, Change, Profile, Site
from sandbox.changegear.records import Refused
from sandbox.changegear.workflow import BUTTONS, TRANSITIONS
from tests.sandbox.changegear.conftest import ACCOUNT, AGENT, RITA

TO_STATE = {
    "New": [],
    "In-Progress": ["Accept"],
    "Waiting for Details": ["Accept", "More Info"],
    "Pending Resolution": ["Promote"],
    "Pending Close": ["Resolve"],
    "Closed": ["Close"],
}


@pytest.fixture
def ticket(site: Site) -> int:
    return site.open_ticket("Cannot sign in", requester=RITA, category=PASSWORD_RESET).id


@pytest.mark.parametrize("state", TO_STATE)
def test_each_state_allows_its_actions_and_no_other(site: Site, ticket: int, state: str) -> None:
    for action in TO_STATE[state]:
        site.act(ticket, action)
    etag = site.tickets[ticket].etag
    illegal = [name for name, found in TRANSITIONS.items() if state not in found.sources]
    for action in illegal:
        with pytest.raises(Refused, match=action):
            site.act(ticket, action)
    assert (site.tickets[ticket].status, site.tickets[ticket].etag) == (state, etag)
    assert set(BUTTONS[state]).isdisjoint(illegal)


def test_accept_assigns_the_actor_and_requeue_clears(site: Site, ticket: int) -> None:
    assert site.act(ticket, "Accept").fields["AssignedTo"] == AGENT
    assert site.act(ticket, "Requeue").fields["AssignedTo"] is None


def test_resolve_waits_in_pending_close_and_mails_the_requester(site: Site, ticket: int) -> None:
    resolved = site.act(ticket, "Resolve", "Password was reset", "Fixed")
    mail = site.outbox[-1]
    assert resolved.status == "Pending Close"
    assert resolved.history[-1].comment == "Fixed: Password was reset"
    assert (mail.to, mail.action, mail.body) == ("rita@example.test", "Resolve", "Fixed: Password was reset")


def test_close_stamps_the_dates_and_mails_both(site: Site, ticket: int) -> None:
    site.act(ticket, "Accept")
    closed = site.act(ticket, "Close", "Done")
    assert not closed.fields["ClosedDateTime"].startswith("0001")
    assert closed.fields["CompletedDate"] == closed.fields["ClosedDateTime"]
    assert {mail.role for mail in site.outbox if mail.action == "Close"} == {"requester", "assignee"}


@pytest.mark.parametrize(("action", "mailed"), [("Accept", False), ("More Info", True), ("Promote", False)])
def test_only_some_actions_mail_the_requester(site: Site, ticket: int, action: str, mailed: bool) -> None:
    if action == "More Info":
        site.act(ticket, "Accept")
    site.act(ticket, action)
    assert (site.outbox[-1].action == action) is mailed


def test_an_action_over_rest_is_run_as_the_account(api: httpx2.Client, site: Site, ticket: int) -> None:
    body = {"eTag": 1, "Action": "Resolve", "Comment": "Done by the requester", "CloseType": "Fixed"}
    assert api.put(f"/incidentrequest/{ticket}", json=body).json()["Status"] == "Pending Close"
    assert site.tickets[ticket].history[-1].creator == ACCOUNT


def test_an_illegal_action_over_rest_changes_nothing(api: httpx2.Client, site: Site, ticket: int) -> None:
    note = {"Action": "Internal Note", "Comment": "x"}
    body = {"eTag": 1, "Action": "Reopen", "Summary": "Other", "HistoryRecords": [note]}
    answer = api.put(f"/incidentrequest/{ticket}", json=body)
    assert (answer.status_code, site.tickets[ticket].etag) == (400, 1)
    assert site.tickets[ticket].fields["Summary"] == "Cannot sign in"


def test_a_new_ticket_may_start_unsubmitted(site: Site) -> None:
    site.profile = Profile(first_state="Unsubmitted")
    ticket = site.open_ticket("x", requester=RITA, category=PASSWORD_RESET)
    assert (ticket.status, site.outbox) == ("Unsubmitted", [])
    assert not site.act(ticket.id, "Submit").fields["SubmitDate"].startswith("0001")


def test_a_site_may_act_when_a_field_is_set(site: Site, ticket: int) -> None:
    site.field_actions = {"AssignedTo": "Accept"}
    changed = site.change(ticket, Change(fields={"AssignedTo": AGENT}), site.account)
    assert (changed.status, changed.fields["AssignedTo"]) == ("In-Progress", AGENT)


def test_the_requester_sees_descriptions_and_unknown_actions_but_no_internal_note(site: Site, ticket: int) -> None:
    site.note(ticket, "secret")
    site.note(ticket, "shown", "Description")
    site.note(ticket, "leaked", "Notes")
    seen = site.public_history(site.tickets[ticket])
    assert "secret" not in seen
    assert {"shown", "leaked"} <= set(seen)


def test_the_description_is_rebuilt_newest_first(api: httpx2.Client, site: Site, ticket: int) -> None:
    site.note(ticket, "first", "Description")
    site.note(ticket, "second", "Description")
    assert api.get(f"/entity/incidentrequest/{ticket}").json()[0]["Description"] == "second\nfirst"
