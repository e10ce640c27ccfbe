"""What axe finds on a page that keeps anybody out: WCAG 2.2 A and AA, and its own good practice."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Of a page's thousand results only what is wrong crosses the line to the browser.
LOOK = 'axe.run({resultTypes: ["violations"]}).then(found => found.violations)'


def violations(page: Page) -> list[dict[str, Any]]:
    """Look at the page as it stands; gives each broken rule: its `id`, and its `nodes` with their `html`."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(LOOK)
    return found
