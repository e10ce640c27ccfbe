"""SQL statements and commits of each portal request, counted in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from bench.lines import Line
from bench.outside import FIRST_PERSON
from bench.product import Product
from bench.scenes import WINDOWS
from bench.walk import READINGS, hidden
from deskward.core.destinations import Kind
from deskward.lifecycle import Actor, Request
from deskward.settings import read
from deskward.wiring import Deskward, build
from sandbox.changegear import PASSWORD_RESET
from tests.servers.statements import hearing_written

LIMIT = "8 statements, 1 commit; aim 4"
ACT_LIMIT = "as above, for each of its 2 commits"


@dataclass
class Count:
    """What is counted so far, and by request."""

    statements: int = 0
    commits: int = 0
    spent: dict[str, tuple[int, int]] = field(default_factory=dict)

    def clear(self) -> None:
        """Begin anew."""
        self.statements = self.commits = 0

    def keep(self, name: str) -> None:
        """Keep the counts under a name, then begin anew."""
        self.spent[name] = self.statements, self.commits
        self.clear()


@contextmanager
def counting() -> Iterator[Count]:
    """Count on every engine of this process until the end of the block."""
    count = Count()

    def statement(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        count.statements += not text.startswith("BEGIN")

    def commit(_connection: Any) -> None:
        count.commits += 1

    def written() -> None:
        count.statements += 1

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
    try:
        with hearing_written(written):
            yield count
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "commit", commit)


def lines(product: Product, person: int) -> list[Line]:
    """Walk the portal as one more person, with no errand running, and write a line for each request."""
    house = build(read(product.settings))
    try:
        token, code = _sent(house, product, FIRST_PERSON + person)
        with counting() as count:
            _portal(house, token, code, count)
    finally:
        house.close()
    return [line for name, spent in count.spent.items() for line in _lines(name, *spent)]


def _lines(name: str, statements: int, commits: int) -> list[Line]:
    limit = ACT_LIMIT if name == "act" else LIMIT
    return [
        Line(f"SQL of “{name}”, commits", commits, "", 0, "", limit),
        Line(f"SQL of “{name}”", statements, "", 0, ""),
    ]


def _sent(house: Deskward, product: Product, requester: int) -> tuple[str, str]:
    opened = product.outside.site.open_ticket("Forgot my password", requester=requester, category=PASSWORD_RESET)
    ticket = house.house.connectors["changegear"].read(str(opened.id))
    verification = house.lifecycle.open(ticket) if ticket else None
    if verification is None:
        raise RuntimeError("no verification was opened")
    choice = next(c.id for c in house.reading.desk(verification.id).established if c.kind is Kind.EMAIL)
    request = Request("bench-form-key-0", verification.version, on_phone=True, choice=choice)
    sent = house.lifecycle.send(verification.id, request, Actor("agent", "AG-BENCH", "Alex Agent"))
    ring = house.house.keyring
    return ring.token(sent.id, sent.link_nonce).reveal(), ring.code(sent.id, sent.code_nonce).reveal()


def _portal(house: Deskward, token: str, code: str, count: Count) -> None:
    url = house.settings.web.portal_url
    browser = {**WINDOWS.headers, "sec-fetch-site": "same-origin", "origin": url}
    client = TestClient(house.portal(), base_url=url, headers=browser)
    client.follow_redirects = False
    wrong = f"{(int(code) + 1) % 10**6:06}"
    steps = (("open", "open", ""), ("start, wrong value", "start", wrong), ("start, right value", "start", code))
    for name, path, value in steps:
        count.clear()
        answer = client.post(f"/v/{path}", data={"token": token, "value": value})
        count.keep(name)
    headers = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
    for name, more in (("continue", {"readings": READINGS}), ("act", {"password": "violet otter paints 9 barns"})):
        version = hidden(client.get("/v/step", headers=headers).text, "version")
        count.clear()
        client.post(f"/v/{name}", data={"version": version} | more, headers=headers)
        count.keep(name)
