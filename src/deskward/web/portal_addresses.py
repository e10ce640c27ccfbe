"""The portal's pages for new addresses: add one after a pass, and confirm one from a message."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from deskward.core.destinations import Kind
from deskward.core.errors import ConflictError, InvalidError, LimitError, NotFoundError
from deskward.core.verification import Verification
from deskward.lifecycle import NEUTRAL, NEUTRAL_HINT, Lifecycle, Reading
from deskward.web.guard import Form, Guard, client_address
from deskward.web.pages import Templates, Trouble, trouble_of
from deskward.web.pinning import signed

ADD = "/v/address"
LONGEST = 320
OLD = Trouble(409, "", "Something changed while this page was open.", "Press the button again.")


@dataclass(frozen=True)
class AddressPages:
    """Pages of a run that passed (`pinned` reads it from the cookie), and of a link in a message."""

    lifecycle: Lifecycle
    reading: Reading
    guard: Guard
    templates: Templates
    pinned: Callable[[Request], Verification]
    cookie: str

    def join(self, app: FastAPI) -> None:
        """Add the routes."""
        app.api_route(ADD, methods=["GET", "HEAD"])(self.show)
        app.post(ADD)(self.add)
        app.post(f"{ADD}/code")(self.typed)
        app.api_route("/confirm", methods=["GET", "HEAD"])(self.begin)
        app.post("/confirm/open")(self.opened)
        app.post("/confirm")(self.confirm)

    def show(self, request: Request) -> Response:
        """Show the field for a new address, or for the code that was sent there."""
        return self._adding(request, self._passed(request), again="other" in request.query_params)

    def add(self, request: Request, form: Form) -> Response:
        """Send a code to the new address."""
        seen, typed = self._passed(request), form.get("typed", "")[:LONGEST]
        if not self._is_its(form, seen):
            return self._again(request, typed)
        kind = Kind.EMAIL if "@" in typed else Kind.SMS
        try:
            self.lifecycle.add_address(request.cookies[self.cookie], seen.version, kind, typed)
        except (InvalidError, LimitError) as error:
            return self._adding(request, seen, trouble_of(error), typed=typed, again=True)
        except ConflictError:
            return self._again(request, typed)
        return RedirectResponse(ADD, 303)

    def typed(self, request: Request, form: Form) -> Response:
        """Take the code of the new address."""
        seen = self._passed(request)
        waiting = self.lifecycle.waiting(seen)
        if waiting is None:
            return RedirectResponse(ADD, 303)
        if not self._is_its(form, seen):
            return self._adding(request, seen, OLD)
        address = client_address(request, self.guard.trusted_hops)
        try:
            self.lifecycle.confirm(waiting.token.reveal(), form.get("value", ""), address)
        except (InvalidError, LimitError) as error:
            return self._adding(request, seen, trouble_of(error))
        return self._page(request, "confirmed.html", forget=seen.pin_key)

    def begin(self, request: Request) -> Response:
        """Show the inert page of a link that asks whether an address is right."""
        return self._page(request, "confirm_begin.html")

    def opened(self, request: Request, form: Form) -> Response:
        """Show the field for the code; whoever only presses confirms nothing."""
        token = form.get("token", "").rpartition("#")[2].strip()
        self.lifecycle.confirming(token)
        return self._page(request, "confirm.html", token=token, trouble=None)

    def confirm(self, request: Request, form: Form) -> Response:
        """Take the code of the message."""
        token, address = form.get("token", ""), client_address(request, self.guard.trusted_hops)
        try:
            self.lifecycle.confirm(token, form.get("value", ""), address)
        except InvalidError as error:
            return self._page(request, "confirm.html", error.status, token=token, trouble=trouble_of(error))
        return self._page(request, "confirmed.html", forget="")

    def _passed(self, request: Request) -> Verification:
        found = self.pinned(request)
        if not self.lifecycle.may_add(found):
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        return found

    def _is_its(self, form: Form, seen: Verification) -> bool:
        """Tell whether the form is of this page; NotFoundError when another browser signed it (SR-15)."""
        if form.get("version") != str(seen.version):
            return False
        nonce = self.lifecycle.house.keyring.page_nonce(seen.pin, seen.version)
        if seen.pin_key and not signed(seen.pin_key, nonce, form.get("signature", "")):
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        return True

    def _again(self, request: Request, typed: str) -> Response:
        """Keep what was typed into a page that is old by now; after a double click the code is asked for."""
        seen = self._passed(request)
        if self.lifecycle.waiting(seen):
            return RedirectResponse(ADD, 303)
        return self._adding(request, seen, OLD, typed=typed, again=True)

    def _adding(
        self, request: Request, seen: Verification, trouble: Trouble | None = None, **values: Any
    ) -> Response:
        waiting = None if values.pop("again", False) else self.lifecycle.waiting(seen)
        view, status = self.reading.portal(seen), trouble.status if trouble else 200
        page = {"view": view, "waiting": waiting, "trouble": trouble, "typed": values.get("typed", "")}
        return self._page(request, "address.html", status, **page)

    def _page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        organisation = self.lifecycle.house.portal.organisation
        return self.templates.page(request, name, status, organisation=organisation, **values)
