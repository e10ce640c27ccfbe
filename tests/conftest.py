"""What every test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.servers.postgres import lent_database, shared_postgres
from tests.servers.sqlite import fresh_file, wait_for_no_disk
from tests.servers.statements import share_compiled

# A slow machine is no mistake of the code: no property depends on the time it takes.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
share_compiled()
wait_for_no_disk()


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Let no test write its log where another one's output was kept."""
    yield
    structlog.reset_defaults()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of a migrated database of this test's own, without a row."""
    if request.param == "sqlite":
        yield fresh_file(tmp_path)
    else:
        with lent_database(shared_postgres()) as url:
            yield url
