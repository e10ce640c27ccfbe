"""The store on both databases."""

from collections.abc import Iterator

import pytest

from deskward.store.opening import Opened, open_store
from tests.store.samples import StandingClock


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def opened(database_url: str, clock: StandingClock) -> Iterator[Opened]:
    """Give an open store with a clock that stands."""
    opened = open_store(database_url, clock)
    yield opened
    opened.close()
