"""The verifications table: labels, search, filters, paging, news, export."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from deskward.core.accounts import Agent
from deskward.core.console import PAGE
from deskward.core.ports import Change
from deskward.core.risk import RiskLevel
from deskward.core.verification import State, Verification
from deskward.store.opening import Opened
from deskward.web.desk.asked import place_of
from deskward.web.pages import assets
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


@pytest.mark.parametrize("path", ["/", "/?status=Failed&level=High", "/news"])
def test_all_that_a_view_reads_comes_over_one_connection(
    desk: Desk, opened: Open, store: Opened, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    opened()
    lent: list[Connection] = []
    read = store.database.read

    @contextmanager
    def noted() -> Iterator[Connection]:
        with read() as connection:
            lent.append(connection)
            yield connection

    monkeypatch.setattr(store.database, "read", noted)
    desk.get(path)
    assert len(lent) > 1
    assert set(lent) == {lent[0]}
    assert lent[0].closed


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
    assert numbers(desk.get(link(desk.seen, "Newer"))) == seen[:50]
    assert link(desk.seen, "Newer") == ""
    assert numbers(desk.get(link(desk.get(back), "Newest"))) == seen[:50]
    assert link(desk.get(back), "Refresh Table") == back


def test_a_full_page_with_all_that_it_loads_is_less_than_60_kb(desk: Desk, many: int) -> None:
    page = desk.get("/")
    assert len(numbers(page)) == PAGE < many
    loaded = [assets()[name] for name in re.findall(r'(?:src|href)="/static/[0-9a-f]+/([^"]+)"', page)]
    assert {asset.media_type for asset in loaded} >= {"text/css", "text/javascript"}
    # The page goes as it is: packed, its length would tell its tokens to who sees it grow.
    assert len(page.encode()) + sum(len(asset.packed) for asset in loaded) < 60_000


def test_search_and_filters_stay_in_the_address(desk: Desk, opened: Open, sent: Callable[..., Sent]) -> None:
    opened("1001")
    done = sent("1002", category_name="Account Unlock", requester_id="p-ben").verification
    assert numbers(desk.get("/?text=vogel")) == ["IR-1002"]
    assert 'value="vogel"' in desk.seen
    for text in ("1002", "ir-1002", "ben.vogel%40", done.id, done.id.lower()):
        assert numbers(desk.get(f"/?text={text}")) == ["IR-1002"], text
    assert numbers(desk.get("/?category=Account+Unlock")) == ["IR-1002"]
    assert set(numbers(desk.get("/?status=In+progress"))) == {"IR-1002", "IR-1001"}
    assert numbers(desk.get("/?status=Passed&level=High")) == []
    assert "Nothing fits" in desk.seen
    for name in ("status=Passed", "level=High"):
        assert f'href="/?{name}"' in desk.seen
    assert numbers(desk.get("/?category=One+of+yesterday")) == []
    assert "<option selected>One of yesterday</option>" in desk.seen


def test_who_initiated_is_found_by_name_and_chosen_from_a_list(
    desk: Desk, opened: Open, store: Opened, agent: Agent
) -> None:
    opened("1001")
    first = opened("1002")
    store.store.save(replace(first, agent_id=agent.id, agent_name=agent.name), Change())
    assert numbers(desk.get("/?text=kim+agent")) == ["IR-1002"]
    assert numbers(desk.get(f"/?initiator={agent.id}")) == ["IR-1002"]
    assert f'<option value="{agent.id}" selected>Kim Agent</option>' in desk.seen
    assert "Remove the filter Initiated by" in desk.seen


def test_a_score_is_a_least_score(desk: Desk, opened: Open, store: Opened) -> None:
    for number, score in (("1001", 6.5), ("1002", 7.0), ("1003", None)):
        store.store.save(replace(opened(number), risk_score=score), Change())
    assert numbers(desk.get("/?score=7")) == ["IR-1002"]
    assert '<output for="score" id="score-said">7</output>' in desk.seen
    assert '<span class="value">7 or more</span>' in desk.seen
    assert len(numbers(desk.get("/?score=0"))) == 3


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ("from=2026-05-05", ["IR-1002"]),
        ("to=2026-05-04", ["IR-1001"]),
        ("from=2026-05-05&zone=Europe/Berlin", ["IR-1002", "IR-1001"]),
        ("from=2026-05-04&to=2026-05-04&zone=UTC", ["IR-1001"]),
        ("from=0001-01-01&to=9999-12-31&zone=Asia/Tokyo", ["IR-1002", "IR-1001"]),
        ("from=2026-05-06", []),
    ],
)
def test_days_are_whole_and_in_the_readers_zone(
    *, desk: Desk, opened: Open, store: Opened, days: str, found: list[str]
) -> None:
    first = opened("1000")
    for number, hour in ((1001, 23), (1002, 25)):
        at = datetime(2026, 5, 4, tzinfo=UTC) + timedelta(hours=hour)
        row = replace(first, id=f"DW-{number}", ticket_number=f"IR-{number}", ticket_id=f"id-{number}")
        store.store.save(replace(row, opened_at=at, version=0), Change())
    assert [number for number in numbers(desk.get(f"/?{days}")) if number != "IR-1000"] == found


def test_who_cannot_be_served_reads_so_and_is_found_by_it(desk: Desk, opened: Open) -> None:
    opened("1001")
    opened("1002", requester_id="p-nobody")
    assert numbers(desk.get("/?status=Cannot+be+sent")) == ["IR-1002"]
    assert "Not sent yet" not in desk.seen
    assert numbers(desk.get("/?status=In+progress")) == ["IR-1001"]
    assert "Not sent yet" in desk.seen


def news_of(page: str) -> str:
    address = re.search(r'data-news="([^"]+)"', page)
    assert address
    return address.group(1).replace("&amp;", "&")


def test_new_rows_are_announced_by_a_fragment(desk: Desk, opened: Open, clock: FakeClock) -> None:
    opened("1001")
    path = news_of(desk.get("/?category=Password+Reset"))
    assert desk.get(path).strip() == ""
    clock.forward(minutes=1)
    opened("1002")
    opened("3003", category_name="Account Unlock")
    said = desk.get(path)
    assert "<strong>1 new verification</strong>" in said
    assert link(said, "Show") == "/?category=Password+Reset"


def test_on_an_older_page_and_on_an_empty_one_what_comes_from_now_on_is_new(
    desk: Desk, many: int, opened: Open, clock: FakeClock
) -> None:
    older, empty = news_of(desk.get(link(desk.get("/"), "Older"))), news_of(desk.get("/?status=Failed"))
    assert desk.get(older).strip() == ""
    clock.forward(minutes=1)
    opened("1002")
    assert "<strong>1 new verification</strong>" in desk.get(older)
    assert desk.get(empty).strip() == ""


def test_many_new_rows_are_counted_up_to_99(desk: Desk, opened: Open, many: int) -> None:
    assert "<strong>99+ new verifications</strong>" in desk.get("/news?newest=0_")


def test_a_row_that_changed_since_it_was_shown_comes_anew(desk: Desk, opened: Open, store: Opened) -> None:
    first, other = opened("1001"), opened("1002")
    assert f'id="{first.id}" data-version="{first.version}"' in desk.get("/")
    seen = f"&seen={first.id}.{first.version},{other.id}.{other.version},DW-2222222222.1,nonsense,%00.1"
    path = news_of(desk.seen) + seen
    assert desk.get(path).strip() == ""
    store.store.save(replace(first, state=State.FAILED, risk_level=RiskLevel.HIGH), Change())
    said = desk.get(path)
    assert re.findall(r'<tr role="row" id="([^"]+)"', said) == [first.id]
    assert 'data-say="IR-1001: Failed, risk High"' in said


GARBAGE = ["\x00", "x" * 3000, "%", "_", "'; drop table verifications", "\u202e<script>", "9999999-01-01", "٣"]
GARBAGE += ["-1", "11", "7.5", "2026-02-30", "9" * 18 + "_DW-1", "1_" + "x" * 41, "../../etc/passwd", "x" * 10_000]
FIELDS = ("text", "status", "level", "category", "initiator", "score", "from", "to", "zone", "after", "before")


@pytest.mark.parametrize("field", [*FIELDS, "newest", "seen"])
def test_garbage_in_the_address_is_answered_and_never_breaks(desk: Desk, opened: Open, field: str) -> None:
    opened()
    desk.log_in()
    for value in GARBAGE:
        for path in ("/", "/news", "/export.csv"):
            answer = desk.client.get(path, params={field: value})
            assert answer.status_code in {200, 400}
            assert "<script>" not in answer.text
            assert (answer.status_code == 400) <= ("could not be used" in answer.text or "exported" in answer.text)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("status=Odd", "There is no status “Odd”; it was left out."),
        ("level=" + "x" * 50, f"There is no risk level “{'x' * 39}…”; it was left out."),
        ("initiator=AG-NOBODY", "There is no agent “AG-NOBODY”; it was left out."),
        ("score=11", "A risk score is a whole number from 0 to 10; it was left out."),
        ("score=-1", "A risk score is a whole number from 0 to 10; it was left out."),
        ("from=yesterday", "“yesterday” is no day; write it as 2026-05-31."),
        ("from=2026-05-02&to=2026-05-01", "The first day comes after the last one; both were left out."),
        ("from=2026-05-02&zone=Mars/Base", "The time zone is not known here; days are those of UTC."),
        ("from=2026-05-02&zone=../x", "The time zone is not known here; days are those of UTC."),
        ("text=" + "x" * 10_000, "The search has more than 200 characters; it was left out."),
        ("text=x", "One letter is too little to search for; type two or more."),
        ("after=soon", "There is no such place in the table. Here are the newest verifications."),
        ("before=2026-05-04T09:30:00_DW-1", "There is no such place in the table."),
        ("after=1_DW-1&before=1_DW-1", "The address names two places of the table."),
    ],
)
def test_what_cannot_be_used_is_left_out_and_said_while_the_table_stays(
    *, desk: Desk, opened: Open, query: str, said: str
) -> None:
    opened()
    page = desk.get(f"/?category=Password+Reset&{query}", 400)
    assert said in page
    assert page.count("<p>") >= 1
    assert "<title>Error: Verifications" in page
    assert numbers(page) in (["IR-1001"], [])
    assert 'href="/export.csv?category=Password+Reset' in page


def test_a_place_that_no_row_has_any_more_is_a_place_all_the_same(desk: Desk, many: int, clock: FakeClock) -> None:
    place = place_of((clock.now() - timedelta(seconds=5), "DW-GONE"))
    assert numbers(desk.get(f"/?after={place}"))[0] == "IR-2118"
    assert "Nothing older" in desk.get("/?after=0_DW-1")
    assert link(desk.seen, "Show the newest") == "/"


def test_what_was_not_looked_through_yet_is_said(desk: Desk, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deskward.store.looking_up.LOOKED", 60)
    page = desk.get("/?score=9")
    assert "| none so far<" in page
    assert "None found so far" in page
    page = desk.get(link(page, "Look further back"))
    assert "Nothing older" in desk.get(link(page, "Look further back"))
    assert "| 60+<" in desk.get("/?category=Password+Reset&level=Not+assessed")


def test_sr_88_export_asks_for_a_fresh_login_and_holds_every_row(desk: Desk, many: int, clock: FakeClock) -> None:
    asked = desk.client.get("/export.csv?category=Password+Reset", follow_redirects=False)
    assert asked.headers["location"] == "/login/second?next=%2Fexport.csv%3Fcategory%3DPassword%2BReset"
    assert "not older than 5 minutes" in desk.get(asked.headers["location"])
    assert desk.post("/login/second", code=CODE).headers["location"] == "/export.csv?category=Password+Reset"
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


def test_sr_112_who_exported_what_is_logged_without_what_was_searched_for(desk: Desk, opened: Open) -> None:
    opened()
    desk.log_in()
    with capture_logs() as logged:
        desk.get("/export.csv?text=anna.berg%40acme.example&category=Password+Reset")
    (line,) = [entry for entry in logged if entry["event"] == "exported"]
    assert (line["by"], line["rows"], line["whole"]) == ("AG-KIM", 1, True)
    assert line["filters"] == {"text": "given", "category": "Password Reset"}


def test_a_21_sr_109_no_cell_of_an_export_is_a_formula(desk: Desk, opened: Open) -> None:
    opened("=1+2", category_name="Account Unlock")
    desk.log_in()
    _, row = csv.reader(io.StringIO(desk.get("/export.csv").removeprefix("\ufeff")))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_nothing_is_exported_by_filters_that_cannot_be_used(desk: Desk, opened: Open) -> None:
    opened()
    desk.log_in()
    assert "Nothing was exported. There is no status “Odd”" in desk.get("/export.csv?status=Odd", 400)
