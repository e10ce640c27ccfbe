"""One product for each database and one browser for each file, shared by the stories."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.chromium import running_chromium
from tests.servers.postgres import drop_database, empty_database, shared_postgres
from tests.stories.product import PATIENCE, Product, started
from tests.stories.walk import Story

SETTINGS = {
    "DESKWARD_LIMITS__HOLD_HOURS": "0.0003",
    # These stories are told by a headless browser that works by itself, which both of these would find.
    "DESKWARD_SIGNALS": '{"automation": {"enabled": false}, "renderer": {"enabled": false}}',
}
Products = Callable[[str], Product]


@pytest.fixture(scope="session")
def products(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Products]:
    """Give the running product on “sqlite” or “postgresql”, started at first need."""
    with ExitStack() as stack:

        @cache
        def running(kind: str) -> Product:
            folder = Path(tmp_path_factory.mktemp(kind))
            return stack.enter_context(started(folder, address_of(stack, kind), settings=SETTINGS))

        yield running


def address_of(stack: ExitStack, kind: str) -> str:
    """Give the address of an empty database of that kind; it is thrown away with the stack."""
    if kind == "sqlite":
        return "sqlite:///deskward.db"
    url = empty_database(shared_postgres())
    stack.callback(drop_database, url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, products: Products) -> Product:
    """Give the running product on each database."""
    return products(request.param)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start the browser; not for the whole session, because its loop would be in the way of other tests'."""
    with running_chromium() as browser:
        expect.set_options(timeout=PATIENCE * 1000)
        yield browser


@pytest.fixture
def story(chromium: Browser, product: Product) -> Iterator[Story]:
    """Give a story of its own on the shared product: its windows are closed at the end."""
    with Story.told(chromium, product) as story:
        yield story
