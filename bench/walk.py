"""Walks one verification over HTTP: the agent at the desk, the requester in the portal."""

import http.client
import json
import re
import select
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.machine import Program, until
from bench.outside import FIRST_PERSON, Outside
from bench.product import SIGNED_IN, address_of
from bench.scenes import WINDOWS
from deskward.web.desk.doors import COOKIE
from sandbox.changegear import PASSWORD_RESET

NEW_PASSWORD = "violet otter paints 9 barns {}"
FORM = "application/x-www-form-urlencoded"
READINGS = json.dumps(
    {name: told for name, told in WINDOWS.readings.items() if name != "origin_echo"}
    | {"time_zone": "Europe/Berlin"}
)


@dataclass
class Browser:
    """One host's visitor with cookies; follows no redirect; `requests` counts."""

    name: str
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    requests: int = 0

    def __post_init__(self) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def get(self, path: str) -> str:
        """Read a page."""
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> str:
        """Send a form."""
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None = None) -> str:
        host = f"{self.name}.localhost:{self.port}"
        headers = {
            **WINDOWS.headers,
            "Host": host,
            "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
        }
        if body is not None:
            headers |= {"Content-Type": FORM, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        self._look_whether_it_lives()
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        text = answer.read().decode()
        self.requests += 1
        if answer.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{method} {path} answered {answer.status}")
        for given in answer.headers.get_all("set-cookie") or ():
            name, _, value = given.partition(";")[0].partition("=")
            self.cookies[name] = value
        return text

    def _look_whether_it_lives(self) -> None:
        """Let go of a line that the server closed meanwhile: an idle one lives for five seconds there."""
        if self.line.sock is not None and select.select([self.line.sock], [], [], 0)[0]:
            self.line.close()


@dataclass
class Walk:
    """Everything the walker needs; `sending` sums the CPU seconds from “Send” to the right value.

    `noted` is the longest time from a new ticket to its note in seconds, `events` and `calls` are the webhooks and
    the calls to ChangeGear of one verification.
    """

    outside: Outside
    program: Program
    requests: int = 0
    walked: int = 0
    sending: float = 0.0
    noted: float = 0.0
    events: float = 0.0
    calls: float = 0.0
    screens: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        self.desk = Browser("desk", self.program.port)
        self.desk.cookies[COOKIE] = SIGNED_IN

    def story(self) -> None:
        """Walk from a new ticket to the closed ticket, as the next person of the roster."""
        number = self.walked
        requester = FIRST_PERSON + number
        site, before = self.outside.site, self.desk.requests
        began = time.monotonic()
        ticket = site.open_ticket("Forgot my password", requester=requester, category=PASSWORD_RESET).id
        until(lambda: self._link(ticket), "the note with the link")
        self.noted = max(self.noted, time.monotonic() - began)
        page = self.desk.get(self._link(ticket))
        portal = Browser("portal", self.program.port)
        before_sending = self.program.used()
        self._send(page, ticket)
        self._answer(portal, ticket, address_of(number))
        self.sending += self.program.used() - before_sending
        self._finish(portal, number)
        until(lambda: self._status(ticket) == "Closed", "the closed ticket")
        self.walked += 1
        self.requests += portal.requests + self.desk.requests - before

    def _send(self, page: str, ticket: int) -> None:
        kept = {name: hidden(page, name) for name in ("csrf", "form_key", "version")}
        choice = found(r'name="choice" value="([^"]+)" data-provenance="established" data-kind="email"', page)
        self.desk.post(self._link(ticket), **kept, on_phone="yes", choice=choice, kind="email")

    def _answer(self, portal: Browser, ticket: int, address: str) -> None:
        live = self.desk.get(self._link(ticket))
        code = "".join(re.findall(r"<span>(\d{3})</span>", live)[:2])
        token = found(r"/v#(\S+)", self.outside.mailbox.wait_for(address, seconds=30).text)
        begun = portal.get("/v")
        first = portal.post("/v/open", token=token)
        self.screens = begun, first
        portal.post("/v/start", token=token, value=code)

    def _finish(self, portal: Browser, number: int) -> None:
        portal.post("/v/continue", version=hidden(portal.get("/v/step"), "version"), readings=READINGS)
        act = portal.get("/v/step")
        portal.post("/v/act", version=hidden(act, "version"), password=NEW_PASSWORD.format(number))
        last = portal.get("/v/step")
        if "<h1>Done<" not in last:
            raise RuntimeError(f"no new password was set: {found('<h1>(.*?)</h1>', last)}")

    def _link(self, ticket: int) -> str:
        seen = self.outside.site.ticket(ticket)
        text = "\n".join(record.comment for record in seen.history) if seen else ""
        match = re.search(r"/send/[A-Z0-9-]+", text)
        return match.group() if match else ""

    def _status(self, ticket: int) -> str:
        seen = self.outside.site.ticket(ticket)
        return seen.status if seen else ""


def hidden(page: str, name: str) -> str:
    """Give the value of a hidden field."""
    return found(rf'name="{name}" value="([^"]*)"', page)


def found(pattern: str, text: str) -> str:
    """Give what the pattern's group finds; RuntimeError when the page does not hold it."""
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"a page lacks {pattern}")
    return match.group(1)
