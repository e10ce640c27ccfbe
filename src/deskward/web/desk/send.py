"""“Send Verification Portal Link”: choose an address, send, say the call code, watch the progress."""

import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.audit import Deed
from deskward.core.destinations import Coded, Kind, Provenance
from deskward.core.errors import ConflictError, DeskwardError, InvalidError, LimitError, NotFoundError
from deskward.core.notes import clean
from deskward.core.verification import State, Verification
from deskward.lifecycle import Lifecycle, Reading, Request
from deskward.lifecycle.reading import DeskView, Look
from deskward.lifecycle.typed import TYPED
from deskward.web.desk.doors import Door, Visit, see_other
from deskward.web.desk.progress import say, steps

ADDRESS = "/send/{verification_id}"
LONGEST_TYPED = 320
REASONS = tuple(code.value for code in Coded)
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_VERSION = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class SendPage:
    """The page, its form, its fragments and its buttons."""

    door: Door
    lifecycle: Lifecycle
    reading: Reading

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.page(ADDRESS, self._show),
            self.door.form(ADDRESS, self._send),
            self.door.form(f"{ADDRESS}/look", self._look),
            self.door.fragment(f"{ADDRESS}/progress", self._progress),
            self.door.form(f"{ADDRESS}/code", self._code),
            self.door.form(f"{ADDRESS}/cancel", self._cancel),
            self.door.form(f"{ADDRESS}/again", self._again),
        ]

    def _show(self, visit: Visit) -> Response:
        return self._page(visit, again="again" in visit.request.query_params)

    def _send(self, visit: Visit) -> Response:
        try:
            self.lifecycle.send(visit.verification_id, request_of(visit.fields), visit.actor)
        except NotFoundError:
            raise
        except DeskwardError as error:
            return self._page(visit, error, again=not isinstance(error, ConflictError))
        return see_other(f"/send/{visit.verification_id}")

    def _look(self, visit: Visit) -> Response:
        fields = visit.fields
        try:
            look = self.reading.look(visit.verification_id, _kind(fields), _typed(fields))
        except NotFoundError:
            raise
        except DeskwardError as error:
            text = f"{error.text} {error.hint}".strip()
            return self.door.show(visit, "look.html", text=text, provenance="", look=None)
        return self.door.show(visit, "look.html", text=_looked(look), provenance=look.provenance.value, look=look)

    def _progress(self, visit: Visit) -> Response:
        view = self.reading.desk(visit.verification_id)
        return self.door.show(visit, "live.html", **_live(view))

    def _code(self, visit: Visit) -> Response:
        seen = _version(visit.fields)
        return self._do(visit, lambda: self.lifecycle.renew_code(visit.verification_id, seen, visit.actor))

    def _cancel(self, visit: Visit) -> Response:
        text = "Cancelled by the agent."
        return self._do(visit, lambda: self.lifecycle.cancel(visit.verification_id, visit.actor, text))

    def _again(self, visit: Visit) -> Response:
        return self._do(visit, lambda: self.lifecycle.reopen(visit.verification_id, visit.actor))

    def _do(self, visit: Visit, step: Callable[[], Verification]) -> Response:
        try:
            verification = step()
        except NotFoundError:
            raise
        except DeskwardError as error:
            return self._page(visit, error)
        return see_other(f"/send/{verification.id}")

    def _page(self, visit: Visit, error: DeskwardError | None = None, *, again: bool = False) -> Response:
        view = self.reading.desk(visit.verification_id)
        if visit.request.method == "GET":
            self.door.note(visit.agent, Deed.SEND_PAGE, view.verification.id)
        first = view.verification.state is State.OPENED
        form = form_of(view, visit.fields) if view.can_send and (first or again) else None
        status = error.status if error else 200
        more = {"form": form, "reasons": REASONS, "leads": _leads(view)}
        others = self.reading.others(view.verification)
        response = self.door.show(visit, "send.html", status, error=error, others=others, **more, **_live(view))
        if isinstance(error, LimitError):
            response.headers["retry-after"] = str(error.retry_after)
        return response


