"""The analysis report of a verification: sections that add up to the score, in words, for who may read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deskward.core.counterfactual import by_proof, by_risk
from deskward.core.notes import recommendation
from deskward.core.replay import Thresholds
from deskward.core.risk import Contribution, Direction, RiskLevel, Section, assess, blind, finding_of
from deskward.core.surroundings import Consent
from deskward.core.traces import Fact, device_facts, network_facts, place_words, raw_facts, reading_facts
from deskward.core.verification import Verification

TITLES: Mapping[Section, str] = {
    Section.NETWORK: "Network",
    Section.ENDPOINT: "Device",
    Section.PERSONA: "Person",
    Section.CHALLENGE: "Challenges",
}
_SPANS = (
    (timedelta(days=365), timedelta(days=365), "year"),
    (timedelta(days=60), timedelta(days=30), "month"),
    (timedelta(days=1), timedelta(days=1), "day"),
    (timedelta(hours=1), timedelta(hours=1), "hour"),
    (timedelta(minutes=1), timedelta(minutes=1), "minute"),
)
_ORDER = {Direction.RAISES: 0, Direction.CALMS: 1, Direction.NEUTRAL: 2, Direction.UNKNOWN: 3}


@dataclass(frozen=True)
class Line:
    """A finding for people: its points to one decimal, where it came from, and how old that was when decided.

    `facts` are the values behind it, empty for who may not read them.
    """

    text: str
    points: float
    direction: Direction
    source: str
    age: str = ""
    critical: bool = False
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Part:
    """One section: its points, what was found by size, and what could not be seen."""

    section: Section
    points: float
    lines: tuple[Line, ...]
    unseen: tuple[Line, ...]

    @property
    def title(self) -> str:
        """Give its name for people."""
        return TITLES[self.section]

    @property
    def raising(self) -> tuple[Line, ...]:
        """Give what raises the score."""
        return tuple(x for x in self.lines if x.direction is Direction.RAISES)

    @property
    def telling(self) -> tuple[Line, ...]:
        """Give what a reader looks at first: all that moves the score or decides alone."""
        return tuple(x for x in self.lines if x.direction is not Direction.NEUTRAL or x.critical)

    @property
    def ordinary(self) -> tuple[Line, ...]:
        """Give the rest: what was looked at and has no effect."""
        return tuple(x for x in self.lines if x not in self.telling)


@dataclass(frozen=True)
class Report:
    """What a verification was judged by.

    `points` of its parts add up to `score`, to one decimal. `thresholds` are None where they changed since.
    `raw` tells that place, network, device and readings are given; they are empty where nothing is kept.
    """

    level: RiskLevel
    score: float
    recommendation: str
    reason: str
    looked: str
    parts: tuple[Part, ...]
    blind: str = ""
    changes: tuple[str, ...] = ()
    thresholds: Thresholds | None = None
    raw: bool = False
    gone: bool = False
    place: str = ""
    network: tuple[Fact, ...] = ()
    device: tuple[Fact, ...] = ()
    readings: tuple[Fact, ...] = field(default=())


def report_of(verification: Verification, thresholds: Thresholds, *, raw: bool = False) -> Report:
    """Write the report; raw values, place, network and device are in it for roles that may read them (SR-92)."""
    told = contributions(verification)
    now = assess((c.finding for c in told), thresholds.medium_from, thresholds.high_from)
    same = now.level is verification.risk_level
    held = thresholds if same and verification.decided_at else None
    kept = bool(verification.surroundings)
    around = verification.surroundings if raw and kept else {}
    risk = by_risk([c.finding for c in told], held, verification.risk_level) if held else ()
    return Report(
        level=verification.risk_level,
        score=round(verification.risk_score or 0.0, 1),
        recommendation=recommendation(verification) if decided(verification) else "",
        reason=verification.reason,
        looked=_looked(verification),
        parts=_parts(verification, told, raw=raw and kept),
        blind=_blind(told) if verification.decided_at else "",
        changes=(*risk, *by_proof(verification)) if held else (),
        thresholds=held,
        raw=raw,
        gone=bool(verification.consent) and not kept,
        place=place_words(around),
        network=network_facts(around),
        device=device_facts(around),
        readings=reading_facts(around),
    )


def decided(verification: Verification) -> bool:
    """Tell whether there is a result to recommend by."""
    return verification.ended or verification.decided_at is not None


def contributions(verification: Verification) -> tuple[Contribution, ...]:
    """Read the findings with what each added; before the verdict they have no points yet."""
    rows = verification.findings
    return tuple(Contribution(finding_of(row), row.get("points", row["weight"])) for row in rows)


def tenths(points: Sequence[float], total: float) -> list[float]:
    """Round to one decimal so that the sum is the rounded total: what is cut off most is rounded up first."""
    cut = [int(p * 10 // 1) for p in points]
    order = sorted(range(len(points)), key=lambda n: cut[n] - points[n] * 10)
    for n in order[: round(total * 10) - sum(cut)]:
        cut[n] += 1
    return [c / 10 for c in cut]


def age(as_of: datetime | None, at: datetime) -> str:
    """Say how old something was, such as “3 days old”; empty for what was true at that moment."""
    if as_of is None:
        return ""
    span = at - as_of
    for least, unit, name in _SPANS:
        if span >= least:
            count = span // unit
            return f"{count} {name}{'s' if count > 1 else ''} old"
    return "just made"


def _parts(verification: Verification, told: Sequence[Contribution], *, raw: bool) -> tuple[Part, ...]:
    at = verification.looked_at or verification.decided_at or verification.updated_at
    shown = tenths([c.points for c in told], verification.risk_score or 0.0) if verification.decided_at else []
    pairs = list(zip(told, shown or [c.points for c in told], strict=True))
    return tuple(_part(s, [_line(c, p, at, raw=raw) for c, p in pairs if c.finding.section is s]) for s in Section)


def _part(section: Section, lines: Sequence[Line]) -> Part:
    ordered = sorted(lines, key=lambda x: (_ORDER[x.direction], -abs(x.points), x.text))
    seen = tuple(x for x in ordered if x.direction is not Direction.UNKNOWN)
    unseen = tuple(x for x in ordered if x.direction is Direction.UNKNOWN)
    return Part(section, round(sum(x.points for x in ordered), 1), seen, unseen)


def _line(told: Contribution, points: float, at: datetime, *, raw: bool) -> Line:
    finding = told.finding
    return Line(
        text=finding.text,
        points=points,
        direction=finding.direction,
        source=finding.source,
        age=age(finding.as_of, at),
        critical=finding.critical,
        facts=raw_facts(finding.raw) if raw else (),
    )


def _blind(told: Sequence[Contribution]) -> str:
    sections = [TITLES[s] for s in blind([c.finding for c in told])]
    if not sections:
        return ""
    verb = "were" if len(sections) > 1 else "was"
    return f"{' and '.join(sections)} {verb} not seen for the most part. Without that no level reads “Verified”."


def _looked(verification: Verification) -> str:
    if verification.consent == Consent.AGREED:
        return "The requester agreed to be looked at."
    if verification.consent == Consent.DECLINED:
        return "The requester declined to have the browser looked at."
    if verification.decided_at:
        return "Network and device were not looked at."
    return (
        "The requester was not looked at." if verification.ended else "The requester has not been looked at yet."
    )
