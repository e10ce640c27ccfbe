from base64 import b64encode
from datetime import timedelta

import httpx2
import pytest

from sandbox.changegear import PASSWORD_RESET, PRINTER, Site, running
from tests.sandbox.changegear.conftest import ACCOUNT, AGENT, LOGIN, OMAR, PEOPLE, RITA

HISTORY = "/entity/incidentrequest/1/IncidentRequestHistoryRecords"


@pytest.fixture
def ticket(site: Site) -> int:
    return site.open_ticket("Cannot sign in", requester=RITA, category=PASSWORD_RESET, text="Please help").id


def test_a_login_gives_a_session_id_and_the_account_as_text(root: str) -> None:
    answer = httpx2.post(root + "/cgrestapi/API/Authenticate/User", json=LOGIN, trust_env=False)
    assert answer.status_code == 200
    assert set(answer.json()) == {"sessionId", "userId"}
    assert answer.json()["userId"] == str(ACCOUNT)


def test_a_wrong_password_is_refused(root: str) -> None:
    wrong = {**LOGIN, "password": "wrong"}
    answer = httpx2.post(root + "/CGRestAPI/api/authenticate/user", json=wrong, trust_env=False)
    assert answer.status_code == 401


def test_a_session_is_refused_after_logout(api: httpx2.Client) -> None:
    assert api.get("/entity/Person").status_code == 200
    assert api.post("/user/logout").status_code == 200
    assert api.get("/entity/Person").status_code == 401


@pytest.mark.parametrize("credentials", ["SANDBOX\\deskward:sandbox-changegear", "SANDBOX\\deskward:no", ":", "x"])
def test_basic_works_with_the_right_password_only(root: str, credentials: str) -> None:
    headers = {"Authorization": "Basic " + b64encode(credentials.encode()).decode()}
    answer = httpx2.get(root + "/CGRestAPI/api/entity/Person", headers=headers, trust_env=False)
    assert answer.status_code == (200 if "changegear" in credentials else 401)


def test_no_credentials_are_refused(root: str) -> None:
    assert httpx2.get(root + "/CGRestAPI/api/entity/Person", trust_env=False).status_code == 401


@pytest.mark.parametrize("name", ["IncidentRequest", "iincidentrequest", "IIncidentRequest", "INCIDENTREQUEST"])
def test_a_type_is_known_in_any_case_and_with_or_without_i(api: httpx2.Client, ticket: int, name: str) -> None:
    answer = api.get(f"/Entity/{name}/{ticket}")
    assert answer.json()[0]["ID"] == ticket


def test_a_ticket_has_the_quirks_of_a_real_one(api: httpx2.Client, ticket: int) -> None:
    [shown] = api.get(f"/entity/incidentrequest/{ticket}").json()
    assert (shown["ItemID"], shown["ItemIDPIT"]) == ("IR-0000001", "IR-0000001")
    assert shown["ClosedDateTime"] == "0001-01-01T00:00:00-07:00"
    assert shown["CreatedDateTime"].endswith("-07:00")
    assert shown["InstanceOperations"] > 2**63
    assert (shown["ItemOwner"], shown["UDF_DeskwardStatus"], shown["Status"]) == (None, "", "New")
    assert {"Reopen", "Resubmit", "Resolve"} <= set(shown["AllowedActions"].split(","))
    assert (shown["Requester"], shown["EmailPIT"]) == (RITA, "rita@example.test")
    assert (shown["LastModifiedBy"], shown["eTag"], shown["Description"]) == (AGENT, 1, "Please help")


def test_every_link_of_a_ticket_can_be_followed(api: httpx2.Client, ticket: int) -> None:
    [shown] = api.get(f"/entity/incidentrequest/{ticket}").json()
    links = [value for name, value in shown.items() if name.endswith("_link")]
    answers = [api.get(link.removeprefix("api")) for link in links]
    assert links
    assert all(isinstance(answer.json(), list) for answer in answers)


@pytest.mark.parametrize("query", ["columns=Status&columns=DueDate", "columns[0]=Status&columns[1]=DueDate"])
def test_columns_cut_a_row_to_the_base_set_and_the_asked(api: httpx2.Client, ticket: int, query: str) -> None:
    [shown] = api.get(f"/entity/incidentrequest/{ticket}?{query}").json()
    assert set(shown) == {"ID", "ItemID", "ItemIDPIT", "eTag", "Status", "DueDate"}


def test_a_create_gives_the_next_number_and_stores_the_description(api: httpx2.Client, site: Site) -> None:
    body = {
        "Summary": "Testing",
        "PriorityName": "4 - low",
        "HistoryRecords": [{"Action": "Description", "Comment": "Added by REST"}],
    }
    answer = api.post("/incidentrequest", json=body)
    assert (answer.status_code, answer.json()["ItemID"]) == (200, "IR-0000001")
    fields = site.tickets[1].fields
    assert (fields["Requester"], fields["Priority"]) == (ACCOUNT, 4)
    assert api.get(HISTORY).json()[0]["Comment"] == "Added by REST"


@pytest.mark.parametrize(
    "body", [{}, {"Summary": " "}, {"Summary": "x", "Requester": 99}, {"Summary": "x", "Priority": "high"}]
)
def test_a_create_that_lacks_or_breaks_something_is_refused(
    api: httpx2.Client, site: Site, body: dict[str, object]
) -> None:
    assert api.post("/incidentrequest", json=body).status_code == 400
    assert site.tickets == {}