def request_of(fields: Mapping[str, str]) -> Request:
    """Read the form; InvalidError for what no page of ours sends."""
    key = fields.get("form_key", "")
    if not _KEY.fullmatch(key):
        raise InvalidError("This form cannot be used.", "Reload the page and try again.")
    choice, way = clean(fields.get("choice", "")), fields.get("on_phone", "")
    if way not in {"yes", "no"}:
        raise InvalidError("Say whether the requester is on the phone.", "Choose “Yes” or “No”.", "on_phone")
    if not choice:
        raise InvalidError("Choose where to send it.", "Pick one of the addresses on the page.", "choice")
    typed = choice == TYPED
    return Request(
        form_key=key,
        seen_version=_version(fields),
        on_phone=way == "yes",
        choice=choice,
        kind=_kind(fields) if typed else None,
        typed=_typed(fields) if typed else "",
        second="" if way == "yes" else clean(fields.get("second", "")),
        reason=_reason(fields),
        code=_code(fields),
        again=fields.get("again", "")[:LONGEST_TYPED],
        echo=clean(fields.get("echo", "")),
    )


def form_of(view: DeskView, fields: Mapping[str, str]) -> dict[str, str]:
    """Fill the form: what was typed is kept, else the first established address is chosen."""
    names = ("on_phone", "choice", "kind", "typed", "again", "second", "reason", "reason_text")
    kept = {name: fields.get(name, "")[:LONGEST_TYPED] for name in names}
    key = fields.get("form_key", "")
    established = [c.id for c in view.established]
    first = established[0] if established else TYPED
    ways = [w.value for w in view.ways]
    others = [*ways, *(i for i in established if i != (kept["choice"] or first))]
    return kept | {
        "form_key": key if _KEY.fullmatch(key) else secrets.token_urlsafe(24),
        "choice": kept["choice"] or first,
        "second": kept["second"] or (others[0] if others else ""),
    }


def _leads(view: DeskView) -> dict[str, str]:
    if view.category and not view.category.takes_typed:
        supplied = "Not taken for this kind of request: only an established address on file may be used."
    else:
        supplied = view.leads.get(Provenance.CALLER_SUPPLIED, "")
    return {
        "established": view.leads.get(Provenance.ESTABLISHED, ""),
        "supplied": supplied,
    }


def _live(view: DeskView) -> dict[str, Any]:
    moving = bool(view.verification.sends) and not _settled(view)
    code = view.call_code.reveal() if view.call_code else ""
    return {"view": view, "steps": steps(view), "say": say(view), "live": moving, "code": code}


def _settled(view: DeskView) -> bool:
    v = view.verification
    closes = v.state is State.DONE and bool(v.connector and view.category and view.category.closes)
    return v.ended and (not closes or bool(v.closed_status))


def _version(fields: Mapping[str, str]) -> int:
    typed = fields.get("version", "")
    if not (typed.isascii() and _VERSION.fullmatch(typed)):
        raise InvalidError("This form cannot be used.", "Reload the page and try again.")
    return int(typed)


def _kind(fields: Mapping[str, str]) -> Kind:
    kind: Kind | None = None
    with suppress(ValueError):
        kind = Kind(fields.get("kind", ""))
    if kind is None:
        raise InvalidError("Choose e-mail or SMS.", "Then type the address.", "typed")
    return kind


def _typed(fields: Mapping[str, str]) -> str:
    typed = fields.get("typed", "")
    if not typed.strip():
        raise InvalidError("Type an address.", "An e-mail address, or a number with its country code.", "typed")
    if len(typed) > LONGEST_TYPED or clean(typed[:150]) != " ".join(typed[:150].split()):
        raise InvalidError("This is not an address.", "Type it again, without special characters.", "typed")
    return typed


def _code(fields: Mapping[str, str]) -> Coded | None:
    with suppress(ValueError):
        return Coded(fields.get("reason", ""))
    return None


def _reason(fields: Mapping[str, str]) -> str:
    chosen, more = clean(fields.get("reason", "")), clean(fields.get("reason_text", ""))
    return clean(": ".join(x for x in (chosen, more) if x))


def _looked(look: Look) -> str:
    if look.provenance is Provenance.ESTABLISHED:
        return f"{look.masked} is on file and established."
    if not look.taken:
        return f"{look.echo} is not on file. For this kind of request only an address on file is taken."
    if look.echo:
        return f"{look.echo} is not on file: it counts as caller-supplied."
    known = "is on file, but not established" if look.on_file else "is not on file: it counts as caller-supplied"
    return f"{look.masked} {known}."
