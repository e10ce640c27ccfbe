"""A household on each database."""

from collections.abc import Iterator

import pytest

from tests.household import Household


@pytest.fixture
def home(database_url: str) -> Iterator[Household]:
    home = Household(database_url)
    yield home
    home.opened.close()
