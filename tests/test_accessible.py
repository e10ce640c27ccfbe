"""What cannot be read is found, also where many rows look alike and only one of them cannot be read."""

from asyncio import sleep
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from playwright.sync_api import Browser, Page

from tests.accessible import violations
from tests.chromium import running_chromium
from tests.servers.web import served

ROWS = "".join(f"<tr><td>Row {number}</td><td>Its text</td></tr>" for number in range(200))
PAGE = (
    '<!DOCTYPE html><html lang="en"><head><title>Rows</title><style>{}</style></head><body><main><h1>Rows</h1>'
    "<table><thead><tr><th>One</th><th>Other</th></tr></thead><tbody>{}</tbody></table></main></body></html>"
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with chromium.new_page() as page:
        yield page


def unreadable(page: Page, style: str) -> int:
    """Count the texts without enough contrast where this style is added; nothing else may be wrong."""
    page.set_content(PAGE.format(style, ROWS))
    found = violations(page)
    assert {one["id"] for one in found} <= {"color-contrast"}
    return sum(len(one["nodes"]) for one in found)


@pytest.mark.parametrize(
    ("style", "texts"),
    [
        ("", 0),
        ("tr:nth-child(150) td { color: #aaa }", 2),
        ("tr:nth-child(150) { color: #aaa }", 2),
        ("tr:nth-child(150) { background: #444 }", 2),
        ("tr:nth-child(150) { opacity: 0.4 }", 2),
        ("td { color: #767676 } tr:nth-child(150) td { background: #eee }", 2),
        ("td { color: #888; font-size: 30px } tr:nth-child(150) td { font-size: 12px }", 2),
        ("td { color: #aaa }", 400),
    ],
)
def test_sr_130_every_text_that_cannot_be_read_is_found_among_many_that_look_alike(
    page: Page, style: str, texts: int
) -> None:
    assert unreadable(page, style) == texts


def test_sr_130_the_same_page_is_looked_at_anew_in_the_other_scheme(page: Page) -> None:
    assert unreadable(page, "@media (prefers-color-scheme: dark) { td { color: #ccc } }") == 0
    page.emulate_media(color_scheme="dark")
    assert sum(len(one["nodes"]) for one in violations(page)) == 400


def test_a_page_is_looked_at_when_all_of_it_is_there(page: Page) -> None:
    app = FastAPI()
    head, rest = PAGE.format("", ROWS).split("<main>")

    @app.get("/")
    async def _slow() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield head
            await sleep(0.5)
            yield f"<main>{rest}"

        return StreamingResponse(parts(), media_type="text/html")

    with served(app) as url:
        page.goto(url, wait_until="commit")
        assert violations(page) == []
