"""The phone's HTTP API: create, read and list messages as Twilio documents them."""

import base64
import binascii
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.phone import VERSION, Phone, Text

MESSAGES = f"/{VERSION}/Accounts/{{account}}/Messages.json"
MESSAGE = f"/{VERSION}/Accounts/{{account}}/Messages/{{sid}}.json"
LONGEST_BODY = 1600
LARGEST_PAGE = 1000
NUMBER = re.compile(r"\+[1-9]\d{6,14}")

Answer = Callable[[Request], Awaitable[Response]]


def create_phone_app(phone: Phone) -> Starlette:
    """Build the API over one phone."""

    async def create(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        problem = _problem(form, phone.refusals)
        if problem is not None:
            return _error(400, *problem)
        text = phone.send(
            to=form["To"],
            sender=form.get("From", ""),
            service=form.get("MessagingServiceSid"),
            body=form["Body"],
            callback=form.get("StatusCallback"),
        )
        if phone.faults_now():
            return _error(500, 20500, "An internal server error has occurred")
        return JSONResponse(text.resource(), status_code=201)

    async def read(request: Request) -> Response:
        text = phone.find(request.path_params["sid"])
        return JSONResponse(text.resource()) if text else _not_found(request)

    async def listing(request: Request) -> Response:
        try:
            return JSONResponse(_page(phone, request))
        except ValueError:
            return _error(400, 20001, "Page, PageSize or DateSent is not valid")

    return Starlette(
        routes=[
            Route(MESSAGES, _guarded(phone, create), methods=["POST"]),
            Route(MESSAGES, _guarded(phone, listing), methods=["GET"]),
            Route(MESSAGE, _guarded(phone, read), methods=["GET"]),
        ],
        exception_handlers={404: _missing},
    )


def _guarded(phone: Phone, answer: Answer) -> Answer:
    """Let a call through when the phone is up and the caller is the account."""

    async def guarded(request: Request) -> Response:
        if phone.down:
            return _error(503, 20503, "Service unavailable")
        if not _is_account(phone, request):
            return _error(401, 20003, "Authenticate", {"WWW-Authenticate": 'Basic realm="Twilio API"'})
        if phone.throttled:
            return _error(429, 20429, "Too Many Requests", {"Retry-After": "1"})
        return await answer(request)

    return guarded


def _is_account(phone: Phone, request: Request) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        named = base64.b64decode(given, validate=True)
    except binascii.Error:
        return False
    known = hmac.compare_digest(named, f"{phone.account}:{phone.token}".encode())
    return scheme.lower() == "basic" and known and request.path_params["account"] == phone.account


def _problem(form: Mapping[str, str], refusals: Mapping[str, int]) -> tuple[int, str] | None:
    """Give the first thing wrong with a send, as the provider's code and sentence."""
    to = form.get("To", "")
    checks = [
        (21604, "A 'To' phone number is required.", not to),
        (21211, f"Invalid 'To' Phone Number: {to}", not NUMBER.fullmatch(to)),
        (
            21603,
            "A 'From' phone number is required.",
            not (form.get("From") or form.get("MessagingServiceSid")),
        ),
        (21602, "Message body is required.", not form.get("Body")),
        (
            21617,
            "The concatenated message body exceeds 1600 characters.",
            len(form.get("Body", "")) > LONGEST_BODY,
        ),
        (refusals.get(to, 0), f"Message cannot be sent to {to}", to in refusals),
    ]
    return next(((code, sentence) for code, sentence, wrong in checks if wrong), None)


def _page(phone: Phone, request: Request) -> dict[str, object]:
    """Give one page of the matching messages, newest first; a ValueError for a value that is none."""
    asked = request.query_params
    number, size = int(asked.get("Page", 0)), int(asked.get("PageSize", 50))
    if number < 0 or not 1 <= size <= LARGEST_PAGE:
        raise ValueError("out of range")
    found = [text for text in reversed(phone.messages) if _matches(text, asked)]
    start = number * size
    shown = found[start : start + size]
    last = start + size >= len(found)
    return {
        "first_page_uri": _page_uri(request, 0, size),
        "next_page_uri": None if last else _page_uri(request, number + 1, size),
        "previous_page_uri": _page_uri(request, number - 1, size) if number else None,
        "uri": _page_uri(request, number, size),
        "page": number,
        "page_size": size,
        "start": start,
        "end": start + max(0, len(shown) - 1),
        "messages": [text.resource() for text in shown],
    }


def _page_uri(request: Request, number: int, size: int) -> str:
    kept = [(name, value) for name, value in request.query_params.items() if name not in ("Page", "PageSize")]
    return f"{request.url.path}?{urlencode([*kept, ('PageSize', size), ('Page', number)])}"


def _matches(text: Text, asked: Mapping[str, str]) -> bool:
    """Tell whether a message fits To, From and DateSent with its inequalities, days in GMT."""
    day = (text.sent or text.created).date()
    return (
        asked.get("To", text.to) == text.to
        and asked.get("From", text.sender) == text.sender
        and ("DateSent" not in asked or day == _day(asked["DateSent"]))
        and ("DateSent>" not in asked or day >= _day(asked["DateSent>"]))
        and ("DateSent<" not in asked or day <= _day(asked["DateSent<"]))
    )


def _day(written: str) -> date:
    return date.fromisoformat(written[:10])


def _not_found(request: Request) -> Response:
    return _error(404, 20404, f"The requested resource {request.url.path} was not found")


async def _missing(request: Request, _problem: Exception) -> Response:
    return _not_found(request)


def _error(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer an error in the provider's form."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    told = {"code": code, "message": message, "more_info": more, "status": status}
    return JSONResponse(told, status_code=status, headers=dict(headers or {}))
