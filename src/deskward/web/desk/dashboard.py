"""The dashboard: how verifications go in a range of days, and what needs a person now.

Every number is the number of rows of the table that its link leads to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.routing import Route

from deskward.core.console import Console, Search
from deskward.core.risk import RiskLevel
from deskward.core.sums import ANSWERED, COMPLETED, RIGHT, STARTED, Named, Need, Sums
from deskward.core.tickets import Check
from deskward.lifecycle import House
from deskward.lifecycle.house import when
from deskward.lifecycle.reconciling import MOST as MOST_INCIDENTS
from deskward.lifecycle.second_look import due_at
from deskward.lifecycle.watching import relied_on
from deskward.web.desk.asked import NEEDS, STATUSES, Asked, Filters, asked_of
from deskward.web.desk.charts import Chart, Span, chart_of, spans
from deskward.web.desk.crew import Crew
from deskward.web.desk.doors import Door, Visit
from deskward.web.desk.errand_list import MOST

PATH, ZONE = "/dashboard", "UTC"
RANGES = {1: "Today", 7: "7 days", 30: "30 days", 90: "90 days"}
USUAL, MOST_DAYS, UNUSABLE = 30, 366, 400
MEDIAN, MOST_OF_THEM = 0.5, 0.9
MOST_IN_TIME = 200
MAIN = ("Passed", "Failed", "Timed Out")
COLOURS = {
    "Passed": "green",
    "Failed": "red",
    "Break-glass": "ink",
    "Not Enough Questions": "amber",
    "Timed Out": "grey",
    "Cancelled": "edge",
    "Cannot be sent": "line",
    "In progress": "blue",
}
LEVELS = {
    RiskLevel.VERIFIED.value: "green",
    RiskLevel.MEDIUM.value: "amber",
    RiskLevel.HIGH.value: "red",
    RiskLevel.NOT_ASSESSED.value: "grey",
}


@dataclass(frozen=True)
class Number:
    """A number with the address of the table that it counts; empty where there is none."""

    title: str
    count: int
    link: str
    share: float | None = None
    exact: bool = True


@dataclass(frozen=True)
class Drawn:
    """A chart with its table: for each bar its days and its numbers."""

    word: str
    title: str
    chart: Chart
    rows: Sequence[tuple[Span, Sequence[Number]]]


@dataclass(frozen=True)
class Ask:
    """The range that the address asks for, both days included; `days` is 0 for one of the reader's own."""

    first: date
    last: date
    days: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dashboard:
    """The page."""

    door: Door
    console: Console
    house: House
    filters: Filters

    def routes(self) -> list[Route]:
        """Give the route."""
        return [self.door.page(PATH, self._show)]

    def _show(self, visit: Visit) -> Response:
        ask, crew = range_of(visit.request.query_params, self.door.clock.now().date()), self.filters.crew()
        sums = self.console.sums(ask.first, ask.last)
        counted = Counted(sums, Asked(first=ask.first, last=ask.last, zone=ZONE))
        return self.door.show(
            visit,
            "dashboard.html",
            UNUSABLE if ask.left_out else 200,
            here="dashboard",
            ask=ask,
            ranges=RANGES,
            zone=ZONE,
            needs=list(self._needs()),
            troubles=self._troubles(),
            main=counted.main(),
            rest=counted.rest(),
            times=[
                (title, spoken(sums.took(share))) for title, share in (("Half", MEDIAN), ("9 of 10", MOST_OF_THEM))
            ],
            charts=counted.charts(spans(ask.first, ask.last)),
            ways=counted.ways(self._titles()),
            categories=counted.lines(Named.CATEGORY, {name: name for name in sums.values(Named.CATEGORY)}),
            groups=counted.groups(crew),
            grouped=bool(self.filters.groups),
        )

    def _needs(self) -> Iterator[Number]:
        for need, title in NEEDS.items():
            counted = self.console.counted(Search(need=need))
            over = counted.number - self._in_time(need) if counted.number else 0
            said = f"{title} ({over} overdue)" if over else title
            yield Number(said, counted.number, Asked(need=need).address("/"), exact=counted.exact)
        stuck = len(self.console.stuck(MOST))
        yield Number("Errand that needs a look", stuck, "/errands", exact=stuck < MOST)
        resets = len(self.house.store.resets.incidents(MOST_INCIDENTS, reviewed=False))
        yield Number("Reset without a grant", resets, "/incidents", exact=resets < MOST_INCIDENTS)
        if threat := self.door.level():
            asked = f", {threat.asked_by} asked to lower it" if threat.asker_id else ""
            yield Number(f"Threat level raised until {when(threat.ends_at)}{asked}", 1, "/policy")

    def _in_time(self, need: Need) -> int:
        """Count what waits and is not overdue, among the newest MOST_IN_TIME (SR-124)."""
        now, rows = self.door.clock.now(), self.console.page(Search(need=need), MOST_IN_TIME).rows
        due = (due_at(self.house, need, row) for row in rows)
        return sum(1 for at in due if at is None or at > now)

    def _troubles(self) -> Sequence[Check]:
        return list(relied_on(self.house))

    def _titles(self) -> Mapping[str, str]:
        """Give the titles of the challenges by name, the link with its code first."""
        ends = f": {ANSWERED}"
        return {
            word.removesuffix(f"-{ANSWERED}"): title.removesuffix(ends)
            for word, title in self.filters.steps.items()
            if word.endswith(f"-{ANSWERED}")
        }


