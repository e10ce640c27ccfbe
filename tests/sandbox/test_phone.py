import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.testclient import TestClient

from sandbox.phone import Phone, loopback, signature
from sandbox.phone_api import create_phone_app

TO, SENDER = "+4915112345678", "+15005550006"


@pytest.fixture
def phone() -> Iterator[Phone]:
    running = Phone(pace=0)
    yield running
    running.close()


@pytest.fixture
def client(phone: Phone) -> Iterator[TestClient]:
    with TestClient(create_phone_app(phone)) as running:
        running.auth = (phone.account, phone.token)
        yield running


@pytest.fixture
def messages(phone: Phone) -> str:
    return f"/2010-04-01/Accounts/{phone.account}/Messages.json"


def sms(**changed: str) -> dict[str, str]:
    return {"To": TO, "From": SENDER, "Body": "Your code is 123 456"} | changed


@contextmanager
def callback_server(answers: int = 204) -> Iterator[tuple[int, list[dict[str, str]]]]:
    calls: list[dict[str, str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            fields = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
            headers = {name: self.headers[name] for name in ("Host", "X-Twilio-Signature", "Content-Type")}
            calls.append(fields | headers)
            self.send_response(answers)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, calls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_message_is_created_as_documented(client: TestClient, phone: Phone, messages: str) -> None:
    answer = client.post(messages, data=sms())
    told = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"SM[0-9a-f]{32}", told["sid"])
    assert (told["status"], told["error_code"], told["direction"]) == ("queued", None, "outbound-api")
    assert told["uri"] == messages.replace(".json", f"/{told['sid']}.json")
    assert parsedate_to_datetime(told["date_created"]).utcoffset() is not None
    phone.wait_for(TO, status="delivered")
    assert client.get(told["uri"]).json()["status"] == "delivered"


def test_a_messaging_service_stands_for_a_sender(client: TestClient, messages: str) -> None:
    told = client.post(messages, data={"To": TO, "Body": "Hello", "MessagingServiceSid": "MG" + "1" * 32}).json()
    assert (told["from"], told["messaging_service_sid"]) == (None, "MG" + "1" * 32)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (sms(To=""), 21604),
        (sms(To="0151 12345678"), 21211),
        (sms(From=""), 21603),
        (sms(Body=""), 21602),
        (sms(Body="x" * 1601), 21617),
        (sms(To="+4915100000000"), 21610),
    ],
)
def test_a_wrong_message_is_refused_with_the_providers_code(
    client: TestClient, phone: Phone, messages: str, fields: dict[str, str], code: int
) -> None:
    phone.refusals["+4915100000000"] = 21610
    answer = client.post(messages, data=fields)
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert answer.json()["more_info"].endswith(str(code))
    assert phone.messages == ()


@pytest.mark.parametrize("auth", [("", ""), ("AC" + "5a" * 16, "wrong"), ("other", "sandbox-phone-token")])
def test_a_stranger_is_refused(phone: Phone, messages: str, auth: tuple[str, str]) -> None:
    with TestClient(create_phone_app(phone)) as stranger:
        answer = stranger.post(messages, data=sms(), auth=auth)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_a_damaged_login_and_an_unknown_address_are_refused(phone: Phone, messages: str) -> None:
    client = TestClient(create_phone_app(phone))
    assert client.get(messages, headers={"Authorization": "Basic ***"}).status_code == 401
    assert client.get("/2010-04-01/Accounts").json()["code"] == 20404


def test_switches_turn_calls_away(client: TestClient, phone: Phone, messages: str) -> None:
    phone.throttled = True
    answer = client.post(messages, data=sms())
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, 20429, "1")
    phone.down = True
    assert client.post(messages, data=sms()).status_code == 503
    assert phone.messages == ()


def test_a_fault_records_and_then_answers_500(client: TestClient, phone: Phone, messages: str) -> None:
    phone.fault_share = 1
    assert client.post(messages, data=sms()).status_code == 500
    found = client.get(messages, params={"To": TO, "From": SENDER}).json()["messages"]
    assert [text["body"] for text in found] == ["Your code is 123 456"]


def test_a_list_is_filtered_and_paged_newest_first(client: TestClient, phone: Phone, messages: str) -> None:
    for number in range(3):
        client.post(messages, data=sms(Body=f"number {number}"))
    client.post(messages, data=sms(To="+4915199999999"))
    today = phone.messages[0].created.date().isoformat()
    first = client.get(messages, params={"To": TO, "DateSent>": today, "PageSize": "2"}).json()
    assert [text["body"] for text in first["messages"]] == ["number 2", "number 1"]
    assert (first["page"], first["page_size"], first["start"], first["end"]) == (0, 2, 0, 1)
    assert first["previous_page_uri"] is None
    second = client.get(first["next_page_uri"]).json()
    assert [text["body"] for text in second["messages"]] == ["number 0"]
    assert second["next_page_uri"] is None
    assert client.get(messages, params={"DateSent<": "2001-01-01"}).json()["messages"] == []
    assert client.get(messages, params={"DateSent": "yesterday"}).status_code == 400
    assert client.get(messages, params={"PageSize": "0"}).status_code == 400


def test_an_unknown_message_is_not_found(client: TestClient, messages: str) -> None:
    answer = client.get(messages.replace(".json", "/SM" + "0" * 32 + ".json"))
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_every_status_is_called_back_signed_and_with_its_host(
    client: TestClient, phone: Phone, messages: str
) -> None:
    with callback_server() as (port, calls):
        url = f"http://hooks.localhost:{port}/hooks/sms/status?way=1"
        client.post(messages, data=sms(StatusCallback=url))
        phone.wait_for(TO, status="delivered")
        phone.close()
    assert [call["MessageStatus"] for call in calls] == ["sent", "delivered"]
    for call in calls:
        assert call.pop("Host") == f"hooks.localhost:{port}"
        assert call.pop("Content-Type") == "application/x-www-form-urlencoded"
        assert call.pop("X-Twilio-Signature") == signature(phone.token, url, call)


def test_an_undelivered_message_says_why(client: TestClient, phone: Phone, messages: str) -> None:
    phone.fail(TO, "undelivered", 30003)
    with callback_server() as (port, calls):
        client.post(messages, data=sms(StatusCallback=f"http://127.0.0.1:{port}/status"))
        phone.wait_for(TO, status="undelivered")
        phone.close()
    assert calls[-1]["ErrorCode"] == "30003"
    assert client.get(messages).json()["messages"][0]["error_message"] == "Unreachable destination handset"


def test_a_callback_that_fails_is_noted_and_nothing_else(client: TestClient, phone: Phone, messages: str) -> None:
    with callback_server(answers=500) as (port, _calls):
        client.post(messages, data=sms(StatusCallback=f"http://127.0.0.1:{port}/status"))
        phone.wait_for(TO, status="delivered")
        phone.close()
    assert len(phone.failed_callbacks) == 2


def test_the_signature_is_the_documented_one() -> None:
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+12349013030", "Digits": "1234"}
    fields |= {"From": "+12349013030", "To": "+18005551212"}
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, fields) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_names_below_localhost_connect_to_loopback() -> None:
    assert loopback("http://hooks.localhost:8080/a?b=1") == (
        "http://127.0.0.1:8080/a?b=1",
        "hooks.localhost:8080",
    )
    assert loopback("https://example.org/a") == ("https://example.org/a", "example.org")


def test_only_an_end_is_an_outcome(phone: Phone) -> None:
    with pytest.raises(ValueError, match="ends as one of"):
        phone.fail(TO, "sent")
