"""The page on which somebody with a desk account speaks for a colleague, signed by their fresh login."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.errors import DeskwardError, NotFoundError
from deskward.core.records import Vouch
from deskward.core.vouching import Doubt, Met
from deskward.lifecycle import NEUTRAL, NEUTRAL_HINT, Lifecycle
from deskward.lifecycle.vouching import VouchView
from deskward.web.desk.doors import Door, Visit, see_other

ADDRESS = "/vouch/{vouch_id}"
_ID = re.compile(r"[A-Z]{2}-[0-9A-Z]{10}")


@dataclass(frozen=True)
class VouchPage:
    """What is asked, and the two answers."""

    door: Door
    lifecycle: Lifecycle

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.fresh_page(ADDRESS, self._show),
            self.door.fresh_form(f"{ADDRESS}/sign", self._sign),
            self.door.form(f"{ADDRESS}/refuse", self._refuse),
        ]

    def _show(self, visit: Visit, error: DeskwardError | None = None) -> Response:
        values = {"view": self._view(visit), "error": error, "ways": tuple(Met), "doubts": tuple(Doubt)}
        return self.door.show(visit, "vouch.html", error.status if error else 200, **values)

    def _sign(self, visit: Visit) -> Response:
        return self._answer(visit, lambda view: self.lifecycle.vouch_sign(view, visit.fields.get("met", "")))

    def _refuse(self, visit: Visit) -> Response:
        return self._answer(visit, lambda view: self.lifecycle.vouch_refuse(view, visit.fields.get("doubt", "")))

    def _answer(self, visit: Visit, answer: Callable[[VouchView], Vouch]) -> Response:
        view = self._view(visit)
        try:
            answer(view)
        except DeskwardError as error:
            return self._show(visit, error)
        return see_other(f"/vouch/{view.vouch.id}")

    def _view(self, visit: Visit) -> VouchView:
        typed = str(visit.request.path_params["vouch_id"])
        if not _ID.fullmatch(typed):
            raise NotFoundError(NEUTRAL, NEUTRAL_HINT)
        return self.lifecycle.vouch_at_desk(typed, visit.actor)
