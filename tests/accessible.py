"""What axe finds on a page that keeps anybody out: WCAG 2.2 A and AA, and its own good practice."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Of a page's thousand results only what is wrong crosses the line to the browser.
LOOK = 'axe.run({resultTypes: ["violations"]}).then(found => found.violations)'
# Contrast takes most of the time, and a table says it of every row. Text in the same colours, size and weight, all
# the way up to the page, is as readable as the one before it; only what surely is readable is not looked at again.
ALIKE = """() => {
  const look = axe._audit.checks["color-contrast"], whole = look.evaluate, run = axe.run;
  const drawn = [
    "color", "webkitTextFillColor", "webkitTextStroke", "textShadow", "fontSize", "fontWeight",
    "backgroundColor", "backgroundImage", "backgroundClip", "opacity", "mixBlendMode", "filter",
    "display", "visibility", "position", "float", "zIndex", "transform", "clipPath",
  ];
  let numbers = new Map(), kinds = new Map(), readable = new Set();
  const kind = element => {
    if (!element) { return 0; }
    if (!kinds.has(element)) {
      const style = getComputedStyle(element);
      const place = [kind(element.parentElement), element.tagName, element.className];
      const key = [...place, ...drawn.map(name => style[name])].join("|");
      numbers.set(key, numbers.get(key) ?? numbers.size + 1);
      kinds.set(element, numbers.get(key));
    }
    return kinds.get(element);
  };
  look.evaluate = function (element, ...more) {
    const one = kind(element);
    if (readable.has(one)) { return true; }
    const found = whole.call(this, element, ...more);
    if (found === true) { readable.add(one); }
    return found;
  };
  axe.run = (...how) => { numbers = new Map(); kinds = new Map(); readable = new Set(); return run(...how); };
}"""


def violations(page: Page) -> list[dict[str, Any]]:
    """Look at the page once it is all there; gives each broken rule: its `id`, its `nodes` with their `html`."""
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        page.evaluate(ALIKE)
    found: list[dict[str, Any]] = page.evaluate(LOOK)
    return found
