"""The dashboard: every number is what the table behind its link counts; ranges, roles, and what needs a person."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from deskward.core.accounts import Agent, Role
from deskward.core.ports import Change
from deskward.core.proof import Evidence, Proof
from deskward.core.risk import RiskLevel
from deskward.core.verification import Mark, Outcome, State, Verification
from deskward.lifecycle import House
from deskward.store.opening import Opened
from deskward.web.desk.crew import NOBODY, REST
from deskward.web.desk.dashboard import spoken
from tests.fakes import FakeClock
from tests.store.samples import an_errand
from tests.web.desk.conftest import Desk
from tests.web.desk.test_incidents import an_incident

Open = Callable[..., Verification]
Staffed = Callable[..., Agent]
Visitor = Callable[[], Desk]
COUNTED = re.compile(r'<a href="(/(?:\?[^"]*)?|/errands)">([\d,]+)</a>')
LINES = (
    (State.DONE, Outcome.PASSED, RiskLevel.VERIFIED, "Password Reset", 0),
    (State.DONE, Outcome.PASSED, RiskLevel.MEDIUM, "Account Unlock", 0),
    (State.FAILED, Outcome.FAILED, RiskLevel.HIGH, "Password Reset", 0),
    (State.FAILED, Outcome.NOT_ENOUGH_QUESTIONS, RiskLevel.MEDIUM, "Password Reset", 3),
    (State.TIMED_OUT, Outcome.TIMED_OUT, RiskLevel.NOT_ASSESSED, "Password Reset", 3),
    (State.CANCELLED, Outcome.NONE, RiskLevel.NOT_ASSESSED, "Account Unlock", 40),
    (State.REVIEW, Outcome.NONE, RiskLevel.MEDIUM, "Identity check", 40),
    (State.OPENED, Outcome.UNABLE, RiskLevel.NOT_ASSESSED, "Identity check", 100),
)


@pytest.fixture
def reader(visitor: Visitor, staffed: Staffed) -> Desk:
    """Give the browser of an approver."""
    staffed("vera", Role.APPROVER)
    desk = visitor()
    assert desk.log_in("vera").status_code == 303
    return desk


@pytest.fixture
def lines(opened: Open, store: Opened, clock: FakeClock, agent: Agent, house: House) -> None:
    """Write verifications of every status, of 0, 3, 40 and 100 days ago, by two agents and by nobody."""
    first, now = opened("2000"), clock.now()
    for name in house.people:
        house.store.finish_import(name, {"a"}, now)
    for n, (state, outcome, level, category, days) in enumerate(LINES * 2):
        at = now - timedelta(days=days, minutes=n)
        begun = state not in {State.OPENED, State.CANCELLED}
        decided = at + timedelta(seconds=100 * (n + 1)) if state in {State.DONE, State.FAILED} else None
        proof = Proof("totp", "totp:1", established=True, at=at, subject_id="s", evidence=Evidence.AUTHENTICATOR)
        row = replace(
            first,
            id=f"DW-{n:010d}",
            ticket_id=f"t-{n}",
            ticket_number=f"IR-{3000 + n}",
            version=0,
            state=state,
            outcome=outcome,
            risk_level=level,
            category=category,
            opened_at=at,
            started_at=at if begun else None,
            decided_at=decided,
            proofs=(proof,) if outcome is Outcome.PASSED else (),
            misses={"totp": 5} if outcome is Outcome.FAILED else {},
            exception=n == 0,
            agent_id=("", agent.id, "AG-OTHER")[n % 3] if begun else "",
        )
        store.store.save(row, Change())
    store.accounts.put_agent(Agent("AG-OTHER", "other", "Otto Other"))


def followed(desk: Desk, page: str) -> Iterator[tuple[str, int, int]]:
    """Follow every link of a number: its address, the number, and how many the page behind it has."""
    for address, said in COUNTED.findall(page):
        behind = desk.get(unescape(address))
        counted = re.search(r'class="count">\| ([\d,]+)<', behind)
        assert counted, address
        yield address, int(said.replace(",", "")), int(counted[1].replace(",", ""))


@pytest.mark.parametrize("query", ["days=1", "days=7", "days=30", "days=90", "from=2026-01-20&to=2026-05-02"])
def test_every_number_is_what_the_table_behind_its_link_counts(*, reader: Desk, lines: None, query: str) -> None:
    found = list(followed(reader, reader.get(f"/dashboard?{query}")))
    assert len(found) > 20
    assert [line for line in found if line[1] != line[2]] == []
    assert any(number for _, number, _ in found)


def numbers(page: str) -> dict[str, str]:
    tiles = re.findall(r'<span class="muted">([\w ]+)</span> <span class="big">(?:<a [^>]*>)?([\d,]+)', page)
    return dict(tiles)


def test_started_completed_passed_failed_and_timed_out_are_counted_in_the_range(reader: Desk, lines: None) -> None:
    page = reader.get("/dashboard?days=7")
    assert numbers(page) == {
        "Opened": "11",
        "Started": "10",
        "Completed": "8",
        "Passed": "4",
        "Failed": "2",
        "Timed Out": "2",
    }
    assert "Not Enough Questions <a" in page
    assert "In progress <a" in page
    assert numbers(reader.get("/dashboard?days=1"))["Opened"] == "7"
    assert "days of UTC" in page


def test_the_time_to_the_result_is_told_as_half_and_nine_of_ten(reader: Desk, lines: None) -> None:
    page = reader.get("/dashboard?days=7")
    assert re.search(r'Half</span> within 7 min, <span class="strong">9 of 10</span> within 19 min', page)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (1.0, "1 s"),
        (89.9, "90 s"),
        (95.0, "2 min"),
        (7100.0, "118 min"),
        (9000.0, "2 h"),
        (3e5, "3 days"),
    ],
)
def test_a_duration_is_said_in_its_largest_unit(seconds: float | None, said: str) -> None:
    assert spoken(seconds) == said


def test_the_pass_share_of_each_challenge_is_of_those_who_answered_it(
    reader: Desk, lines: None, house: House
) -> None:
    page = reader.get("/dashboard?days=7")
    row = re.search(r'<th scope="row">Link and call code</th>.*?</tr>', page)
    assert row
    assert "100%" in row[0]


def test_sr_127_agents_are_counted_in_groups_and_never_alone(reader: Desk, lines: None) -> None:
    page = reader.get("/dashboard?days=90")
    for group in ("Service desk", "Agents in no group", "Nobody yet"):
        assert f'<th scope="row">{group}</th>' in page
    assert "Kim Agent" not in page
    assert "Otto Other" not in page
    for word in ("group%3AService+desk", REST, NOBODY):
        assert f"initiator={word}" in page


def test_what_needs_a_person_now_stands_first_and_goes_when_it_is_done(
    *, reader: Desk, lines: None, store: Opened, clock: FakeClock
) -> None:
    store.store.enqueue([an_errand("bad", "lane", verification_id="")])
    errand = store.rows.claim("lane", "h", clock.now() + timedelta(days=999), clock.now() + timedelta(days=1000))
    assert errand
    store.rows.park(errand, "The ticket is gone.")
    store.store.resets.follow("entra", None, clock.now(), [an_incident(clock.now())])
    page = reader.get("/dashboard")
    for title, address, number in (
        ("Review to decide", "/?need=review", 2),
        ("Exception that nobody looked at", "/?need=exception", 1),
        ("Errand that needs a look", "/errands", 1),
        ("Reset without a grant", "/incidents", 1),
    ):
        assert re.search(rf'<a href="{re.escape(address)}">{number}</a></span> {title}', page), title
    looked = store.store.get("DW-0000000000")
    assert looked
    store.store.save(replace(looked, mark=Mark.RIGHT), Change())
    page = reader.get("/dashboard")
    assert "Exception that nobody looked at" not in page
    assert "Review to decide" in page


def test_stale_imports_are_told(reader: Desk, house: House, clock: FakeClock, opened: Open) -> None:
    assert "its addresses were never imported" in reader.get("/dashboard")
    for name in house.people:
        house.store.finish_import(name, {"a"}, clock.now())
    assert "Nothing waits for a person." in reader.get("/dashboard")
    clock.forward(hours=49)
    reader.log_in("vera")
    assert "its addresses were last imported on" in reader.get("/dashboard")


def test_a_verification_that_moves_on_is_counted_once(reader: Desk, opened: Open, store: Opened) -> None:
    row = opened("1001")
    assert numbers(reader.get("/dashboard?days=1"))["Opened"] == "1"
    row = store.store.save(
        replace(row, state=State.DONE, outcome=Outcome.PASSED, decided_at=row.opened_at), Change()
    )
    assert numbers(reader.get("/dashboard?days=1"))["Passed"] == "1"
    store.store.save(replace(row, outcome=Outcome.FAILED), Change())
    told = numbers(reader.get("/dashboard?days=1"))
    assert (told["Opened"], told["Passed"], told["Failed"]) == ("1", "0", "1")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("days=5", "There is no such range; here are the last 30 days."),
        ("days=x", "There is no such range; here are the last 30 days."),
        ("from=yesterday", "“yesterday” is no day; write it as 2026-05-31."),
        ("from=2026-05-02&to=2026-05-01", "The first day comes after the last one; both were left out."),
        ("from=2020-01-01&to=2026-05-01", "A range has 366 days at most and begins before it ends."),
        ("from=9999-12-30", "A range has 366 days at most and begins before it ends."),
        ("from=0001-01-01", "A range has 366 days at most"),
        ("to=%00", "A range has 366 days at most"),
        ("from=" + "9" * 5000, "is no day"),
    ],
)
def test_a_range_that_cannot_be_used_is_said_and_the_usual_one_shown(
    *, reader: Desk, query: str, said: str
) -> None:
    page = reader.get(f"/dashboard?{query}", 400)
    assert said in page
    assert 'href="/dashboard?days=30" aria-current="true"' in page
    assert "<title>Error: Dashboard" in page


def test_a_range_without_verifications_says_so(reader: Desk) -> None:
    page = reader.get("/dashboard?from=2025-05-01&to=2025-05-02")
    assert "No verification was opened from 2025-05-01 to 2025-05-02." in page
    assert "<svg" not in page.split("<main")[1]


def test_each_chart_has_its_words_and_its_numbers_in_a_table(reader: Desk, lines: None) -> None:
    page = reader.get("/dashboard?days=7")
    assert page.count('role="img" aria-labelledby="') == 2
    assert "Passed 4, Failed 2, Not Enough Questions 2, Timed Out 2, In progress 1." in page
    assert page.count("<summary>As a table</summary>") == 2
    assert not re.search(r"<(rect|line|text|svg)[^>]* style=", page)


@pytest.mark.parametrize(("role", "status"), [(Role.AUDITOR, 200), (Role.ADMINISTRATOR, 200), (Role.AGENT, 403)])
def test_sr_90_who_may_not_read_the_table_gets_numbers_without_links(
    *, visitor: Visitor, staffed: Staffed, lines: None, role: Role, status: int
) -> None:
    staffed("olga", role)
    desk = visitor()
    desk.log_in("olga")
    page = desk.get("/dashboard", status)
    assert ('href="/?' in page) is (role is Role.AUDITOR)
    assert ("Dashboard</a>" in page) is (status == 200)
    for hidden in ("Anna", "anna.berg", "IR-3"):
        assert hidden not in page


def test_the_table_is_narrowed_to_a_step_a_need_and_a_group(reader: Desk, lines: None) -> None:
    page = reader.get("/?reached=completed&initiator=group:Service+desk&zone=UTC")
    assert "Remove the filter Reached" in page
    assert '<option value="group:Service desk" selected>Service desk</option>' in page
    assert '<span class="value">Review to decide</span>' in reader.get("/?need=review")
    assert "There is no step “nonsense”; it was left out." in reader.get("/?reached=nonsense", 400)
    assert "There is no need “nonsense”; it was left out." in reader.get("/?need=nonsense", 400)
