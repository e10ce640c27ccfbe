"""The portal's page for a colleague who is asked to speak for a requester (SR-29)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from deskward.core.errors import ConflictError, InvalidError, RefusedError
from deskward.core.records import Vouch as Word
from deskward.core.secret import Secret
from deskward.core.vouching import Doubt, Met
from deskward.lifecycle import Lifecycle
from deskward.lifecycle.vouching import VouchView
from deskward.web.guard import Form
from deskward.web.pages import Templates, Trouble, trouble_of

ADDRESS = "/vouch"


@dataclass(frozen=True)
class Vouch:
    """The inert page, what is asked, and the answer: a signature or a no."""

    lifecycle: Lifecycle
    templates: Templates

    def join(self, app: FastAPI) -> None:
        """Add the routes to the portal."""
        app.api_route(ADDRESS, methods=["GET", "HEAD"])(self.begin)
        app.post(f"{ADDRESS}/open")(self.opened)
        app.post(f"{ADDRESS}/sign")(self.sign)
        app.post(f"{ADDRESS}/refuse")(self.refuse)

    def begin(self, request: Request) -> Response:
        """Show the inert page; the token is in the fragment, which no server sees (SR-05)."""
        return self._page(request, "vouch_begin.html")

    def opened(self, request: Request, form: Form) -> Response:
        """Show who asks for what; the neutral page for every token that stands for nothing."""
        token = form.get("token", "").strip().rpartition("#")[2]
        return self._show(request, token, self.lifecycle.vouch_open(token))

    def sign(self, request: Request, form: Form) -> Response:
        """Take the signature of the colleague's passkey."""

        def sign(view: VouchView) -> Word:
            names = [f.name for f in view.asked.fields] if view.asked else []
            answers = {name: Secret(form.get(name, "")) for name in names}
            return self.lifecycle.vouch_sign(view, form.get("met", ""), answers)

        return self._answer(request, form, sign)

    def refuse(self, request: Request, form: Form) -> Response:
        """Take a no."""
        return self._answer(request, form, lambda view: self.lifecycle.vouch_refuse(view, form.get("doubt", "")))

    def _answer(self, request: Request, form: Form, answer: Callable[[VouchView], Word]) -> Response:
        token = form.get("token", "")
        view = self.lifecycle.vouch_open(token)
        try:
            if not view.answered:
                answer(view)
        except (InvalidError, ConflictError, RefusedError) as error:
            again = self.lifecycle.vouch_open(token)
            return self._show(request, token, again, trouble_of(error), met=form.get("met", ""))
        return self._show(request, token, self.lifecycle.vouch_open(token))

    def _show(
        self, request: Request, token: str, view: VouchView, trouble: Trouble | None = None, *, met: str = ""
    ) -> Response:
        if view.answered:
            return self._page(request, "vouched.html", view=view)
        desk = f"{self.lifecycle.house.words.desk_url}/vouch/{view.vouch.id}" if view.at_desk else ""
        values = {
            "view": view,
            "token": token,
            "desk": desk,
            "ways": tuple(Met),
            "doubts": tuple(Doubt),
            "met": met,
        }
        status = trouble.status if trouble else 200
        return self._page(request, "vouch.html", status, trouble=trouble, **values)

    def _page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        organisation = self.lifecycle.house.portal.organisation
        return self.templates.page(request, name, status, organisation=organisation, **values)
