"""The portal with signals, served to a real browser, and the way to the card."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from playwright.sync_api import Page

from deskward import plugins
from deskward.browsers import Devices
from deskward.core.messages import Portal
from deskward.core.risk import Finding, Section
from deskward.core.signals import Seen, Signal
from deskward.lifecycle import House, Lifecycle, Reading
from deskward.web.guard import Guard
from deskward.web.hosts import Hosts
from deskward.web.portal import create_app
from tests.web.test_portal_browser import HOST, served

ENDPOINT = (
    "time_zone",
    "languages",
    "client_hints",
    "renderer",
    "screen",
    "automation",
    "input",
    "origin",
)


@dataclass
class Looking:
    """A signal that keeps what it was shown."""

    name: str = "looking"
    reads: tuple[str, ...] = ()
    section: Section = Section.ENDPOINT
    title: str = "Looking"
    about: str = "What a test looks at."
    seen: list[Seen] = field(default_factory=list)

    def look(self, seen: Seen) -> list[Finding]:
        """Keep it."""
        self.seen.append(seen)
        return [Finding(self.name, self.section, 0.0, "Seen.", "test")]


def signals(*names: str) -> dict[str, Signal]:
    """Make signals without settings of their own."""
    return {name: plugins.find("signals", name)() for name in names}


def every() -> dict[str, Signal]:
    """Make all signals that read something in the browser."""
    return signals(*ENDPOINT) | {"device_key": Looking("device_key", ("device_key",))}


@contextmanager
def portal(house: House, guard: Guard, switched_on: Mapping[str, Signal]) -> Iterator[str]:
    """Serve the portal with these signals on a free port; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://{HOST}:{listening.getsockname()[1]}"
    near = replace(house, portal=Portal("Acme", url), signals=switched_on, devices=Devices())
    app = create_app(Lifecycle(near), Reading(near), replace(guard, portal_url=url))
    with served(Hosts({HOST: app}), listening):
        yield url


def to_card(page: Page, address: str, token: str, code: str) -> None:
    """Follow the link, type the code, and wait for the card and its scripts."""
    page.goto(f"{address}/v#{token}")
    page.get_by_label("6-digit code").fill(code)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Is this your request?").wait_for()
    page.wait_for_load_state()


def leave_card(page: Page, button: str) -> None:
    """Press one of the card's buttons and wait for what comes then."""
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_role("heading", name="Is this your request?").wait_for(state="detached")
