"""The verifications table: labels, search, filters, paging, news, export."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from deskward.core.ports import Change
from deskward.core.verification import Verification
from deskward.store.opening import Opened
from tests.fakes import FakeClock
from tests.web.conftest import Sent
from tests.web.desk.conftest import CODE, Desk

Open = Callable[..., Verification]
COLUMNS = [
    "Ticket Number",
    "Requester Name &amp; Email",
    "Risk level",
    "Verification Status",
    "Request category",
    "Initiated By",
    "Timestamp of Verification",
]


def numbers(page: str) -> list[str]:
    return re.findall(r'class="number"><a href="/verifications/[^"]+">([^<]+)<', page)


def link(page: str, words: str) -> str:
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>{words}</a>', page)
    return found.group(1).replace("&amp;", "&") if found else ""


@pytest.fixture
def many(opened: Open, store: Opened, clock: FakeClock) -> int:
    """Write 120 verifications, one every ten seconds."""
    first = opened("2000")
    for n in range(119):
        clock.forward(seconds=10)
        made = replace(first, id=f"DW-{n:010d}", ticket_number=f"IR-{2001 + n}", ticket_id=f"id-{2001 + n}")
        store.store.save(replace(made, opened_at=clock.now(), version=0), Change())
    return 120


def test_the_columns_are_exactly_these_and_the_count_is_in_the_heading(desk: Desk, opened: Open) -> None:
    opened()
    page = desk.get("/")
    assert re.findall(r'<th role="columnheader" scope="col">([^<]+)</th>', page) == COLUMNS
    assert '<h1>Helpdesk Verifications <span class="count">| 1</span></h1>' in page
    assert "Refresh Table" in page
    assert "Not assessed" in page
    assert not re.search(r'<td[^>]*data-label="Risk level">.*Verified', page)


def test_an_empty_table_says_how_a_first_verification_comes_to_be(desk: Desk) -> None:
    page = desk.get("/")
    assert "create a ticket in a category that needs authentication" in page
    assert "Password Reset" in page
    assert "| 0" in page


def test_pages_follow_each_other_newest_first_and_lead_back(desk: Desk, many: int) -> None:
    seen, path, pages = list[str](), "/?category=Password+Reset", list[str]()
    while path:
        page = desk.get(path)
        assert f"| {many}" in page
        pages.append(path)
        seen += numbers(page)
        path = link(page, "Older")
    assert seen == [f"IR-{n}" for n in range(2119, 1999, -1)]
    assert len(pages) == 3
    back = link(page, "Newer")
    assert numbers(desk.get(back)) == seen[50:100]
    first = link(desk.seen, "Newer")
    assert numbers(desk.get(first)) == seen[:50]
    assert link(desk.seen, "Newer") == ""


def test_search_and_filters_stay_in_the_address(desk: Desk, opened: Open, sent: Callable[..., Sent]) -> None:
    opened("1001")
    done = sent("1002", category_name="Account Unlock", requester_id="p-ben").verification
    assert numbers(desk.get("/?text=vogel")) == ["IR-1002"]
    assert 'value="vogel"' in desk.seen
    assert numbers(desk.get("/?category=Account+Unlock")) == ["IR-1002"]
    assert set(numbers(desk.get("/?status=In+progress"))) == {"IR-1002", "IR-1001"}
    assert numbers(desk.get("/?status=Passed&level=High")) == []
    assert "Nothing fits" in desk.seen
    assert numbers(desk.get(f"/?text={done.id}")) == ["IR-1002"]


def test_who_cannot_be_served_reads_so_and_is_found_by_it(desk: Desk, opened: Open) -> None:
    opened("1001")
    opened("1002", requester_id="p-nobody")
    assert numbers(desk.get("/?status=Cannot+be+sent")) == ["IR-1002"]
    assert "Not sent yet" not in desk.seen
    assert numbers(desk.get("/?status=In+progress")) == ["IR-1001"]
    assert "Not sent yet" in desk.seen


def test_new_rows_are_announced_by_a_fragment(desk: Desk, opened: Open, clock: FakeClock) -> None:
    opened("1001")
    address = re.search(r'data-news="([^"]+)"', desk.get("/?text=ir-1"))
    assert address
    path = address.group(1).replace("&amp;", "&")
    assert desk.get(path).strip() == ""
    clock.forward(minutes=1)
    opened("1002")
    opened("3003")
    said = desk.get(path)
    assert "<strong>1 new</strong>" in said
    assert link(said, "Show") == "/?text=ir-1"


GARBAGE = ["\x00", "x" * 3000, "%", "_", "'; drop table verifications", "\u202e<script>", "9999999-01-01", "٣"]


@pytest.mark.parametrize("field", ["text", "status", "level", "category", "after", "trail", "since"])
def test_garbage_in_the_address_is_answered_and_never_breaks(desk: Desk, opened: Open, field: str) -> None:
    opened()
    for value in GARBAGE:
        for path in ("/", "/news", "/export.csv"):
            answer = desk.client.get(path, params={field: value})
            assert answer.status_code in {200, 422}
            assert "<script>" not in answer.text


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59.999999+00:00", "0001-01-01T00:00:00+00:00"])
def test_the_ends_of_time_are_answered(desk: Desk, opened: Open, at: str) -> None:
    opened()
    assert desk.client.get("/news", params={"since": at}).status_code == 200
    assert desk.client.get("/", params={"after": f"{at}_DW-2222222222"}).status_code == 200


def test_times_without_a_zone_are_no_cursor(desk: Desk) -> None:
    assert desk.client.get("/", params={"after": "2026-05-04T09:30:00_DW-1"}).status_code == 422


def test_sr_88_export_asks_for_a_fresh_login_and_holds_every_row(desk: Desk, many: int, clock: FakeClock) -> None:
    asked = desk.client.get("/export.csv?text=IR-20", follow_redirects=False)
    assert asked.headers["location"] == "/login/second?next=%2Fexport.csv%3Ftext%3DIR-20"
    assert "not older than 5 minutes" in desk.get(asked.headers["location"])
    assert desk.post("/login/second", code=CODE).headers["location"] == "/export.csv?text=IR-20"
    lines = desk.get("/export.csv?category=Password+Reset").splitlines()
    assert len(lines) == many + 1
    assert "IR-2119" in lines[1]
    clock.forward(minutes=6)
    assert desk.client.get("/export.csv", follow_redirects=False).status_code == 303


def test_an_export_reads_on_after_its_first_portion(
    desk: Desk, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskward.web.desk.export.AT_ONCE", 50)
    desk.log_in()
    assert len(desk.get("/export.csv").splitlines()) == many + 1


def test_a_deep_trail_is_cut(desk: Desk, many: int, clock: FakeClock) -> None:
    trail = [("trail", f"{(clock.now() - timedelta(minutes=n)).isoformat()}_DW-1") for n in range(40)]
    answer = desk.client.get("/", params=[*trail, ("after", f"{clock.now().isoformat()}_DW-1")])
    assert answer.text.count("trail=") <= 2 * 20
