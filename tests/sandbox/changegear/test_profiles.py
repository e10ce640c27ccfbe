import random
from pathlib import Path

import httpx2
import pytest

from sandbox.changegear import PASSWORD_RESET, PROFILE_VALUES, Profile, Site
from tests.sandbox.changegear.conftest import ACCOUNT, LOGIN, PEOPLE, RITA

HISTORY = "/entity/incidentrequest/1/IncidentRequestHistoryRecords"
NOTE = {"Action": "Internal Note", "Comment": "hello"}


@pytest.fixture(autouse=True)
def _ticket(site: Site) -> None:
    site.open_ticket("Cannot sign in", requester=RITA, category=PASSWORD_RESET, text="Help")


def put(api: httpx2.Client, etag: int = 1, **body: object) -> httpx2.Response:
    return api.put("/incidentrequest/1", json={"eTag": etag, **body})


def test_the_first_value_of_every_row_is_the_default() -> None:
    plain = Profile()
    assert len(PROFILE_VALUES) == 20
    assert all(getattr(plain, name) == values[0] for name, values in PROFILE_VALUES.items())


@pytest.mark.parametrize("status", PROFILE_VALUES["etag_conflict"])
def test_a_conflict_answers_with_the_chosen_status(api: httpx2.Client, site: Site, status: int) -> None:
    site.switch(etag_conflict=status)
    assert put(api, etag=99).status_code == status


@pytest.mark.parametrize(
    ("value", "status", "kind"),
    [("401_json", 401, "application/json"), ("401_html", 401, "text/html"), ("403", 403, "application/json")],
)
def test_refused_credentials_look_as_chosen(
    api: httpx2.Client, site: Site, value: str, status: int, kind: str
) -> None:
    site.switch(auth_failure=value)
    site.end_sessions()
    answer = api.get("/entity/Person")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (status, kind)


def test_a_login_may_give_privileges_too(api: httpx2.Client, site: Site) -> None:
    site.switch(login_answer="privileges")
    assert set(api.post("/authenticate/user", json=LOGIN).json()) == {"sessionId", "userId", "privileges"}


def test_a_create_may_answer_201_without_the_number(api: httpx2.Client, site: Site) -> None:
    site.switch(create_status=201, create_number="without")
    answer = api.post("/incidentrequest", json={"Summary": "x"})
    assert (answer.status_code, answer.json()) == (201, {"ID": 2})


def test_a_put_answers_as_chosen(api: httpx2.Client, site: Site) -> None:
    assert put(api).json()["eTag"] == 2
    site.switch(put_answer="array")
    assert put(api, 2).json()[0]["eTag"] == 3
    site.switch(put_answer="empty")
    assert put(api, 3).content == b""


@pytest.mark.parametrize("value", PROFILE_VALUES["error_body"])
def test_an_error_has_the_chosen_body(api: httpx2.Client, site: Site, value: str) -> None:
    site.switch(error_body=value)
    answer = api.get("/entity/incidentrequest/99")
    shapes = {"message": b'{"Message":', "string": b'"', "html": b"<!DOCTYPE", "empty": b""}
    assert (answer.status_code, answer.content[: len(shapes[value])]) == (404, shapes[value])
    assert bool(answer.content) == (value != "empty")


def test_a_read_of_one_may_give_an_object(api: httpx2.Client, site: Site) -> None:
    site.switch(get_one="object")
    assert api.get("/entity/incidentrequest/1").json()["ID"] == 1


def test_an_unknown_member_may_be_an_error(api: httpx2.Client, site: Site) -> None:
    assert put(api, Internal=True).is_success
    site.switch(unknown_field="error")
    assert put(api, 2, Internal=True).status_code == 400
    assert put(api, 2, Status="New", UDF_DeskwardStatus="x", HistoryRecords=[NOTE]).is_success


def test_strict_columns_give_nothing_else(api: httpx2.Client, site: Site) -> None:
    site.switch(columns="strict")
    assert api.get("/entity/incidentrequest/1?columns=Status").json() == [{"Status": "New"}]


