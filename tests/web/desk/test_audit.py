"""“Audit”: who did and looked at what; filters, paging, the file, and who may read which part of it."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from deskward.core.accounts import Agent, Role
from deskward.core.audit import Deed, Entry, Sought
from deskward.core.events import Event, EventKind
from deskward.core.ports import Change
from deskward.core.verification import Verification
from deskward.store.opening import Opened
from deskward.web.desk.audit import place_of
from tests.fakes import FakeClock
from tests.web.conftest import Sent
from tests.web.desk.conftest import CODE, Desk

Open = Callable[..., Verification]
Staffed = Callable[..., Agent]
Visitor = Callable[[], Desk]
ROW = re.compile(r'class="strong">([^<]+)</td>\s*<td[^>]*>([^<]*)</td>')


@pytest.fixture
def auditor(visitor: Visitor, staffed: Staffed) -> Desk:
    staffed("olga", Role.AUDITOR)
    desk = visitor()
    assert desk.log_in("olga").status_code == 303
    return desk


def rows(page: str) -> list[tuple[str, str]]:
    return [(what.replace("&#39;", "'"), who) for what, who in ROW.findall(page)]


def looks(store: Opened, *kinds: Deed) -> list[tuple[str, str, dict[str, object]]]:
    """Give what was recorded, oldest first: kind, verification, fields."""
    found = store.audit.page(Sought(kinds=tuple(k.value for k in kinds))).rows
    return [(row.kind.value, row.verification_id, dict(row.fields)) for row in reversed(found)]


def test_sr_112_opening_details_report_and_send_page_is_recorded_with_who_and_what(
    desk: Desk, auditor: Desk, sent: Callable[..., Sent], store: Opened
) -> None:
    v = sent().verification
    saved = store.store.get(v.id)
    assert saved
    graded = {"question": "Q", "answer": "A", "grading": "correct"}
    store.store.save(replace(saved, surroundings={"a": 1}, transcript=(graded,)), Change())
    desk.get(f"/verifications/{v.id}")
    desk.get(f"/send/{v.id}")
    auditor.get(f"/verifications/{v.id}")
    assert auditor.client.get(f"/verifications/{v.id}/report.pdf").status_code == 200
    assert looks(store, Deed.DETAILS, Deed.SEND_PAGE, Deed.REPORT) == [
        (Deed.DETAILS.value, v.id, {"shown": []}),
        (Deed.SEND_PAGE.value, v.id, {}),
        (Deed.DETAILS.value, v.id, {"shown": ["raw values", "transcript"]}),
        (Deed.REPORT.value, v.id, {"shown": ["raw values", "transcript"]}),
    ]
    page = auditor.get(f"/audit?about={v.ticket_number}&what=looks")
    assert rows(page)[0] == ("Took the report as a PDF", "Olga Person")
    assert ("Looked at the Send page", "Kim Agent") in rows(page)
    assert "with raw values and transcript" in page
    assert f'<a href="/verifications/{v.id}">{v.ticket_number}</a>' in page


def test_sr_112_who_is_not_let_in_is_recorded_and_what_was_typed_as_a_login_is_not(
    *, visitor: Visitor, auditor: Desk, agent: Agent, store: Opened
) -> None:
    assert visitor().log_in("KIM", "wrong").status_code == 422
    assert visitor().log_in("my-own-password", "wrong").status_code == 422
    halfway = visitor()
    halfway.get(halfway.give_password().headers["location"])
    assert halfway.post("/login/second", code="000000").status_code == 422
    found = [fields for _, _, fields in looks(store, Deed.SIGN_IN_REFUSED)]
    assert [(one.get("agent"), one["reason"]) for one in found] == [
        (agent.id, "wrong password"),
        (None, "wrong password"),
        (agent.id, "wrong second factor"),
    ]
    page = auditor.get("/audit?who=visitor")
    assert rows(page) == [("Was not let in", "Somebody not signed in")] * 3
    assert "Kim Agent · wrong password · " in page
    assert "my-own-password" not in page


def test_sr_112_a_page_that_a_role_does_not_give_is_recorded(desk: Desk, agent: Agent, store: Opened) -> None:
    assert desk.client.get("/people").status_code == 403
    assert [fields["page"] for _, _, fields in looks(store, Deed.DENIED)] == ["GET /people"]


def test_sr_112_who_reads_the_log_is_in_it(auditor: Desk, store: Opened) -> None:
    auditor.get("/audit?what=looks")
    assert [fields for _, _, fields in looks(store, Deed.AUDIT)] == [{"filters": {"what": "looks"}}]
    assert rows(auditor.get("/audit?who=agent:AG-OLGA"))[0] == ("Read the audit log", "Olga Person")


def test_what_a_page_fetches_by_itself_and_a_form_are_no_looks(desk: Desk, opened: Open, store: Opened) -> None:
    v = opened()
    desk.get("/account")
    desk.get(f"/send/{v.id}/progress")
    desk.get("/news?newest=0_&text=anna")
    desk.get("/")
    desk.post(f"/verifications/{v.id}/reject", reason="")
    assert looks(store, Deed.DETAILS, Deed.SEND_PAGE, Deed.SEARCHED) == []


def test_a_look_at_what_is_not_there_is_no_look(desk: Desk, store: Opened) -> None:
    desk.get("/verifications/DW-2222222222", 404)
    assert looks(store, Deed.DETAILS) == []


def test_sr_116_what_cannot_be_recorded_is_not_shown(
    desk: Desk, opened: Open, store: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    v = opened()

    def full(_entries: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(store.audit, "add", full)
    answer = desk.client.get(f"/verifications/{v.id}")
    assert answer.status_code == 500
    assert v.requester_name not in answer.text


def test_a_search_is_recorded_once_with_addresses_masked(desk: Desk, opened: Open, store: Opened) -> None:
    opened()
    desk.get("/?text=anna.berg%40acme.example+1001")
    desk.get("/?text=anna&after=1_DW-1")
    assert looks(store, Deed.SEARCHED) == [(Deed.SEARCHED.value, "", {"text": "a•••@a•••.example 1001"})]


def test_sr_112_exports_are_recorded_before_the_first_line(auditor: Desk, opened: Open, store: Opened) -> None:
    opened()
    auditor.get("/export.csv?text=anna.berg%40acme.example&status=In+progress")
    auditor.get("/audit.csv?who=requester")
    filters = {"text": "a•••@a•••.example", "status": "In progress"}
    assert looks(store, Deed.EXPORT_BEGUN, Deed.AUDIT_EXPORT_BEGUN) == [
        (Deed.EXPORT_BEGUN.value, "", {"filters": filters}),
        (Deed.AUDIT_EXPORT_BEGUN.value, "", {"filters": {"who": "requester"}}),
    ]
    assert "“a•••@a•••.example” · status: In progress" in auditor.get("/audit")


def test_what_is_done_to_accounts_is_there_with_names(
    *, visitor: Visitor, auditor: Desk, staffed: Staffed, store: Opened
) -> None:
    staffed("ada", Role.ADMINISTRATOR)
    other, admin = staffed("kai", Role.AGENT), visitor()
    admin.log_in("ada")
    admin.get("/people")
    admin.post("/people/invite", **{"role-agent": "on"})
    admin.post(f"/people/{other.id}/roles", **{"role-approver": "on"})
    admin.post(f"/people/{other.id}/deactivate")
    admin.post(f"/people/{other.id}/activate")
    admin.post(f"/people/{other.id}/factors")
    admin.post("/logout")
    page = auditor.get("/audit?who=agent:AG-ADA")
    assert [what for what, _ in rows(page)] == [
        "Signed out",
        "Removed somebody’s second factors",
        "Activated an account",
        "Deactivated an account",
        "Changed roles",
        "Invited somebody",
        "Signed in",
    ]
    assert "Kai Agent · from agent · to approver" in page


def test_sr_90_only_who_may_search_the_table_reads_what_was_searched_for(
    *, visitor: Visitor, auditor: Desk, staffed: Staffed, opened: Open
) -> None:
    opened()
    auditor.get("/?text=anna+berg")
    staffed("ada", Role.ADMINISTRATOR)
    admin = visitor()
    admin.log_in("ada")
    for path in ("/audit", "/audit.csv"):
        assert "“anna berg”" in auditor.get(path)
        seen = admin.get(path)
        assert "anna berg" not in seen
        assert "words not shown to your role" in seen


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER])
def test_sr_90_others_do_not_read_the_log(visitor: Visitor, staffed: Staffed, role: Role) -> None:
    staffed("kim", role)
    desk = visitor()
    desk.log_in()
    assert desk.client.get("/audit").status_code == desk.client.get("/audit.csv").status_code == 403
    assert 'href="/audit"' not in desk.get("/")


@pytest.fixture
def many(opened: Open, store: Opened, clock: FakeClock) -> Verification:
    """Write 120 events of one verification beside those it has, one each second."""
    row = opened("2000")
    for n in range(120):
        at = clock.now() + timedelta(seconds=n)
        row = store.store.save(row, Change(event=Event(row.id, EventKind.SENT, at, "agent:gone")))
    return row


def link(page: str, words: str) -> str:
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>{words}</a>', page)
    return found.group(1).replace("&amp;", "&") if found else ""


def times(page: str) -> list[str]:
    return re.findall(r'<time datetime="([^"]+)"', page.rsplit("<tbody", maxsplit=1)[-1])


def test_pages_follow_each_other_and_lead_back(auditor: Desk, many: Verification) -> None:
    first = times(auditor.get("/audit?what=sent"))
    second = times(auditor.get(link(auditor.seen, "Older")))
    last = times(auditor.get(link(auditor.seen, "Older")))
    assert [len(page) for page in (first, second, last)] == [50, 50, 20]
    assert first + second + last == sorted(first + second + last, reverse=True)
    assert link(auditor.seen, "Older") == ""
    assert times(auditor.get(link(auditor.seen, "Newer"))) == second
    assert times(auditor.get(link(auditor.seen, "Newer"))) == first
    assert link(auditor.seen, "Newer") == ""


def test_days_are_whole_days_of_utc(auditor: Desk, many: Verification, store: Opened) -> None:
    midnight = datetime.fromisoformat("2026-06-01T00:00:00+00:00")
    for seconds in (-1, 0, 86_399, 86_400):
        store.audit.add([Entry(Deed.DETAILS, midnight + timedelta(seconds=seconds), "agent:AG-OLGA")])
    assert len(rows(auditor.get("/audit?from=2026-06-01&to=2026-06-01"))) == 2
    assert "Days are those of UTC." in auditor.seen


def test_sr_109_a_21_the_file_holds_every_line_and_no_formula(
    auditor: Desk, many: Verification, store: Opened, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    monkeypatch.setattr("deskward.web.desk.audit.AT_ONCE", 50)
    reason = Event(many.id, EventKind.CANCELLED, clock.now(), "system", {"reason": "=cmd|' /C calc'!A0"})
    store.store.save(many, Change(event=reason))
    lines = list(csv.reader(io.StringIO(auditor.get(f"/audit.csv?about={many.id}").removeprefix("\ufeff"))))
    assert lines[0] == ["Time", "Who", "Actor", "What", "Ticket Number", "Verification ID", "Details"]
    assert len(lines) == len(store.store.events(many.id)) + 1
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert any(line[6] == "'=cmd|' /C calc'!A0" for line in lines)


def test_sr_88_the_file_asks_for_a_fresh_login(auditor: Desk, clock: FakeClock) -> None:
    clock.forward(minutes=6)
    asked = auditor.client.get("/audit.csv?what=looks", follow_redirects=False)
    assert asked.headers["location"] == "/login/second?next=%2Faudit.csv%3Fwhat%3Dlooks"
    auditor.get(asked.headers["location"])
    assert auditor.post("/login/second", code=CODE).headers["location"] == "/audit.csv?what=looks"


GARBAGE = ["\x00", "x" * 3000, "%", "'; drop table events", "\u202e<script>", "9999999-01-01", "٣", "agent:", "-1"]
GARBAGE += ["9" * 18 + "_DW-1_1", "1_" + "x" * 41 + "_1", "../../etc/passwd"]


@pytest.mark.parametrize("field", ["who", "what", "about", "from", "to", "after", "before"])
def test_garbage_in_the_address_is_answered_and_never_breaks(auditor: Desk, opened: Open, field: str) -> None:
    opened()
    auditor.log_in("olga")
    for value in GARBAGE:
        for path in ("/audit", "/audit.csv"):
            answer = auditor.client.get(path, params={field: value})
            assert answer.status_code in {200, 400}
            assert "<script>" not in answer.text
            assert (answer.status_code == 400) <= ("could not be used" in answer.text or "exported" in answer.text)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("who=agent:nobody", "There is nobody of that name here; it was left out."),
        ("what=odd", "There is no such kind of entry; it was left out."),
        ("about=" + "x" * 41, "A ticket number or verification ID has at most 40 characters; it was left out."),
        ("from=yesterday", "“yesterday” is no day; write it as 2026-05-31."),
        ("after=soon", "There is no such place in the log. Here are the newest entries."),
        ("after=1_DW-1_1&before=1_DW-1_1", "There is no such place in the log. Here are the newest entries."),
    ],
)
def test_what_cannot_be_used_is_left_out_and_said(auditor: Desk, opened: Open, query: str, said: str) -> None:
    opened()
    page = auditor.get(f"/audit?{query}", 400)
    assert said in page
    assert ">Opened<" in page


def test_an_empty_log_and_nothing_that_fits_say_so(auditor: Desk, store: Opened) -> None:
    assert "Nothing fits" in auditor.get("/audit?about=IR-1")
    oldest = store.audit.page(Sought()).rows[-1].place
    assert "Nothing older" in auditor.get(f"/audit?after={place_of(oldest)}")
