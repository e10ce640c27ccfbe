"""Every page and state that has a picture, at both widths, light and dark (SR-130 to SR-132)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize
from starlette.routing import compile_path

from deskward.web.desk.grants import GRANTS, OPEN
from tests.accessible import violations
from tests.stories.camera import NARROW, WIDE, Camera
from tests.stories.product import Product, started
from tests.stories.screens import BARE, PAGES, SCENES, SETTINGS
from tests.stories.walk import Story

LOOKS: tuple[tuple[ViewportSize, Literal["light", "dark"]], ...] = ((WIDE, "light"), (NARROW, "dark"))


@dataclass
class Inspector(Camera):
    """Looks instead of taking pictures: axe finds nothing (WCAG 2.2 A and AA), and nothing is too wide."""

    seen: set[tuple[str, str]] = field(default_factory=set)
    found: list[str] = field(default_factory=list)

    def shoot(self, page: Page, name: str) -> None:
        page.wait_for_load_state()
        address, before = urlsplit(page.url), page.viewport_size or WIDE
        self.seen.add(((address.hostname or "").partition(".")[0], address.path))
        for viewport, scheme in LOOKS:
            page.set_viewport_size(viewport)
            page.emulate_media(color_scheme=scheme)
            where = f"{name}, {viewport['width']} px, {scheme}"
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.found += [f"{where}: {wide} px too wide"] * bool(wide)
            self.found += [f"{where}: {v['id']} {[n['html'] for n in v['nodes']][:3]}" for v in violations(page)]
        page.set_viewport_size(before)
        page.emulate_media(color_scheme="light")


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Run the product as the pictures are taken of it."""
    with started(tmp_path_factory.mktemp("pictured"), "sqlite:///deskward.db", settings=SETTINGS) as product:
        yield product


@pytest.mark.parametrize("scene", SCENES)
def test_sr_130_to_132_axe_finds_nothing_and_nothing_overflows_in_the_pictures_of(
    chromium: Browser, pictured: Product, tmp_path: Path, scene: str
) -> None:
    inspector = Inspector(tmp_path)
    with Story.told(chromium, pictured) as story:
        SCENES[scene](story, inspector)
    assert inspector.found == []
    promised = {place for place, shown in PAGES.items() if shown == scene}
    assert {place for place in promised if not any(_is_at(place, one) for one in inspector.seen)} == set()


def test_every_page_of_the_desk_is_in_a_picture() -> None:
    pages = {("desk", path) for method, path in {*GRANTS} | OPEN if method == "GET"}
    assert pages == {place for place in {*PAGES} | BARE if place[0] == "desk"}


def _is_at(place: tuple[str, str], seen: tuple[str, str]) -> bool:
    (host, route), (at, path) = place, seen
    return host == at and bool(compile_path(route)[0].match(path))
