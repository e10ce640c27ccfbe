import httpx2
import pytest

from sandbox.changegear import ACCOUNT_UNLOCK, IDENTITY_CHECK, PASSWORD_RESET, PRINTER, Site
from tests.sandbox.changegear.conftest import OMAR, RITA


@pytest.fixture(autouse=True)
def _tickets(site: Site) -> None:
    for number, category in enumerate((PASSWORD_RESET, PRINTER, ACCOUNT_UNLOCK, IDENTITY_CHECK), start=1):
        site.open_ticket(f"It's ticket {number}", requester=RITA if number % 2 else OMAR, category=category)
    site.act(3, "Close", "done", "Fixed")


def ids(api: httpx2.Client, path: str, **query: str | int) -> list[int]:
    answer = api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [row["ID"] for row in answer.json()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Status] = 'New'", [1, 2, 4]),
        ("[Status] <> 'new'", [3]),
        ("[Summary] like 'IT''S%2'", [2]),
        ("[Summary] like 'ticket'", []),
        ("[ID] > 1 And [ID] <= 3", [2, 3]),
        ("[ID]=1 OR [Requester]=4 AND [Status] = 'New'", [1, 2, 4]),
        ("[CreatedDateTime] >= #2020-01-31#", [1, 2, 3, 4]),
        ("[ClosedDateTime] > #2020-01-31#", [3]),
        ("[CreatedDateTime] < #2020-01-31T10:00:00+00:00#", []),
        ("[AssignedTo] = 2", []),
        ("[EmailPIT] like 'rita@example.test'", [1, 3]),
    ],
)
def test_a_filter_selects(api: httpx2.Client, text: str, expected: list[int]) -> None:
    assert ids(api, "/entity/incidentrequest", filter=text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Status = 'New'",
        "[Status]",
        "[Status] = New",
        "[Nothing] = 1",
        "([ID] = 1)",
        "Not [ID] = 1",
        "[ID] In (1, 2)",
        "IsNull([ID])",
        "[ID] == 1",
        "[ID] = 1 And",
        "[ID] = 1 Xor [ID] = 2",
        "[Status] contains 'N'",
        "[Status] like 5",
        "[ID] = 'unclosed",
        "[CreatedDateTime] > #soon#",
        "[ID] = 1 [ID] = 2",
    ],
)
def test_syntax_that_nobody_has_seen_is_refused(api: httpx2.Client, text: str) -> None:
    assert api.get("/entity/incidentrequest", params={"filter": text}).status_code == 400


def test_a_list_comes_in_pages_of_ten_by_default(api: httpx2.Client, site: Site) -> None:
    for number in range(8):
        site.open_ticket(f"More {number}", requester=RITA, category=PRINTER)
    assert ids(api, "/entity/incidentrequest") == list(range(1, 11))
    assert ids(api, "/entity/incidentrequest", page=2) == [11, 12]
    assert ids(api, "/entity/incidentrequest", pagesize=5, page=3) == [11, 12]
    assert ids(api, "/entity/incidentrequest", page=9) == []


@pytest.mark.parametrize("query", [{"pagesize": "0"}, {"page": "-1"}, {"page": "x"}, {"sort": "[ID] DESC"}])
def test_a_page_or_order_that_means_nothing_is_refused(api: httpx2.Client, query: dict[str, str]) -> None:
    assert api.get("/entity/incidentrequest", params=query).status_code == 400


def test_a_list_is_sorted_by_a_field(api: httpx2.Client) -> None:
    assert ids(api, "/entity/incidentrequest", sort="Status") == [3, 1, 2, 4]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("All New Incidents", [1, 2, 4]), ("all open incidents", [1, 2, 4]), ("Deskward Intake", [1, 4])],
)
def test_a_view_selects_by_its_name_with_blanks(api: httpx2.Client, name: str, expected: list[int]) -> None:
    assert ids(api, f"/entity/incidentrequest/{name}") == expected
    assert ids(api, f"/entity/incidentrequest/{name}", pagesize=1, page=2) == expected[1:2]


def test_an_unknown_view_is_not_found(api: httpx2.Client) -> None:
    assert api.get("/entity/incidentrequest/My Own View").status_code == 404
    assert api.get("/entity/Person/All New Incidents").status_code == 404
