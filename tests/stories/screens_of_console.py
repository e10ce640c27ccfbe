"""Pictures of the console: the table of verifications with its filters, and its empty, new and faulty states."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from deskward.core.ports import Change, Errand, ErrandKind
from deskward.core.resets import LoggedReset, ResetKind
from deskward.core.risk import RiskLevel
from deskward.core.verification import Outcome, State, Verification
from deskward.store.opening import Opened, open_store
from tests.store.samples import RunningClock, a_verification
from tests.stories.camera import WIDE, Camera
from tests.stories.test_people import walk
from tests.stories.walk import Agent, Story

REQUESTERS = (
    ("Åsa Öberg", "asa.oberg@northwind.example"),
    (
        "Wilhelmina Featherstonehaugh-Montgomery von und zu Hohenstein-Wernigerode",
        "wilhelmina.featherstonehaugh-montgomery.von.und.zu.hohenstein-wernigerode@northwind.example",
    ),
    ("Grace Hopper", "grace.hopper@northwind.example"),
    ("Bo Li", "bo.li@northwind.example"),
    ("Tomás Ó Séaghdha", "tomas.oseaghdha@northwind.example"),
)
ENDS = (
    (State.DONE, Outcome.PASSED, RiskLevel.VERIFIED, 0.5),
    (State.DONE, Outcome.PASSED, RiskLevel.VERIFIED, 1.5),
    (State.FAILED, Outcome.FAILED, RiskLevel.HIGH, 9.5),
    (State.DONE, Outcome.PASSED, RiskLevel.MEDIUM, 4.5),
    (State.TIMED_OUT, Outcome.TIMED_OUT, RiskLevel.NOT_ASSESSED, None),
    (State.FAILED, Outcome.NOT_ENOUGH_QUESTIONS, RiskLevel.MEDIUM, 5.0),
    (State.CANCELLED, Outcome.NONE, RiskLevel.NOT_ASSESSED, None),
)


def table(story: Story, camera: Camera) -> None:
    """Take the table empty, full, narrowed, with what is new, and with an address that cannot be used."""
    agent = story.agent(viewport=WIDE)
    store = open_store(story.product.url, RunningClock())
    try:
        _states(story, camera, agent, store)
    finally:
        store.close()


def _states(story: Story, camera: Camera, agent: Agent, store: Opened) -> None:
    page, desk = agent.page, story.product.at("desk").rstrip("/")
    page.goto(f"{desk}/")
    camera.shoot(page, "table-empty")
    for number in range(130):
        store.store.save(_row(number), Change())
    page.goto(f"{desk}/")
    camera.shoot(page, "table-full")
    store.store.save(replace(_row(131), opened_at=datetime.now(UTC)), Change())
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("[data-news]")).to_contain_text("1 new verification")
    camera.shoot(page, "table-news")
    page.goto(f"{desk}/?text=northwind&status=Passed&level=Verified&score=1&from=2026-01-01&zone=Europe%2FBerlin")
    camera.shoot(page, "table-narrowed")
    page.goto(f"{desk}/")
    page.get_by_role("link", name="Older").click()
    page.get_by_role("link", name="Newer").wait_for()
    camera.shoot(page, "table-older")
    page.goto(f"{desk}/?text=wilhelmina")
    camera.shoot(page, "table-long")
    page.goto(f"{desk}/?text=nobody-of-that-name")
    camera.shoot(page, "table-nothing")
    page.goto(f"{desk}/?status=Odd&score=99&from=yesterday")
    camera.shoot(page, "table-unusable")
    page.goto(f"{desk}/?after=0_")
    camera.shoot(page, "table-nothing-older")
    page.route("**/news*", lambda route: route.abort())
    page.clock.install()
    page.goto(f"{desk}/")
    page.locator("tbody a").nth(1).focus()
    for seconds in (10, 20):
        with page.expect_event("requestfailed"):
            page.clock.run_for(seconds * 1000)
    expect(page.locator("[data-news]")).to_contain_text("No answer")
    camera.shoot(page, "table-no-answer")


def _row(number: int) -> Verification:
    state, outcome, level, score = ENDS[number % len(ENDS)]
    name, email = REQUESTERS[number % len(REQUESTERS)]
    return a_verification(
        f"DW-{number:010d}",
        ticket_number=f"IR-{4000 + number}",
        requester_name=name,
        requester_email=email,
        category="Account Unlock" if number % 3 == 0 else "Password Reset",
        agent_name="Alex Agent" if number % 4 else "Sam Approver",
        state=state,
        outcome=outcome,
        risk_level=level,
        risk_score=score,
        opened_at=datetime.now(UTC) - timedelta(minutes=7 * (200 - number)),
        deadline=datetime.now(UTC) + timedelta(days=1),
    )


def dashboard(story: Story, camera: Camera) -> None:
    """Take the dashboard empty, of a month, with a table open, and with an address that cannot be used."""
    page, desk = story.agent("sam", viewport=WIDE).page, story.product.at("desk").rstrip("/")
    page.goto(f"{desk}/dashboard?from=2025-01-01&to=2025-01-31")
    camera.shoot(page, "dashboard-empty")
    store = open_store(story.product.url, RunningClock())
    try:
        agents = store.accounts.agents()
        for number in range(400):
            store.store.save(_counted(number, agents[number % len(agents)].id), Change())
    finally:
        store.close()
    page.goto(f"{desk}/dashboard")
    camera.shoot(page, "dashboard")
    page.get_by_text("As a table").first.click()
    camera.shoot(page, "dashboard-table")
    page.goto(f"{desk}/dashboard?days=90")
    camera.shoot(page, "dashboard-quarter")
    page.goto(f"{desk}/dashboard?from=yesterday")
    camera.shoot(page, "dashboard-unusable")


def _counted(number: int, agent_id: str) -> Verification:
    """Make one of the last 90 days, more of them on some days than on others."""
    days = number * number % 90
    at = datetime.now(UTC) - timedelta(days=days, minutes=number)
    row = replace(_row(number), id=f"DW-C{number:09d}", ticket_id=f"counted-{number}", opened_at=at)
    begun, failed = row.state is not State.CANCELLED, row.outcome is Outcome.FAILED
    seconds = 90 + number * 7 % 900
    return replace(
        row,
        state=State.REVIEW if number % 133 == 7 else row.state,
        exception=number % 90 == 1,
        agent_id=agent_id if begun else "",
        started_at=at if begun else None,
        decided_at=at + timedelta(seconds=seconds) if row.state in {State.DONE, State.FAILED} else None,
        misses={"totp": 5} if failed else {},
    )


def audit(story: Story, camera: Camera) -> None:
    """Take the audit log after a verification and looks at it, narrowed, without a line, and unusable."""
    agent, human = story.agent(viewport=WIDE), story.product.somebody()
    ticket = agent.ticket(human, "Account Unlock")
    agent.open(ticket)
    agent.send()
    agent.page.goto(story.product.at("desk", "/?text=northwind"))
    page, desk = story.agent("olga", viewport=WIDE).page, story.product.at("desk").rstrip("/")
    page.goto(f"{desk}/audit")
    camera.shoot(page, "audit")
    page.goto(f"{desk}/audit?what=looks&from=2026-01-01")
    camera.shoot(page, "audit-looks")
    page.goto(f"{desk}/audit?about=IR-1")
    camera.shoot(page, "audit-nothing")
    page.goto(f"{desk}/audit?who=odd&from=yesterday")
    camera.shoot(page, "audit-unusable")


def policy(story: Story, camera: Camera) -> None:
    """Read the policy, folded and open."""
    page = story.agent(viewport=WIDE).page
    page.goto(story.product.at("desk", "/policy"))
    camera.shoot(page, "policy")
    for summary in page.locator(".policy summary").all()[:2]:
        summary.click()
    camera.shoot(page, "policy-open")


def others(story: Story, camera: Camera) -> None:
    """Look at a request for somebody for whom another one was cancelled."""
    agent, human = story.agent(viewport=WIDE), story.product.somebody()
    before, ticket = agent.ticket(human, "Account Unlock"), agent.ticket(human, "Password Reset")
    agent.open(before)
    agent.send()
    agent.page.get_by_role("button", name="Cancel").first.click()
    before.noted("Verification cancelled")
    agent.open(ticket)
    agent.page.locator("details.others summary").click()
    camera.shoot(agent.page, "send-others")


def incidents(story: Story, camera: Camera) -> None:
    """Look at incidents: none, one to be settled without a reason, and one that is settled."""
    page, now = story.agent("sam", viewport=WIDE).page, datetime.now(UTC)
    page.goto(story.product.at("desk", "/incidents"))
    camera.shoot(page, "incidents-none")
    kept = LoggedReset("IN-1", "entra", "e-1", now, ResetKind.PASSWORD, "p-1", REQUESTERS[1][1], "", now)
    store = open_store(story.product.url, RunningClock())
    try:
        other = replace(kept, id="IN-2", event_id="e-2", kind=ResetKind.FACTORS, by="root@northwind.example")
        store.store.resets.follow("entra", None, now, [kept, other])
    finally:
        store.close()
    page.goto(story.product.at("desk", "/incidents"))
    camera.shoot(page, "incidents")
    page.get_by_label("What it was").first.fill("Asked for at the front desk; seen in person.")
    page.get_by_role("button", name="Settle").first.click()
    page.get_by_role("heading", name="Settled").wait_for()
    camera.shoot(page, "incidents-settled")


def errands(story: Story, camera: Camera) -> None:
    """Look at errands: none that is stuck, and one that the ticketing system refused."""
    page, store = story.agent(viewport=WIDE).page, open_store(story.product.url, RunningClock())
    page.goto(story.product.at("desk", "/errands"))
    camera.shoot(page, "errands-none")
    now = datetime.now(UTC)
    about = {"connector": "changegear", "ticket": "39"}
    try:
        store.store.enqueue([Errand(ErrandKind.INTAKE, "stuck:39", "stuck:39", about, now + timedelta(hours=1))])
        claimed = store.rows.claim("stuck:39", "somebody", now + timedelta(hours=2), now + timedelta(hours=2))
        assert claimed is not None
        store.rows.park(
            claimed, "The ticketing system refused it: the field “Status” is read-only for this account."
        )
    finally:
        store.close()
    page.goto(story.product.at("desk", "/errands"))
    camera.shoot(page, "errands")


def account(story: Story, camera: Camera) -> None:
    """Add a second factor to one's own sign-in."""
    agent = story.agent(viewport=WIDE)
    page = agent.page
    page.goto(story.product.at("desk", "/account"))
    camera.shoot(page, "account-own")
    for kind in ("totp", "passkey"):
        page.goto(story.product.at("desk", f"/account/enrol/{kind}"))
        if page.get_by_role("heading", name="Confirm that it is you").count():
            agent.give_code("alex")
        camera.shoot(page, f"account-add-{kind}")


