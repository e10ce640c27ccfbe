"""What the portal takes of a browser, over HTTP: only what is on, only after “Continue”, only what is proven."""

import gzip
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient
from httpx2 import Headers, Response

from bench.statements import counting
from deskward.browsers import Devices
from deskward.core.signals import Signal
from deskward.core.surroundings import Consent, Visit
from deskward.core.verification import State, Verification
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.signals.round_trip import Signal as RoundTrip
from deskward.web.collecting import Collector
from deskward.web.guard import Guard
from deskward.web.pages import assets, static_url
from deskward.web.portal import create_app
from tests.web.browsing import ENDPOINT, Looking, every, signals
from tests.web.conftest import Sent
from tests.web.test_portal import hidden, start

Send = Callable[..., Sent]
Clients = Callable[..., TestClient]
AGENT_HEADERS = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0.0.0", "accept-language": "de"}


@pytest.fixture
def watch() -> Looking:
    return Looking(reads=("colour", "device_key"))


@pytest.fixture
def browser(house: House, guard: Guard, watch: Looking) -> Clients:
    """Make browsers of a portal with these signals, by default the one that watches."""

    def making(switched_on: dict[str, Signal] | None = None, hops: int = 0) -> TestClient:
        on = {"looking": watch} if switched_on is None else switched_on
        near = replace(house, signals=on, devices=Devices())
        app = create_app(Lifecycle(near), Reading(near), replace(guard, trusted_hops=hops))
        headers = {"sec-fetch-site": "same-origin", "origin": "null"}
        return TestClient(app, base_url=guard.portal_url, headers=headers)

    return making


def on(client: TestClient, **sent: Any) -> Response:
    """Press a button of the card."""
    headers = sent.pop("headers", {})
    version = hidden(client.get("/v/step"), "version")
    return client.post("/v/continue", data={"version": version} | sent, headers=headers)


def looked(watch: Looking) -> Visit:
    (seen,) = watch.seen
    return seen.visit


def test_what_is_on_is_taken_and_nothing_else(browser: Clients, sent: Send, watch: Looking) -> None:
    client = browser()
    start(client, sent())
    told = {"colour": "blue", "size": 4, "webdriver": True, "nested": {"colour": "red"}}
    on(client, readings=json.dumps(told), headers=AGENT_HEADERS | {"x-more": "1"})
    visit = looked(watch)
    assert visit.readings == {"colour": "blue"}
    assert visit.headers == AGENT_HEADERS
    assert visit.consent is Consent.AGREED


@pytest.mark.parametrize("readings", ["", "{", "[1]", '"x"', '{"colour": {"a": 1}}', "[" * 5000, "x" * 9000])
def test_garbage_is_no_reading_and_no_error(browser: Clients, sent: Send, watch: Looking, readings: str) -> None:
    client = browser()
    start(client, sent())
    assert on(client, readings=readings).url.path == "/v/step"
    assert looked(watch).readings == {}


def test_headers_are_cut_and_cleaned(browser: Clients, sent: Send, watch: Looking) -> None:
    client = browser()
    start(client, sent())
    on(client, headers={"user-agent": "x" * 4000, "accept-language": "de\x7f-CH"})
    assert looked(watch).headers == {"user-agent": "x" * 300, "accept-language": "de-CH"}


def test_sr_119_whoever_declines_tells_nothing_of_the_browser_and_goes_on(
    browser: Clients, sent: Send, watch: Looking, lifecycle: Lifecycle
) -> None:
    client, link = browser(), sent()
    start(client, link)
    answer = on(client, choice="decline", readings='{"colour": "blue"}', headers=AGENT_HEADERS)
    visit = looked(watch)
    assert (visit.consent, visit.readings, visit.headers) == (Consent.DECLINED, {}, {})
    assert answer.url.path == "/v/step"
    assert lifecycle.get(link.verification.id).state is not State.FAILED


def test_sr_119_the_card_names_each_signal_with_purpose_and_retention(browser: Clients, sent: Send) -> None:
    client = browser(every())
    start(client, sent())
    card = client.get("/v/step").text
    for signal in signals(*ENDPOINT).values():
        assert f"<dt>{signal.title}</dt><dd>{signal.about}</dd>" in card
    assert "To protect your account" in card
    assert "deleted after 30 days" in card
    assert "Continue without this check" in card


