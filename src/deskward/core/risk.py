"""Findings, what each contributes to the score, and the level it gives."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any

MEDIUM_FROM, HIGH_FROM, TOP = 4.0, 7.0, 10.0
HANDED_OVER = "handed_over"
MOST_CALMED = 0.5  # of what a section raises
MOST_SAID = 3


class RiskLevel(StrEnum):
    """The level as people read it; “Not assessed” never reads Verified (DESIGN 9.10)."""

    NOT_ASSESSED = "Not assessed"
    VERIFIED = "Verified"
    MEDIUM = "Medium"
    HIGH = "High"


class Section(StrEnum):
    """The four sections of the score."""

    NETWORK = "network"
    ENDPOINT = "endpoint"
    PERSONA = "persona"
    CHALLENGE = "challenge"


_SECTIONS = {str(section): section for section in Section}


class Direction(StrEnum):
    """What a finding does to the score of its section."""

    RAISES = "raises"
    CALMS = "calms"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"


# Neither is frozen: that takes three times as long to make, and an assessment makes forty and twenty of them.
@dataclass
class Finding:
    """What a signal saw: `weight` in points of the score (-10 to 10), words for people, where it came from.

    A weight below 0 calms what other findings of the same section raise, by half at most. An `unknown` finding
    says that nothing could be seen; it has no weight (SR-28). A `critical` one makes the level High by itself and
    raises whatever it weighs; ValueError where it would calm or could not be seen. `as_of` is when the source was
    true, None for now. `raw` are the values behind it, for the roles that may, kept for 30 days (SR-92, SR-121).
    """

    signal: str
    section: Section
    weight: float
    text: str
    source: str
    critical: bool = False
    unknown: bool = False
    as_of: datetime | None = None
    raw: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.critical and (self.unknown or self.weight < 0):
            raise ValueError(f"A critical finding of “{self.signal}” can only raise the risk.")

    @property
    def direction(self) -> Direction:
        """Tell what it does to the score of its section."""
        if self.unknown:
            return Direction.UNKNOWN
        if self.critical or self.weight > 0:
            return Direction.RAISES
        return Direction.CALMS if self.weight < 0 else Direction.NEUTRAL


@dataclass
class Contribution:
    """A finding with the points that it adds to the score, below 0 where it calms."""

    finding: Finding
    points: float


@dataclass(frozen=True)
class Assessment:
    """The contributions, their sum (0 to 10), and the level."""

    contributions: tuple[Contribution, ...]
    score: float
    level: RiskLevel

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Give the findings alone."""
        return tuple(c.finding for c in self.contributions)

    @cached_property
    def sections(self) -> Mapping[Section, float]:
        """Give the score of each section; together they are the score."""
        return {s: sum(c.points for c in self.contributions if c.finding.section is s) for s in Section}

    @property
    def words(self) -> str:
        """Say what raises the score most, and how much more there is."""
        raising = [c for c in self.contributions if c.finding.direction is Direction.RAISES]
        raising.sort(key=lambda c: (c.finding.critical, c.points), reverse=True)
        more = [f"And {len(raising) - MOST_SAID} more."] if len(raising) > MOST_SAID else []
        return " ".join([*(c.finding.text for c in raising[:MOST_SAID]), *more])


def assess(
    findings: Iterable[Finding], medium_from: float = MEDIUM_FROM, high_from: float = HIGH_FROM
) -> Assessment:
    """Add the findings up by section, cap the sum at 10; the contributions add up to the score.

    What calms counts within its own section only, so that a known device excuses no strange network. Below
    `medium_from` the level is Verified only where most of network and of endpoint could be seen, else “Not
    assessed”: unknown is never good (SR-28). The order of the findings changes nothing.
    """
    seen = sorted(findings, key=lambda f: (f.section, f.signal, f.text))
    sections = groupby(seen, attrgetter("section"))
    points = _capped(
        [p for _, group in sections for p in _calmed([0.0 if f.unknown else f.weight for f in group])]
    )
    critical = [n for n, f in enumerate(seen) if f.critical]
    lift = high_from - sum(points)
    if critical and lift > 0:
        points[critical[0]] += lift
    score = round(min(TOP, max(0.0, sum(points))), 6)
    return Assessment(tuple(map(Contribution, seen, points)), score, _level(seen, score, medium_from, high_from))


