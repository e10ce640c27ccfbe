"""The threat level at the desk: raised and lowered on “Policy”, and shown on every page (SR-67, SR-88)."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from deskward.core.accounts import Agent, Role
from deskward.core.audit import Sought
from deskward.lifecycle import House
from deskward.lifecycle.raising import level_raised
from deskward.store.opening import Opened
from tests.fakes import FakeClock
from tests.web.desk.conftest import Desk

Staffed = Callable[..., Agent]
RAISE, LOWER = "/threat/raise", "/threat/lower"
WHY = {"hours": "4", "reason": "Calls <b>in</b> other names."}


@pytest.fixture
def ada(visitor: Callable[[], Desk], staffed: Staffed) -> Desk:
    return at_policy(visitor(), staffed, "ada", Role.ADMINISTRATOR)


@pytest.fixture
def sam(visitor: Callable[[], Desk], staffed: Staffed) -> Desk:
    return at_policy(visitor(), staffed, "sam", Role.APPROVER)


def at_policy(desk: Desk, staffed: Staffed, login: str, role: Role) -> Desk:
    staffed(login, role)
    desk.log_in(login)
    desk.get("/policy")
    return desk


def test_sr_67_it_is_raised_shown_on_every_page_and_lowered_by_two(
    ada: Desk, sam: Desk, desk: Desk, house: House, store: Opened
) -> None:
    assert "Normal" in ada.get("/policy")
    with capture_logs() as logs:
        assert ada.post(RAISE, **WHY).headers["location"] == "/policy"
    assert logs == [{"event": "threat level raised", "by": "AG-ADA", "log_level": "info"}]
    level = level_raised(house)
    assert level
    for page in (ada.get("/people"), sam.get("/dashboard"), desk.get("/"), desk.get("/account")):
        assert "The threat level is raised" in page
        assert "by Ada Person: Calls &lt;b&gt;in&lt;/b&gt; other names." in page
    assert "Threat level raised until" in sam.get("/dashboard")
    assert "The threat level is raised" not in desk.client.get("/news").text
    sam.get("/policy")
    assert sam.post(LOWER).status_code == 303
    assert "You asked to lower it." in sam.get("/policy")
    assert "Sam Person asked to lower it" in sam.get("/dashboard")
    assert "Sam Person asked to lower it" in ada.get("/policy")
    assert ada.post(LOWER).status_code == 303
    assert level_raised(house) is None
    assert "The threat level is raised" not in ada.get("/policy")
    rows = store.audit.page(Sought(kinds=("threat level raised", "threat level lowered"))).rows
    assert [(row.actor, row.fields.get("agent")) for row in rows] == [
        ("agent:AG-ADA", "AG-SAM"),
        ("agent:AG-ADA", None),
    ]
    log = ada.get("/audit")
    assert "Raised the threat level" in log
    assert "until " in log
    assert "Asked to lower the threat level" in log


def test_sr_67_one_persons_two_presses_lower_nothing(ada: Desk, house: House) -> None:
    ada.post(RAISE, **WHY)
    ada.get("/policy")
    ada.post(LOWER)
    ada.post(LOWER)
    assert "Confirm" not in ada.get("/policy")
    again = ada.client.post(LOWER, data=ada.hidden(), follow_redirects=False)
    assert again.status_code == 409
    assert "You asked for it already." in again.text
    assert level_raised(house)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": " "}, "Say in one sentence why"),
        ({"hours": "48"}, "Choose one of 1, 4, 8, 24 hours."),
        ({"hours": "-1"}, "until when"),
        ({"hours": ""}, "until when"),
        ({"hours": "٤"}, "until when"),
        ({"hours": "9" * 5000}, "until when"),
    ],
)
def test_without_a_reason_or_an_end_it_is_not_raised_and_the_page_says_why(
    ada: Desk, house: House, fields: dict[str, str], said: str
) -> None:
    answer = ada.post(RAISE, **(WHY | fields))
    assert answer.status_code == 422
    assert said in answer.text
    assert level_raised(house) is None


@pytest.mark.parametrize("version", ["", "x", "7"])
def test_a_form_of_another_version_changes_nothing(ada: Desk, house: House, version: str) -> None:
    answer = ada.post(RAISE, **(WHY | {"version": version}))
    assert answer.status_code == 409
    assert "changed since you opened the page" in answer.text
    assert level_raised(house) is None


def test_sr_88_an_older_login_is_asked_for_the_second_factor_first(
    ada: Desk, house: House, clock: FakeClock
) -> None:
    clock.forward(minutes=6)
    for path in (RAISE, LOWER):
        assert ada.post(path, **WHY).headers["location"] == "/login/second?next=%2Fpolicy"
    assert level_raised(house) is None


def test_who_may_not_raise_it_sees_the_state_and_no_button(desk: Desk, ada: Desk) -> None:
    ada.post(RAISE, **WHY)
    page = desk.get("/policy")
    assert "Raised" in page
    assert RAISE not in page
    assert LOWER not in page
    assert desk.post(RAISE, **WHY).status_code == 403
