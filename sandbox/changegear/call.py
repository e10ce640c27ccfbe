"""One authenticated call of the API, and what its query and body say."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from sandbox.changegear.records import Refused
from sandbox.changegear.site import Site

_TYPES = {
    "incidentrequest": "IncidentRequest",
    "person": "Person",
    "incidentrequesttype": "IncidentRequestType",
}


@dataclass(frozen=True)
class Call:
    """A call with the named parts of its path."""

    site: Site
    request: Request
    parts: dict[str, str]

    @property
    def type(self) -> str | None:
        """Give the entity type, with or without the leading I, or None where it is unknown."""
        return entity_type(self.parts["type"])

    @property
    def columns(self) -> list[str]:
        """Give the columns asked for, in either spelling of the query."""
        query = self.request.query_params
        return [value for name, value in query.multi_items() if name.partition("[")[0].lower() == "columns"]

    def query(self, name: str) -> str:
        """Give one value of the query, or an empty text."""
        return self.request.query_params.get(name, "")

    def page(self) -> slice:
        """Give the part of a list that ``pagesize`` (10) and ``page`` (1) ask for."""
        size, page = self._count("pagesize", 10), self._count("page", 1)
        return slice((page - 1) * size, page * size)

    async def body(self) -> dict[str, Any]:
        """Read the JSON object of the body; Refused where it is none."""
        try:
            body = json.loads(await self.request.body())
        except ValueError as error:
            raise Refused("The body is not JSON.") from error
        if not isinstance(body, dict):
            raise Refused("The body is not an object.")
        return body

    def _count(self, name: str, default: int) -> int:
        text = self.query(name) or str(default)
        if not (text.isascii() and text.isdigit()) or int(text) < 1:
            raise Refused(f"The value of '{name}' is not a positive number.")
        return int(text)


def entity_type(name: str) -> str | None:
    """Give the proper spelling of an entity type, or None where it is unknown."""
    lowered = name.lower()
    return _TYPES.get(lowered) or _TYPES.get(lowered.removeprefix("i"))
