"""The verifications table: search, filters, paging by keyset, and word of what is new or has changed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.audit import Deed
from deskward.core.console import MOST_NEW, Console, Counted, Cursor, Listed, Page
from deskward.core.sums import Need
from deskward.lifecycle import House
from deskward.lifecycle.second_look import due_at
from deskward.web.desk.asked import (
    LEVELS,
    MOST_POINTS,
    NEEDS,
    STATUSES,
    Asked,
    Filters,
    cursor_of,
    hidden,
    place_of,
    words_of,
)
from deskward.web.desk.doors import Door, Visit

UNUSABLE = 400
MOST_SEEN = 50
_ROW = re.compile(r"([A-Za-z0-9-]{1,40})\.([0-9]{1,9})")


@dataclass(frozen=True)
class Table:
    """The pages of the table."""

    door: Door
    console: Console
    house: House
    filters: Filters

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.page("/", self._show, alone=True),
            self.door.fragment("/news", self._news, alone=True),
        ]

    def _show(self, visit: Visit) -> Response:
        asked, crew = self.filters.asked(visit.request.query_params)
        if asked.text and not (asked.after or asked.before):
            self.door.note(visit.agent, Deed.SEARCHED, text=hidden(asked.text))
        page, counted = self.console.page_and_count(asked.search())
        return self.door.show(
            visit,
            "table.html",
            UNUSABLE if asked.left_out else 200,
            here="table",
            asked=asked,
            page=page,
            due=self._due(page.rows),
            total=_total(counted),
            exact=counted.exact,
            chosen=list(words_of(asked, crew.names, self.filters.steps)),
            statuses=STATUSES,
            levels=LEVELS,
            most_points=MOST_POINTS,
            categories=self._categories(asked),
            crew=crew,
            steps=self.filters.steps,
            needs=NEEDS,
            news=asked.address("/news", newest=place_of(self._newest(asked, page))),
            export=asked.address("/export.csv"),
            first=asked.address("/"),
            here_again=asked.address("/", after=place_of(asked.after), before=place_of(asked.before)),
            newer=asked.address("/", before=place_of(page.before)) if page.before else "",
            older=asked.address("/", after=place_of(page.after)) if page.after else "",
        )

    def _news(self, visit: Visit) -> Response:
        query = visit.request.query_params
        (asked, _), newest = self.filters.asked(query), cursor_of(query.get("newest", ""))
        if newest is None:
            count = Counted(0)
        else:
            count = self.console.counted(replace(asked.search(), after=None, before=newest))
        seen = _seen(query.get("seen", ""))
        changed = [row for row in self.console.listed([*seen]) if str(row.version) != seen[row.id]]
        return self.door.show(
            visit,
            "news.html",
            count=_new(count),
            changed=changed,
            due=self._due(changed),
            show=asked.address("/"),
        )

    def _due(self, rows: Sequence[Listed]) -> Mapping[str, datetime | None]:
        """Tell by when each row has to be looked at by a person (SR-124)."""
        return {row.id: due_at(self.house, Need(row.need), row) for row in rows}

    def _categories(self, asked: Asked) -> list[str]:
        """Give the categories of today, and the one that is asked for, which may be one of yesterday."""
        return list(
            dict.fromkeys(
                name for name in (*(c.name for c in self.house.policy.categories), asked.category) if name
            )
        )

    def _newest(self, asked: Asked, page: Page) -> Cursor:
        """Tell from where on a verification is new: on the first page from its first row on."""
        at_top = page.rows and page.before is None and not asked.after
        return page.rows[0].cursor if at_top else (self.door.clock.now() + timedelta(microseconds=1), "")


def _seen(told: str) -> Mapping[str, str]:
    """Read which rows the page shows, in which version: “DW-2222222222.3,DW-…”."""
    return {found[1]: found[2] for part in told.split(",")[:MOST_SEEN] if (found := _ROW.fullmatch(part))}


def _total(counted: Counted) -> str:
    if counted.exact:
        return f"{counted.number:,}"
    return f"{counted.number:,}+" if counted.number else "none so far"


def _new(counted: Counted) -> str:
    return f"{MOST_NEW}+" if counted.number > MOST_NEW else str(counted.number or "")
