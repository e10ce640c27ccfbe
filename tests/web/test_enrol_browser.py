"""Setting up means in a real browser, with the browser's own virtual authenticator for passkeys."""

import os
import socket
from base64 import b32decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Browser, Page, expect

from deskward.challenges import passkey, saved_code, totp
from deskward.core.challenges import Challenge
from deskward.core.messages import Portal
from deskward.core.proof import ProofLevel
from deskward.core.verification import State, Verification
from deskward.lifecycle import Actor, House, Lifecycle, Reading
from deskward.web.guard import Guard
from deskward.web.hosts import Hosts
from deskward.web.portal import create_app
from tests.chromium import running_chromium
from tests.fakes import FakeClock
from tests.web.conftest import AGENT, Sent
from tests.web.test_portal_browser import HOST, PASSWORD, opened, served

BOSS = Actor("agent", "a-boss", "Bea Boss")
WAYS: tuple[Challenge, ...] = (totp.Challenge(), passkey.Challenge(), saved_code.Challenge())
Open = Callable[..., Verification]


@dataclass(frozen=True)
class Served:
    """The portal with all means, and the story behind it."""

    url: str
    lifecycle: Lifecycle

    def link(self, verification: Verification) -> str:
        """Open a set-up in person, with a second person's yes; gives its one-time address."""
        asked = self.lifecycle.enrol_open(verification.id, AGENT, "Passport seen at the front desk")
        return self.lifecycle.enrol_address(self.lifecycle.enrol_approve(asked.id, BOSS), AGENT).reveal()


@pytest.fixture
def house(house: House) -> House:
    """Give a house with all means, where an identity check asks for a passkey too."""
    *others, check = house.policy.categories
    categories = (*others, replace(check, challenges=(("passkey",),)))
    policy = replace(house.policy, categories=categories)
    return replace(house, policy=policy, challenges={c.name: c for c in WAYS})


@pytest.fixture
def portal(house: House, guard: Guard) -> Iterator[Served]:
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://{HOST}:{listening.getsockname()[1]}"
    near = replace(house, portal=Portal("Acme", url))
    app = create_app(Lifecycle(near), Reading(near), replace(guard, portal_url=url))
    with served(Hosts({HOST: app}), listening):
        yield Served(url, Lifecycle(near))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@contextmanager
def person(chromium: Browser, **options: Any) -> Iterator[Page]:
    """Open a window with a virtual authenticator; nothing may be complained about in its console."""
    with opened(chromium, **options) as (page, said):
        devtools = page.context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        authenticator = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
        yield page
        assert [s for s in said if "422" not in s] == []


