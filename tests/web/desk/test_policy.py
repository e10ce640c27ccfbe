"""“Policy”: every category in words, as the requester meets it, and where each value is set."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from deskward.core.accounts import Agent
from deskward.core.policy import Limits, Policy
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.web.guard import Guard
from tests.fakes import FakeClock
from tests.web.desk.conftest import OWN, Desk, desk_app

CHAPTERS = ("The agent", "The requester", "Limits", "What passes, the least of it")


def test_every_category_is_told_in_words_with_its_action_class_and_screens(desk: Desk, house: House) -> None:
    page = desk.get("/policy")
    for category in house.policy.categories:
        assert f">{category.name}</h2>" in page
    assert all(page.count(f">{title}</") == len(house.policy.categories) for title in CHAPTERS)
    for words in ("Class C2", "Class C1", "Verify only", "Is this your request?", "Closes the ticket"):
        assert words in page
    assert "the code that the agent reads out" in page
    assert house.policy.version in page
    assert "A standard forbids this" not in page


def test_where_each_value_is_set_stands_beside_it(desk: Desk) -> None:
    page = desk.get("/policy")
    assert "Where each value is set" in page
    assert "<code>class</code>" in page
    assert ">default</td>" in page


def test_a_house_without_categories_says_what_to_do(
    house: House, store: Opened, guard: Guard, clock: FakeClock, agent: Agent
) -> None:
    assert agent
    desk = _desk_with(Policy((), Limits(), "v"), house, store, guard, clock)
    assert "No category asks for authentication" in desk.get("/policy")


def test_what_a_standard_forbids_is_said_on_the_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deskward.web.desk.policy.broken", lambda *_: ("Nobody passes with <nothing>.",))
    assert "A standard forbids this: Nobody passes with &lt;nothing&gt;." in desk.get("/policy")


def _desk_with(policy: Policy, house: House, store: Opened, guard: Guard, clock: FakeClock) -> Desk:
    near = replace(house, policy=policy)
    app = desk_app(Lifecycle(near), Reading(near), store, guard, clock)
    desk = Desk(TestClient(app, base_url=guard.desk_url, headers=OWN))
    desk.log_in()
    return desk


def test_everybody_with_a_role_may_read_it_and_nobody_else(visitor: Callable[[], Desk]) -> None:
    assert visitor().client.get("/policy", follow_redirects=False).status_code == 303
