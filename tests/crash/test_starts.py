"""The first start, by two processes at once."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deskward.wiring import _made_key
from tests.crash.outside import Outside, free_port, running_outside
from tests.crash.persons import Browser
from tests.servers.postgres import drop_database, empty_database, shared_postgres

COMMAND = [sys.executable, "-c", "from deskward.cli import main; main()"]


@pytest.fixture(params=["sqlite", "postgresql"])
def untouched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Outside]:
    """Run everything but Deskward, on a database where nothing is yet."""
    grown = request.param == "postgresql"
    url = empty_database(shared_postgres()) if grown else f"sqlite:///{tmp_path}/deskward.db"
    with running_outside(tmp_path / "house", url, 1) as outside:
        yield outside
    if grown:
        drop_database(url)


def test_two_processes_may_be_the_first_at_once(untouched: Outside) -> None:
    where = [untouched.port, free_port()]
    arguments = [["serve", "desk", "--settings", str(untouched.settings)] for _ in where]
    both = [
        subprocess.Popen([*COMMAND, *more, "--listen", f"127.0.0.1:{port}"], stderr=subprocess.PIPE)
        for more, port in zip(arguments, where, strict=True)
    ]
    try:
        for port in where:
            desk = Browser(untouched.desk, port=port)
            assert "No agent can sign in yet" in desk.get("/login").text
    finally:
        for process in both:
            process.terminate()
            _, said = process.communicate(timeout=30)
            assert b"Traceback" not in said, said.decode()


def test_the_key_is_made_once_however_many_make_it_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(50):
            keys = set(pool.map(_made_key, [tmp_path / f"{number}.key"] * 8))
            assert len(keys) == 1
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 50
