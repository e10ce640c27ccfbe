"""The page with what an action made, over HTTP, as a browser without script sees it."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from deskward.actions.temporary_access import Action
from deskward.core.policy import Category
from deskward.core.verification import State
from deskward.gateway import Gateway
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.web.guard import Guard
from deskward.web.portal import create_app
from tests.fakes import ANNA, GivingDirectory
from tests.web.conftest import Sent
from tests.web.test_portal import advance, dump, hidden, start

Send = Callable[..., Sent]


@pytest.fixture
def directory() -> GivingDirectory:
    return GivingDirectory(people={ANNA.id: ANNA})


@pytest.fixture
def house(house: House, directory: GivingDirectory) -> House:
    """Give a house in which tickets ask for temporary access."""
    actions = {"temporary_access": Action(minutes=45)}
    policy = replace(house.policy, categories=(Category("Help", ("Help",), "roster", "temporary_access"),))
    spender = Gateway(house.store, house.clock, {"roster": directory}, actions, policy.version)
    words = replace(house.words, action_titles={"temporary_access": "Temporary access"})
    return replace(house, actions=actions, policy=policy, gateway=spender, words=words)


@pytest.fixture
def client(lifecycle: Lifecycle, reading: Reading, guard: Guard) -> TestClient:
    headers = {"sec-fetch-site": "same-origin", "origin": "null"}
    return TestClient(create_app(lifecycle, reading, guard), base_url=guard.portal_url, headers=headers)


def test_sr_54_it_is_on_one_page_once_and_a_reload_says_so(
    client: TestClient, sent: Send, directory: GivingDirectory, store: Opened
) -> None:
    start(client, sent(category_name="Help"))
    form = advance(client, "/v/continue")
    assert "Show my temporary access" in form.text
    shown = advance(client, "/v/act")
    secret = directory.given[ANNA.id].reveal()
    assert shown.text.count(secret) == 1
    assert "within 45 minutes" in shown.text
    assert "Nobody from IT will ask you for it" in shown.text
    assert "no-store" in shown.headers["cache-control"]
    again = client.get("/v/step")
    assert secret not in again.text
    assert "was shown on this page once" in again.text
    assert "They can send you a new link" in again.text
    assert secret not in repr(dump(store))
    assert secret not in client.post("/v/act", data={"version": hidden(again, "version")}).text


def test_i_have_it_leads_to_the_end_and_may_be_pressed_after_a_reload(
    client: TestClient, sent: Send, lifecycle: Lifecycle
) -> None:
    link = sent(category_name="Help")
    start(client, link)
    advance(client, "/v/continue")
    shown = advance(client, "/v/act")
    assert re.search(r"<button>I have it</button>", shown.text)
    done = client.post("/v/received", data={"version": hidden(shown, "version")})
    assert "Your temporary access is made." in done.text
    assert "never read it to anybody" in done.text
    assert "I have it" not in client.get("/v/step").text
    assert not lifecycle.unconfirmed(lifecycle.get(link.verification.id))


def test_nothing_is_received_before_the_action(client: TestClient, sent: Send, lifecycle: Lifecycle) -> None:
    link = sent(category_name="Help")
    start(client, link)
    advance(client, "/v/received")
    advance(client, "/v/continue")
    advance(client, "/v/received")
    assert lifecycle.get(link.verification.id).state is State.PASSED


def test_what_the_directory_refuses_is_said_and_nothing_is_shown(
    client: TestClient, sent: Send, directory: GivingDirectory
) -> None:
    start(client, sent(category_name="Help"))
    advance(client, "/v/continue")
    directory.refuses = "The policy does not allow a pass."
    refused = advance(client, "/v/act")
    assert "The policy does not allow a pass." in refused.text
    assert "I have it" not in refused.text