def test_nobody_can_press_before_the_script_that_reads_is_there(browser: Clients, sent: Send) -> None:
    client = browser(every())
    start(client, sent())
    card = client.get("/v/step").text
    (tag,) = re.findall(r'<script src="/collect/[^>]*>', card)
    assert " defer" not in tag
    assert " async" not in tag
    assert card.index(tag) < card.index("<button>Continue</button>")


def test_a_card_without_signals_says_what_it_always_said(browser: Clients, sent: Send) -> None:
    client = browser({})
    start(client, sent())
    card = client.get("/v/step").text
    assert "Nothing else is collected from your browser." in card
    assert "without this check" not in card
    assert "readings" not in card
    assert "/collect/" not in card


def test_a_card_with_signals_of_the_server_only_asks_nothing_of_the_browser(browser: Clients, sent: Send) -> None:
    client = browser({"opens": Looking("opens")})
    start(client, sent())
    card = client.get("/v/step").text
    assert "The one thing we look at, and why" in card
    assert "your browser" not in card.split("<details")[0]
    assert "without this check" not in card


@pytest.mark.parametrize("off", [*ENDPOINT, "device_key"])
def test_sr_120_a_signal_that_is_off_has_no_code_and_takes_no_reading(off: str) -> None:
    collector = Collector.of({name: signal for name, signal in every().items() if name != off})
    assert collector.asset is not None
    text = collector.asset.body.decode()
    assert f"readers.{off} =" not in text
    assert f"readers.{off} =" in Collector.of(every()).asset.body.decode()  # type: ignore[union-attr]
    assert not set(every()[off].reads) & set(collector.names)


def test_sr_120_no_reader_is_served_but_in_the_file_of_those_that_are_on(browser: Clients) -> None:
    client, collector = browser(signals("screen")), Collector.of(signals("screen"))
    assert client.get(collector.url).text.count("readers.") == 1
    assert client.get("/collect/0000000000000000.js").status_code == 404
    assert not [name for name in assets() if name.startswith("signals/")]
    assert browser({}).get(collector.url).status_code == 404
    assert Collector.of({}).url == Collector.of({"looking": Looking()}).url == ""


def test_sr_120_nothing_looks_for_network_addresses() -> None:
    scripts = Collector.of(every()).asset
    assert scripts is not None
    assert "RTCPeerConnection" not in scripts.body.decode()


