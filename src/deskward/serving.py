"""Serves the parts of the house in this process, on one port, told apart by host name."""

import contextlib
import ctypes
import gc
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette

from deskward.core.errors import SettingsError
from deskward.web.hosts import Hosts
from deskward.wiring import Deskward

EVERYTHING = ("desk", "portal", "hooks", "errands")
MMAP_THRESHOLD, KEPT = -3, 128 * 1024  # M_MMAP_THRESHOLD of glibc's mallopt(3)
log = structlog.get_logger("deskward.serving")


def serve(
    house: Deskward,
    parts: Iterable[str],
    listen: str = "",
    *,
    more: Mapping[str, Starlette] | None = None,
) -> None:
    """Serve until the process is told to stop; then the errands under way are finished and the store closed.

    `more` are further apps by host name (the sandbox).
    """
    wanted = tuple(parts)
    prepare()
    with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        stack.callback(house.close)
        errands = house.running() if "errands" in wanted else contextlib.nullcontext()
        if wanted == ("errands",):
            with errands:
                _wait()
            return
        server = _server(house, wanted, listen or house.settings.web.listen, more or {})
        server.begin = lambda: stack.enter_context(errands)
        server.run()


class _Server(uvicorn.Server):
    """Begins something once the server listens, so that errands can reach what is served here too."""

    def __init__(self, config: uvicorn.Config, bound: socket.socket) -> None:
        super().__init__(config)
        self.bound = bound
        self.begin: Callable[[], object] = lambda: None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on the bound socket until stopped."""
        super().run(sockets or [self.bound])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then begin.

        What is there now stays: to look through it for garbage later would hold up everybody for a quarter second.
        """
        await super().startup(sockets)
        gc.freeze()
        self.begin()


def _server(house: Deskward, wanted: tuple[str, ...], listen: str, more: Mapping[str, Starlette]) -> _Server:
    makers = {"desk": house.desk, "portal": house.portal, "hooks": house.hooks}
    hosts = {house.host_of(part): make() for part, make in makers.items() if part in wanted}
    log.info("serving", parts=wanted, listen=listen)
    return _Server(config_of(Hosts({**hosts, **more})), _bound(listen))


def config_of(app: Any) -> uvicorn.Config:
    """Say how an app is served: nothing is logged of a request, and one under way has 10 seconds at the end."""
    return uvicorn.Config(
        app,
        access_log=False,
        ws="none",
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )


def prepare() -> None:
    """Leave quietly when told to, and stay small.

    The start's leftovers are given back, and each password hash's 19 MiB at once; glibc would keep them.
    """
    signal.signal(signal.SIGTERM, _leave)
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(MMAP_THRESHOLD, KEPT)
        libc.malloc_trim(0)


def _leave(*_: object) -> None:
    sys.exit(0)


def _bound(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host.strip("[]"), int(port)))
    except OSError as error:
        bound.close()
        raise SettingsError(
            f"Nothing can listen on {listen}: {error.strerror}.", "Stop what is there, or change web.listen."
        ) from error
    return bound


def _wait() -> None:
    log.info("running errands")
    threading.Event().wait()
