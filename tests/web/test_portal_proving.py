"""More proof on the portal, over HTTP, as a browser without script sees it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from deskward.core.authenticators import Authenticator, person_owner
from deskward.core.challenges import Asked, Asking, Challenge
from deskward.core.exchange import Field
from deskward.core.links import new_id
from deskward.core.proof import Evidence, ProofLevel
from deskward.core.secret import Secret
from deskward.core.verification import State
from deskward.lifecycle import Actor, House, Lifecycle, Reading
from deskward.web.guard import Guard
from deskward.web.portal import create_app
from tests.fakes import ANNA, FakeChallenge, FakeClock, FakeDirectory
from tests.web.conftest import Sent

Send = Callable[..., Sent]
SAM = Actor("agent", "a-sam", "Sam Approver")


class Choosing(FakeChallenge):
    """Asks with every kind of field and something for a script."""

    def ask(self, asking: Asking) -> Asked:
        fields = (
            Field("value", "Which colour?", "choice", "Skip what you do not know.", choices=("right", "wrong")),
            Field("more", "And why?", "text", "A few words."),
            Field("digits", "Code", "code"),
            Field("answer", "", "script", "Press the button."),
        )
        return Asked("Three things.", fields, shown={"say": "</script>'\"&", "nonce": asking.nonce})


@pytest.fixture
def challenges() -> dict[str, Challenge]:
    made: tuple[Challenge, ...] = (
        FakeChallenge("totp", Evidence.AUTHENTICATOR),
        Choosing("saved_code", Evidence.SAVED, ease=2),
    )
    return {c.name: c for c in made}


@pytest.fixture
def client(lifecycle: Lifecycle, reading: Reading, guard: Guard, directory: FakeDirectory) -> TestClient:
    directory.people[ANNA.id] = replace(ANNA, aal=2)
    headers = {"sec-fetch-site": "same-origin", "origin": "null"}
    return TestClient(create_app(lifecycle, reading, guard), base_url=guard.portal_url, headers=headers)


@pytest.fixture(autouse=True)
def enrolled(house: House, clock: FakeClock) -> None:
    before = clock.now() - timedelta(days=100)
    for kind in ("totp", "saved_code"):
        owner = person_owner("roster", ANNA.id)
        mine = Authenticator(
            new_id("AU"), owner, kind, kind, Secret("seed"), before, before, ceiling=ProofLevel.P3
        )
        house.authenticators.enrol([mine])


def press(client: TestClient, path: str, **fields: str) -> Response:
    page = client.get("/v/step").text
    version = page.split('name="version" value="')[1].split('"')[0]
    return client.post(path, data={"version": version} | fields)


def agreed(client: TestClient, link: Sent) -> Response:
    client.post("/v/start", data={"token": link.token, "value": link.code})
    return press(client, "/v/continue")


def test_the_card_shows_the_code_that_the_ticket_shows_too(client: TestClient, sent: Send, house: House) -> None:
    link = sent()
    card = client.post("/v/start", data={"token": link.token, "value": link.code})
    assert house.keyring.reverse_code(link.verification.id) in card.text


def test_more_proof_is_offered_and_leads_to_the_password(client: TestClient, sent: Send) -> None:
    link = sent()
    offers = agreed(client, link)
    assert "One more proof" in offers.text
    assert "Prove it by totp" in offers.text
    asked = press(client, "/v/way", challenge="totp", option="one")
    assert "Type it." in asked.text
    wrong = press(client, "/v/prove", value="wrong")
    assert wrong.status_code == 422
    assert "That is not right." in wrong.text
    assert 'aria-invalid="true"' in wrong.text
    assert "New password" in press(client, "/v/prove", value="right").text


def test_another_way_and_none_of_these(client: TestClient, sent: Send, lifecycle: Lifecycle) -> None:
    link = sent()
    agreed(client, link)
    every = press(client, "/v/way", challenge="saved_code", option="one").text
    assert '<input type="radio" name="value" value="wrong">' in every
    assert "&lt;/script&gt;" not in every
    assert "data-shown=" in every
    assert "</script>'" not in every
    assert "One more proof" in press(client, "/v/other").text
    assert "Thank you" in press(client, "/v/none").text
    assert lifecycle.get(link.verification.id).state is State.REVIEW


@pytest.mark.parametrize("asked", [False, True])
def test_sr_46_the_pages_of_more_proof_take_the_objection_too(
    client: TestClient, sent: Send, lifecycle: Lifecycle, asked: bool
) -> None:
    link = sent()
    page = agreed(client, link)
    if asked:
        page = press(client, "/v/way", challenge="totp", option="one")
    assert 'action="/v/not-me"' in page.text
    assert "it is stopped" in client.post("/v/not-me").text
    assert lifecycle.get(link.verification.id).state is State.DISPUTED


def test_a_way_that_is_not_offered_is_refused_on_the_same_page(client: TestClient, sent: Send) -> None:
    agreed(client, sent())
    answer = press(client, "/v/way", challenge="<b>", option="two")
    assert answer.status_code == 422
    assert "This way is not offered any more." in answer.text


def test_an_empty_answer_says_what_is_missing(client: TestClient, sent: Send) -> None:
    agreed(client, sent())
    press(client, "/v/way", challenge="totp", option="one")
    answer = press(client, "/v/prove")
    assert answer.status_code == 422
    assert "Type something." in answer.text


def test_steps_cannot_be_taken_out_of_order(client: TestClient, sent: Send, lifecycle: Lifecycle) -> None:
    link = sent()
    client.post("/v/start", data={"token": link.token, "value": link.code})
    for path in ("/v/way", "/v/prove", "/v/other", "/v/none", "/v/resume", "/v/act"):
        assert "Is this your request?" in press(client, path, challenge="totp", option="one", value="right").text
    assert lifecycle.get(link.verification.id).state is State.STARTED


def test_a_hold_is_told_with_its_end_and_leads_on_afterwards(
    client: TestClient, sent: Send, lifecycle: Lifecycle, house: House, clock: FakeClock
) -> None:
    category = replace(house.policy.categories[0], hold=timedelta(minutes=5))
    object.__setattr__(house, "policy", replace(house.policy, categories=(category,)))
    link = sent(typed="new@p.example")
    agreed(client, link)
    press(client, "/v/way", challenge="totp", option="one")
    press(client, "/v/prove", value="right")
    press(client, "/v/way", challenge="saved_code", option="one")
    review = press(client, "/v/prove", value="right")
    assert "Thank you" in review.text
    now = lifecycle.get(link.verification.id)
    lifecycle.approve(now.id, now.version, SAM, "Known by voice.")
    waiting = client.get("/v/step").text
    assert "Almost done" in waiting
    early = client.post("/v/resume", data={"version": str(now.version + 1)})
    assert early.status_code == 409
    clock.forward(minutes=5)
    lifecycle.expire()
    over = client.get("/v/step").text
    assert "You can go on" in over
    assert "New password" in press(client, "/v/resume").text
