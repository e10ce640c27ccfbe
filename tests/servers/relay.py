"""A relay before a TCP server: it passes bytes on as they are, until it is told to hold them."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer

Asked = Callable[[], bool]


def never() -> bool:
    """Hold nothing."""
    return False


@dataclass
class Relay:
    """Stands at `port` of the server's own address.

    `hold_question` is asked before bytes go to the server, `hold_answer` before bytes come back. After a yes the
    rest of that direction of that connection is lost, and `held` is set; the connection stays open until one of
    its ends hangs up.
    """

    port: int = 0
    hold_question: Asked = never
    hold_answer: Asked = never
    held: threading.Event = field(default_factory=threading.Event)

    def _holds_question(self) -> bool:
        return self.hold_question()

    def _holds_answer(self) -> bool:
        return self.hold_answer()

    def let_go(self) -> None:
        """Hold nothing that comes from now on; what is held stays lost."""
        self.hold_question = self.hold_answer = never
        self.held.clear()

    def pass_on(self, near: socket.socket, far: socket.socket) -> None:
        """Join two ends until one of them hangs up."""
        back = threading.Thread(target=self._flow, args=(far, near, self._holds_answer), daemon=True)
        back.start()
        self._flow(near, far, self._holds_question)
        back.join()

    def _flow(self, source: socket.socket, sink: socket.socket, hold: Asked) -> None:
        lost = False
        with suppress(OSError):
            while some := source.recv(65536):
                lost = lost or hold()
                if lost:
                    self.held.set()
                else:
                    sink.sendall(some)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def running_relay(host: str, port: int) -> Iterator[Relay]:
    """Relay to a port of an address of loopback."""
    relay = Relay()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((host, port)) as far:
                relay.pass_on(self.request, far)

    with ThreadingTCPServer((host, 0), Handler, bind_and_activate=True) as server:
        server.daemon_threads, server.block_on_close = True, False
        relay.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield relay
        finally:
            server.shutdown()
            thread.join()
