"""A process that runs errands until it is killed: `python -m tests.store.crash_worker URL FILE`.

An effect is one line in FILE; like a note, it is looked up before it is written again.
"""

import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from deskward.core.ports import Errand
from deskward.store.opening import open_store
from tests.store.samples import RunningClock
from tests.store.test_runners import runner_for

LEASE = timedelta(seconds=1)


def main(url: str, path: Path) -> None:
    """Run."""
    clock, holder = RunningClock(), uuid4().hex
    opened = open_store(url, clock)
    runner = runner_for(opened)

    def drain(lane: str) -> None:
        while errand := opened.rows.claim(lane, holder, clock.now(), clock.now() + LEASE):
            perform(errand, path)
            opened.rows.finish(errand, clock.now())

    runner.start(drain, lambda: None)
    sys.stdout.write("running\n")
    sys.stdout.flush()
    while True:
        time.sleep(60)


def perform(errand: Errand, path: Path) -> None:
    """Write the effect unless it is there; slow on both sides of it, so that kills hit every gap."""
    time.sleep(0.02)
    if errand.attempts == 1 or errand.key not in path.read_text().split():
        file = os.open(path, os.O_APPEND | os.O_WRONLY)
        os.write(file, f"{errand.key}\n".encode())
        os.close(file)
    time.sleep(0.02)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
