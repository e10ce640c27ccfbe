"""“Send Verification Portal Link” from the table, without a ticket."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from deskward.core.accounts import Agent, Role
from deskward.core.audit import Deed, Sought
from deskward.core.console import Search
from deskward.core.verification import State
from deskward.store.opening import Opened
from tests.fakes import FakeDirectory
from tests.web.desk.conftest import Desk, log_in

SEARCH = {"category": "Password Reset", "text": "anna.berg@acme.example"}


def chosen(page: str) -> dict[str, str]:
    return dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.partition('action="/start"')[2])
    )


def test_from_the_table_to_the_send_page_without_a_ticket(desk: Desk, store: Opened) -> None:
    assert 'href="/start"' in desk.get("/")
    page = desk.get("/start")
    assert "<option>Identity check</option>" in page
    found = desk.post("/start/search", **SEARCH).text
    assert "Anna Berg" in found
    assert "a•••@a•••.example" in found
    assert "anna@private.example" not in found
    (noted,) = [row for row in store.audit.page(Sought()).rows if row.kind is Deed.SEARCHED]
    assert (noted.actor, noted.fields["found"]) == ("agent:AG-KIM", 1)
    assert "anna.berg" not in str(noted)
    first, second = (desk.post("/start", **chosen(found)) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert first.headers["location"].startswith("/send/DW-")
    send = desk.get(first.headers["location"])
    assert "No ticket" in send
    assert "Opened at the desk by Kim Agent" in send
    details = desk.get(first.headers["location"].replace("/send/", "/verifications/"))
    assert "There is no ticket: what happens stands here only." in details
    assert "Start again" not in details
    assert "No ticket" in desk.get("/")
    assert store.console.page(Search()).rows[0].state is State.OPENED


def test_what_cannot_be_is_said_and_opens_nothing(desk: Desk, store: Opened, directory: FakeDirectory) -> None:
    desk.get("/start")
    for fields, words in (
        ({"text": "an"}, "at least 3 characters"),
        ({"category": "Odd"}, "Choose what the person asks for"),
        ({"text": "nobody@acme.example"}, "Nobody of this name"),
    ):
        assert words in desk.post("/start/search", **(SEARCH | fields)).text
    good = chosen(desk.post("/start/search", **SEARCH).text)
    for wrong, status in (
        ({"form_key": "x"}, 422),
        ({"person": ""}, 422),
        ({"person": "x" * 301}, 422),
        ({"person": "o-nobody"}, 404),
        ({"category": "Odd"}, 422),
    ):
        assert desk.post("/start", **(good | wrong)).status_code == status
    assert store.console.page(Search()).rows == ()
    page = desk.post("/start/search", category="Password Reset", text='"><script>alert(1)</script>').text
    assert "<script>alert" not in page


def test_who_only_reads_has_no_such_button(visitor: Callable[[], Desk], staffed: Callable[..., Agent]) -> None:
    staffed("olga", Role.AUDITOR)
    olga = visitor()
    olga.log_in("olga")
    assert 'href="/start"' not in olga.get("/")
    olga.get("/start", 403)


def test_two_clicks_of_a_browser_open_one(
    window: Callable[..., BrowserContext], address: str, store: Opened
) -> None:
    page = window().new_page()
    log_in(page, f"{address}/")
    page.get_by_role("link", name="Send Verification Portal Link").click()
    page.get_by_label("Name, work e-mail or account").fill("anna.berg@acme.example")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Choose Anna Berg, anna.berg").dblclick()
    expect(page.get_by_text("Opened at the desk by Kim Agent")).to_be_visible()
    assert len(store.console.page(Search()).rows) == 1