def test_the_file_may_be_kept_for_ever_and_is_sent_packed(browser: Clients) -> None:
    url = Collector.of(every()).url
    answer = browser(every()).get(url, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


def test_sr_83_the_collector_is_below_8_kb_and_the_card_with_everything_below_30(
    browser: Clients, sent: Send
) -> None:
    client = browser(every())
    start(client, sent())
    with_times = every() | {"round_trip": RoundTrip(header="X-Transport-RTT")}
    collector = Collector.of(with_times).asset
    assert collector is not None
    page = len(gzip.compress(client.get("/v/step").content))
    assert len(collector.packed) < 8_000
    whole = page + len(collector.packed) + sum(len(assets()[n].packed) for n in ("portal.js", "portal.css"))
    assert whole < 30_000
    assert static_url("portal.js") in client.get("/v/step").text


def test_sr_81_and_a_27_forged_headers_change_neither_address_nor_findings(
    browser: Clients, sent: Send, watch: Looking
) -> None:
    forged = {"x-forwarded-for": "198.51.100.9", "x-real-ip": "198.51.100.9", "forwarded": "for=198.51.100.9"}
    for number, headers in (("1001", {}), ("1002", forged)):
        client = browser()
        start(client, sent(number))
        on(client, headers=headers)
    plain, with_forged = (seen.visit for seen in watch.seen)
    assert plain.address == with_forged.address == "testclient"
    assert plain.headers == with_forged.headers


@pytest.mark.parametrize(("hops", "sent_times"), [(0, 1), (1, 2)], ids=["no proxy", "one besides the proxy's"])
def test_sr_81_a_forged_time_of_the_connection_changes_nothing(
    browser: Clients, sent: Send, lifecycle: Lifecycle, hops: int, sent_times: int
) -> None:
    signal, found = RoundTrip(header="X-Transport-RTT"), []
    for number, who, forged in (("1001", "p-anna", False), ("1002", "p-ben", True)):
        client, link = browser({"round_trip": signal}, hops), sent(number, requester_id=who)
        start(client, link)
        client.headers = Headers([*client.headers.items(), *[("x-transport-rtt", "400000")] * forged * sent_times])
        on(client, readings='{"round_trip": 400}')
        found.append(lifecycle.get(link.verification.id).observed)
    assert found[0] == found[1]
    assert [row.get("unknown") for row in found[0]] == [True]


def test_sr_81_behind_a_proxy_of_our_own_the_time_of_the_connection_is_what_it_tells(
    browser: Clients, sent: Send, watch: Looking
) -> None:
    signal = RoundTrip(header="X-Transport-RTT")
    client = browser({"round_trip": signal, "looking": watch}, 1)
    start(client, sent())
    on(client, headers={"x-transport-rtt": "20000", "x-other": "1"} | AGENT_HEADERS)
    assert looked(watch).headers == {"x-transport-rtt": "20000"} | AGENT_HEADERS


def test_a_ping_is_nothing_and_asks_the_database_nothing(browser: Clients) -> None:
    client = browser()
    with counting() as count:
        answer = client.get("/collect/ping")
    assert (answer.status_code, answer.content, count.statements) == (204, b"", 0)
    assert answer.headers["cache-control"] == "no-store"


def test_sr_81_behind_a_proxy_of_our_own_the_address_is_what_it_saw(
    browser: Clients, sent: Send, watch: Looking
) -> None:
    client = browser(hops=1)
    start(client, sent())
    on(client, headers={"x-forwarded-for": "198.51.100.9, 203.0.113.8"})
    assert looked(watch).address == "203.0.113.8"


def test_sr_07_a_scanner_that_opens_and_fetches_everything_is_nothing_that_the_subject_did(
    browser: Clients, sent: Send, lifecycle: Lifecycle
) -> None:
    results = []
    for number, who, scanned in (("1001", "p-anna", False), ("1002", "p-ben", True)):
        link = sent(number, requester_id=who)
        if scanned:
            scanner = browser(signals("automation"))
            scanner.post("/v/open", data={"token": link.token}, headers=AGENT_HEADERS)
            scanner.get(Collector.of(signals("automation")).url, headers=AGENT_HEADERS)
            told = {"version": "2", "readings": '{"webdriver": true}'}
            assert scanner.post("/v/continue", data=told, headers=AGENT_HEADERS).status_code == 404
        client = browser(signals("automation"))
        start(client, link)
        on(client, readings='{"webdriver": false}')
        results.append(lifecycle.get(link.verification.id))
    assert results[0].observed == results[1].observed != ()
    assert results[0].state is results[1].state is State.PASSED


def _key_and_signature(text: str) -> tuple[str, str]:
    key = generate_private_key(SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    r, s = decode_dss_signature(key.sign(text.encode(), ECDSA(SHA256())))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return _text(point), _text(raw)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _nonce(house: House, verification: Verification) -> str:
    return house.keyring.page_nonce(verification.pin, verification.version)


@pytest.mark.parametrize(
    ("purpose", "taken"), [("device|{}", True), ("{}", False), ("device|other", False), ("", False)]
)
def test_a_device_key_counts_only_if_the_browser_signs_with_it_on_this_page(  # noqa: PLR0917 - fixtures
    browser: Clients, sent: Send, watch: Looking, house: House, purpose: str, taken: bool
) -> None:
    client, link = browser(), sent()
    start(client, link)
    nonce = _nonce(house, house.store.get(link.verification.id))  # type: ignore[arg-type]
    key, signature = _key_and_signature(purpose.format(nonce))
    on(client, readings=json.dumps({"device_key": key, "device_signature": signature}))
    assert looked(watch).readings == ({"device_key": key} if taken else {})


@pytest.mark.parametrize(
    "told", [{"device_key": "BG"}, {"device_key": 5, "device_signature": 7}, {"device_signature": "AA"}]
)
def test_half_a_device_key_is_none(browser: Clients, sent: Send, watch: Looking, told: dict[str, Any]) -> None:
    client = browser()
    start(client, sent())
    on(client, readings=json.dumps(told))
    assert looked(watch).readings == {}
