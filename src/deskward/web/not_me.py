"""“This is not me”: the page behind the link that every message carries (SR-46)."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from deskward.core.errors import InvalidError
from deskward.core.verification import State, Verification
from deskward.lifecycle import Lifecycle, Reading
from deskward.lifecycle.fencing import undoing
from deskward.web.guard import Form
from deskward.web.pages import Trouble, trouble_of

ADDRESS = "/not-me"
Page = Callable[..., Response]
Run = Callable[[Request], Verification]


@dataclass(frozen=True)
class NotMe:
    """The inert page, what was asked for, and the press; `cookie` names the pinned run, `run` reads it."""

    lifecycle: Lifecycle
    reading: Reading
    cookie: str
    page: Page
    run: Run

    def join(self, app: FastAPI) -> None:
        """Add the routes to the portal."""
        app.api_route(ADDRESS, methods=["GET", "HEAD"])(self.begin)
        app.post(f"{ADDRESS}/open")(self.opened)
        app.post(f"{ADDRESS}/press")(self.press)
        app.post("/v/not-me")(self.press_on_the_run)

    def begin(self, request: Request) -> Response:
        """Show the inert page; the token is in the fragment, which no server sees."""
        return self.page(request, "not_me_begin.html")

    def opened(self, request: Request, form: Form) -> Response:
        """Show what was asked for; the neutral page for every token that stands for nothing."""
        return self._asked(request, form.get("token", ""))

    def press(self, request: Request, form: Form) -> Response:
        """Take the objection, with the word where no pinned run speaks."""
        token, pin = form.get("token", ""), request.cookies.get(self.cookie, "")
        try:
            disputed = self.lifecycle.dispute(token, form.get("word", ""), pin)
        except InvalidError as error:
            return self._asked(request, token, trouble_of(error))
        return self._thanks(request, disputed)

    def press_on_the_run(self, request: Request) -> Response:
        """Take the objection from the page of a run, by one press."""
        self.run(request)
        return self._thanks(request, self.lifecycle.dispute_run(request.cookies[self.cookie]))

    def _asked(self, request: Request, typed: str, trouble: Trouble | None = None) -> Response:
        token = typed.strip().rpartition("#")[2]
        asked = self.lifecycle.disputable(token, request.cookies.get(self.cookie, ""))
        if asked.objected:
            return self._thanks(request, asked.verification)
        view, status = self.reading.portal(asked.verification), trouble.status if trouble else 200
        return self.page(request, "not_me.html", status, view=view, asked=asked, token=token, trouble=trouble)

    def _thanks(self, request: Request, verification: Verification) -> Response:
        undone = bool(undoing(verification, self.lifecycle.house.clock.now()))
        happened = "taken back" if undone or verification.state is State.ACTING else ""
        if not happened and verification.state is State.DONE:
            happened = "done"
        return self.page(request, "objected.html", reference=verification.id, happened=happened)