def test_a_put_changes_only_what_is_sent_and_moves_the_etag(api: httpx2.Client, site: Site, ticket: int) -> None:
    answer = api.put(f"/incidentrequest/{ticket}", json={"eTag": 1, "UDF_DeskwardStatus": "Passed"})
    fields = site.tickets[ticket].fields
    assert (answer.status_code, fields["eTag"], fields["LastModifiedBy"]) == (200, 2, ACCOUNT)
    assert (fields["UDF_DeskwardStatus"], fields["Summary"]) == ("Passed", "Cannot sign in")


@pytest.mark.parametrize("etag", [0, 2, None, "1"])
def test_a_put_with_another_etag_changes_nothing(
    api: httpx2.Client, site: Site, ticket: int, etag: object
) -> None:
    answer = api.put(f"/incidentrequest/{ticket}", json={"eTag": etag, "Summary": "Other"})
    assert answer.status_code == 409
    assert site.tickets[ticket].fields["Summary"] == "Cannot sign in"


def test_a_put_appends_to_the_history(api: httpx2.Client, ticket: int) -> None:
    note = {"Action": "Internal Note", "Comment": "For the agent"}
    api.put(f"/incidentrequest/{ticket}", json={"eTag": 1, "HistoryRecords": [note]})
    records = api.get(HISTORY).json()
    assert [record["Action"] for record in records] == ["Description", "Submit", "Internal Note"]
    assert set(records[-1]) == {"ID", "Action", "Comment", "CreatorName", "CreatedDateTime"}


def test_read_only_fields_and_the_status_are_not_written(api: httpx2.Client, site: Site, ticket: int) -> None:
    api.put(f"/incidentrequest/{ticket}", json={"eTag": 1, "ItemID": "X", "Status": "Closed"})
    assert (site.tickets[ticket].number, site.tickets[ticket].status) == ("IR-0000001", "New")


def test_a_file_is_listed_and_read_back_raw(api: httpx2.Client, ticket: int) -> None:
    file = {"File": "a.bin", "Type": "application/octet-stream", "FileContent": b64encode(b"\x00\x01").decode()}
    api.put(f"/incidentrequest/{ticket}", json={"eTag": 1, "AttachmentRecords": [file]})
    assert api.get(f"/entity/incidentrequest/{ticket}/IncidentRequestAttachmentRecords").json()[0]["ID"] == 1
    assert api.get(f"/entity/incidentrequest/{ticket}/attachments/1").content == b"\x00\x01"
    assert api.get(f"/entity/incidentrequest/{ticket}").json()[0]["AttachmentCount"] == 1


def test_a_deleted_ticket_cannot_be_read_and_its_id_is_not_given_again(api: httpx2.Client, site: Site) -> None:
    first = site.open_ticket("One", requester=RITA, category=PRINTER)
    assert api.delete(f"/entity/incidentrequest/{first.id}").status_code == 200
    assert api.get(f"/entity/incidentrequest/{first.id}").status_code == 404
    assert site.open_ticket("Two", requester=RITA, category=PRINTER).id == first.id + 1


def test_a_search_spells_its_keys_in_its_own_way(api: httpx2.Client, ticket: int) -> None:
    [found] = api.get("/All/search?searchtext=SIGN").json()
    assert (found["Oid"], found["ItemId"], found["Priority"]) == (ticket, "IR-0000001", "3 - Medium")
    assert api.get("/types/search?entitytypes=Person&searchtext=sign").json() == []
    assert api.get("/incidentrequest/search?searchtext=please&autocomplete=true").json() == []


def test_people_and_categories_can_be_looked_up(api: httpx2.Client) -> None:
    people = api.get("/entity/Person?columns=Email&filter=[Email]+like+'rita%40example.test'").json()
    assert people == [{"ID": RITA, "eTag": 1, "Email": "rita@example.test"}]
    names = [row["Name"] for row in api.get("/entity/IIncidentRequestType").json()]
    assert names == [
        "Accounts",
        "Password Reset",
        "Account Unlock",
        "Identity check",
        "Temporary access",
        "Hardware",
        "Printer",
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "/incidentrequest/1", 405),
        ("HEAD", "/entity/incidentrequest/1", 405),
        ("GET", "/entity/servicerequest/1", 404),
        ("PUT", "/person/3", 404),
        ("POST", "/entity/incidentrequest/1/comments", 405),
        ("GET", "/entity/incidentrequest/1/notes", 404),
        ("POST", "/oauth/token", 404),
    ],
)
def test_what_the_reference_does_not_know_does_not_exist(
    api: httpx2.Client, ticket: int, method: str, path: str, status: int
) -> None:
    answer = api.request(method, path, json={"eTag": 1})
    assert answer.status_code == status


def test_answers_carry_no_invented_headers(api: httpx2.Client) -> None:
    answer = api.post("/incidentrequest", json={"Summary": "x"})
    assert not {"etag", "location", "link", "x-total-count"} & {name.lower() for name in answer.headers}


def test_another_offset_and_base_path_are_kept() -> None:
    site = Site(PEOPLE, account=ACCOUNT, base_path="/restapi", offset=timedelta(hours=2))
    fields = site.open_ticket("x", requester=OMAR, category=PRINTER).fields
    assert fields["ClosedDateTime"] == "0001-01-01T00:00:00+02:00"
    with running(site) as root:
        assert httpx2.post(root + "/RestApi/api/authenticate/user", json=LOGIN, trust_env=False).is_success
        assert httpx2.get(root + "/CGRestAPI/api/entity/Person", trust_env=False).status_code == 404
