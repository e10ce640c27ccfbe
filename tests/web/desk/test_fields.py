"""Which role reads which field on which page: every role against every page of the desk (SR-54, SR-90, SR-92)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from deskward.core.accounts import Agent, Role
from deskward.core.audit import Deed, Entry
from deskward.core.ports import Change
from deskward.core.threat import ThreatLevel
from deskward.core.verification import Outcome, State, Verification
from deskward.store.opening import Opened
from deskward.web.desk.grants import GRANTS, granted
from tests.core.test_report import AROUND
from tests.web.conftest import Sent
from tests.web.desk.conftest import Desk
from tests.web.desk.test_analysis import RAW
from tests.web.desk.test_incidents import an_incident
from tests.web.desk.test_transcript import ROWS

Visitor = Callable[[], Desk]
Staffed = Callable[..., Agent]
DETAILS, PDF = "/verifications/{verification_id}", "/verifications/{verification_id}/report.pdf"
SEND, PROGRESS = "/send/{verification_id}", "/send/{verification_id}/progress"
READERS = {Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR, Role.PRIVACY_OFFICER}
WORKERS = {Role.AGENT, Role.APPROVER}
PAGES = {
    DETAILS,
    SEND,
    "/",
    "/start",
    "/dashboard",
    "/audit",
    "/policy",
    "/errands",
    "/incidents",
    "/integrations",
}
PAGES |= {"/integrations/{place}", "/account", "/account/enrol/{kind}", "/people", "/people/sessions"}
Places = Mapping[str, set[Role]]
Shown = tuple[Verification, Sent]


@dataclass(frozen=True)
class Field:
    """What is searched for, and the pages and roles that show it; on every other one it must not be."""

    texts: tuple[str, ...]
    places: Places


@pytest.fixture
def shown(opened: Callable[..., Verification], store: Opened, sent: Callable[..., Sent]) -> Shown:
    """Give a verification that has every field, and one whose link is out."""
    now = store.clock.now()
    changes: dict[str, Any] = {
        "consent": "agreed",
        "surroundings": AROUND,
        "looked_at": now,
        "transcript": ROWS,
        "state": State.FAILED,
        "outcome": Outcome.FAILED,
        "decided_at": now,
        "ended_at": now,
    }
    store.store.resets.follow("entra", None, now, [an_incident(now)])
    raised = ThreatLevel(1, now, now + timedelta(hours=1), "AG-ADA", "Ada", "Calls in other names.")
    store.store.threat.write(raised, Entry(Deed.THREAT_RAISED, now, "agent:AG-ADA"))
    return store.store.save(replace(opened("1001"), **changes), Change()), sent("1002")


@pytest.fixture
def fields(shown: Shown, password_hash: str) -> dict[str, Field]:
    """Write the matrix down, apart from the program's own table."""
    whole, link = shown
    everywhere: Places = {DETAILS: {*Role}}
    exporting = {*WORKERS, Role.AUDITOR}
    table: Places = {"/": exporting | {Role.PRIVACY_OFFICER}, "/export.csv": exporting}
    code = link.code
    return {
        "requester": Field((whole.requester_name,), {**everywhere, **table, SEND: WORKERS}),
        "raw values": Field(RAW, {DETAILS: READERS}),
        "transcript": Field(("Grace Okafor", "&lt;b&gt;Hulls"), {DETAILS: READERS}),
        "call code of somebody else's sending": Field((code, f"{code[:3]} {code[3:]}"), {}),
        "link": Field((link.token,), {}),
        "whole address of the sending": Field(("anna@private.example", "+4915112345678"), {}),
        "account of an incident": Field(
            ("victim@staff.example", "rogue@staff.example"),
            {"/incidents": {Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR}},
        ),
        "reason of the threat level": Field(("Calls in other names.",), {key: {*Role} for key in PAGES}),
        "password of an account": Field((password_hash,), {}),
    }


@pytest.mark.parametrize("role", Role, ids=str)
def test_sr_90_the_matrix_of_roles_pages_and_fields_holds(
    visitor: Visitor, staffed: Staffed, shown: Shown, fields: dict[str, Field], role: Role
) -> None:
    staffed("kim", role)
    desk, (whole, link) = visitor(), shown
    desk.log_in()
    wrong = []
    for method, path in sorted(GRANTS):
        if method != "GET" or not granted([role.value], method, path):
            continue
        texts = ""
        for one in (whole, link.verification):
            known = {"kind": "totp", "vouch_id": "MS-2222222222", "place": "channels.smtp"}
            address = path.format(verification_id=one.id, **known)
            texts += desk.client.get(address).text
        for name, field in fields.items():
            found = any(text in texts for text in field.texts)
            if found is not (role in field.places.get(path, set())):
                wrong.append((name, path, "shown" if found else "not shown"))
    assert wrong == []
