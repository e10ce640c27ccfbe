"""Records what real browsers tell: `python -m tests.signals.record [NAME...]`, into tests/signals/traces."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Playwright, sync_playwright

from deskward.web.guard import Guard
from tests.chromium import ARGUMENTS
from tests.household import Household
from tests.servers.sqlite import fresh_file
from tests.signals.marionette import firefox
from tests.web.browsing import Looking, every, leave_card, portal, to_card

TRACES = Path(__file__).parent / "traces"
FIREFOX = "firefox-esr"
GUARD = Guard("https://desk.acme.example", "https://portal.acme.example", "https://hooks.acme.example")
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36"
HIDDEN = "Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false });"
BERLIN = {"locale": "de-DE", "timezone_id": "Europe/Berlin"}


def windows(playwright: Playwright, version: str) -> dict[str, dict[str, Any]]:
    """Name the browsers to record and what their windows are opened with."""
    hidden = CHROME.format(f"{version.partition('.')[0]}.0.0.0")
    return {
        "headless_desktop": {},
        "hidden_desktop": {"user_agent": hidden} | BERLIN,
        "emulated_pixel": dict(playwright.devices["Pixel 7"]) | BERLIN,
        "emulated_iphone": dict(playwright.devices["iPhone 15"]) | BERLIN,
    }


def recorded(home: Household, walk: Callable[[str, str, str], None]) -> dict[str, Any]:
    """Let a browser walk past the card by address, token and code; gives what the signals were shown."""
    watch = Looking()
    sent = home.sent()
    with portal(home.house, GUARD, every() | {"looking": watch}) as address:
        walk(address, home.token(sent), home.code(sent))
    (seen,) = watch.seen
    visit = asdict(seen.visit)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"at": at, "headers": visit["headers"], "readings": visit["readings"], "origin_echo": seen.origin_echo}


def in_chromium(browser: Browser, name: str, options: dict[str, Any]) -> Callable[[str, str, str], None]:
    """Give the walk of one window of Chromium."""

    def walk(address: str, token: str, code: str) -> None:
        context = browser.new_context(**{k: v for k, v in options.items() if k != "default_browser_type"})
        page = context.new_page()
        if name.startswith("hidden"):
            page.add_init_script(HIDDEN)
        to_card(page, address, token, code)
        page.wait_for_timeout(1_500)
        leave_card(page, "Continue")
        context.close()

    return walk


def in_firefox(address: str, token: str, code: str) -> None:
    """Walk with Firefox."""
    with tempfile.TemporaryDirectory() as profile, firefox(FIREFOX, Path(profile)) as window:
        window.goto(f"{address}/v#{token}")
        window.type("//input[@name='value']", code)
        window.click("//button[normalize-space()='Continue']")
        window.found("//h1[normalize-space()='Is this your request?']")
        time.sleep(1.5)
        window.click("//button[normalize-space()='Continue']")
        window.found("//h1[normalize-space()!='Is this your request?']")


def keep(name: str, walk: Callable[[str, str, str], None]) -> None:
    """Record one browser in a house of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Household(fresh_file(Path(folder)))
        trace = recorded(home, walk)
        home.opened.close()
    text = json.dumps(trace, indent=2, ensure_ascii=False)
    (TRACES / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


def main() -> None:
    """Record every browser that is here, or those that are named."""
    wanted, program = sys.argv[1:], shutil.which("chromium")
    TRACES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for name, options in windows(playwright, browser.version).items():
            if not wanted or name in wanted:
                keep(name, in_chromium(browser, name, options))
        browser.close()
    if shutil.which(FIREFOX) and (not wanted or "headless_firefox" in wanted):
        keep("headless_firefox", in_firefox)


if __name__ == "__main__":
    main()
