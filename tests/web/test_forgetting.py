"""A requester is looked at by every signal; after 30 days nothing raw of it is anywhere (SR-121)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from deskward import plugins
from deskward.browsers import Devices
from deskward.core.retention import Retention
from deskward.core.verification import State
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.networks import Networks
from deskward.store.opening import Opened
from deskward.store.tables import metadata
from deskward.web.guard import Guard
from deskward.web.portal import create_app
from sandbox.networks import STRETCHES, write_networks
from tests.fakes import START, FakeClock
from tests.web.browsing import signals
from tests.web.conftest import Sent
from tests.web.test_portal import hidden, start

ADDRESS = STRETCHES["tor"].address
AGENT = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.7339.81 Safari/537.36"
READINGS = {
    "gpu_renderer": "ANGLE (Example Graphics 4711)",
    "script_agent": "Mozilla/5.0 (another one)",
    "languages": ["rm-CH", "it-CH"],
    "screen_width": 1733,
    "time_zone": "Europe/Zurich",
    "offset": 60,
}
HEADERS = {"x-forwarded-for": ADDRESS, "user-agent": AGENT, "accept-language": "it-CH,rm;q=0.7"}
RAW = (ADDRESS, AGENT, "Example Graphics 4711", "another one", "rm-CH", "rm;q=0.7", "1733")


@pytest.fixture
def near(house: House, tmp_path: Path) -> Iterator[House]:
    """Give the house with every signal that needs no settings, and with network files."""
    names = [n for n in plugins.names("signals") if not plugins.needs_settings("signals", n)]
    networks = Networks(write_networks(tmp_path / "networks", START), clock=house.clock)
    yield replace(house, signals=signals(*names), devices=Devices(), networks=networks)
    networks.close()


def everything(store: Opened) -> str:
    """Give all rows of all tables as text."""
    with store.database.read() as connection:
        rows = [list(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return json.dumps(rows, default=str)


def test_sr_121_after_30_days_no_address_no_agent_and_no_reading_is_anywhere(
    near: House, guard: Guard, store: Opened, clock: FakeClock, sent: Callable[..., Sent]
) -> None:
    lifecycle, link = Lifecycle(near), sent()
    app = create_app(lifecycle, Reading(near), replace(guard, trusted_hops=1))
    client = TestClient(
        app, base_url=guard.portal_url, headers={"sec-fetch-site": "same-origin", "origin": "null"}
    )
    start(client, link)
    told = {"version": hidden(client.get("/v/step"), "version"), "readings": json.dumps(READINGS)}
    client.post("/v/continue", data=told, headers=HEADERS)
    seen = lifecycle.get(link.verification.id)
    assert (seen.state, len(seen.observed) > len(near.signals)) == (State.FAILED, True)
    assert [value for value in RAW if value not in everything(store)] == []
    clock.forward(days=30, seconds=1)
    store.store.prune(clock.now(), Retention())
    assert [value for value in RAW if value in everything(store)] == []
    left = lifecycle.get(seen.id)
    assert (left.risk_score, left.risk_level, left.reason) == (seen.risk_score, seen.risk_level, seen.reason)
    assert [f["text"] for f in left.findings] == [f["text"] for f in seen.findings]
    assert store.store.events(seen.id)[-1].fields
