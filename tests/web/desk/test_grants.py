"""Who may do what: every role against every route (SR-90), and the buttons that each sees."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route

from deskward.core.accounts import Agent, Role
from deskward.core.verification import Verification
from deskward.lifecycle import House
from deskward.store.opening import Opened
from deskward.web.desk.grants import GRANTS, OPEN, UngrantedError, complete, granted, keys_of
from tests.web.desk.conftest import Desk

Visitor = Callable[[], Desk]
Open = Callable[..., Verification]
Staffed = Callable[..., Agent]
SHIELD = {"/csp-report", "/static/{mark}/{name:path}"}
# What each role may do, written down apart from the table of the program.
POLICY, FACTORS = {"GET /policy"}, {"GET /account", "GET /account/enrol/{kind}"}
FACTORS |= {"POST /account/enrol/{kind}", "POST /account/remove"}
FACTORS |= {"POST /account/sessions/end", "POST /account/sessions/others"}
REPORTS = {"GET /verifications/{verification_id}", "GET /verifications/{verification_id}/report.pdf"}
INCIDENTS, SETTLES = {"GET /incidents"}, {"POST /incidents/{incident_id}/settle"}
DASHBOARD, AUDIT = {"GET /dashboard"}, {"GET /audit", "GET /audit.csv"}
MARKS = {"POST /verifications/{verification_id}/mark"}
OBSERVES = {"GET /", "GET /news"} | REPORTS | POLICY | FACTORS
ERRANDS = {"GET /errands"}
READS = OBSERVES | ERRANDS | {"GET /export.csv"}
VOUCHES = {"GET /vouch/{vouch_id}", "POST /vouch/{vouch_id}/sign", "POST /vouch/{vouch_id}/refuse"}
REPLAYS = {"POST /errands/replay", "POST /verifications/{verification_id}/replay"}
WORKS = (
    READS
    | REPLAYS
    | VOUCHES
    | {
        f"POST /verifications/{{verification_id}}/{step}"
        for step in ("cancel", "review", "reject", "again", "checked", "enrol", "enrol/decline")
    }
    | {f"POST /send/{{verification_id}}{step}" for step in ("", "/look", "/code", "/cancel", "/again")}
    | {"GET /start", "POST /start", "POST /start/search"}
    | {"GET /send/{verification_id}", "GET /send/{verification_id}/progress"}
)
STAFF = {
    f"POST /people/{{agent_id}}/{step}" for step in ("roles", "deactivate", "activate", "sessions", "factors")
}
APPROVES = {
    f"POST /verifications/{{verification_id}}/{step}"
    for step in ("approve", "enrol/approve", "means/remove", "lift", "uphold")
}
THREAT = {"POST /threat/raise", "POST /threat/lower"}
GLASS = {
    f"POST /verifications/{{verification_id}}/glass/{step}" for step in ("ask", "confirm", "refuse", "review")
}
CONNECTED = {"GET /integrations", "GET /integrations/{place}", "GET /integrations/{place}/live"}
MAY = {
    Role.AGENT: WORKS,
    Role.APPROVER: WORKS | APPROVES | THREAT | GLASS | MARKS | DASHBOARD | INCIDENTS | SETTLES,
    Role.AUDITOR: READS
    | MARKS
    | DASHBOARD
    | INCIDENTS
    | AUDIT
    | CONNECTED
    | {"GET /people", "GET /people/sessions"},
    Role.PRIVACY_OFFICER: OBSERVES,
    Role.ADMINISTRATOR: STAFF
    | THREAT
    | GLASS
    | REPLAYS
    | VOUCHES
    | ERRANDS
    | POLICY
    | FACTORS
    | REPORTS
    | MARKS
    | DASHBOARD
    | INCIDENTS
    | SETTLES
    | AUDIT
    | CONNECTED
    | {f"POST /integrations/{{place}}/{step}" for step in ("test", "note", "look", "address")}
    | {"GET /people", "POST /people/invite", "GET /people/sessions", "POST /people/sessions/end"},
}


def routes(app: FastAPI) -> list[BaseRoute]:
    return [r for r in app.routes if getattr(r, "path", "") not in SHIELD]


def test_sr_90_every_route_has_a_line_in_the_table_and_every_line_its_route(app: FastAPI) -> None:
    made = {key for route in routes(app) for key in keys_of(route)}
    assert made == {*GRANTS} | OPEN
    assert not {*GRANTS} & OPEN


def test_sr_90_a_route_without_a_line_stops_the_start() -> None:
    complete([Route("/login", PlainTextResponse("")), Route("/", PlainTextResponse(""), methods=["GET"])])
    with pytest.raises(UngrantedError, match="POST /secret-door"):
        complete([Route("/secret-door", PlainTextResponse(""), methods=["POST"])])
    with pytest.raises(UngrantedError, match="Mount"):
        complete([Mount("/more", PlainTextResponse(""))])


@pytest.mark.parametrize("role", [*Role, None], ids=str)
def test_sr_90_the_matrix_of_roles_and_routes_holds(
    visitor: Visitor, staffed: Staffed, opened: Open, store: Opened, role: Role | None
) -> None:
    staffed("kim", *([role] if role else []))
    desk, may = visitor(), MAY[role] if role else set()
    desk.log_in()
    desk.get("/account", 200 if role else 403)
    for number, (method, path) in enumerate(sorted(GRANTS)):
        before, other = opened(f"{2000 + number}"), staffed(f"other{number}", Role.AGENT)
        address = path.format(
            verification_id=before.id,
            agent_id=other.id,
            kind="totp",
            vouch_id="MS-2222222222",
            incident_id="IN-1",
            place="channels.smtp",
        )
        answer = desk.client.request(method, address, data=desk.hidden(), follow_redirects=False)
        allowed = f"{method} {path}" in may
        assert granted([role.value] if role else [], method, path) is allowed
        if path == "/" and not allowed:
            assert answer.headers["location"] == ("/people" if role else "/account")
            continue
        assert (answer.status_code == 403) is not allowed, (method, path)
        if not allowed:
            assert (store.store.get(before.id), store.accounts.agent(other.id)) == (before, other)


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER], ids=str)
def test_sr_44_no_agent_role_can_change_who_reads_along(
    visitor: Visitor, staffed: Staffed, opened: Open, house: House, role: Role
) -> None:
    staffed("kim", role)
    desk, rule = visitor(), house.policy.limits.copied
    desk.log_in()
    desk.get("/account")
    for number, key in enumerate(sorted(MAY[role])):
        method, path = key.split(" ")
        address = path.format(
            verification_id=opened(f"{3000 + number}").id,
            kind="totp",
            vouch_id="MS-2222222222",
            incident_id="IN-1",
            place="channels.smtp",
        )
        extra = {"manager_copies": "never", "copied": "never", "limits.manager_copies": "never"}
        desk.client.request(method, address, data={**desk.hidden(), **extra}, follow_redirects=False)
        assert house.policy.limits.copied is rule
    ruling = ("setting", "polic", "limit")
    assert not [path for method, path in GRANTS if method != "GET" and any(word in path for word in ruling)]


def test_sr_90_a_page_that_a_role_may_not_see_says_so_calmly(visitor: Visitor, staffed: Staffed) -> None:
    staffed("olga", Role.AUDITOR)
    desk = visitor()
    desk.log_in("olga")
    page = desk.get("/send/DW-2222222222", 403)
    assert "Your account has the role auditor, and this needs another one." in page
    assert "An administrator can change roles." in page
    assert desk.get("/send/DW-2222222222/progress", 403) == "Your role does not show this."


def test_sr_90_buttons_that_a_role_may_not_use_are_not_shown(
    visitor: Visitor, staffed: Staffed, agent: Agent, opened: Open
) -> None:
    staffed("olga", Role.AUDITOR)
    worker, reader, path = visitor(), visitor(), f"/verifications/{opened().id}"
    worker.log_in("kim")
    reader.log_in("olga")
    mine, theirs = worker.get(path), reader.get(path)
    for button in ("Send page", "Cancel"):
        assert button in mine
        assert button not in theirs
    assert 'href="/people"' in theirs
    assert 'href="/people"' not in mine
    page = reader.get("/people")
    assert "Invite somebody" not in page
    assert "Save roles" not in page


def test_sr_90_the_privacy_officer_reads_what_is_kept_and_takes_nothing_away(
    visitor: Visitor, staffed: Staffed, opened: Open
) -> None:
    staffed("pia", Role.PRIVACY_OFFICER)
    reader, kept = visitor(), opened()
    reader.log_in("pia")
    assert "Export CSV" not in reader.get("/")
    page = reader.get(f"/verifications/{kept.id}")
    assert "Analysis Report" in page
    assert "can read network, device and the values behind the findings" not in page
    for link in ("/errands", "/people"):
        assert f'href="{link}"' not in page
    assert reader.client.post(f"/verifications/{kept.id}/mark", data=reader.hidden()).status_code == 403


def test_sr_90_the_auditor_reads_all_evidence(visitor: Visitor, staffed: Staffed, opened: Open) -> None:
    staffed("olga", Role.AUDITOR)
    reader = visitor()
    reader.log_in("olga")
    page = reader.get(f"/verifications/{opened().id}")
    for part in ("Analysis Report", "Proof level", "Time line", "Messages", "Notes in the ticket", "Errands"):
        assert part in page
    assert reader.get("/export.csv").count("\n") == 2
