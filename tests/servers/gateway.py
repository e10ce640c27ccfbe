"""A gateway on a real Unix socket: its app in a thread of the test, or settings for a process of its own."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from deskward.gatekeeping import listening
from deskward.serving import config_of


@contextmanager
def at_socket(app: Any, folder: Path) -> Iterator[Path]:
    """Serve until the end of the block; gives the path of the socket."""
    path = folder / "gateway.sock"
    with listening(path) as bound:
        server = uvicorn.Server(config_of(app))
        thread = threading.Thread(target=server.run, args=([bound],))
        thread.start()
        until = time.monotonic() + 60
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        try:
            yield path
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def running(path: Path, settings: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run `deskward serve gateway` until the end of the block; `settings` override by environment."""
    command = [sys.executable, "-c", "from deskward.cli import main; main()", "serve", "gateway"]
    command += ["--settings", str(path)]
    environment = os.environ | (settings or {})
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert '"serving"' in line, line + process.stderr.read()
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)


def parted(settings: Path) -> str:
    """Take the roster's keys out of the sandbox's settings; gives the text for the gateway's own file."""
    text = settings.read_text(encoding="utf-8")
    keys = text.partition("[directories.roster]\n")[2].partition("\n\n")[0]
    own = '[gateway]\nsocket = "gateway.sock"\nfile = "gateway.toml"\n\n[directories.roster]'
    settings.write_text(text.replace(f"[directories.roster]\n{keys}", own), encoding="utf-8")
    return f"[directories.roster]\n{keys}\n"


def written_for_gateway(settings: Path, text: str) -> Path:
    """Write the gateway's own file beside the settings, for its owner only."""
    path = settings.with_name("gateway.toml")
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path
