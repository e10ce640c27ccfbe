"""“Integrations”: what stands there for whom, tests, webhook addresses, and looks at test notes."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import BrowserContext, expect
from structlog.testing import capture_logs

from deskward.core.accounts import Agent, Role
from deskward.core.integrations import Checkup, Hooks
from deskward.core.ports import Errand, ErrandKind
from deskward.core.secret import Secret
from deskward.core.tickets import Check
from deskward.errands import Errands
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.web.guard import Guard
from tests.fakes import FakeClock, FakeSource
from tests.lifecycle.test_checking import Careful, Files
from tests.web.desk.conftest import OWN, Desk, desk_app, log_in

Staffed = Callable[..., Agent]
PAGE = "/integrations/connectors.changegear"
ADDRESS = re.compile(r"https://hooks\.acme\.example/hooks/changegear/([0-9a-f]{64})")


@pytest.fixture
def careful() -> Careful:
    return Careful()


@pytest.fixture
def house(house: House, careful: Careful) -> House:
    return replace(
        house,
        connectors={"changegear": careful},
        networks=Files(),
        sources={"calendar": FakeSource("calendar", ())},
        hooks=Hooks("https://hooks.acme.example", {"changegear": Secret("s" * 32)}),
    )


@pytest.fixture
def app(house: House, store: Opened, guard: Guard, clock: FakeClock) -> FastAPI:
    return desk_app(Lifecycle(house), Reading(house), store, guard, clock)


@pytest.fixture
def ada(app: FastAPI, guard: Guard, staffed: Staffed) -> Desk:
    """Give the browser of an administrator."""
    staffed("ada", Role.ADMINISTRATOR)
    made = Desk(TestClient(app, base_url=guard.desk_url, headers=OWN))
    made.log_in("ada")
    return made


@pytest.fixture
def drain(house: House, store: Opened, clock: FakeClock) -> Callable[[], None]:
    """Run the errands until none is due."""
    errands = Errands(house, Lifecycle(house), store.rows, "here")

    def run() -> None:
        while lanes := store.rows.due_lanes(clock.now(), 9):
            for lane in lanes:
                errands.drain(lane)

    return run


def test_the_list_names_everything_outside_with_its_state(ada: Desk, store: Opened, clock: FakeClock) -> None:
    rows = store.store.integrations
    rows.beat("channels.smtp", clock.now())
    rows.beat("channels.sms", clock.now(), "The provider does not answer.", reached=False)
    rows.beat("directories.roster", clock.now(), "The file was refused.")
    said = ada.get("/integrations")
    for words in ("changegear", "smtp", "sms", "roster", "calendar", "networks", "Ticketing system"):
        assert words in said
    for state in ("Working", "Not reachable", "Refused something", "Not asked yet", "Not watched"):
        assert state in said
    assert "The provider does not answer." in said


def test_the_page_shows_last_success_last_error_rights_and_backlog(
    ada: Desk, store: Opened, clock: FakeClock
) -> None:
    rows = store.store.integrations
    rows.beat("connectors.changegear", clock.now(), "It was down.", reached=False)
    clock.forward(minutes=1)
    rows.beat("connectors.changegear", clock.now())
    store.store.enqueue(
        Errand(ErrandKind.NOTE, f"changegear:{n % 12}", f"n{n}", {}, clock.now()) for n in range(14)
    )
    said = ada.get(PAGE)
    assert "View and edit." in said
    assert "It was down." in said
    assert "All 12 lanes" in said
    assert said.count('<th scope="row">changegear:') == 10
    assert "14 errands waiting" in ada.get("/integrations")


def test_test_runs_in_the_background_once_and_says_what_to_do(
    ada: Desk, drain: Callable[[], None], careful: Careful
) -> None:
    assert "Not tested from here yet" in ada.get(PAGE)
    with capture_logs() as logged:
        assert ada.post(f"{PAGE}/test").headers["location"] == PAGE
    assert ("integration tested", "AG-ADA") in [(line["event"], line.get("by")) for line in logged]
    assert "Waiting to begin" in ada.get(PAGE)
    assert "Test under way" in ada.get("/integrations")
    assert 'data-live="/integrations/connectors.changegear/live"' in ada.get(f"{PAGE}/live")
    again = ada.post(f"{PAGE}/test")
    assert (again.status_code, "under way already" in again.text) == (409, True)
    drain()
    said = ada.get(PAGE)
    assert "All is well" in said
    assert "asked for by Ada Person" in said
    assert "data-live" not in ada.get(f"{PAGE}/live")


def test_what_a_test_finds_wrong_stands_in_the_list(ada: Desk, drain: Callable[[], None]) -> None:
    ada.get("/integrations/networks")
    ada.post("/integrations/networks/test")
    drain()
    assert "→ Set it." in ada.get("/integrations/networks")
    said = ada.get("/integrations")
    assert "Needs your hands" in said
    assert "networks.asn: not configured" in said


def test_a_test_without_a_result_in_time_says_so(ada: Desk, store: Opened, clock: FakeClock) -> None:
    now = clock.now()
    errand = Errand(ErrandKind.CHECK, "check:networks", "check:1", {"checkup": "CU-1"}, now)
    store.store.integrations.ask(Checkup("CU-1", "networks", now, "agent:AG-ADA"), errand)
    store.store.integrations.tell("CU-1", [Check("a", well=True, text="b")])
    clock.forward(minutes=5)
    assert "There was no result in time" in ada.get("/integrations/networks")


def test_what_is_not_there_or_has_no_test_is_said(ada: Desk) -> None:
    ada.get("/integrations/connectors.servicenow", 404)
    assert "It has no test of its own." in ada.get("/integrations/sources.calendar")
    assert ada.post("/integrations/sources.calendar/test").status_code == 422
    assert ada.post("/integrations/nothing/test").status_code == 404
    assert ada.post("/integrations/nothing/look", seen="hidden").status_code == 404
    assert ada.post("/integrations/channels.smtp/address").status_code == 404


def test_sr_88_a_new_webhook_address_is_shown_once_after_a_fresh_login(
    ada: Desk, clock: FakeClock, store: Opened, guard: Guard
) -> None:
    said = ada.get(PAGE)
    assert "https://hooks.acme.example/hooks/changegear/…" in said
    assert "both are taken for 24 hours" in said
    clock.forward(minutes=6)
    stopped = ada.post(f"{PAGE}/address")
    assert stopped.headers["location"] == f"/login/second?next={PAGE.replace('/', '%2F')}"
    assert store.store.integrations.path_tokens("changegear") == []
    ada.get(stopped.headers["location"])
    ada.post("/login/second", code="123456")
    ada.get(PAGE)
    with capture_logs() as logged:
        made = ada.post(f"{PAGE}/address")
    token = ADDRESS.search(made.text)
    assert token
    assert "shown this one time" in made.text
    assert token[1] not in str(logged)
    assert ("webhook address changed", False, "AG-ADA") in [
        (line["event"], line.get("at_once"), line.get("by")) for line in logged
    ]
    after = ada.get(PAGE)
    assert token[1] not in after
    assert "Made by Ada Person" in after
    assert "The old address is taken until" in after
    assert token[1] not in ada.get("/integrations")


def test_a_double_click_makes_one_address(ada: Desk, store: Opened) -> None:
    ada.get(PAGE)
    form = ada.hidden()
    first = ada.client.post(f"{PAGE}/address", data=form)
    second = ada.client.post(f"{PAGE}/address", data=form)
    assert (first.status_code, second.status_code) == (200, 409)
    assert not ADDRESS.search(second.text)
    assert len(store.store.integrations.path_tokens("changegear")) == 2


def test_an_address_that_leaked_ends_at_once(ada: Desk) -> None:
    ada.get(PAGE)
    assert "The old one is taken no more." in ada.post(f"{PAGE}/address", leaked="yes").text


def test_a_test_note_waits_for_somebody_who_looks_as_the_requester(
    ada: Desk, drain: Callable[[], None], careful: Careful, clock: FakeClock
) -> None:
    said = ada.get(PAGE)
    assert "banner amber" in said
    assert "Nobody has confirmed yet" in said
    nothing = ada.post(f"{PAGE}/note", ticket=" ")
    assert (nothing.status_code, "Name a ticket" in nothing.text) == (422, True)
    assert ada.post(f"{PAGE}/note", ticket="IR-1").status_code == 422
    ada.post(f"{PAGE}/note", ticket="39")
    drain()
    said = ada.get(PAGE)
    marker = careful.tests[0][1]
    assert marker in said
    assert "This is a test note." in said
    assert ada.post(f"{PAGE}/look", marker=marker, seen="perhaps").status_code == 422
    assert ada.post(f"{PAGE}/look", marker="TEST-9", seen="hidden").status_code == 404
    clock.forward(minutes=6)
    assert "/login/second" in ada.post(f"{PAGE}/look", marker=marker, seen="hidden").headers["location"]
    ada.get("/login/second")
    ada.post("/login/second", code="123456")
    ada.get(PAGE)
    assert ada.post(f"{PAGE}/look", marker=marker, seen="hidden").headers["location"] == PAGE
    said = ada.get(PAGE)
    assert "Confirmed" in said
    assert "Nobody has confirmed yet" not in said
    assert re.search(r"Ada Person looked <time", said)
    careful.note_way = "“Notes” as text"
    assert "Notes were written in another way then" in ada.get(PAGE)


def test_a_note_that_the_requester_sees_turns_the_page_red(
    ada: Desk, drain: Callable[[], None], careful: Careful
) -> None:
    ada.get(PAGE)
    ada.post(f"{PAGE}/note", ticket="39")
    drain()
    ada.get(PAGE)
    ada.post(f"{PAGE}/look", marker=careful.tests[0][1], seen="visible")
    said = ada.get(PAGE)
    assert 'class="banner red" role="alert"' in said
    assert "Set note_action" in said
    assert "Requesters see notes" in ada.get("/integrations")


def test_an_auditor_reads_and_changes_nothing(
    app: FastAPI, guard: Guard, staffed: Staffed, ada: Desk, drain: Callable[[], None]
) -> None:
    ada.get(PAGE)
    ada.post(f"{PAGE}/note", ticket="39")
    drain()
    staffed("olga", Role.AUDITOR)
    olga = Desk(TestClient(app, base_url=guard.desk_url, headers=OWN))
    olga.log_in("olga")
    assert 'href="/integrations"' in olga.get("/")
    assert "<form" not in olga.get(PAGE).partition("<main")[2]
    for step in ("test", "note", "look", "address"):
        assert olga.post(f"{PAGE}/{step}").status_code == 403


def test_the_result_comes_by_itself_and_is_announced(
    window: Callable[..., BrowserContext],
    address: str,
    agent: Agent,
    store: Opened,
    drain: Callable[[], None],
) -> None:
    store.accounts.put_agent(replace(agent, roles=(Role.ADMINISTRATOR.value,)))
    page = window().new_page()
    log_in(page, f"{address}{PAGE}")
    page.get_by_role("button", name="Test", exact=True).dblclick()
    expect(page.locator("#live")).to_contain_text("Waiting to begin")
    page.get_by_label("Id of a test ticket").fill("39")
    drain()
    expect(page.locator("#live")).to_contain_text("All is well")
    expect(page.locator("#announce")).to_have_text("Test done: nothing to do")
    expect(page.get_by_label("Id of a test ticket")).to_have_value("39")
    page.get_by_label("The old address has leaked").check()
    page.get_by_role("button", name="Make a new address").click()
    expect(page.locator(".banner.green code")).to_contain_text("https://hooks.acme.example/hooks/changegear/")
