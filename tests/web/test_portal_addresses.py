"""The portal's pages for new addresses, as a browser without script sees them."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from deskward.lifecycle import House, Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.web.guard import Guard
from deskward.web.portal import COOKIE, create_app
from tests.web.conftest import Sent

PASSWORD = "violet otter paints 9 barns"
NEW = "anna.b@boat.example"
Send = Callable[..., Sent]


@pytest.fixture
def client(lifecycle: Lifecycle, reading: Reading, guard: Guard) -> TestClient:
    headers = {"sec-fetch-site": "same-origin", "origin": "null"}
    return TestClient(create_app(lifecycle, reading, guard), base_url=guard.portal_url, headers=headers)


def hidden(answer: Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found, answer.text
    return found.group(1)


def press(client: TestClient, page: str, path: str, **fields: str) -> Response:
    return client.post(path, data={"version": hidden(client.get(page), "version")} | fields)


def done(client: TestClient, link: Sent) -> Response:
    client.post("/v/start", data={"token": link.token, "value": link.code})
    press(client, "/v/step", "/v/continue")
    return press(client, "/v/step", "/v/act", password=PASSWORD)


def secrets_of_message(house: House, lifecycle: Lifecycle, verification_id: str) -> tuple[str, str]:
    """Give token and code of the newest question."""
    waiting = lifecycle.waiting(lifecycle.get(verification_id))
    assert waiting
    found, _ = lifecycle.confirming(waiting.token.reveal())
    return waiting.token.reveal(), found.code(house.keyring).reveal()


def test_an_address_is_added_after_a_pass(
    client: TestClient, sent: Send, house: House, lifecycle: Lifecycle
) -> None:
    link = sent()
    assert "Add an address for next time" in done(client, link).text
    assert "Private e-mail address" in client.get("/v/address").text
    page = press(client, "/v/address", "/v/address", typed=NEW)
    assert "a•••@b•••.example" in page.text
    assert NEW not in page.text
    _, code = secrets_of_message(house, lifecycle, link.verification.id)
    wrong = press(client, "/v/address", "/v/address/code", value=f"{(int(code) + 1) % 10**6:06}")
    assert wrong.status_code == 422
    assert "That code is not right." in wrong.text
    assert "The address is confirmed." in press(client, "/v/address", "/v/address/code", value=code).text
    assert "Private e-mail address" in client.get("/v/address").text


@pytest.mark.parametrize(
    ("typed", "words"),
    [("x@y", "not an address"), ("", "Type an address"), ("anna@private.example", "on file already")],
)
def test_what_cannot_be_added_is_told_and_kept(client: TestClient, sent: Send, typed: str, words: str) -> None:
    done(client, sent())
    page = press(client, "/v/address", "/v/address", typed=typed)
    assert page.status_code == 422
    assert words in page.text
    assert f'value="{typed}"' in page.text


def test_sr_15_another_browser_an_old_page_or_a_weak_run_adds_nothing(
    client: TestClient, sent: Send, lifecycle: Lifecycle
) -> None:
    link = sent()
    assert client.get("/v/address").status_code == 404
    client.post("/v/start", data={"token": link.token, "value": link.code, "pin_key": "A" * 87})
    assert client.get("/v/address").status_code == 404
    done(client, sent("1002", requester_id="p-ben"))
    client.follow_redirects = False
    assert client.post("/v/address", data={"version": "1", "typed": NEW}).status_code == 409
    assert client.post("/v/address/code", data={"version": "1", "value": "123456"}).status_code == 303
    assert lifecycle.waiting(lifecycle.get(link.verification.id)) is None


def test_what_was_typed_stays_when_the_ticket_was_closed_meanwhile(client: TestClient, sent: Send) -> None:
    done(client, sent())
    old = client.post("/v/address", data={"version": "1", "typed": NEW})
    assert old.status_code == 409
    assert "Something changed while this page was open." in old.text
    assert f'value="{NEW}"' in old.text
    waits = client.post("/v/address", data={"version": hidden(old, "version"), "typed": NEW})
    assert "Enter the code" in waits.text


def test_a_double_click_asks_for_one_code(client: TestClient, sent: Send, lifecycle: Lifecycle) -> None:
    link = sent()
    done(client, link)
    version = hidden(client.get("/v/address"), "version")
    first, second = (client.post("/v/address", data={"version": version, "typed": NEW}) for _ in range(2))
    assert "Enter the code" in first.text
    assert "Enter the code" in second.text
    old = client.post("/v/address/code", data={"version": version, "value": "123456"})
    assert (old.status_code, "Press the button again." in old.text) == (409, True)
    assert lifecycle.waiting(lifecycle.get(link.verification.id))


def test_sr_15_a_page_of_a_pinned_run_is_signed(client: TestClient, sent: Send, store: Opened) -> None:
    done(client, sent())
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE verifications SET pin_key = 'key'")
    assert press(client, "/v/address", "/v/address", typed=NEW).status_code == 404


def test_many_codes_wait(client: TestClient, sent: Send) -> None:
    done(client, sent())
    for n in range(3):
        press(client, "/v/address?other", "/v/address", typed=f"{n}{NEW}")
    assert press(client, "/v/address?other", "/v/address", typed=NEW).status_code == 429


def test_a_scanner_that_presses_confirms_nothing_and_the_code_does_once(
    client: TestClient, sent: Send, house: House, lifecycle: Lifecycle
) -> None:
    link = sent()
    done(client, link)
    press(client, "/v/address", "/v/address", typed=NEW)
    token, code = secrets_of_message(house, lifecycle, link.verification.id)
    client.cookies.clear()
    assert client.get("/confirm").status_code == 200
    page = client.post("/confirm/open", data={"token": f"https://portal.acme.example/confirm#{token} "})
    assert hidden(page, "token") == token
    empty = client.post("/confirm", data={"token": token})
    assert (empty.status_code, "6 digits" in empty.text) == (422, True)
    assert "The address is confirmed." in client.post("/confirm", data={"token": token, "value": code}).text
    again = client.post("/confirm", data={"token": token, "value": code})
    assert (again.status_code, "does not work" in again.text) == (404, True)
    nobody = client.post("/confirm/open", data={"token": "x"})
    assert nobody.status_code == 404
    assert COOKIE not in client.cookies


def test_sms_is_understood_by_its_digits(client: TestClient, sent: Send, lifecycle: Lifecycle) -> None:
    link = sent()
    done(client, link)
    page = press(client, "/v/address", "/v/address", typed="+49 1519 9999999")
    assert "+4 ••• ••• 99" in page.text
    assert lifecycle.waiting(lifecycle.get(link.verification.id))