def _calmed(weights: list[float]) -> list[float]:
    """Give the points of a section's findings; what calms takes away half of what the others raise at most."""
    raised, calming = sum(w for w in weights if w > 0), sum(-w for w in weights if w < 0)
    share = min(1.0, MOST_CALMED * raised / calming) if calming else 1.0
    return [w if w > 0 else w * share for w in weights]


def _capped(points: list[float]) -> list[float]:
    total = sum(points)
    return [p * TOP / total for p in points] if total > TOP else points


def _level(findings: Sequence[Finding], score: float, medium_from: float, high_from: float) -> RiskLevel:
    if score >= high_from or any(f.critical for f in findings):
        return RiskLevel.HIGH
    if score >= medium_from:
        return RiskLevel.MEDIUM
    return RiskLevel.NOT_ASSESSED if blind(findings) else RiskLevel.VERIFIED


def blind(findings: Sequence[Finding]) -> tuple[Section, ...]:
    """List which of network and endpoint could not be seen for the most part."""

    def unseen(section: Section) -> bool:
        missing = [f.unknown for f in findings if f.section is section]
        return 2 * sum(missing) >= len(missing)

    return tuple(s for s in (Section.NETWORK, Section.ENDPOINT) if unseen(s))


def unknown(signal: str, section: Section, text: str, source: str) -> Finding:
    """Say that a signal could not be seen, and why."""
    return Finding(signal, section, 0.0, text, source, unknown=True)


def provenance_finding(*, established: bool) -> Finding | None:
    """Weigh an address that is not established (SR-37)."""
    if established:
        return None
    return Finding(
        "destination",
        Section.PERSONA,
        3.0,
        "The link went to an address that is not established.",
        "provenance of the destination",
    )


def wrong_codes_finding(wrong: int) -> Finding | None:
    """Weigh wrong entries before the right one; alone they never reach Medium."""
    if not wrong:
        return None
    times = {1: "once", 2: "twice"}.get(wrong, f"{wrong} times")
    return Finding(
        "wrong_codes",
        Section.CHALLENGE,
        min(3.0, 0.6 * wrong),
        f"A wrong code was entered {times}.",
        "portal",
    )


def sharing_finding(others: int) -> Finding | None:
    """Weigh an address that was used for other people too (SR-41); alone it asks for more proof."""
    if not others:
        return None
    who = "another person" if others == 1 else f"{others} other people"
    text = f"The address was used for {who} within 30 days."
    return Finding("sharing", Section.PERSONA, MEDIUM_FROM, text, "sendings")


_MANY = 3


def repeats_finding(earlier: int) -> Finding | None:
    """Weigh earlier verifications of the same person within 24 hours."""
    if not earlier:
        return None
    return Finding(
        "repeats",
        Section.PERSONA,
        MEDIUM_FROM if earlier >= _MANY else 1.0 * earlier,
        f"{earlier} earlier verification{'s' if earlier > 1 else ''} of this person within 24 hours.",
        "verifications",
    )


def suspicion_finding() -> Finding:
    """Give what an agent's hand-over to an approver weighs: as much as makes the usual risk Medium."""
    return Finding(
        HANDED_OVER, Section.PERSONA, MEDIUM_FROM, "An agent found the request suspicious.", "help desk"
    )


def kept(finding: Finding, points: float | None = None) -> dict[str, Any]:
    """Give a finding as rows keep it, with its contribution where it has one."""
    row: dict[str, Any] = {
        "signal": finding.signal,
        "section": str(finding.section),
        "weight": finding.weight,
        "text": finding.text,
        "source": finding.source,
    }
    if finding.critical:
        row["critical"] = True
    if finding.unknown:
        row["unknown"] = True
    if finding.as_of:
        row["as_of"] = finding.as_of.isoformat()
    if finding.raw:
        row["raw"] = dict(finding.raw)
    return row if points is None else row | {"points": points}


def without_raw(rows: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Give kept findings without the values behind them; words, weights and points stay (SR-121)."""
    return tuple({name: value for name, value in row.items() if name != "raw"} for row in rows)


def finding_of(row: Mapping[str, Any]) -> Finding:
    """Read a finding back from a row."""
    as_of = row.get("as_of")
    return Finding(
        row["signal"],
        _SECTIONS[row["section"]],
        row["weight"],
        row["text"],
        row["source"],
        critical=row.get("critical", False),
        unknown=row.get("unknown", False),
        as_of=datetime.fromisoformat(as_of) if as_of else None,
        raw=row.get("raw", {}),
    )
