import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn

from deskward.channels.sms import Channel
from deskward.core.destinations import Kind
from deskward.core.errors import InvalidError, SettingsError, UncertainError, UnreachableError
from deskward.core.ports import Delivery, Message, Posted
from deskward.core.secret import Secret
from sandbox.phone import Phone, signature
from sandbox.phone_api import create_phone_app

TO, SENDER = "+4915112345678", "+15005550006"
HOOK = "https://hooks.example.com/channels/sms"
MESSAGE = Message("s-1", TO, "ignored", "Anna, open https://portal.example.com/v#abc")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Phone, str]]:
    phone = Phone(pace=0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(create_phone_app(phone), log_level="critical", ws="none", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        yield phone, f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)
    phone.close()


@pytest.fixture
def phone(served: tuple[Phone, str]) -> Phone:
    phone = served[0]
    phone.clear()
    phone.down = phone.throttled = False
    phone.fault_share = 0
    phone.refusals.clear()
    phone.outcomes.clear()
    return phone


@pytest.fixture
def channel(no_line_left: None, served: tuple[Phone, str], phone: Phone) -> Channel:
    return channel_at(served[1], account_sid=phone.account, auth_token=Secret(phone.token))


@pytest.fixture(autouse=True)
def no_line_left() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop()._out.close()


OPENED: list[Channel] = []


def channel_at(base_url: str, **settings: Any) -> Channel:
    kept: dict[str, Any] = {
        "account_sid": "AC1",
        "auth_token": Secret("t"),
        "sender": SENDER,
        "base_url": base_url,
    }
    OPENED.append(Channel(**(kept | settings)))
    return OPENED[-1]


@contextmanager
def answering(status: int, body: object = None) -> Iterator[str]:
    """Answer every request the same way; status 0 hangs up."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if status:
                written = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)
            self.close_connection = True

        do_POST = do_GET  # noqa: N815 - the name is http.server's

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_message_is_queued_at_the_provider_under_its_sid(channel: Channel, phone: Phone) -> None:
    receipt = channel.send(MESSAGE, again=False)
    text = phone.wait_for(TO)
    assert (receipt.delivery, receipt.ref) == (Delivery.ACCEPTED, text.sid)
    assert receipt.text == "queued at the SMS provider"
    assert (text.body, text.sender, text.service, text.callback) == (MESSAGE.text, SENDER, None, None)


def test_a_messaging_service_and_a_callback_are_named(served: tuple[Phone, str], phone: Phone) -> None:
    channel = channel_at(
        served[1],
        account_sid=phone.account,
        auth_token=Secret(phone.token),
        sender="",
        messaging_service_sid="MG1",
        status_callback_url="http://127.0.0.1:9/hook",
    )
    channel.send(MESSAGE, again=False)
    text = phone.wait_for(TO)
    assert (text.sender, text.service, text.callback) == ("", "MG1", "http://127.0.0.1:9/hook?sending=s-1")


def test_a_second_try_finds_the_first_and_sends_nothing(channel: Channel, phone: Phone) -> None:
    phone.fault_share = 1
    with pytest.raises(UncertainError, match="500"):
        channel.send(MESSAGE, again=False)
    phone.fault_share = 0
    text = phone.wait_for(TO, status="delivered")
    receipt = channel.send(MESSAGE, again=True)
    assert (receipt.delivery, receipt.ref) == (Delivery.DELIVERED, text.sid)
    assert len(phone.messages) == 1


def test_a_second_try_sends_where_the_first_is_certainly_absent(channel: Channel, phone: Phone) -> None:
    channel.send(Message("s-0", TO, "", "Another text"), again=False)
    assert channel.send(MESSAGE, again=True).delivery is Delivery.ACCEPTED
    assert phone.wait_for(TO, count=2).body == MESSAGE.text


def test_a_second_try_tells_how_the_first_ended(channel: Channel, phone: Phone) -> None:
    phone.fail(TO, "undelivered", 30003)
    channel.send(MESSAGE, again=False)
    phone.wait_for(TO, status="undelivered")
    receipt = channel.send(MESSAGE, again=True)
    assert receipt.delivery is Delivery.REFUSED
    assert receipt.text == "not delivered (30003): the phone is switched off or out of reach"


@pytest.mark.parametrize(("status", "body"), [(500, {}), (200, []), (401, {}), (0, None), (302, {})])
def test_a_look_up_that_fails_leaves_the_message_unknown(status: int, body: object) -> None:
    with answering(status, body) as url, pytest.raises(UncertainError, match="Nobody knows"):
        channel_at(url).send(MESSAGE, again=True)


@pytest.mark.parametrize("status", [0, 408, 500, 502, 504])
def test_a_failure_after_sending_is_uncertain(status: int) -> None:
    with answering(status) as url, pytest.raises(UncertainError):
        channel_at(url).send(MESSAGE, again=False)


@pytest.mark.parametrize("body", [None, {}, {"sid": ""}])
def test_a_message_taken_without_a_name_is_uncertain(body: object) -> None:
    with answering(201, body) as url, pytest.raises(UncertainError, match="did not name it"):
        channel_at(url).send(MESSAGE, again=False)


def test_a_provider_that_takes_nothing_now_is_asked_later(channel: Channel, phone: Phone) -> None:
    phone.down = True
    with pytest.raises(UnreachableError, match="503"):
        channel.send(MESSAGE, again=False)
    phone.down, phone.throttled = False, True
    with pytest.raises(UnreachableError) as trouble:
        channel.send(MESSAGE, again=False)
    assert trouble.value.retry_after == 1
    assert phone.messages == ()


def test_a_provider_that_is_gone_is_unreachable() -> None:
    with pytest.raises(UnreachableError):
        channel_at("http://127.0.0.1:9").send(MESSAGE, again=False)


def test_wrong_credentials_wait_for_the_right_ones(served: tuple[Phone, str], phone: Phone) -> None:
    channel = channel_at(served[1], account_sid=phone.account, auth_token=Secret("guess"))
    with pytest.raises(UnreachableError, match="credentials") as trouble:
        channel.send(MESSAGE, again=False)
    assert "guess" not in str(trouble.value)
    assert next((check.name, check.well) for check in channel.doctor()) == ("sms provider", False)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (21610, "refused by the SMS provider (21610): this number has asked for no more messages"),
        (29999, "refused by the SMS provider (code 29999)"),
    ],
)
def test_a_refusal_is_told_in_words(channel: Channel, phone: Phone, code: int, text: str) -> None:
    phone.refusals[TO] = code
    receipt = channel.send(MESSAGE, again=False)
    assert (receipt.delivery, receipt.text) == (Delivery.REFUSED, text)


def test_a_refusal_without_a_code_is_told() -> None:
    with answering(400, ["no"]) as url:
        receipt = channel_at(url).send(MESSAGE, again=False)
    assert receipt.text == "refused by the SMS provider, no reason is given"


@pytest.mark.parametrize("to", ["anna@x.de", "0151", TO + "\n", TO + "\u2028" + TO, ""])
def test_what_is_no_number_is_never_called(channel: Channel, phone: Phone, to: str) -> None:
    assert channel.send(Message("s", to, "", "t"), again=False).delivery is Delivery.REFUSED
    assert phone.messages == ()


def callback(status: str, at: str = HOOK, **changed: str) -> tuple[bytes, dict[str, str]]:
    fields = {"AccountSid": "AC1", "MessageSid": "SM1", "MessageStatus": status, "To": TO, "Empty": ""} | changed
    return urlencode(fields).encode(), {"x-twilio-signature": signature("t", at, fields)}


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        ("queued", Delivery.ACCEPTED),
        ("sent", Delivery.ACCEPTED),
        ("delivered", Delivery.DELIVERED),
        ("undelivered", Delivery.REFUSED),
        ("failed", Delivery.REFUSED),
        ("moonlit", Delivery.UNKNOWN),
    ],
)
def test_a_signed_callback_tells_how_far_the_message_is(status: str, delivery: Delivery) -> None:
    body, headers = callback(status)
    reported = channel_at("http://127.0.0.1:9").reported(Posted(HOOK, headers, body))
    assert reported is not None
    assert (reported[0], reported[1].ref, reported[1].delivery) == ("SM1", "SM1", delivery)


def test_a_failed_callback_carries_the_reason() -> None:
    body, headers = callback("failed", ErrorCode="30005")
    channel = channel_at("http://127.0.0.1:9", status_callback_url=HOOK)
    reported = channel.reported(Posted("http://inside:8080/channels/sms", headers, body))
    assert reported is not None
    assert "30005" in reported[1].text


@pytest.mark.parametrize(("callback_url", "mark"), [(HOOK, "?"), (f"{HOOK}?via=proxy", "&")])
def test_a_callback_names_the_sending_even_before_the_providers_id_is_known(callback_url: str, mark: str) -> None:
    address = f"{callback_url}{mark}sending=MS-1"
    body, headers = callback("delivered", at=address)
    channel = channel_at("http://127.0.0.1:9", status_callback_url=callback_url)
    inside = f"http://inside:8080/channels/sms?{address.partition('?')[2]}"
    reported = channel.reported(Posted(inside, headers, body))
    assert reported is not None
    assert (reported[0], reported[1].ref, reported[1].delivery) == ("MS-1", "SM1", Delivery.DELIVERED)
    for forged in (inside.replace("MS-1", "MS-2"), inside.replace("MS-1", "")):
        assert channel.reported(Posted(forged, headers, body)) is None


FORGED: list[Callable[[bytes, dict[str, str]], tuple[str, bytes, dict[str, str]]]] = [
    lambda body, _: (HOOK, body, {}),
    lambda body, _: (HOOK, body, {"x-twilio-signature": "é"}),
    lambda body, headers: (HOOK + "?x=1", body, headers),
    lambda body, headers: (HOOK, body.replace(b"sent", b"failed"), headers),
    lambda _, headers: (HOOK, b"\xff", headers),
    lambda _, headers: (HOOK, b"nothing", headers),
]


@pytest.mark.parametrize("forge", FORGED, ids=map(str, range(len(FORGED))))
def test_a_callback_that_is_not_genuine_is_none(
    forge: Callable[[bytes, dict[str, str]], tuple[str, bytes, dict[str, str]]],
) -> None:
    url, body, headers = forge(*callback("sent"))
    assert channel_at("http://127.0.0.1:9").reported(Posted(url, headers, body)) is None


@pytest.mark.parametrize("changed", [{"AccountSid": "AC2"}, {"MessageSid": ""}])
def test_a_callback_about_something_else_is_none(changed: dict[str, str]) -> None:
    body, headers = callback("sent", **changed)
    assert channel_at("http://127.0.0.1:9").reported(Posted(HOOK, headers, body)) is None


@pytest.mark.parametrize(
    ("region", "typed", "stored"),
    [
        ("DE", "0151 123-45678", "+4915112345678"),
        ("", "+49 (151) 12345678", "+4915112345678"),
        ("us", "(202) 555-0142", "+12025550142"),
        ("US", " +33 6 12 34 56 78 ", "+33612345678"),
    ],
)
def test_a_typed_number_has_one_spelling(region: str, typed: str, stored: str) -> None:
    assert channel_at("http://127.0.0.1:9", region=region).normalised(typed) == stored


@pytest.mark.parametrize(
    ("typed", "words", "hint"),
    [
        ("0151 12345678", "not a phone number", "+1 201-555-0123"),
        ("+49 30 12345", "cannot receive text", "mobile number"),
        ("+1 800 555 1234", "cannot receive text", "mobile number"),
        ("+1 202 555 CALL", "not a phone number", "Write it like"),
        ("+12", "not a phone number", "Write it like"),
        ("", "not a phone number", "Write it like"),
    ],
)
def test_a_number_without_texts_is_refused_in_words(typed: str, words: str, hint: str) -> None:
    with pytest.raises(InvalidError, match=words) as problem:
        channel_at("http://127.0.0.1:9").normalised(typed)
    assert problem.value.field == "address"
    assert hint in problem.value.hint


def test_a_number_tells_its_country() -> None:
    channel = channel_at("http://127.0.0.1:9")
    assert channel.kind is Kind.SMS
    assert [channel.country(n) for n in (TO, "+12025550142", "+447700900123", "x")] == ["DE", "US", "", ""]


def test_the_doctor_lists_and_sends_nothing(channel: Channel, phone: Phone) -> None:
    assert [check.well for check in channel.doctor()] == [True, True, True]
    assert phone.messages == ()


def test_the_doctor_sees_a_wrong_account_and_plain_addresses() -> None:
    with answering(404, {}) as url:
        checks = list(channel_at(url, status_callback_url="http://hooks.example.com/sms").doctor())
    assert [check.well for check in checks] == [False, True, False]
    assert "404" in checks[0].text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"messaging_service_sid": "MG1"}, "either sender"),
        ({"sender": ""}, "either sender"),
        ({"region": "Germany"}, r"channels\.sms\.region"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        channel_at("http://127.0.0.1:9", **settings)
