"""A process serves its parts until it is told to stop."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from deskward import serving
from deskward.core.errors import SettingsError
from deskward.settings import read
from deskward.wiring import build
from sandbox.__main__ import Ground, written
from sandbox.phone import Phone


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path, free_port(), 2525, "sqlite:///deskward.db")


@pytest.fixture
def settings(ground: Ground) -> Path:
    phone = Phone()
    path, _ = written(ground, phone)
    phone.close()
    return path


@contextmanager
def started(settings: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "from deskward.cli import main; main()", *words, "--settings", str(settings)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)


def answered(port: int, host: str, path: str) -> int:
    until = time.monotonic() + 90
    while True:
        try:
            return httpx2.get(f"http://127.0.0.1:{port}{path}", headers={"Host": f"{host}:{port}"}).status_code
        except httpx2.TransportError:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_run_serves_every_part_and_leaves_quietly_when_told(settings: Path, ground: Ground) -> None:
    with started(settings, "run") as process:
        assert answered(ground.port, "desk.localhost", "/login") == 200
        assert answered(ground.port, "portal.localhost", "/v") == 200
        assert answered(ground.port, "hooks.localhost", "/health") == 200
        assert answered(ground.port, "elsewhere.example", "/") == 404
    assert process.returncode == 0


def test_serve_serves_one_part_where_it_is_told(settings: Path) -> None:
    port = free_port()
    with started(settings, "serve", "portal", "--listen", f"127.0.0.1:{port}") as process:
        assert answered(port, "desk.localhost", "/login") == 404
        assert process.poll() is None
    assert process.returncode == 0


def test_errands_alone_run_until_they_are_told_to_stop(settings: Path) -> None:
    with started(settings, "serve", "errands") as process:
        assert process.stderr is not None
        assert any("running errands" in line for line in process.stderr)
    assert process.returncode == 0


def test_a_port_that_is_taken_is_told_in_words(settings: Path) -> None:
    house = build(read(settings))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(SettingsError, match=f"Nothing can listen on {taken}"):
            serving.serve(house, ("portal",), taken)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_an_address_of_the_newer_internet_is_listened_on_too(settings: Path) -> None:
    if not socket.has_ipv6:
        return
    port = free_port()
    with started(settings, "serve", "hooks", "--listen", f"[::1]:{port}") as process:
        assert process.stderr is not None
        assert "serving" in process.stderr.readline()
