"""Round trips in a real browser behind a real proxy of our own."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from playwright.sync_api import Browser, Page

from deskward.core.messages import Portal
from deskward.core.signals import Signal
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.signals.round_trip import Signal as RoundTrip
from deskward.web.guard import Guard
from deskward.web.hosts import Hosts
from deskward.web.portal import create_app
from tests.servers.proxy import proxy
from tests.web.browsing import Looking, leave_card, signals, to_card
from tests.web.conftest import Sent
from tests.web.test_portal_browser import HOST, chromium, opened, served

Send = Callable[..., Sent]
__all__ = ["chromium"]
HEADER = "X-Transport-RTT"
# What a browser waits for at most is longer here: a busy machine is no failure.
PATIENT = "(() => { const real = setTimeout; window.setTimeout = (what, ms) => real(what, ms * 100); })();"


@dataclass
class Watching(Looking):
    """A signal that keeps what it was shown, the proxy's header among it."""

    proxy_header: str = HEADER.lower()


@contextmanager
def behind_a_proxy(
    house: House, guard: Guard, switched_on: Mapping[str, Signal], delay: float = 0.0
) -> Iterator[str]:
    """Serve the portal behind one proxy of our own; gives the address that browsers know."""
    inner, outer = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
    url = f"http://{HOST}:{outer.getsockname()[1]}"
    near = replace(house, portal=Portal("Acme", url), signals=switched_on)
    app = create_app(Lifecycle(near), Reading(near), replace(guard, portal_url=url, trusted_hops=1))
    with served(Hosts({HOST: app}), inner), proxy(outer, inner.getsockname()[1], HEADER, delay):
        yield url


def asked_for(page: Page) -> list[str]:
    paths: list[str] = []
    page.on("request", lambda request: paths.append(request.url.rpartition("/")[2]))
    return paths


def test_the_times_of_browser_and_connection_arrive_and_a_forged_one_does_not(
    chromium: Browser, house: House, guard: Guard, sent: Send, lifecycle: Lifecycle
) -> None:
    watch, link = Watching(), sent()
    on: dict[str, Signal] = {"round_trip": RoundTrip(header=HEADER), "watch": watch}
    with behind_a_proxy(house, guard, on) as address, opened(chromium) as (page, said):
        page.add_init_script(PATIENT)
        page.set_extra_http_headers({HEADER: "999999999"})
        paths = asked_for(page)
        to_card(page, address, link.token, link.code)
        assert "ping" not in paths
        leave_card(page, "Continue")
        assert paths.count("ping") == 5
        assert said == []
    (seen,) = watch.seen
    told = seen.visit.number("round_trip")
    assert told is not None
    assert told > 0
    assert 0 < int(seen.visit.headers["x-transport-rtt"]) < 999_999_999
    found = [row for row in lifecycle.get(link.verification.id).observed if row["signal"] == "round_trip"]
    assert [row.get("unknown") for row in found] == [None]
    assert found[0]["raw"]["browser_ms"] == f"{told:.1f}"


def test_a_28_whoever_passes_messages_on_is_seen_by_the_time_it_takes(
    chromium: Browser, house: House, guard: Guard, sent: Send, lifecycle: Lifecycle
) -> None:
    on: dict[str, Signal] = {"round_trip": RoundTrip(header=HEADER, apart_ms=100.0)}
    link = sent()
    with behind_a_proxy(house, guard, on, delay=0.3) as address, opened(chromium) as (page, _):
        page.add_init_script(PATIENT)
        to_card(page, address, link.token, link.code)
        leave_card(page, "Continue")
    (found,) = lifecycle.get(link.verification.id).observed
    assert found["weight"] == 1.5
    assert float(found["raw"]["browser_ms"]) >= 300


def test_sr_120_nothing_is_measured_where_it_is_off(
    chromium: Browser, house: House, guard: Guard, sent: Send
) -> None:
    watch, link = Looking(), sent()
    on = signals("languages") | {"watch": watch}
    with behind_a_proxy(house, guard, on) as address, opened(chromium) as (page, _):
        paths = asked_for(page)
        to_card(page, address, link.token, link.code)
        leave_card(page, "Continue")
        assert "ping" not in paths
    (seen,) = watch.seen
    assert set(seen.visit.readings) == {"languages"}
    assert HEADER.lower() not in seen.visit.headers


def test_sr_119_whoever_declines_is_not_measured(
    chromium: Browser, house: House, guard: Guard, sent: Send
) -> None:
    watch, link = Watching(), sent()
    on: dict[str, Signal] = {"round_trip": RoundTrip(header=HEADER), "watch": watch}
    with behind_a_proxy(house, guard, on) as address, opened(chromium) as (page, _):
        paths = asked_for(page)
        to_card(page, address, link.token, link.code)
        leave_card(page, "Continue without this check")
        assert "ping" not in paths
    (seen,) = watch.seen
    assert (seen.visit.readings, seen.visit.headers) == ({}, {})
