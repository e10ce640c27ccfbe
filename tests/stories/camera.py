"""The camera: a page at each width, light and dark, and the few of these pictures that are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.chromium import running_chromium
from tests.stories.product import PATIENCE

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
TALLEST = 2000
LOOKS = (("wide", WIDE), ("narrow", NARROW))


@dataclass
class Camera:
    """Takes a page at each width, light and dark, once it is loaded."""

    folder: Path

    def shoot(self, page: Page, name: str) -> None:
        """Take all looks of the page as it stands."""
        page.wait_for_load_state()
        before = page.viewport_size or WIDE
        for size, viewport in LOOKS:
            page.set_viewport_size(viewport)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                path = self.folder / f"{name}-{size}-{scheme}.png"
                page.screenshot(path=path, full_page=True, animations="disabled")
        page.set_viewport_size(before)
        page.emulate_media(color_scheme="light")


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser."""
    expect.set_options(timeout=PATIENCE * 1000)
    with running_chromium() as opened:
        yield opened


def keep(taken: Path, kept: Path) -> None:
    """Keep the upper part of a picture in 256 colours, which is half as large and looks the same."""
    with Image.open(taken) as picture:
        shown = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
        shown.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(kept, optimize=True)
