"""The portal's page of means: what is set up to prove who one is, what can be added, what can be removed."""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from deskward.core.errors import (
    ConflictError,
    DeskwardError,
    InvalidError,
    LimitError,
    NotFoundError,
    RefusedError,
)
from deskward.core.links import new_nonce
from deskward.core.secret import Secret
from deskward.lifecycle import Lifecycle
from deskward.web.guard import Form
from deskward.web.pages import Templates, Trouble, trouble_of

COOKIE = "__Host-enrol"
LONGEST = 15 * 60
MEANS = "/enrol/means"


def add_pages(app: FastAPI, lifecycle: Lifecycle, templates: Templates) -> None:
    """Add the pages under /enrol to the portal."""
    pages = _Enrol(lifecycle, templates)
    app.api_route("/enrol", methods=["GET", "HEAD"])(pages.begin)
    app.post("/enrol/open")(pages.opened)
    app.api_route(MEANS, methods=["GET", "HEAD"])(pages.means)
    app.api_route(MEANS + "/{kind}", methods=["GET", "HEAD"])(pages.way)
    app.post(MEANS + "/{kind}")(pages.keep)
    app.post("/enrol/remove")(pages.remove)


def led_in(session: Secret) -> Response:
    """Give this browser the page of means."""
    response = RedirectResponse(MEANS, 303)
    response.set_cookie(COOKIE, session.reveal(), LONGEST, secure=True, httponly=True, samesite="strict")
    return response


@dataclass(frozen=True)
class _Enrol:
    lifecycle: Lifecycle
    templates: Templates

    def begin(self, request: Request) -> Response:
        """Show the inert page of a link; nothing happens before the button is pressed (SR-05)."""
        return self._page(request, "enrol.html", form_key=new_nonce(), under_way=self._under_way(request))

    def opened(self, request: Request, form: Form) -> Response:
        """Take the link of this page for this browser, once."""
        try:
            session = self.lifecycle.enrol_begin(form.get("token", ""), form.get("form_key", ""))
        except (NotFoundError, ConflictError):
            if self._under_way(request):
                return RedirectResponse(MEANS, 303)
            raise
        return led_in(session)

    def means(self, request: Request) -> Response:
        """List what there is, and the ways to add more."""
        return self._means(request)

    def way(self, request: Request, kind: str) -> Response:
        """Show how one is set up."""
        return self._way(request, kind)

    def keep(self, request: Request, kind: str, form: Form) -> Response:
        """Keep it once its check is right; else say on the same page what was wrong."""
        session = _session(request)
        answers = {f.name: Secret(form.get(f.name, "")) for f in self.lifecycle.enrol_ask(session, kind).fields}
        try:
            self.lifecycle.enrol_keep(session, kind, answers)
        except InvalidError as error:
            return self._way(request, kind, trouble_of(error))
        except (ConflictError, RefusedError) as error:
            return self._means(request, trouble_of(error))
        return RedirectResponse(MEANS, 303)

    def remove(self, request: Request, form: Form) -> Response:
        """Remove one; what is gone already stays gone."""
        try:
            self.lifecycle.enrol_remove(_session(request), form.get("means", ""))
        except (ConflictError, RefusedError) as error:
            return self._means(request, trouble_of(error))
        except NotFoundError:
            return self._means(request)
        return RedirectResponse(MEANS, 303)

    def _means(self, request: Request, trouble: Trouble | None = None) -> Response:
        view = self.lifecycle.enrol_view(_session(request))
        return self._page(request, "means.html", trouble.status if trouble else 200, view=view, trouble=trouble)

    def _way(self, request: Request, kind: str, trouble: Trouble | None = None) -> Response:
        session = _session(request)
        view = self.lifecycle.enrol_view(session)
        try:
            asked = self.lifecycle.enrol_ask(session, kind)
        except (LimitError, RefusedError) as error:
            return self._means(request, trouble_of(error))
        challenge = next(w for w in view.ways if w.name == kind)
        status = trouble.status if trouble else 200
        return self._page(
            request, "way.html", status, view=view, asked=asked, challenge=challenge, trouble=trouble
        )

    def _under_way(self, request: Request) -> bool:
        try:
            return bool(self.lifecycle.enrol_view(_session(request)))
        except DeskwardError:
            return False

    def _page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        organisation = self.lifecycle.house.portal.organisation
        return self.templates.page(request, name, status, organisation=organisation, **values)


def _session(request: Request) -> str:
    return request.cookies.get(COOKIE, "")
