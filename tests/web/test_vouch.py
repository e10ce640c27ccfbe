"""Colleagues vouch over HTTP: the requester's page waits, theirs is inert before the press."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from deskward.challenges.vouch import Challenge as Colleagues
from deskward.core.accounts import Agent
from deskward.core.authenticators import Authenticator, person_owner
from deskward.core.challenges import Challenge
from deskward.core.destinations import Destination, Kind
from deskward.core.links import new_id
from deskward.core.people import Person
from deskward.core.proof import Evidence
from deskward.core.secret import Secret
from deskward.core.verification import State
from deskward.core.vouching import Doubt, Met
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.web.guard import Guard
from deskward.web.portal import create_app
from tests.fakes import ANNA, BEN, FakeChallenge, FakeDirectory
from tests.web.conftest import Sent

Send = Callable[..., Sent]
MET, DOUBT = Met.KNOWN_NUMBER.value, Doubt.UNKNOWING.value
CARA = Person(
    "o-cara",
    "cara.xu",
    "Cara Xu",
    "cara@acme.example",
    (Destination("d-cara", Kind.EMAIL, "cara@acme.example", "work e-mail", "HR", same_login=True),),
    groups=("Sales",),
)


@pytest.fixture
def challenges() -> dict[str, Challenge]:
    return {"vouch": Colleagues(), "passkey": FakeChallenge("passkey", Evidence.PASSKEY)}


@pytest.fixture
def portal(
    lifecycle: Lifecycle, reading: Reading, guard: Guard, directory: FakeDirectory, house: House
) -> Callable[[], TestClient]:
    """Give one browser after the other."""
    directory.people |= {ANNA.id: replace(ANNA, aal=2), CARA.id: CARA}
    before = house.clock.now() - timedelta(days=100)
    for person in (BEN, CARA):
        owner = person_owner("roster", person.id)
        house.authenticators.enrol(
            [Authenticator(new_id("AU"), owner, "passkey", "passkey", Secret("seed"), before, before)]
        )
    headers = {"sec-fetch-site": "same-origin", "origin": "null"}
    app = create_app(lifecycle, reading, guard)
    return lambda: TestClient(app, base_url=guard.portal_url, headers=headers)


def press(client: TestClient, path: str, **fields: str) -> Response:
    page = client.get("/v/step").text
    version = page.split('name="version" value="')[1].split('"')[0]
    return client.post(path, data={"version": version} | fields)


def waiting(client: TestClient, link: Sent) -> str:
    client.post("/v/start", data={"token": link.token, "value": link.code})
    press(client, "/v/continue")
    return press(client, "/v/way", challenge="vouch", option="colleagues").text


def token_of(house: House, link: Sent, person: Person) -> str:
    found = next(v for v in house.store.vouches.of(link.verification.id) if v.voucher_id == person.id)
    return house.keyring.own_token("vouch", found.id).reveal()


def test_the_requester_waits_without_names_and_goes_on(
    portal: Callable[[], TestClient], sent: Send, house: House
) -> None:
    anna, link = portal(), sent()
    page = waiting(anna, link)
    assert "2 of 2 people must confirm" in page
    assert "Your manager" in page
    assert 'data-poll="' in page
    assert "Ben" not in page
    assert "Cara" not in page
    early = press(anna, "/v/prove")
    assert early.status_code == 422
    assert "0 of the 2 people" in early.text
    for person in (BEN, CARA):
        fields = {"token": token_of(house, link, person), "met": MET, "value": "right"}
        thanks = portal().post("/vouch/sign", data=fields)
        assert "You confirmed that Anna Berg" in thanks.text
    page = anna.get("/v/step").text
    assert "They confirmed it is you" in page
    assert "data-poll" not in page
    assert "New password" in press(anna, "/v/prove").text


def test_sr_05_a_scanner_that_opens_the_link_finds_an_inert_page(
    portal: Callable[[], TestClient], sent: Send, house: House, lifecycle: Lifecycle
) -> None:
    link = sent()
    waiting(portal(), link)
    before = lifecycle.get(link.verification.id)
    page = portal().get("/vouch")
    assert page.status_code == 200
    assert "Anna" not in page.text
    assert portal().head("/vouch").status_code == 200
    assert lifecycle.get(link.verification.id) == before
    typed = f"https://portal.acme.example/vouch#{token_of(house, link, BEN)}"
    opened = portal().post("/vouch/open", data={"token": typed}).text
    assert "Is this really Anna Berg?" in opened
    assert "IR-1001" in opened
    assert "Kim Agent" in opened
    assert "Reset the password" in opened
    assert lifecycle.get(link.verification.id) == before


def test_a_refusal_is_taken_and_a_second_press_shows_the_same_thanks(
    portal: Callable[[], TestClient], sent: Send, house: House, lifecycle: Lifecycle
) -> None:
    anna, link = portal(), sent()
    waiting(anna, link)
    token = token_of(house, link, BEN)
    for _ in range(2):
        told = portal().post("/vouch/refuse", data={"token": token, "doubt": DOUBT})
        assert "was told that you do not confirm" in told.text
    assert lifecycle.get(link.verification.id).state is State.REVIEW
    assert "was told" in portal().post("/vouch/open", data={"token": token}).text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"path": "/vouch/sign", "value": "right"}, "Say how you reached them."),
        ({"path": "/vouch/sign", "met": "<b>", "value": "right"}, "Say how you reached them."),
        ({"path": "/vouch/sign", "met": MET, "value": "wrong"}, "That passkey did not sign this."),
        ({"path": "/vouch/sign", "met": MET}, "Type something."),
        ({"path": "/vouch/refuse"}, "Say why you do not vouch."),
    ],
)
def test_bad_input_is_said_on_the_same_page(
    portal: Callable[[], TestClient], sent: Send, house: House, fields: dict[str, str], text: str
) -> None:
    link = sent()
    waiting(portal(), link)
    answer = portal().post(fields["path"], data={"token": token_of(house, link, BEN)} | fields)
    assert answer.status_code == 422
    assert text in answer.text
    assert "Is this really Anna Berg?" in answer.text


@pytest.mark.parametrize("path", ["/vouch/open", "/vouch/sign", "/vouch/refuse"])
def test_sr_75_every_dead_token_gets_the_same_bytes(portal: Callable[[], TestClient], path: str) -> None:
    bodies = set()
    for token in ("", "x" * 43, "ö", "#"):
        answer = portal().post(path, data={"token": token, "met": MET, "doubt": DOUBT})
        assert answer.status_code == 404
        bodies.add(answer.text)
    assert len(bodies) == 1


def test_who_has_nothing_to_sign_with_any_more_is_told(
    portal: Callable[[], TestClient], sent: Send, house: House
) -> None:
    link = sent()
    waiting(portal(), link)
    token = token_of(house, link, BEN)
    for one in house.authenticators.of(person_owner("roster", BEN.id)):
        house.authenticators.remove(one.id, house.clock.now())
    assert "nothing to sign with" in portal().post("/vouch/open", data={"token": token}).text
    refused = portal().post("/vouch/sign", data={"token": token, "met": MET, "value": "right"})
    assert refused.status_code == 409
    assert "You have no passkey here." in refused.text


def test_who_has_a_desk_account_is_led_there(
    portal: Callable[[], TestClient], sent: Send, house: House, store: Opened
) -> None:
    store.accounts.put_agent(Agent("a-ben", BEN.login, BEN.name))
    link = sent()
    waiting(portal(), link)
    page = portal().post("/vouch/open", data={"token": token_of(house, link, BEN)}).text
    found = next(v for v in house.store.vouches.of(link.verification.id) if v.voucher_id == BEN.id)
    assert f'href="https://desk.acme.example/vouch/{found.id}"' in page
