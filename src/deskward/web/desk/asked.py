"""What the address of the table asks for; what cannot be used is left out, and said in words."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from deskward.core.accounts import Accounts
from deskward.core.console import Cursor, Search
from deskward.core.destinations import Kind, masked
from deskward.core.lines import clean
from deskward.core.risk import RiskLevel
from deskward.core.searching import LONGEST, terms_of
from deskward.core.sums import ANSWERED, COMPLETED, LINKED, RIGHT, STARTED, Need
from deskward.core.verification import Outcome, State, status_of
from deskward.web.desk.crew import Crew, crew_of

STATUSES = tuple(dict.fromkeys(status_of(*pair).label for pair in product(State, Outcome)))
LEVELS = tuple(level.value for level in RiskLevel)
MOST_POINTS = 10
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
_PLACE = re.compile(r"(-?[0-9]{1,18})_([A-Za-z0-9-]{0,40})")
NEEDS = {
    Need.REVIEW: "Review to decide",
    Need.SECOND_LOOK: "Refused for High risk, to be looked at again",
    Need.EXCEPTION: "Exception that nobody looked at",
    Need.BREAK_GLASS: "Break-glass that nobody reviewed",
}
_NEWEST = "Here are the newest verifications."


@dataclass(frozen=True)
class Asked:
    """The filters and the place of a view; `score` is the least score, 0 for any.

    `named` are the ids of agents that the text means. `initiator` is an agent's id or a group, whose `members` are
    ids; `reached` is a word of `core.sums`. `first`
    and `last` are days in the time zone `zone`, both included; `left_out` are sentences.
    """

    text: str = ""
    named: tuple[str, ...] = ()
    status: str = ""
    level: str = ""
    score: int = 0
    category: str = ""
    initiator: str = ""
    members: tuple[str, ...] = ()
    reached: str = ""
    need: Need = Need.NONE
    first: date | None = None
    last: date | None = None
    zone: str = ""
    after: Cursor | None = None
    before: Cursor | None = None
    left_out: tuple[str, ...] = ()

    @property
    def filters(self) -> Mapping[str, str]:
        """Give the filters in use as the address names them."""
        days = {"from": self.first, "to": self.last}
        told = {
            "text": self.text,
            "status": self.status,
            "level": self.level,
            "score": str(self.score or ""),
            "category": self.category,
            "initiator": self.initiator,
            "reached": self.reached,
            "need": self.need.value,
            **{name: day.isoformat() for name, day in days.items() if day},
        }
        return {name: value for name, value in told.items() if value}

    def search(self) -> Search:
        """Ask the console."""
        return Search(
            text=self.text,
            named=self.named,
            status=self.status,
            level=self.level,
            category=self.category,
            agent_id="" if self.members else self.initiator,
            agents=self.members,
            reached=self.reached,
            need=self.need,
            score=float(self.score) if self.score else None,
            since=self._midnight(self.first, 0),
            until=self._midnight(self.last, 1),
            after=self.after,
            before=self.before,
        )

    def address(self, path: str, *, without: Collection[str] = (), **more: str) -> str:
        """Write these filters as an address; `more` are further fields, such as a place."""
        kept = {name: value for name, value in self.filters.items() if name not in without}
        zone = {"zone": self.zone} if self.zone and {"from", "to"} & kept.keys() else {}
        pairs = kept | zone | {name: value for name, value in more.items() if value}
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def _midnight(self, day: date | None, days_on: int) -> datetime | None:
        if day is None:
            return None
        try:
            begins = datetime.combine(day + timedelta(days=days_on), time(), ZoneInfo(self.zone or "UTC"))
            return begins.astimezone(UTC)
        except OverflowError:  # the first and the last day of all time
            return None


@dataclass(frozen=True)
class Filters:
    """What views can be narrowed by: initiators in the `groups` of the settings, and `steps` by word."""

    accounts: Accounts
    groups: Mapping[str, Sequence[str]]
    steps: Mapping[str, str]

    def crew(self) -> Crew:
        """Give the initiators of now."""
        return crew_of(self.accounts.names(), self.groups)

    def asked(self, query: QueryParams) -> tuple[Asked, Crew]:
        """Read the address of a view."""
        crew = self.crew()
        return asked_of(query, crew, self.steps), crew


def hidden(text: str) -> str:
    """Write a search as it may be recorded: a whole e-mail address masked."""
    return " ".join(masked(Kind.EMAIL, word) if "@" in word.strip("@") else word for word in text.split())


def place_of(cursor: Cursor | None) -> str:
    """Write a cursor for an address; empty for none."""
    return f"{(cursor[0] - _BEGIN) // timedelta(microseconds=1)}_{cursor[1]}" if cursor else ""


def cursor_of(text: str) -> Cursor | None:
    """Read a cursor from an address; None where it is none."""
    found = _PLACE.fullmatch(text)
    try:
        return (_BEGIN + timedelta(microseconds=int(found[1])), found[2]) if found else None
    except OverflowError:
        return None


def steps_of(challenges: Mapping[str, str]) -> Mapping[str, str]:
    """Name what a verification can have reached, by word; `challenges` are titles by name."""
    ways = {LINKED: "Link and call code", **challenges}
    asked = {f"{name}-{ANSWERED}": f"{title}: answered" for name, title in ways.items()}
    right = {f"{name}-{RIGHT}": f"{title}: answered right" for name, title in ways.items()}
    return {STARTED: "Started", COMPLETED: "Completed", **asked, **right}


def asked_of(query: QueryParams, crew: Crew, steps: Collection[str]) -> Asked:
    """Read the address of a view; it can ask for these initiators and steps."""
    named = ("status", "level", "category", "initiator", "reached", "need", "from", "to")
    told = {name: clean(query.get(name, "")) for name in named}
    left_out: list[str] = []
    text = _text(query.get("text", ""), left_out)
    read = Asked(
        text=text,
        named=crew.called(terms_of(text)),
        status=_one_of(told["status"], STATUSES, "status", left_out),
        level=_one_of(told["level"], LEVELS, "risk level", left_out),
        score=_score(query.get("score", ""), left_out),
        category=told["category"],
        initiator=_one_of(told["initiator"], crew.names, "agent", left_out),
        members=crew.members.get(told["initiator"], ()),
        reached=_one_of(told["reached"], steps, "step", left_out),
        need=Need(_one_of(told["need"], NEEDS, "need", left_out)),
        first=_day(told["from"], left_out),
        last=_day(told["to"], left_out),
        zone=_zone(query.get("zone", ""), left_out),
        after=_place(query.get("after", ""), left_out),
        before=_place(query.get("before", ""), left_out),
    )
    if read.first and read.last and read.first > read.last:
        left_out.append("The first day comes after the last one; both were left out.")
        read = replace(read, first=None, last=None)
    if read.after and read.before:
        left_out.append(f"The address names two places of the table. {_NEWEST}")
        read = replace(read, after=None, before=None)
    return replace(read, left_out=tuple(left_out))


def words_of(asked: Asked, agents: Mapping[str, str], steps: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Say each filter in use: its name, what it is set to, and the address of the view without it."""
    said = {
        "text": ("Search", asked.text),
        "status": ("Status", asked.status),
        "level": ("Risk level", asked.level),
        "score": ("Risk score", f"{asked.score} or more"),
        "category": ("Category", asked.category),
        "initiator": ("Initiated by", agents.get(asked.initiator, "")),
        "reached": ("Reached", steps.get(asked.reached, "")),
        "need": ("Needs a person", NEEDS.get(asked.need, "")),
        "from": ("From", str(asked.first)),
        "to": ("To", str(asked.last)),
    }
    for name in asked.filters:
        yield *said[name], asked.address("/", without=(name,))


