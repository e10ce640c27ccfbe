"""Processes forked from one that has imported everything: a start costs a quarter of a second and not three."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess as Process
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.servers.preloaded"])


def forked(main: Callable[[], None], arguments: Sequence[str], out: Path, log: Path, **settings: str) -> Process:
    """Run what a command line runs, in a process of its own.

    Of its arguments the first is its name; `settings` are added to the environment. What it says is added to `out`
    and `log`.
    """
    environment = os.environ | settings
    process = FORKS.Process(target=_live, args=(main, arguments, environment, out, log), daemon=True)
    process.start()
    return process


def _live(
    main: Callable[[], None], arguments: Sequence[str], environment: Mapping[str, str], out: Path, log: Path
) -> None:
    """Be the command line."""
    for number, path in ((1, out), (2, log)):
        os.dup2(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(arguments)
    main()


@dataclass
class Forked:
    """A forked process with the manners of `subprocess.Popen`."""

    process: Process

    @property
    def pid(self) -> int:
        """Give its number; 0 where it never was."""
        return self.process.pid or 0

    def poll(self) -> int | None:
        """Give how it ended, None while it runs."""
        return self.process.exitcode

    def wait(self, timeout: float) -> int:
        """Wait so many seconds for its end, and give how it ended; TimeoutExpired where it still runs."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.process), timeout)
        return self.process.exitcode

    def terminate(self) -> None:
        """Ask it to end."""
        self.process.terminate()

    def kill(self) -> None:
        """End it."""
        self.process.kill()
