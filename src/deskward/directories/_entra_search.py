"""People by parts of their names (learn.microsoft.com/graph/filter-query-parameter: startswith)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deskward.core.people import Person
from deskward.core.searching import typed_words
from deskward.directories._entra_graph import FIELDS, Graph, literal

NAMED = ("displayName", "givenName", "surname", "mail", "userPrincipalName")


class Search:
    """The part of the directory that looks for people."""

    _graph: Graph
    _listed: Callable[[Mapping[str, Any]], Person]

    def search(self, text: str, limit: int) -> Sequence[Person]:
        """Find people of whose names, user principal name or e-mail one begins with each word."""
        each = (" or ".join(f"startswith({name},{literal(word)})" for name in NAMED) for word in typed_words(text))
        asked = " and ".join(f"({one})" for one in each)
        query = [*FIELDS, ("$filter", asked), ("$top", str(limit))]
        return [self._listed(row) for row in (self._graph.first("users", query) if asked else ())][:limit]
