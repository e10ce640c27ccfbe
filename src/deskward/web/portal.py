"""The public page: the requester's way from the link to the end, one step at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from deskward.core.errors import (
    AccountGoneError,
    ConflictError,
    DeskwardError,
    InvalidError,
    LimitError,
    NotFoundError,
    OutsideError,
)
from deskward.core.links import new_nonce
from deskward.core.policy import LONGEST_RUN
from deskward.core.secret import Secret
from deskward.core.surroundings import Visit
from deskward.core.verification import State, Verification
from deskward.lifecycle import NEUTRAL, NEUTRAL_HINT, Lifecycle, Reading
from deskward.web.collecting import PING, ROUTE, Collector
from deskward.web.enrol import add_pages, led_in
from deskward.web.giving import Giving
from deskward.web.guard import Form, Guard, client_address, protect
from deskward.web.not_me import NotMe
from deskward.web.pages import Templates, Trouble, environment, trouble_of
from deskward.web.pinning import is_key, signed
from deskward.web.portal_addresses import AddressPages
from deskward.web.vouch import Vouch

COOKIE = "__Host-dw"
STEP = "/v/step"
Move = Callable[[Verification], object]
_TEMPLATES = {
    State.STARTED: "card.html",
    State.PASSED: "act.html",
    State.ACTING: "acting.html",
    State.DONE: "done.html",
    State.REVIEW: "thanks.html",
    State.HELD: "held.html",
    State.FAILED: "failed.html",
    State.DISPUTED: "failed.html",
}
_DOWN = Trouble(
    503,
    "",
    "One of our systems does not answer just now.",
    "Wait a minute, then press the button again. You do not have to start over.",
)
_STUCK = Trouble(409, "", "This cannot be completed just now.", "Call the help desk and give them the reference.")
_WRONG = Trouble(422, "", "That code is not right.", field="value")


def create_app(lifecycle: Lifecycle, reading: Reading, guard: Guard) -> FastAPI:
    """Make the app of the portal."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    collector = Collector.of(lifecycle.house.signals)
    known = {"collector_url": collector.url, "raw_days": lifecycle.house.retention.raw.days}
    templates = Templates(environment("portal"), known)
    portal = _Portal(lifecycle, reading, guard, templates, collector)
    protect(app, guard, url=guard.portal_url, look=portal.look, trusted_types=True)
    app.get("/")(portal.home)
    app.api_route("/v", methods=["GET", "HEAD"])(portal.begin)
    app.post("/v/open")(portal.opened)
    app.post("/v/start")(portal.start)
    app.api_route(STEP, methods=["GET", "HEAD"])(portal.step)
    app.get("/v/state")(portal.state)
    app.post("/v/continue")(portal.agree)
    app.get(ROUTE)(collector.serve)
    app.get(PING)(collector.ping)
    app.post("/v/way")(portal.way)
    app.post("/v/prove")(portal.prove)
    app.post("/v/other")(portal.other)
    app.post("/v/none")(portal.give_up)
    app.post("/v/resume")(portal.resume)
    Vouch(lifecycle, templates).join(app)
    app.post("/v/faster")(portal.faster)
    add_pages(app, lifecycle, templates)
    AddressPages(lifecycle, reading, guard, templates, portal.pinned, COOKIE).join(app)
    Giving(lifecycle, reading, portal.page, portal.moved).join(app)
    NotMe(lifecycle, reading, COOKIE, portal.page, portal.pinned).join(app)
    return app