@dataclass(frozen=True)
class Counted:
    """The numbers of a range with their links."""

    sums: Sums
    asked: Asked

    def main(self) -> Sequence[Number]:
        """Give the first row of numbers."""
        whole = self._of("Opened", self.asked, self.sums.number(Named.LEVEL))
        steps = [
            self._of(
                title, replace(self.asked, reached=word), self.sums.number(Named.REACHED, [word]), whole.count
            )
            for word, title in ((STARTED, "Started"), (COMPLETED, "Completed"))
        ]
        return [whole, *steps, *(self._status(status) for status in MAIN)]

    def rest(self) -> Sequence[Number]:
        """Give the other statuses that were counted."""
        others = (self._status(status) for status in STATUSES if status not in MAIN)
        return [number for number in others if number.count]

    def charts(self, cut: Sequence[Span]) -> Sequence[Drawn]:
        """Draw results and risk levels by day; each number has its link."""
        results: dict[tuple[str, str], int] = {}
        levels: dict[tuple[str, str], int] = {}
        for (day, level, status), number in self.sums.by_day.items():
            results[day, status] = results.get((day, status), 0) + number
            levels[day, level] = levels.get((day, level), 0) + number
        return [
            self._drawn(
                "results", "Results", chart_of(COLOURS, cut, results), lambda a, name: replace(a, status=name)
            ),
            self._drawn(
                "levels", "Risk level", chart_of(LEVELS, cut, levels), lambda a, name: replace(a, level=name)
            ),
        ]

    def _drawn(self, word: str, title: str, chart: Chart, of: Callable[[Asked, str], Asked]) -> Drawn:
        rows = []
        for span, numbers in chart.rows:
            of_span = replace(self.asked, first=span.first, last=span.last)
            asked = [of(of_span, name) for name in chart.kinds]
            rows.append((span, [Number("", n, one.address("/")) for n, one in zip(numbers, asked, strict=True)]))
        return Drawn(word, title, chart, rows)

    def ways(self, titles: Mapping[str, str]) -> Sequence[tuple[str, Number, Number]]:
        """Give each challenge that was answered: how often, and how often right."""
        found = []
        for name, title in titles.items():
            words = [f"{name}-{ANSWERED}", f"{name}-{RIGHT}"]
            all_of_it, right = (self.sums.number(Named.REACHED, [word]) for word in words)
            if all_of_it:
                asked = [replace(self.asked, reached=word) for word in words]
                found.append((title, self._of("", asked[0], all_of_it), self._of("", asked[1], right, all_of_it)))
        return found

    def lines(self, name: Named, titles: Mapping[str, str]) -> Sequence[tuple[str, Sequence[Number]]]:
        """Give a line for each category: opened, passed, failed, timed out."""
        return [
            (title, self._line(name, [value], replace(self.asked, category=value)))
            for value, title in titles.items()
        ]

    def groups(self, crew: Crew) -> Sequence[tuple[str, Sequence[Number]]]:
        """Give a line for each group of agents that initiated anything; nobody is counted alone (SR-127)."""
        lines = [
            (crew.names[word], self._line(Named.AGENT, ids, replace(self.asked, initiator=word)))
            for word, ids in crew.members.items()
        ]
        return [(title, numbers) for title, numbers in lines if numbers[0].count]

    def _line(self, name: Named, values: Sequence[str], asked: Asked) -> Sequence[Number]:
        whole = self.sums.number(name, values)
        ends = [
            self._of(end, replace(asked, status=end), self.sums.number(name, values, end), whole) for end in MAIN
        ]
        return [self._of("Opened", asked, whole), *ends]

    def _status(self, status: str) -> Number:
        whole, count = self.sums.number(Named.LEVEL), self.sums.number(Named.LEVEL, None, status)
        return self._of(status, replace(self.asked, status=status), count, whole)

    def _of(self, title: str, asked: Asked, count: int, whole: int | None = None) -> Number:
        return Number(title, count, asked.address("/"), share=count / whole if whole else None)


def range_of(query: QueryParams, today: date) -> Ask:
    """Read the range of an address: `days`, or `from` and `to`; what cannot be used is said."""
    typed, own = query.get("days", ""), {name: query.get(name, "") for name in ("from", "to")}
    usual = Ask(today - timedelta(days=USUAL - 1), today, USUAL)
    if not any(own.values()):
        days = int(typed) if typed in {str(n) for n in RANGES} else 0
        if typed and not days:
            return replace(usual, left_out=("There is no such range; here are the last 30 days.",))
        return Ask(today - timedelta(days=(days or USUAL) - 1), today, days or USUAL)
    read = asked_of(QueryParams(urlencode(own)), Crew({}, {}), ())
    first, last = read.first or read.last, read.last or today
    if read.left_out or first is None or not 0 <= (last - first).days < MOST_DAYS:
        said = read.left_out or (f"A range has {MOST_DAYS} days at most and begins before it ends.",)
        return replace(usual, left_out=(*said, "Here are the last 30 days."))
    return Ask(first, last, 0)


def spoken(seconds: float | None) -> str:
    """Say a duration by its two largest units, as far as it is known; empty for none."""
    if seconds is None:
        return ""
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 90:  # noqa: PLR2004 - a minute and a half
        return f"{round(seconds)} s"
    return f"{minutes} min" if minutes < 120 else f"{hours} h" if hours < 72 else f"{round(hours / 24)} days"  # noqa: PLR2004 - two of the smaller unit read better
