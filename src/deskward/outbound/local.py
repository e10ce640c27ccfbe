"""The way to another process of this machine: HTTP over a Unix socket, requests and answers in JSON."""

import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

from deskward.core.errors import OutsideError, RejectedError, UncertainError, UnreachableError

CONNECT_SECONDS = 5.0
MOST_BYTES = 4_000_000
_OK = 200
_CHECK = "Look whether that process runs, and whether this one may reach its socket; it is tried again."


class Local:
    """Calls the process `called` that listens on a socket. Safe to share by threads.

    Each call has a connection of its own: one that was never made is known not to have been heard.
    """

    def __init__(self, socket: Path, called: str) -> None:
        self._socket = socket
        self._called = called

    def lines(self, path: str, body: bytes, *, repeatable: bool, seconds: float) -> Iterator[bytes]:
        """Post JSON and give the lines of the answer as they come, each at most 4 MB.

        An answer that breaks off may merely end early: its last line has to tell that it is whole.
        `seconds` is the longest wait for the next part. Raises UnreachableError (not sent, or repeatable and
        without an answer), UncertainError (sent, no answer) and RejectedError (an answer of another kind).
        """
        with closing(self._connected(seconds)) as connection:
            try:
                connection.request("POST", path, body, {"content-type": "application/json"})
                with connection.getresponse() as response:
                    yield from self._lines(response)
            except (OSError, HTTPException) as error:
                raise self._unanswered(repeatable=repeatable) from error

    def _connected(self, seconds: float) -> HTTPConnection:
        """Connect; the socket belongs to the connection then, and is closed with it."""
        made = socket.socket(socket.AF_UNIX)
        try:
            made.settimeout(CONNECT_SECONDS)
            made.connect(str(self._socket))
        except OSError as error:
            made.close()
            text = f"The {self._called} does not answer on its socket: {error.strerror or error}."
            raise UnreachableError(text, _CHECK) from error
        made.settimeout(seconds)
        connection = HTTPConnection("localhost")
        connection.sock = made
        return connection

    def _lines(self, response: HTTPResponse) -> Iterator[bytes]:
        if response.status != _OK:
            raise RejectedError(f"The {self._called} answers with status {response.status}.")
        while line := response.readline(MOST_BYTES + 1):
            if len(line) > MOST_BYTES:
                raise RejectedError(f"The {self._called} gives an answer that is too long.")
            yield line.removesuffix(b"\n")

    def _unanswered(self, *, repeatable: bool) -> OutsideError:
        text = f"The {self._called} took the request and gave no whole answer."
        if repeatable:
            return UnreachableError(text, _CHECK)
        return UncertainError(text, "It may have been done: look before doing it again.")
