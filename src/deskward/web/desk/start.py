"""“Send Verification Portal Link” without a ticket: find a person, choose, and go to the Send page."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.audit import Deed
from deskward.core.errors import DeskwardError, InvalidError
from deskward.core.notes import clean
from deskward.lifecycle import Lifecycle
from deskward.lifecycle.unticketed import LONGEST, Found, open_at_desk, search
from deskward.web.desk.asked import hidden
from deskward.web.desk.doors import Door, Visit, see_other

PAGE = "/start"
LONGEST_ID = 300
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True)
class StartPage:
    """The page, its search and its form; what is typed never stands in an address."""

    door: Door
    lifecycle: Lifecycle

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.page(PAGE, self._show),
            self.door.form(f"{PAGE}/search", self._search, page=PAGE),
            self.door.form(PAGE, self._open, page=PAGE),
        ]

    def _show(
        self, visit: Visit, error: DeskwardError | None = None, found: Sequence[Found] | None = None
    ) -> Response:
        return self.door.show(
            visit,
            "start.html",
            error.status if error else 200,
            here="table",
            error=error,
            categories=[c.name for c in self.lifecycle.house.policy.categories],
            category=_category(visit),
            text=clean(visit.fields.get("text", ""))[:LONGEST],
            found=found,
            form_key=secrets.token_urlsafe(24),
        )

    def _search(self, visit: Visit) -> Response:
        text = clean(visit.fields.get("text", ""))
        try:
            found = search(self.lifecycle.house, _category(visit), text)
        except DeskwardError as error:
            return self._show(visit, error)
        self.door.note(visit.agent, Deed.SEARCHED, text=hidden(text), category=_category(visit), found=len(found))
        return self._show(visit, found=found)

    def _open(self, visit: Visit) -> Response:
        key, person = visit.fields.get("form_key", ""), visit.fields.get("person", "")
        try:
            if not _KEY.fullmatch(key) or not 0 < len(person) <= LONGEST_ID:
                raise InvalidError("This form cannot be used.", "Search again.")
            opened = open_at_desk(self.lifecycle.house, _category(visit), person, key, visit.actor)
        except DeskwardError as error:
            return self._show(visit, error)
        return see_other(f"/send/{opened.id}")


def _category(visit: Visit) -> str:
    return clean(visit.fields.get("category", ""))