def test_an_action_may_be_ignored_or_refused(api: httpx2.Client, site: Site) -> None:
    site.switch(action="ignored")
    assert put(api, Action="Resolve").json()["Status"] == "New"
    site.switch(action="refused")
    assert put(api, 2, Action="Resolve").status_code == 400
    assert site.tickets[1].etag == 2


def test_the_status_is_written_where_the_site_lets_it(api: httpx2.Client, site: Site) -> None:
    site.switch(status_writable=True)
    assert put(api, Status="Closed").json()["EndState"] is True
    assert put(api, 2, Status="Nowhere").status_code == 400


def test_allowed_actions_may_follow_the_state(api: httpx2.Client, site: Site) -> None:
    site.switch(allowed_actions="by_state")
    [shown] = api.get("/entity/incidentrequest/1").json()
    assert shown["AllowedActions"] == "View,Edit,Accept,Resolve,Promote,Close"


def test_an_unknown_note_may_be_dropped_in_silence(api: httpx2.Client, site: Site) -> None:
    site.switch(note_action="dropped")
    assert put(api, HistoryRecords=[NOTE]).status_code == 200
    assert [record.action for record in site.tickets[1].history] == ["Description", "Submit"]


def test_history_records_may_replace_all_that_is_not_sent_back(api: httpx2.Client, site: Site) -> None:
    site.switch(history_records="replaces")
    kept = api.get(HISTORY).json()[0]
    put(api, HistoryRecords=[kept, NOTE])
    assert [record.action for record in site.tickets[1].history] == ["Description", "Internal Note"]


def test_the_history_may_be_unreadable(api: httpx2.Client, site: Site) -> None:
    site.switch(history_relation="unreadable")
    assert api.get(HISTORY).status_code == 404
    assert "IncidentRequestHistoryRecords_link" not in api.get("/entity/incidentrequest/1").json()[0]


def test_a_session_may_expire_in_mid_run(api: httpx2.Client, site: Site) -> None:
    site.switch(session_expires_after=2)
    assert [api.get("/entity/Person").status_code for _ in range(3)] == [200, 200, 401]


def test_a_write_may_be_recorded_and_never_answered(api: httpx2.Client, site: Site) -> None:
    site.switch(timing="timeout_after_commit")
    with pytest.raises(httpx2.ReadTimeout):
        api.put("/incidentrequest/1", json={"eTag": 1, "HistoryRecords": [NOTE]}, timeout=0.2)
    assert site.tickets[1].history[-1].comment == "hello"
    assert api.get("/entity/incidentrequest/1", timeout=2).is_success


def test_a_slow_server_still_answers(api: httpx2.Client, site: Site) -> None:
    site.switch(timing="slow")
    answer = api.get("/entity/Person")
    assert answer.is_success
    assert answer.elapsed.total_seconds() >= site.slow_seconds


def test_a_share_of_writes_is_recorded_and_then_answered_500(api: httpx2.Client, site: Site) -> None:
    site.switch(fault_500_after_commit=0.5)
    site.random = random.Random(7)
    answers = [put(api, etag).status_code for etag in range(1, 21)]
    assert set(answers) == {200, 500}
    assert site.tickets[1].etag == 21


def test_a_server_that_is_down_answers_503_to_everything(api: httpx2.Client, site: Site) -> None:
    site.switch(down=True)
    assert api.get("/entity/Person").status_code == 503
    assert api.post("/authenticate/user", json=LOGIN).status_code == 503
    site.switch(down=False)
    assert api.get("/entity/Person").status_code == 200


def test_a_restart_keeps_tickets_numbers_and_outbox(tmp_path: Path) -> None:
    path = tmp_path / "changegear.sqlite"
    first = Site(PEOPLE, account=ACCOUNT, path=path)
    ticket = first.open_ticket("x", requester=RITA, category=PASSWORD_RESET, text="Help")
    ticket = first.note(ticket.id, "kept")
    first.delete(first.open_ticket("y", requester=RITA, category=PASSWORD_RESET).id, first.agent)
    first.close()
    second = Site(PEOPLE, account=ACCOUNT, path=path)
    assert second.tickets == {1: ticket}
    assert second.outbox == first.outbox
    assert second.open_ticket("z", requester=RITA, category=PASSWORD_RESET).id == 3
    second.close()
