"""What the machine is, and what a running program uses of it."""

import http.client
import os
import platform
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 180.0
_PROCESS_CLOCK = 2


def facts(postgres: str) -> str:
    """Say what was measured on, without naming the machine."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    parts = [
        f"{cores} cores ({platform.machine()}, load {load:.1f} at the start)",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        f"PostgreSQL {postgres}" if postgres else "no PostgreSQL",
    ]
    return ", ".join(parts)


def free_port() -> int:
    """Give a port of loopback that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until(holds: Callable[[], object], what: str) -> None:
    """Look again and again until something holds; TimeoutError after three minutes."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain: {what}")
        time.sleep(0.005)


@dataclass(frozen=True)
class Program:
    """A started program that listens on a port of loopback; `seconds` and `cpu` are what its start took."""

    pid: int
    port: int
    seconds: float
    cpu: float

    def used(self) -> float:
        """Give the CPU seconds so far, user and system: utime + stime of /proc/PID/stat, but finer."""
        return cpu_of(self.pid)

    def memory(self) -> float:
        """Give the resident memory in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1_000_000


def cpu_of(pid: int) -> float:
    """Give the CPU seconds of a process by its own clock (clock_getcpuclockid in the C library)."""
    return time.clock_gettime((~pid << 3) | _PROCESS_CLOCK)


@contextmanager
def running(arguments: list[str], port: int, *, path: str, host: str, log: Path) -> Iterator[Program]:
    """Run a Python program until the end of the block; it counts as started when `path` answers."""
    began = time.perf_counter()
    with log.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        until(lambda: started.poll() is not None or _answers(port, path, host), f"port {port}")
        if started.poll() is not None:
            raise RuntimeError(f"it ended at once:\n{log.read_text(encoding='utf-8')[-2000:]}")
        yield Program(started.pid, port, time.perf_counter() - began, cpu_of(started.pid))
    finally:
        started.terminate()
        with suppress(subprocess.TimeoutExpired):
            started.wait(20)
        started.kill()
        started.wait()


def _environment() -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DESKWARD_")}
    return kept | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}


def _answers(port: int, path: str, host: str) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        line.request("GET", path, headers={"Host": f"{host}:{port}"})
        return line.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        line.close()
