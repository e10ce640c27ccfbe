"""Break-glass at the desk: asked for, confirmed, refused and reviewed on the details view (SR-69, SR-88)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from deskward.core.accounts import Agent, Role
from deskward.core.audit import Sought
from deskward.core.errors import UnreachableError
from deskward.core.verification import Outcome, State, Verification
from deskward.lifecycle import Lifecycle
from deskward.store.opening import Opened
from tests.fakes import ANNA, FakeClock, FakeDirectory
from tests.household import AGENT, PASSWORD
from tests.web.conftest import Sent
from tests.web.desk.conftest import Desk

Staffed = Callable[..., Agent]
Run = tuple[Verification, str]
WHY = {"reason": "The surgeon <b>is</b> in the theatre."}
SAID = "The surgeon &lt;b&gt;is&lt;/b&gt; in the theatre."


@pytest.fixture
def run(lifecycle: Lifecycle, sent: Callable[..., Sent], directory: FakeDirectory) -> Run:
    """Come to a review whose proof is not enough: Anna's account has a second factor since the link went out."""
    link = sent()
    directory.people["o-anna"] = replace(ANNA, aal=2)
    started, pin = lifecycle.start(link.token, link.code, address="192.0.2.7", pin_key="")
    review = lifecycle.answer(pin.reveal(), started.version)
    assert review.state is State.REVIEW
    return review, pin.reveal()


@pytest.fixture
def people(visitor: Callable[[], Desk], staffed: Staffed) -> dict[str, Desk]:
    roles = {"sam": Role.APPROVER, "ada": Role.ADMINISTRATOR, "eve": Role.APPROVER, "olga": Role.AUDITOR}
    desks = {}
    for login, role in roles.items():
        staffed(login, role)
        desks[login] = visitor()
        desks[login].log_in(login)
    return desks


def page(desk: Desk, run: Run) -> str:
    return desk.get(f"/verifications/{run[0].id}")


def post(desk: Desk, run: Run, step: str, **fields: str) -> int:
    """See the page, and press its button."""
    page(desk, run)
    return desk.post(f"/verifications/{run[0].id}/glass/{step}", **fields).status_code


def let_through(people: dict[str, Desk], run: Run) -> None:
    assert post(people["sam"], run, "ask", **WHY) == 303
    assert post(people["ada"], run, "confirm") == 303


def test_sr_69_it_is_asked_confirmed_used_and_stays_on_the_dashboard_until_a_third_reviewed_it(
    people: dict[str, Desk], run: Run, lifecycle: Lifecycle, store: Opened
) -> None:
    sam, ada, eve = (people[name] for name in ("sam", "ada", "eve"))
    assert "Ask for break-glass" in page(sam, run)
    with capture_logs() as logs:
        let_through(people, run)
    assert [(row["event"], row["by"], row["log_level"]) for row in logs] == [
        ("break-glass asked for", "AG-SAM", "warning"),
        ("break-glass confirmed", "AG-ADA", "warning"),
    ]
    assert {row["verification"] for row in logs} == {run[0].id}
    held = page(eve, run)
    assert "Sam Person asked for it, Ada Person confirmed it" in held
    assert SAID in held
    assert "Let through by break-glass - Not verified" in held
    assert "Reviewed</button>" not in held
    assert post(eve, run, "review", reason="Too early.") == 409
    lifecycle.resume(run[1], lifecycle.get(run[0].id).version)
    assert lifecycle.act(run[1], PASSWORD).state is State.DONE
    for desk in (sam, ada, people["olga"]):
        assert "Break-glass that nobody reviewed" in desk.get("/dashboard")
        assert "Reviewed</button>" not in page(desk, run)
    assert "Nobody reviews what they let through." in page(sam, run)
    assert run[0].id in eve.get("/?need=break_glass")
    assert "Break-glass</span>" in eve.get("/?status=Break-glass")
    assert run[0].id not in eve.get("/?status=Passed")
    assert post(eve, run, "review", reason="Called her: it was her.") == 303
    assert "Reviewed by Eve Person" in page(eve, run)
    assert "Break-glass that nobody reviewed" not in eve.get("/dashboard").split("ranges")[0]
    rows = store.audit.page(
        Sought(about=run[0].id, kinds=("glass_asked", "glass_confirmed", "glass_reviewed"))
    ).rows
    assert [row.actor for row in rows] == ["agent:AG-EVE", "agent:AG-ADA", "agent:AG-SAM"]
    for word in ("Break-glass asked for", "let through without enough proof", "Break-glass reviewed"):
        assert word in ada.get("/audit")


