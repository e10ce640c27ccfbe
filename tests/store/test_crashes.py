"""Processes die in the middle; nothing is lost, nothing happens twice."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deskward.core.ports import ErrandState
from deskward.store.opening import open_store
from tests.servers.postgres import restart, shared_postgres
from tests.store.samples import RunningClock, an_errand, until

LANES, EACH, KILLS = 6, 20, 3
HOUSE = Path(__file__).parents[2]


@contextmanager
def worker(url: str, effects: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a worker and kill it at the end."""
    command = [sys.executable, "-m", "tests.store.crash_worker", url, str(effects)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOUSE)
    try:
        assert process.stdout
        assert process.stdout.readline() == "running\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_killed_processes_lose_nothing_and_repeat_nothing(database_url: str, tmp_path: Path) -> None:
    effects = tmp_path / "effects"
    effects.touch()
    opened = open_store(database_url, RunningClock())
    now = opened.clock.now()
    keys = {f"l{lane}": [f"l{lane}-{n}" for n in range(EACH)] for lane in range(LANES)}
    opened.store.enqueue(an_errand(key, lane, due_at=now, about={}) for lane, own in keys.items() for key in own)
    for _ in range(KILLS):
        with worker(database_url, effects):
            time.sleep(random.uniform(0.1, 0.5))
    with worker(database_url, effects):
        if opened.database.dialect == "postgresql":
            restart(shared_postgres())
        until(lambda: _all_done(database_url))
    written = effects.read_text().split()
    for lane, own in keys.items():
        assert [key for key in written if key.startswith(f"{lane}-")] == own
    opened.close()


def _all_done(url: str) -> bool:
    opened = open_store(url, RunningClock())
    errands = opened.console.errands("v1")
    opened.close()
    return len(errands) == LANES * EACH and all(e.state is ErrandState.DONE for e in errands)