def _text(typed: str, left_out: list[str]) -> str:
    text = clean(typed)
    if len(typed) > LONGEST:
        left_out.append(f"The search has more than {LONGEST} characters; it was left out.")
        return ""
    terms = terms_of(text)
    if text and not terms.parts and not any(letter.isdigit() for letter in terms.single):
        left_out.append("One letter is too little to search for; type two or more.")
        return ""
    return text


def _one_of(value: str, known: Collection[str], name: str, left_out: list[str]) -> str:
    if not value or value in known:
        return value
    left_out.append(f"There is no {name} “{_short(value)}”; it was left out.")
    return ""


def _score(typed: str, left_out: list[str]) -> int:
    if re.fullmatch(r"[0-9]{1,2}", typed) and int(typed) <= MOST_POINTS:
        return int(typed)
    if typed:
        left_out.append(f"A risk score is a whole number from 0 to {MOST_POINTS}; it was left out.")
    return 0


def _day(typed: str, left_out: list[str]) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        left_out.append(f"“{_short(typed)}” is no day; write it as 2026-05-31.")
        return None


def _zone(typed: str, left_out: list[str]) -> str:
    try:
        return ZoneInfo(typed).key if _ZONE.fullmatch(typed) else _unknown_zone(typed, left_out)
    except (KeyError, ValueError, OSError):
        return _unknown_zone(typed, left_out)


def _unknown_zone(typed: str, left_out: list[str]) -> str:
    if typed:
        left_out.append("The time zone is not known here; days are those of UTC.")
    return ""


def _place(typed: str, left_out: list[str]) -> Cursor | None:
    cursor = cursor_of(typed)
    if typed and cursor is None:
        left_out.append(f"There is no such place in the table. {_NEWEST}")
    return cursor


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - fits a line
