"""What every test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.servers.postgres import drop_database, fresh_database, shared_postgres

# A slow machine is no mistake of the code: no property depends on the time it takes.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Let no test write its log where another one's output was kept."""
    yield
    structlog.reset_defaults()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of a database of this test's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/deskward.db"
        return
    url = fresh_database(shared_postgres())
    yield url
    drop_database(url)
