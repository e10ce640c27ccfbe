"""Records what real browsers tell: `python -m tests.signals.record`, into tests/signals/traces."""

import json
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Playwright, sync_playwright

from deskward.web.guard import Guard
from tests.household import Household
from tests.web.browsing import Looking, every, leave_card, portal, to_card

TRACES = Path(__file__).parent / "traces"
ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP *.localhost 127.0.0.1"]
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


def recorded(browser: Browser, name: str, options: dict[str, Any], home: Household) -> dict[str, Any]:
    """Go up to the card, press “Continue”, and give what the signals were shown."""
    watch = Looking()
    sent = home.sent()
    with portal(home.house, GUARD, every() | {"looking": watch}) as address:
        context = browser.new_context(**{k: v for k, v in options.items() if k != "default_browser_type"})
        page = context.new_page()
        if name.startswith("hidden"):
            page.add_init_script(HIDDEN)
        to_card(page, address, home.token(sent), home.code(sent))
        page.wait_for_timeout(1_500)
        leave_card(page, "Continue")
        context.close()
    (seen,) = watch.seen
    visit = asdict(seen.visit)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"at": at, "headers": visit["headers"], "readings": visit["readings"], "origin_echo": seen.origin_echo}


def main() -> None:
    """Record every browser that is here."""
    TRACES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for name, options in windows(playwright, browser.version).items():
            with tempfile.TemporaryDirectory() as folder:
                home = Household(f"sqlite:///{folder}/deskward.db")
                trace = recorded(browser, name, options, home)
                home.opened.close()
            text = json.dumps(trace, indent=2, ensure_ascii=False)
            (TRACES / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
        browser.close()


if __name__ == "__main__":
    main()
