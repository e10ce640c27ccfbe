"""A real small reverse proxy, as it stands before the portal: it tells the round trip of each connection."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

from tests.loopback import client

RTT_AT = 68  # of tcpi_rtt in Linux's struct tcp_info, microseconds
OWN = {"connection", "content-length", "accept-encoding", "x-forwarded-for"}
NOT_BACK = {"connection", "content-length", "content-encoding", "transfer-encoding", "date", "server"}


@contextmanager
def proxy(listening: socket.socket, port: int, header: str, delay: float = 0.0) -> Iterator[None]:
    """Pass everything on to a port of loopback, each after `delay` seconds; `header` is set, never passed on."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            time.sleep(delay)
            headers = [(n, v) for n, v in self.headers.items() if n.lower() not in {*OWN, header.lower()}]
            headers += [(header, str(self.round_trip())), ("x-forwarded-for", self.client_address[0])]
            url = f"http://127.0.0.1:{port}{self.path}"
            with client() as line:
                answer = line.request(self.command, url, headers=headers, content=body)
            self.send_response(answer.status_code)
            for name, value in answer.headers.multi_items():
                if name not in NOT_BACK:
                    self.send_header(name, value)
            if answer.status_code != httpx2.codes.NO_CONTENT:
                self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(answer.content)

        do_POST = do_GET  # noqa: N815 - the name is http.server's

        def round_trip(self) -> int:
            told = self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, RTT_AT + 4)
            return int(struct.unpack_from("=I", told, RTT_AT)[0])

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(listening.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket, server.daemon_threads = listening, True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
