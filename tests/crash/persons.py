"""The people of a story: an agent and a requester over HTTP, who try again when nobody answers."""

import html
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import httpx2

from bench.scenes import WINDOWS
from bench.walk import READINGS
from deskward.web.desk.doors import COOKIE
from tests.crash.machine import SIGNED_IN
from tests.crash.outside import Outside, wait_a_moment
from tests.loopback import client

T = TypeVar("T")
NEW_PASSWORD = "Tangerine gravel orbit {n}"
PATIENCE = 90.0
SLOWEST = 15.0


class LostError(Exception):
    """The link is used, and this browser never got the answer to it."""


@dataclass
class Browser:
    """Keeps cookies; a lost answer to a page is asked for again, a lost answer to a form is None."""

    url: str
    timeout: float = SLOWEST
    cookies: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def get(self, path: str) -> httpx2.Response:
        """Read a page, following where it leads."""
        return eventually(lambda: self._ask("GET", path, None))

    def post(self, path: str, form: Mapping[str, str], timeout: float = 0) -> httpx2.Response | None:
        """Send a form once."""
        return self._ask("POST", path, form, timeout)

    def _ask(
        self, method: str, path: str, form: Mapping[str, str] | None, timeout: float = 0
    ) -> httpx2.Response | None:
        host = self.url.removeprefix("http://")
        headers = {
            **WINDOWS.headers,
            "host": host,
            "cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items()),
        }
        if form is not None:
            headers |= {"origin": self.url, "sec-fetch-site": "same-origin"}
        address = f"http://127.0.0.1:{self.port or host.rpartition(':')[2]}{path}"
        try:
            with client(timeout=timeout or self.timeout) as asking:
                answer = asking.request(method, address, data=form, headers=headers)
        except httpx2.TransportError:
            return None
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        if answer.status_code == 303:
            return self.get(answer.headers["location"].removeprefix(self.url))
        return None if answer.status_code >= 500 else answer


class Deadline:
    """An end to trying again: what never comes fails, and does not hang."""

    def __init__(self, seconds: float = 4 * PATIENCE) -> None:
        self._end = time.monotonic() + seconds

    def not_yet(self, shown: str) -> None:
        """Fail with what was shown last, once it took too long."""
        assert time.monotonic() < self._end, shown


