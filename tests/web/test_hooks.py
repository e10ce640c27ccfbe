"""The way in for the ticketing system and the channels."""

import base64
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from deskward.core.integrations import Hooks
from deskward.core.ports import Delivery
from deskward.core.secret import Secret
from deskward.lifecycle import Lifecycle
from deskward.store.opening import Opened
from deskward.store.tables import metadata
from deskward.web.guard import Guard
from deskward.web.hooks import create_app
from tests.fakes import FakeClock

TOKEN = "t" * 32
PATH = f"/hooks/changegear/{TOKEN}"
LOGIN = {"authorization": "Basic " + base64.b64encode(b"hook:sesame").decode()}


@pytest.fixture
def client(lifecycle: Lifecycle, guard: Guard) -> TestClient:
    return TestClient(
        create_app(hooked(lifecycle, {"changegear": Secret(TOKEN)}), guard), base_url=guard.hooks_url
    )


def hooked(lifecycle: Lifecycle, tokens: dict[str, Secret]) -> Lifecycle:
    """Give the story of a house whose settings have these path tokens."""
    return Lifecycle(replace(lifecycle.house, hooks=Hooks("https://hooks.acme.example", tokens)))


def intakes(store: Opened) -> list[str]:
    errands = metadata.tables["errands"]
    with store.database.read() as connection:
        rows = connection.execute(errands.select()).mappings().all()
    return [row["about"]["ticket"] for row in rows if row["kind"] == "intake"]


def test_sr_100_a_webhook_is_a_hint_that_queues_one_reading(client: TestClient, store: Opened) -> None:
    body = b'{"id": "T-7", "category": "forged", "requester": "forged"}'
    answer = client.post(PATH, content=body, headers=LOGIN)
    assert answer.status_code == 202
    assert answer.content == b""
    assert intakes(store) == ["T-7"]


def test_a_23_a_replay_at_once_queues_nothing_more(client: TestClient, store: Opened, clock: FakeClock) -> None:
    for _ in range(5):
        assert client.post(PATH, content=b'{"id": "T-7"}', headers=LOGIN).status_code == 202
    assert intakes(store) == ["T-7"]
    clock.forward(seconds=5)
    client.post(PATH, content=b'{"id": "T-7"}', headers=LOGIN)
    assert intakes(store) == ["T-7", "T-7"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (PATH, {}),
        (PATH, {"authorization": "Basic bm90OnJpZ2h0"}),
        (PATH, {"authorization": "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")}),
        ("/hooks/changegear/wrong", LOGIN),
        (f"/hooks/changegear/{'é' * 16}", LOGIN),
        ("/hooks/changegear/%00%ff", LOGIN),
        (f"/hooks/other/{TOKEN}", LOGIN),
        ("/hooks/other/x", LOGIN),
    ],
)
def test_a_23_a_forged_webhook_is_refused_and_leaves_nothing(
    client: TestClient, store: Opened, path: str, headers: dict[str, str]
) -> None:
    raw = [(n.encode(), v.encode("latin-1")) for n, v in headers.items()]
    answer = client.post(path, content=b'{"id": "T-7"}', headers=raw)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert answer.json()["title"] == "Not known here"
    assert intakes(store) == []


def test_every_refusal_of_a_webhook_reads_the_same(client: TestClient) -> None:
    answers = [client.post(p, content=b"{}", headers=h) for p, h in ((PATH, {}), ("/hooks/x/y", LOGIN))]
    assert len({a.content for a in answers}) == 1


def test_a_connector_without_a_path_token_takes_no_webhook(lifecycle: Lifecycle, guard: Guard) -> None:
    client = TestClient(create_app(lifecycle, guard), base_url=guard.hooks_url)
    assert client.post("/hooks/changegear/x", content=b"{}", headers=LOGIN).status_code == 401


def test_an_event_without_a_ticket_is_taken_and_forgotten(client: TestClient, store: Opened) -> None:
    assert client.post(PATH, content=b'{"event": "ping"}', headers=LOGIN).status_code == 202
    assert intakes(store) == []


@pytest.mark.parametrize("body", [b"", b"id=7", b"\xff\xfe\x00", b"[" * 60_000, b"{"])
def test_what_is_not_json_is_refused_in_words(client: TestClient, store: Opened, body: bytes) -> None:
    answer = client.post(PATH, content=body, headers=LOGIN)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "The body is not JSON." in answer.json()["detail"]
    assert intakes(store) == []


def test_an_oversized_webhook_is_refused(client: TestClient, store: Opened) -> None:
    body = b'{"id": "T-7"}' + b" " * 70_000
    assert client.post(PATH, content=body, headers=LOGIN).status_code == 413
    assert intakes(store) == []


def test_a_genuine_status_is_noted_under_the_configured_address(
    client: TestClient, lifecycle: Lifecycle, sent: object, guard: Guard
) -> None:
    link = sent().verification  # type: ignore[operator]
    answer = client.post("/status/sms?x=1&y=%20", content=link.sending_id, headers={"x-signature": "genuine"})
    assert answer.status_code == 204
    sending = lifecycle.house.store.sending(link.sending_id)
    assert sending
    assert sending.delivery is Delivery.DELIVERED
    assert sending.detail == f"{guard.hooks_url}/status/sms?x=1&y=%20"


@pytest.mark.parametrize(
    ("path", "headers"), [("/status/sms", {}), ("/status/pigeon", {"x-signature": "genuine"})]
)
def test_a_forged_status_is_refused(client: TestClient, path: str, headers: dict[str, str]) -> None:
    assert client.post(path, content=b"x", headers=headers).status_code == 403


def test_health_tells_that_it_answers_and_nothing_else(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}
