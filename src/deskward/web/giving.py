"""The action on the portal, and the one page that shows what it made."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from deskward.core.ports import Spent
from deskward.core.secret import Secret
from deskward.core.verification import State, Verification
from deskward.lifecycle import Lifecycle, Reading
from deskward.web.guard import Form


@dataclass(frozen=True)
class Giving:
    """The pages of the action; `page` renders one of the portal, `moved` takes a button of the present step."""

    lifecycle: Lifecycle
    reading: Reading
    page: Callable[..., Response]
    moved: Callable[[Request, Form, Callable[[Verification], object]], Response]

    def join(self, app: FastAPI) -> None:
        """Add the routes."""
        app.post("/v/act")(self.act)
        app.post("/v/received")(self.received)

    def act(self, request: Request, form: Form) -> Response:
        """Do the action with what was typed, which goes nowhere else (SR-54, SR-79).

        What the action made is in this one answer only: a reload of the page does not have it. Where the account
        is not the same any more, the run is over, and the page says whom to call.
        """
        shown: list[tuple[Spent, Verification]] = []
        ended: list[Verification] = []

        def move(seen: Verification) -> object:
            action = self.lifecycle.house.actions.get(seen.action)
            answers = {f.name: Secret(form.get(f.name, "")) for f in (action.fields if action else ())}
            spent: list[Spent] = []
            done = self.lifecycle.act(seen, answers, spent.append)
            shown.extend((one, done) for one in spent)
            ended.extend([done] if done.state is State.CANCELLED else [])
            return done

        answer = self.moved(request, form, move)
        for spent, done in shown:
            view = self.reading.portal(done)
            made = {"secret": spent.secret.reveal(), "minutes": spent.minutes}
            return self.page(request, "given.html", view=view, trouble=None, **made)
        for stopped in ended:
            return self.page(request, "failed.html", reference=stopped.id)
        return answer

    def received(self, request: Request, form: Form) -> Response:
        """Take “I have it”."""
        return self.moved(request, form, self.lifecycle.received)
