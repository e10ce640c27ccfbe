"""The sandbox's pages: what is here, the mailbox and the phone; and the one door to all of it."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.codes import Code
from sandbox.mailbox import Mail, Mailbox
from sandbox.phone import VERSION, Phone, Text
from sandbox.phone_api import create_phone_app

PAGES = Path(__file__).parent / "pages"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
VIEWS = ("html", "text", "source")
Codes = Callable[[], list[Code]]


@dataclass(frozen=True)
class Place:
    """An address worth opening, with what it is for."""

    name: str
    address: str
    purpose: str


@dataclass(frozen=True)
class Login:
    """A name and a sample password, and where they open something."""

    where: str
    name: str
    password: str


@dataclass(frozen=True)
class Welcome:
    """What the first page tells a newcomer."""

    organisation: str
    desk: str
    portal: str
    places: tuple[Place, ...] = ()
    logins: tuple[Login, ...] = ()
    person: str = "somebody on the roster"
    category: str = "Password Reset"
    brand: str = "imper.ai"


@dataclass(frozen=True)
class Pages:
    """The pages over one mailbox and one phone."""

    mailbox: Mailbox
    phone: Phone
    welcome: Welcome
    codes: Codes

    async def index(self, _request: Request) -> Response:
        """Show what is here and the story in five steps."""
        return page("index.html", here="/", welcome=self.welcome, codes=self.codes())

    async def mail(self, request: Request) -> Response:
        """Show the messages per recipient, and one of them when it is asked for."""
        opened = self._mail(request) if "number" in request.path_params else None
        view = request.query_params.get("view", "")
        shown = view if view in VIEWS else "html" if opened is None or opened.html else "text"
        return page("mailbox.html", here="/mailbox", groups=self._letters(), opened=opened, view=shown)

    async def mail_list(self, request: Request) -> Response:
        """Give the list of messages alone, for the page to renew."""
        number = request.path_params["number"]
        return fragment(request, "_mails.html", groups=self._letters(), number=number)

    async def mail_html(self, request: Request) -> Response:
        """Show the HTML part alone, unable to run anything; its links open in a new tab."""
        body = '<!doctype html><meta charset="utf-8"><base target="_blank">' + self._mail(request).html
        headers = {"Content-Security-Policy": LETTER_POLICY, "Referrer-Policy": "no-referrer"}
        return HTMLResponse(body, headers=headers)

    async def mail_json(self, request: Request) -> Response:
        """Give the messages as JSON, oldest first, `?to=` for one recipient."""
        to = request.query_params.get("to")
        mails = self.mailbox.sent_to(to) if to else self.mailbox.messages
        return JSONResponse({"messages": [letter(mail) for mail in mails]})

    async def texts(self, request: Request) -> Response:
        """Show the numbers, and one number's thread; the newest when none is asked for."""
        threads = self._threads()
        number = request.path_params.get("number") or next(iter(threads), "")
        chosen = "number" in request.path_params
        return page("phone.html", here="/phone", threads=threads, number=number, chosen=chosen)

    async def text_thread(self, request: Request) -> Response:
        """Give numbers and thread alone, for the page to renew."""
        threads = self._threads()
        number = request.path_params.get("number") or next(iter(threads), "")
        return fragment(request, "_texts.html", threads=threads, number=number)

    async def text_json(self, request: Request) -> Response:
        """Give the SMS as JSON, oldest first, `?to=` for one number."""
        to = request.query_params.get("to")
        texts = self.phone.sent_to(to) if to else self.phone.messages
        return JSONResponse({"messages": [text.resource() for text in texts]})

    async def code_page(self, _request: Request) -> Response:
        """Show the codes of the authenticator apps."""
        return page("codes.html", here="/codes", codes=self.codes())

    async def code_list(self, request: Request) -> Response:
        """Give the codes alone, for the page to renew."""
        return fragment(request, "_codes.html", codes=self.codes())

    async def code_json(self, _request: Request) -> Response:
        """Give the codes as JSON."""
        return JSONResponse({"codes": [asdict(code) for code in self.codes()]})

    def _mail(self, request: Request) -> Mail:
        number = request.path_params["number"]
        found = next((mail for mail in self.mailbox.messages if mail.number == number), None)
        if found is None:
            raise HTTPException(404)
        return found

    def _letters(self) -> dict[str, list[Mail]]:
        """Give the messages by recipient, newest first, the recipient with the newest first."""
        groups: dict[str, list[Mail]] = {}
        for mail in reversed(self.mailbox.messages):
            for recipient in mail.recipients:
                groups.setdefault(recipient, []).append(mail)
        return groups

    def _threads(self) -> dict[str, list[Text]]:
        """Give the texts by number, oldest first, the number with the newest first."""
        newest = sorted(self.phone.messages, key=lambda text: text.created)
        numbers = dict.fromkeys(text.to for text in reversed(newest))
        return {number: [text for text in newest if text.to == number] for number in numbers}