def eventually(ask: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """Ask until there is an answer."""
    end = Deadline(seconds)
    while (answer := ask()) is None:
        end.not_yet("no answer in time")
        wait_a_moment()
    return answer


Press = Callable[[Browser, str, Mapping[str, str]], httpx2.Response | None]


@dataclass
class Story:
    """One ticket with its agent and its requester; `press` sends their forms.

    The link goes by `link` (“email” or “sms”); off the phone it goes by e-mail, and the code by SMS.
    """

    outside: Outside
    person: int
    on_phone: bool = True
    link: str = "email"
    press: Press = lambda browser, path, form: browser.post(path, form)
    ticket: int = 0
    id: str = ""

    def __post_init__(self) -> None:
        self.desk = Browser(self.outside.desk, cookies={COOKIE: SIGNED_IN})
        self.portal = Browser(self.outside.portal)

    @property
    def phone(self) -> str:
        """Give the requester's number."""
        return f"+120255501{self.person:02}"

    @property
    def mailbox(self) -> str:
        """Give the requester's private address."""
        return f"person{self.person}@home.example"

    def live(self) -> None:
        """Live the whole story, however often it takes."""
        self.open()
        self.send()
        while True:
            try:
                self.start()
                break
            except LostError:
                self.send(again=True)
        self.agree()
        self.act()
        self.wait_closed()

    def open(self) -> None:
        """Open the ticket and wait for the note with the link."""
        self.ticket = self.ticket or self.outside.open_ticket(self.person)
        self.id = eventually(self._noted)

    def _noted(self) -> str | None:
        found = re.search(r"/send/([A-Z]{2}-[0-9A-Z]{10})", str(self.outside.history(self.ticket)))
        return found[1] if found else None

    def send(self, *, again: bool = False) -> None:
        """Click “Send” until it is sent."""
        path, end = f"/send/{self.id}", Deadline()
        while True:
            page = self.desk_page(f"{path}?again=1" if again else path)
            if 'name="form_key"' not in page:
                return
            answer = self.press(self.desk, path, self._form(page))
            if answer and 'name="form_key"' not in answer.text:
                return
            end.not_yet(answer.text if answer else page)

    def desk_page(self, path: str) -> str:
        """Read a page of the desk."""
        return self.desk.get(path).text

    def _form(self, page: str) -> dict[str, str]:
        form = dict(re.findall(r'name="(csrf|form_key|version)" value="([^"]*)"', page))
        asked = r'name="choice" value="([^"]+)" data-provenance="established" data-kind="(\w+)"'
        ids = {kind: choice for choice, kind in reversed(re.findall(asked, page))}
        way = {"on_phone": "yes"} if self.on_phone else {"on_phone": "no", "second": ids["sms"]}
        return {**form, **way, "choice": ids[self.link]}

    def start(self) -> None:
        """Open the link and type the code; LostError when the answer to the code was lost."""
        asked, end = False, Deadline()
        while "__Host-dw" not in self.portal.cookies:
            end.not_yet("the portal knows nobody")
            token = eventually(self._token)
            shown = self.portal.post("/v/open", {"token": token})
            if shown is not None and shown.status_code == 404 and asked:
                raise LostError
            if shown is not None and shown.status_code == 200:
                asked = True
                form = {"token": token, "value": eventually(self._code), "pin_key": ""}
                self.press(self.portal, "/v/start", form)
            wait_a_moment()

    def _token(self) -> str | None:
        texts = [text.body for text in self.outside.phone.sent_to(self.phone)]
        mails = [mail.text for mail in self.outside.mailbox.sent_to(self.mailbox)]
        found = re.findall(r"/v#(\S+)", "\n".join(texts + mails))
        return found[-1] if found else None

    def _code(self) -> str | None:
        if self.on_phone:
            page = html.unescape(self.desk_page(f"/send/{self.id}"))
            shown = re.search(r'class="code"><span>(\d{3})</span> <span>(\d{3})<', page)
            return shown[1] + shown[2] if shown else None
        texts = "\n".join(text.body for text in self.outside.phone.sent_to(self.phone))
        found = re.findall(r"your code is (\d{3}) (\d{3})", texts)
        return "".join(found[-1]) if found else None

    def agree(self) -> None:
        """Press “Continue” until it is taken."""
        end = Deadline()
        while 'action="/v/continue"' in (page := self._step()):
            end.not_yet(page)
            self.press(self.portal, "/v/continue", {"version": self._version(page), "readings": READINGS})

    def act(self) -> None:
        """Set the new password until the page says that it is done."""
        end = Deadline()
        while "<h1>Done</h1>" not in (page := self._step()):
            end.not_yet(page)
            if 'action="/v/act"' in page:
                form = {"version": self._version(page), "password": NEW_PASSWORD.format(n=self.person)}
                self.press(self.portal, "/v/act", form)
            wait_a_moment()

    def _step(self) -> str:
        answer = self.portal.get("/v/step")
        assert answer.status_code == 200, answer.text
        return answer.text

    def _version(self, page: str) -> str:
        found = re.search(r'name="version" value="(\d+)"', page)
        assert found
        return found[1]

    def wait_closed(self) -> None:
        """Wait until the ticket is closed and says so."""
        eventually(lambda: self.closed or None)

    @property
    def closed(self) -> bool:
        """Tell whether the ticket is closed."""
        ticket = self.outside.site.ticket(self.ticket)
        return ticket is not None and ticket.status == "Closed"