def begin(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Make the next time faster")).to_be_visible()


def look(page: Page, name: str) -> None:
    """Take pictures where somebody wants to look at them."""
    if not (folder := os.environ.get("DESKWARD_LOOKS")):
        return
    for width in (390, 1280):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")


def test_a_passkey_is_set_up_with_one_press(chromium: Browser, portal: Served, opened: Open) -> None:
    with person(chromium) as page:
        page.goto(portal.link(opened()))
        look(page, "begin")
        page.get_by_role("button", name="Begin").click()
        look(page, "empty")
        page.get_by_role("link", name="Passkey").click()
        look(page, "passkey")
        page.get_by_role("button", name="Create the passkey").click()
        expect(page.get_by_text("Passkey on one device")).to_be_visible()
        look(page, "kept")
        page.get_by_role("link", name="Passkey").click()
        page.get_by_role("button", name="Create the passkey").click()
        expect(page.get_by_role("alert")).to_have_text("This device has a passkey for this page already.")
        look(page, "passkey-twice")


def test_sr_25_a_passkey_that_was_set_up_proves_the_next_time(
    chromium: Browser, portal: Served, opened: Open, sent: Callable[..., Sent]
) -> None:
    with person(chromium) as page:
        begin(page, portal.link(opened()))
        page.get_by_role("link", name="Passkey").click()
        page.get_by_role("button", name="Create the passkey").click()
        expect(page.get_by_text("Passkey on one device")).to_be_visible()
        out = sent("1002", category_name="Identity check")
        page.goto(f"{portal.url}/v#{out.token}")
        page.get_by_label("6-digit code").fill(out.code)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Use your passkey").click()
        look(page, "use")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", name="You are verified")).to_be_visible()
        look(page, "verified")
    passed = portal.lifecycle.get(out.verification.id)
    assert passed.state is State.PASSED
    assert passed.proof_level is ProofLevel.P3


def test_an_app_is_set_up_by_its_first_code(
    chromium: Browser, portal: Served, opened: Open, clock: FakeClock
) -> None:
    with person(chromium) as page:
        begin(page, portal.link(opened()))
        page.get_by_role("link", name="Authenticator app").click()
        look(page, "app")
        page.get_by_text("Type it in instead").click()
        key = b32decode(page.locator(".secret").inner_text().replace(" ", ""))
        page.get_by_label("Code from your app").fill("000000")
        page.get_by_role("button", name="Check and keep").click()
        expect(page.get_by_role("alert")).to_contain_text("not the code")
        look(page, "app-wrong")
        code = TOTP(key, 6, SHA1(), 30).generate(clock.now().timestamp()).decode()
        page.get_by_label("Code from your app").fill(code)
        page.get_by_role("button", name="Check and keep").click()
        expect(page.get_by_text("Since 4 May 2026")).to_be_visible()


def test_codes_are_printed_and_kept_and_removed(chromium: Browser, portal: Served, opened: Open) -> None:
    with person(chromium) as page:
        begin(page, portal.link(opened()))
        page.get_by_role("link", name="Printed recovery codes").click()
        expect(page.get_by_role("button", name="Print")).to_be_visible()
        look(page, "codes")
        code = page.locator(".codes li").first.inner_text()
        page.emulate_media(media="print")
        expect(page.get_by_text("recovery codes of Anna Berg")).to_be_visible()
        expect(page.get_by_role("button", name="Check and keep")).to_be_hidden()
        look(page, "codes-print")
        page.emulate_media(media="screen")
        page.get_by_label("One of these codes").fill(code.lower())
        page.get_by_role("button", name="Check and keep").click()
        expect(page.get_by_text("10 codes left")).to_be_visible()
        page.get_by_role("button", name="Remove Printed recovery codes").click()
        expect(page.get_by_text("10 codes left")).to_be_hidden()


def test_after_a_verification_the_last_page_leads_to_it(
    chromium: Browser, portal: Served, sent: Callable[..., Sent]
) -> None:
    out = sent()
    with person(chromium) as page:
        page.goto(f"{portal.url}/v#{out.token}")
        page.get_by_label("6-digit code").fill(out.code)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Set the new password").click()
        look(page, "done")
        page.get_by_role("button", name="Make the next time faster").click()
        expect(page.get_by_text("counts 14 days from now")).to_be_visible()
        look(page, "after")
        page.get_by_role("link", name="Passkey").click()
        page.get_by_role("button", name="Create the passkey").click()
        expect(page.get_by_text("Counts from 18 May 2026")).to_be_visible()
        look(page, "after-kept")


def test_the_link_waits_for_a_press_and_works_in_one_browser(
    chromium: Browser, portal: Served, opened: Open
) -> None:
    link = portal.link(opened())
    with person(chromium) as page:
        page.goto(link)
        assert "#" not in page.url
        page.goto(link)
        begin(page, link)
        page.goto(f"{portal.url}/enrol")
        page.get_by_role("link", name="Go on").click()
        expect(page.get_by_role("heading", name="Make the next time faster")).to_be_visible()
    with opened_elsewhere(chromium) as page:
        page.goto(link)
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_text("does not work any more")).to_be_visible()
        look(page, "over")


@contextmanager
def opened_elsewhere(chromium: Browser) -> Iterator[Page]:
    with opened(chromium) as (page, _):
        yield page