@dataclass(frozen=True)
class _Portal:
    lifecycle: Lifecycle
    reading: Reading
    guard: Guard
    templates: Templates
    collector: Collector

    def home(self) -> Response:
        """Lead to the one way in."""
        return RedirectResponse("/v", 303)

    def begin(self, request: Request) -> Response:
        """Show the inert page of a link, or the present step of a run that is under way (SR-05)."""
        if "other" not in request.query_params and self._under_way(request):
            return RedirectResponse(STEP, 303)
        return self.page(request, "begin.html")

    def opened(self, request: Request, form: Form) -> Response:
        """Show the first screen of a living link or hand-typed code; the neutral page for all others (SR-75)."""
        typed = form.get("token") or form.get("code", "")
        try:
            verification = self.lifecycle.opened(typed, client_address(request, self.guard.trusted_hops))
        except NotFoundError:
            if self._under_way(request):
                return RedirectResponse(STEP, 303)
            raise
        return self._first(request, verification, typed)

    def start(self, request: Request, form: Form) -> Response:
        """Take the call-bound value, and pin the run to this browser (SR-06 to SR-09, SR-15)."""
        typed, value = form.get("token", ""), form.get("value", "")
        address = client_address(request, self.guard.trusted_hops)
        try:
            key = _usable(form.get("pin_key", ""))
            started, session = self.lifecycle.start(
                typed, value, address=address, pin_key=key, form_key=form.get("form_key", "")
            )
        except NotFoundError:
            # A second tab, or the second click without script: the run of this browser goes on.
            if self._under_way(request):
                return RedirectResponse(STEP, 303)
            raise
        except (InvalidError, ConflictError) as error:
            return self._first(request, self.lifecycle.living(typed, address), typed, trouble_of(error))
        if session:
            return _pinned_to(session)
        if started.state is State.FAILED:
            return self.page(request, "failed.html", reference=started.id)
        return self._first(request, started, typed, _WRONG)

    def step(self, request: Request) -> Response:
        """Show where the run of this browser stands."""
        return self._step(request, self.pinned(request))

    def state(self, request: Request) -> Response:
        """Tell a waiting page where the run stands."""
        verification = self.pinned(request)
        return JSONResponse({"state": verification.state.value, "version": verification.version})

    def agree(self, request: Request, form: Form) -> Response:
        """Take “Continue” on the card, with what the browser told or without it."""

        def move(seen: Verification) -> object:
            return self.lifecycle.answer(seen, seen.version, self._visit(request, form, seen))

        return self.moved(request, form, move)

    def way(self, request: Request, form: Form) -> Response:
        """Take the choice of a way to give more proof."""
        name, option = form.get("challenge", ""), form.get("option", "")
        return self.moved(request, form, lambda seen: self.lifecycle.ask(seen, seen.version, name, option))

    def prove(self, request: Request, form: Form) -> Response:
        """Take the answer to what is asked; a wrong one is said on the same page."""

        def move(seen: Verification) -> object:
            asked = self.reading.portal(seen).asked
            names = [f.name for f in asked.fields] if asked else []
            answers = {name: Secret(form.get(name, "")) for name in names}
            now = self.lifecycle.prove(seen, seen.version, answers)
            if now.asked and now.version != seen.version:
                raise InvalidError("That is not right.", "Check it and try again.", "answer")
            return now

        return self.moved(request, form, move)

    def other(self, request: Request, form: Form) -> Response:
        """Take “Another way”."""
        return self.moved(request, form, lambda seen: self.lifecycle.other_way(seen, seen.version))

    def give_up(self, request: Request, form: Form) -> Response:
        """Take “I cannot do any of these”."""
        return self.moved(request, form, lambda seen: self.lifecycle.give_up(seen, seen.version))

    def resume(self, request: Request, form: Form) -> Response:
        """Take “Continue” after a waiting time."""
        return self.moved(request, form, lambda seen: self.lifecycle.resume(seen, seen.version))

    def faster(self, request: Request, form: Form) -> Response:
        """Lead on to the page where means for the next time are set up."""
        seen = self.pinned(request)
        if form.get("version") != str(seen.version):
            return RedirectResponse(STEP, 303)
        self._check(seen, form)
        return led_in(self.lifecycle.enrol_after(request.cookies[COOKIE]))

    def look(self, request: Request, trouble: Trouble) -> Response:
        """Answer trouble on a calm page; its bytes hold nothing but the words."""
        return self.page(request, "error.html", trouble.status, text=trouble.text, hint=trouble.hint)

    def moved(self, request: Request, form: Form, move: Move) -> Response:
        """Take a button of the present step, once; what went wrong is said on the same page."""
        seen = self.pinned(request)
        if form.get("version") != str(seen.version):
            return RedirectResponse(STEP, 303)
        self._check(seen, form)
        try:
            move(seen)
        except NotFoundError:
            raise
        except AccountGoneError:
            return self.page(request, "failed.html", reference=self.lifecycle.gone(seen).id)
        except DeskwardError as error:
            now = self.pinned(request)
            if isinstance(error, InvalidError) or now.version == seen.version:
                return self._step(request, now, _said(error))
        return RedirectResponse(STEP, 303)

    def _visit(self, request: Request, form: Form, seen: Verification) -> Visit:
        house = self.lifecycle.house
        hops = self.guard.trusted_hops
        address = client_address(request, hops)
        nonce = house.keyring.page_nonce(seen.pin, seen.version)
        return self.collector.visit(request, form, address=address, hops=hops, nonce=nonce, at=house.clock.now())

    def _check(self, seen: Verification, form: Form) -> None:
        nonce = self.lifecycle.house.keyring.page_nonce(seen.pin, seen.version)
        if seen.pin_key and not signed(seen.pin_key, nonce, form.get("signature", "")):
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)

    def pinned(self, request: Request) -> Verification:
        """Read the run of this browser while it goes on or shows its end; else the neutral error."""
        found = self.lifecycle.pinned(request.cookies.get(COOKIE, ""))
        now = self.lifecycle.house.clock.now()
        over = found.started_at is None or found.started_at + LONGEST_RUN <= now
        waits = found.state in {State.STARTED, State.PASSED} and not found.ended
        if over or (waits and found.deadline <= now) or found.state not in _TEMPLATES:
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        return found

    def _under_way(self, request: Request) -> bool:
        try:
            return not self.pinned(request).ended
        except NotFoundError:
            return False

    def _first(
        self, request: Request, verification: Verification, typed: str, trouble: Trouble | None = None
    ) -> Response:
        view = self.reading.portal(verification)
        status = trouble.status if trouble else 200
        return self.page(
            request, "first.html", status, view=view, token=typed, form_key=new_nonce(), trouble=trouble
        )

    def _step(self, request: Request, verification: Verification, trouble: Trouble | None = None) -> Response:
        name = _TEMPLATES[verification.state]
        if name == "failed.html":
            return self.page(request, name, reference=verification.id)
        if verification.state is State.PASSED and not verification.action:
            name = "verified.html"
        if self.lifecycle.unconfirmed(verification):
            name = "given.html"
        view = self.reading.portal(verification)
        if verification.state is State.STARTED and verification.agreed_at:
            waits = view.asked and view.asked.send_to_people
            name = "waiting.html" if waits else "challenge.html" if view.asked else "offers.html"
        status = trouble.status if trouble else 200
        faster, may_add = self.lifecycle.may_enrol(verification), self.lifecycle.may_add(verification)
        more = {"trouble": trouble, "faster": faster, "may_add": may_add}
        return self.page(request, name, status, view=view, **more)

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        """Render a page of the organisation."""
        organisation = self.lifecycle.house.portal.organisation
        return self.templates.page(request, name, status, organisation=organisation, **values)


def _usable(key: str) -> str:
    if key and not is_key(key):
        raise InvalidError("Your browser sent something that cannot be used.", "Open the link again.")
    return key


def _pinned_to(session: Secret) -> Response:
    response = RedirectResponse(STEP, 303)
    age = int(LONGEST_RUN.total_seconds())
    response.set_cookie(COOKIE, session.reveal(), age, secure=True, httponly=True, samesite="strict")
    return response


def _said(error: DeskwardError) -> Trouble:
    if isinstance(error, InvalidError | LimitError):
        return trouble_of(error)
    return _DOWN if isinstance(error, OutsideError) else _STUCK