def create_pages(mailbox: Mailbox, phone: Phone, welcome: Welcome, codes: Codes) -> Starlette:
    """Build the pages."""
    pages = Pages(mailbox, phone, welcome, codes)
    return Starlette(
        routes=[
            Route("/", pages.index),
            Route("/mailbox", pages.mail),
            Route("/mailbox.json", pages.mail_json),
            Route("/mailbox/list/{number:int}", pages.mail_list),
            Route("/mailbox/{number:int}", pages.mail),
            Route("/mailbox/{number:int}/html", pages.mail_html),
            Route("/phone", pages.texts),
            Route("/phone.json", pages.text_json),
            Route("/phone/list", pages.text_thread),
            Route("/phone/list/{number}", pages.text_thread),
            Route("/phone/{number}", pages.texts),
            Route("/codes", pages.code_page),
            Route("/codes.json", pages.code_json),
            Route("/codes/list", pages.code_list),
            Mount("/static", StaticFiles(directory=PAGES / "static")),
        ],
        exception_handlers={404: not_found},
    )


def create_sandbox_app(
    *, changegear: ASGIApp, mailbox: Mailbox, phone: Phone, welcome: Welcome, codes: Codes = list
) -> ASGIApp:
    """Build the sandbox's one app: ChangeGear, the phone's API and the pages, told apart by path.

    `codes` gives what the authenticator apps show. Paths arrive unchanged; start-up and shut-down reach the
    ChangeGear app.
    """
    texts, pages = create_phone_app(phone), create_pages(mailbox, phone, welcome, codes)
    rooms: dict[str, ASGIApp] = dict.fromkeys(("cgrestapi", "cgweb", "changegear"), changegear)
    rooms[VERSION] = texts

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        first = scope.get("path", "/changegear").strip("/").partition("/")[0].lower()
        await rooms.get(first, pages)(scope, receive, send)

    return door


def page(name: str, status: int = 200, **values: Any) -> Response:
    """Render a whole page with the strict policy."""
    headers = {
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(templates.get_template(name).render(values), status, headers)


def fragment(request: Request, name: str, **values: Any) -> Response:
    """Render part of a page; 304 when the page has it already."""
    written = templates.get_template(name).render(values)
    tag = f'"{hashlib.sha256(written.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(written, headers=headers)


async def not_found(_request: Request, _problem: Exception) -> Response:
    """Say that there is no such page, and what to do."""
    return page("missing.html", 404, here="")


def letter(mail: Mail) -> dict[str, object]:
    """Give a message as JSON shows it."""
    return {
        "number": mail.number,
        "from": mail.written_by,
        "to": list(mail.recipients),
        "subject": mail.subject,
        "message_id": mail.message_id,
        "text": mail.text,
        "html": mail.html,
        "received": mail.received.isoformat(),
    }


def linked(text: str) -> Markup:
    """Escape a text and make its addresses clickable, in a new tab."""
    pieces, last = [], 0
    for found in LINK.finditer(text):
        address = escape(found.group())
        pieces += [escape(text[last : found.start()])]
        pieces += [Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(address)]
        last = found.end()
    return Markup("").join([*pieces, escape(text[last:])])


templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(PAGES / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters["linked"] = linked