def test_sr_69_report_and_file_of_the_table_say_break_glass_and_never_passed(
    people: dict[str, Desk], run: Run, lifecycle: Lifecycle
) -> None:
    let_through(people, run)
    lifecycle.resume(run[1], lifecycle.get(run[0].id).version)
    eve = people["eve"]
    row = next(line for line in eve.get("/export.csv").splitlines() if run[0].id in line)
    assert ",Break-glass," in row
    assert "Passed" not in row
    shown = page(eve, run)
    assert '<span class="chip amber">Break-glass</span>' in shown
    assert '<span class="chip green">Passed</span>' not in shown
    assert "the proof reaches P2, P3 was needed" in shown
    assert eve.client.get(f"/verifications/{run[0].id}/report.pdf").content.startswith(b"%PDF")


def test_sr_69_who_asked_waits_for_another_or_takes_it_back(people: dict[str, Desk], run: Run) -> None:
    sam, ada = people["sam"], people["ada"]
    post(sam, run, "ask", **WHY)
    mine, theirs = page(sam, run), page(ada, run)
    assert "Take it back" in mine
    assert "Confirm: let" not in mine
    assert "Refuse</button>" in theirs
    assert "Confirm: let" in theirs
    assert "asks for break-glass" in page(people["olga"], run)
    assert "Refuse</button>" not in page(people["olga"], run)
    assert post(sam, run, "confirm") == 409
    assert post(ada, run, "refuse") == 303
    assert "Ask for break-glass" in page(sam, run)


@pytest.mark.parametrize("version", ["", "x", "0", "999", "9" * 5000])
def test_a_form_of_another_version_changes_nothing(
    people: dict[str, Desk], run: Run, lifecycle: Lifecycle, version: str
) -> None:
    assert post(people["sam"], run, "ask", version=version, **WHY) == 409
    assert lifecycle.get(run[0].id) == run[0]


@pytest.mark.parametrize("reason", ["", " ", "x" * 501])
def test_without_a_reason_nothing_is_asked_and_the_page_says_why(
    people: dict[str, Desk], run: Run, lifecycle: Lifecycle, reason: str
) -> None:
    page(people["sam"], run)
    answer = people["sam"].post(f"/verifications/{run[0].id}/glass/ask", reason=reason)
    assert answer.status_code == 422
    assert "eason" in answer.text
    assert '<details class="rest" open>' in answer.text
    assert lifecycle.get(run[0].id) == run[0]


def test_a_double_click_asks_and_confirms_once(people: dict[str, Desk], run: Run, store: Opened) -> None:
    for name, step in (("sam", "ask"), ("ada", "confirm")):
        page(people[name], run)
        seen = people[name].hidden()
        for _ in range(2):
            path = f"/verifications/{run[0].id}/glass/{step}"
            answer = people[name].client.post(path, data=seen | WHY, follow_redirects=False)
            assert answer.status_code == 303
    kinds = [event.kind.value for event in store.store.events(run[0].id)]
    assert (kinds.count("glass_asked"), kinds.count("glass_confirmed")) == (1, 1)


def test_sr_88_an_older_login_is_asked_for_the_second_factor_first(
    people: dict[str, Desk], run: Run, lifecycle: Lifecycle, clock: FakeClock
) -> None:
    page(people["sam"], run)
    clock.forward(minutes=6)
    for step in ("ask", "confirm", "review"):
        answer = people["sam"].post(f"/verifications/{run[0].id}/glass/{step}", **WHY)
        assert answer.headers["location"].startswith("/login/second?next=")
    assert lifecycle.get(run[0].id) == run[0]


def test_sr_69_where_it_is_not_for_the_page_says_why_and_shows_no_button(
    people: dict[str, Desk], run: Run, directory: FakeDirectory, desk: Desk
) -> None:
    assert "break-glass" not in page(desk, run).lower(), "an agent does not ask for it"
    directory.people["o-anna"] = replace(ANNA, aal=2, privileged=True)
    shown = page(people["sam"], run)
    assert "Not here: The account is privileged." in shown
    assert "Ask for break-glass" not in shown


def test_sr_69_a_use_whose_directory_is_down_is_still_shown(
    people: dict[str, Desk], run: Run, lifecycle: Lifecycle, directory: FakeDirectory, desk: Desk
) -> None:
    let_through(people, run)
    lifecycle.cancel(run[0].id, AGENT, "No longer needed.")
    directory.down = UnreachableError("The directory is down.")
    shown = page(desk, run)
    assert "Let through by break-glass." in shown
    assert "An approver or administrator who had no part in it has to review it." in shown
    assert lifecycle.get(run[0].id).outcome is Outcome.BREAK_GLASS


def test_the_send_page_says_until_when_the_requester_may_go_on(people: dict[str, Desk], run: Run) -> None:
    let_through(people, run)
    shown = people["eve"].get(f"/send/{run[0].id}")
    assert "Let through by break-glass" in shown
    assert "Passed, and waits" not in shown
