"""CPU of the Deskward process for whole verifications, beside raw inserts, a bare server and one password hash."""

import http.client
import time

from bench.lines import Line
from bench.machine import Program
from bench.product import Product
from bench.rows import raw_inserts
from bench.walk import Walk
from deskward.directories.roster import HASHER

IDLE_SECONDS = 2.0
SETTLING_SECONDS = 1.5
MS = 1000
NOTED_LIMIT = "2 s"


def walked(product: Product, program: Program, count: int) -> tuple[Walk, float]:
    """Walk one verification to warm up, then `count`; gives the walk and the CPU seconds of one."""
    walk = Walk(product.outside, program)
    walk.story()
    time.sleep(SETTLING_SECONDS)
    walk.sending, walk.noted, walk.requests = 0.0, 0.0, 0
    events, served = len(product.outside.events), product.outside.served.requests
    before = program.used()
    for _ in range(count):
        walk.story()
    time.sleep(SETTLING_SECONDS)
    used = (program.used() - before) / count
    walk.events = (len(product.outside.events) - events) / count
    walk.calls = (product.outside.served.requests - served) / count
    return walk, used


def idle(program: Program) -> float:
    """Give the CPU seconds of a second in which nothing happens."""
    before = program.used()
    time.sleep(IDLE_SECONDS)
    return (program.used() - before) / IDLE_SECONDS


def request_floor(bare: Program, count: int) -> float:
    """Give the CPU seconds of one request to the bare server."""
    line = http.client.HTTPConnection("127.0.0.1", bare.port, timeout=30)
    for n in range(count + 20):
        if n == 20:
            before = bare.used()
        line.request("GET", "/page")
        line.getresponse().read()
    line.close()
    return (bare.used() - before) / count


def hash_floor() -> float:
    """Give the CPU seconds of one argon2id hash as the roster makes it."""
    began = time.thread_time()
    HASHER.hash("violet otter paints 9 barns")
    return time.thread_time() - began


def lines(where: str, walk: Walk, used: float, count: int, floors: dict[str, float]) -> list[Line]:
    """Write the lines of one database; `floors` are CPU seconds."""
    requests = walk.requests / count + walk.events
    server = floors["request"] * requests
    unit = "ms"
    whole, sending = used * MS, walk.sending / count * MS
    rows = floors["rows"] * MS
    return [
        Line(f"{where}: CPU per verification", whole, unit, rows, f"its {floors['count']:.0f} rows, inserted raw"),
        Line(f"{where}: the same", whole, unit, server * MS, f"{requests:.0f} requests to a bare server"),
        Line(f"{where}: the same", whole, unit, floors["hash"] * MS, "one argon2id hash of the new password"),
        Line(
            f"{where}: CPU per send + answer",
            sending,
            unit,
            floors["request"] * 5 * MS,
            "5 requests to a bare server",
        ),
        Line(f"{where}: from a new ticket to its note, longest", walk.noted, "s", 0, "", NOTED_LIMIT),
        Line(f"{where}: calls to ChangeGear per verification", walk.calls, "", 0, ""),
        Line(f"{where}: CPU per idle second", floors["idle"] * MS, unit, 0, ""),
    ]


def rows_of(product: Product, empty: str, walk: Walk) -> dict[str, float]:
    """Measure the raw inserts of one verification."""
    source = product.database
    if source.startswith("sqlite"):
        source = f"sqlite:///{product.folder / source.removeprefix('sqlite:///')}"
    count, seconds = raw_inserts(source, empty)
    return {"count": count / walk.walked, "rows": seconds / walk.walked}
