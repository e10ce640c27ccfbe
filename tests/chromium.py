"""Chromium without a window, as every test in a browser runs it; names below localhost are this machine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = ("--no-sandbox", "--host-resolver-rules=MAP *.localhost 127.0.0.1")


def program() -> str:
    """Find Debian's Chromium: the headless shell, whose windows cost a fifth, or else the whole browser."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium") or "/usr/bin/chromium"


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
        yield browser
        browser.close()
