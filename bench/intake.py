"""Webhooks taken in per second: several connections, a bounded count, loopback only."""

import base64
import http.client
import json
import threading
import time

from bench.machine import Program
from bench.outside import PATH_TOKEN
from sandbox.__main__ import WEBHOOK

CONNECTIONS = 4
MOST_SECONDS = 8.0
FIRST_TICKET = 100_000
HOOK = f"/hooks/changegear/{PATH_TOKEN}"
BASIC = "Basic " + base64.b64encode(":".join(WEBHOOK).encode()).decode()


def rate(program: Program, path: str, count: int) -> tuple[float, float]:
    """Post `count` webhooks for different tickets; gives how many a second were taken in, and the CPU s of one."""
    _post(program.port, path, range(FIRST_TICKET - 20, FIRST_TICKET), [])
    done: list[int] = []
    share = count // CONNECTIONS
    threads = [
        threading.Thread(
            target=_post,
            args=(program.port, path, range(FIRST_TICKET + n * share, FIRST_TICKET + (n + 1) * share), done),
        )
        for n in range(CONNECTIONS)
    ]
    used, began = program.used(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done) / (time.perf_counter() - began), (program.used() - used) / max(1, len(done))


def _post(port: int, path: str, tickets: range, done: list[int]) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Host": f"hooks.localhost:{port}", "Content-Type": "application/json", "Authorization": BASIC}
    deadline = time.monotonic() + MOST_SECONDS
    for ticket in tickets:
        if time.monotonic() > deadline:
            break
        line.request(
            "POST", path, json.dumps({"Entity": {"ID": ticket, "Summary": "Forgot my password"}}), headers
        )
        answer = line.getresponse()
        answer.read()
        if answer.status != http.client.ACCEPTED:
            raise RuntimeError(f"a webhook was answered {answer.status}")
        done.append(ticket)
    line.close()
