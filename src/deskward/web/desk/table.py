"""The verifications table: search, filters, paging by keyset, and word of new rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.routing import Route

from deskward.core.console import MOST_COUNTED, Console, Page, Search
from deskward.core.errors import InvalidError
from deskward.core.notes import clean
from deskward.core.policy import Policy
from deskward.core.risk import RiskLevel
from deskward.core.verification import Outcome, State, status_of
from deskward.web.desk.doors import Door, Visit

DEEPEST = 20
Cursor = tuple[str, str]


def _labels() -> Mapping[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for state, outcome in product(State, Outcome):
        label = status_of(state, outcome).label
        found[label] = (*found.get(label, ()), (state.value, outcome.value))
    return found


STATUSES = _labels()


@dataclass(frozen=True)
class Asked:
    """What the address asks for; `trail` holds the cursors of the pages before this one, newest page first."""

    text: str = ""
    status: str = ""
    level: str = ""
    category: str = ""
    after: Cursor | None = None
    trail: tuple[str, ...] = ()

    @property
    def narrowed(self) -> bool:
        """Tell whether anything narrows the table."""
        return any((self.text, self.status, self.level, self.category))

    def search(self, since: datetime | None = None) -> Search:
        """Ask the console."""
        return Search(
            text=self.text,
            statuses=STATUSES.get(self.status, ()),
            level=self.level,
            category=self.category,
            since=since,
            after=self.after if since is None else None,
        )

    def address(self, path: str, trail: tuple[str, ...] = (), **more: str) -> str:
        """Write these filters as an address."""
        kept = {"text": self.text, "status": self.status, "level": self.level, "category": self.category}
        pairs = [(k, v) for k, v in (kept | more).items() if v] + [("trail", t) for t in trail]
        return f"{path}?{urlencode(pairs)}" if pairs else path


def asked_of(query: QueryParams) -> Asked:
    """Read the address; InvalidError for a status, level or page that does not exist."""
    asked = Asked(
        text=clean(query.get("text", "")),
        status=clean(query.get("status", "")),
        level=clean(query.get("level", "")),
        category=clean(query.get("category", "")),
        after=_cursor(query["after"]) if query.get("after") else None,
        trail=tuple(t for t in query.getlist("trail") if not t or _cursor(t))[-DEEPEST:],
    )
    if asked.status not in {"", *STATUSES} or asked.level not in {"", *RiskLevel}:
        raise InvalidError("There is no such status or risk level.", "Go back and choose one of the list.")
    return asked


def _cursor(text: str) -> Cursor:
    at, _, last = text.partition("_")
    return _when(at).isoformat(), clean(last)


def _when(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        at.astimezone(UTC)
        aware = at.utcoffset() is not None
    except (ValueError, OverflowError):
        aware = False
    if not aware:
        raise InvalidError("There is no such page of the table.", "Go back to the newest verifications.")
    return at


@dataclass(frozen=True)
class Table:
    """The pages of the table."""

    door: Door
    console: Console
    policy: Policy

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [self.door.page("/", self._show), self.door.fragment("/news", self._news)]

    def _show(self, visit: Visit) -> Response:
        asked = asked_of(visit.request.query_params)
        page = self.console.page(asked.search())
        newest = page.rows[0].opened_at if page.rows and not asked.after else self.door.clock.now()
        return self.door.show(
            visit,
            "table.html",
            here="table",
            asked=asked,
            rows=page.rows,
            total=_total(page),
            statuses=list(STATUSES),
            levels=[level.value for level in RiskLevel],
            categories=[c.name for c in self.policy.categories],
            news=asked.address("/news", since=newest.isoformat()),
            refresh=asked.address("/"),
            export=asked.address("/export.csv"),
            newer=_newer(asked),
            older=_older(asked, page),
        )

    def _news(self, visit: Visit) -> Response:
        query = visit.request.query_params
        asked, since = asked_of(query), _when(query.get("since", ""))
        try:
            after = since + timedelta(microseconds=1)
        except OverflowError:
            after = since
        count = self.console.page(asked.search(after), 1).total
        return self.door.show(visit, "news.html", count=_many(count), show=asked.address("/"))


def _many(count: int) -> str:
    return f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else str(count or "")


def _total(page: Page) -> str:
    return _many(page.total) or "0"


def _newer(asked: Asked) -> str:
    if asked.after is None:
        return ""
    trail, last = asked.trail[:-1], asked.trail[-1] if asked.trail else ""
    return asked.address("/", trail, after=last) if last else asked.address("/")


def _older(asked: Asked, page: Page) -> str:
    if page.after is None:
        return ""
    here = "_".join(asked.after) if asked.after else ""
    trail = (*asked.trail, here)[-DEEPEST:] if here else ()
    return asked.address("/", trail, after="_".join(page.after))
