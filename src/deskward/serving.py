"""Serves the parts of the house in this process, on one port, told apart by host name."""

import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Mapping

import structlog
import uvicorn
from starlette.types import ASGIApp

from deskward.core.errors import SettingsError
from deskward.web.hosts import Hosts
from deskward.wiring import Deskward

EVERYTHING = ("desk", "portal", "hooks", "errands")
log = structlog.get_logger("deskward.serving")


def serve(
    house: Deskward,
    parts: Iterable[str],
    listen: str = "",
    *,
    more: Mapping[str, ASGIApp] | None = None,
) -> None:
    """Serve until the process is told to stop; then the errands under way are finished and the store closed.

    `more` are further apps by host name (the sandbox).
    """
    wanted = tuple(parts)
    signal.signal(signal.SIGTERM, _leave)
    with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        stack.callback(house.close)
        if "errands" in wanted:
            stack.enter_context(house.running())
        if wanted == ("errands",):
            _wait()
            return
        _web(house, wanted, listen or house.settings.web.listen, more or {})


def _web(house: Deskward, wanted: tuple[str, ...], listen: str, more: Mapping[str, ASGIApp]) -> None:
    makers = {"desk": house.desk, "portal": house.portal, "hooks": house.hooks}
    hosts = {name: make() for part, make in makers.items() if part in wanted for name in [house.host_of(part)]}
    config = uvicorn.Config(
        Hosts({**hosts, **more}),
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )
    bound = _bound(listen)
    log.info("serving", parts=wanted, listen=listen)
    uvicorn.Server(config).run(sockets=[bound])


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