def integrations(story: Story, camera: Camera) -> None:
    """Look at the list, test a connector, write a test note, say what was seen, and make a webhook address."""
    agent, desk = story.agent(viewport=WIDE), story.product.at("desk").rstrip("/")
    ticket = agent.ticket("Wilhelmina", "Identity check")
    ticket.noted("Identity verification needed")
    page = story.agent("ada", viewport=WIDE).page
    page.goto(f"{desk}/integrations")
    camera.shoot(page, "integrations")
    page.get_by_role("link", name="changegear").click()
    camera.shoot(page, "integration")
    _test_note(page, ticket.page.url.rpartition("/")[2])
    camera.shoot(page, "integration-tested")
    page.get_by_role("button", name="It is visible").click()
    expect(page.get_by_role("alert")).to_contain_text("no notes are written")
    camera.shoot(page, "integration-visible")
    _test_note(page, ticket.page.url.rpartition("/")[2])
    page.get_by_role("button", name="I do not see the note").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Make a new address").click()
    expect(page.locator(".banner.green")).to_contain_text("shown this one time")
    camera.shoot(page, "integration-address")


def _test_note(page: Page, ticket_id: str) -> None:
    page.get_by_label("Id of a test ticket").fill(ticket_id)
    page.get_by_role("button", name="Write a test note").click()
    page.get_by_role("link", name="Say what you saw of the test note").click()
    page.reload()


def start(story: Story, camera: Camera) -> None:
    """Open a verification without a ticket: search, choose, and look at the Send page and the details."""
    agent, human = story.agent(viewport=WIDE), story.product.somebody()
    page = agent.page
    page.goto(story.product.at("desk"))
    page.get_by_role("link", name="Send Verification Portal Link").click()
    camera.shoot(page, "start")
    page.get_by_label("Name, work e-mail or account").fill(human.name)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("heading", name="found").wait_for()
    camera.shoot(page, "start-found")
    page.get_by_role("button", name="Choose").first.click()
    page.get_by_text("Opened at the desk by").wait_for()
    camera.shoot(page, "start-send")
    page.goto(page.url.replace("/send/", "/verifications/"))
    camera.shoot(page, "start-details")


CONSOLE: dict[str, Callable[[Story, Camera], None]] = {
    "verifications": table,
    "dashboard": dashboard,
    "audit": audit,
    "policy": policy,
    "others": others,
    "errands": errands,
    "incidents": incidents,
    "account": account,
    "people": lambda story, camera: walk(story, camera.shoot),
    "integrations": integrations,
    "start": start,
}
