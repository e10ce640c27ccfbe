"""Findings, their score, and the level it gives."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

MEDIUM_FROM, HIGH_FROM, TOP = 4.0, 7.0, 10.0


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


@dataclass(frozen=True)
class Finding:
    """What a signal saw: `weight` in points of the score (0 to 10), words for people, where it came from."""

    signal: str
    section: Section
    weight: float
    text: str
    source: str


@dataclass(frozen=True)
class Assessment:
    """The findings, their sum capped at 10, and the level."""

    findings: tuple[Finding, ...]
    score: float
    level: RiskLevel


def assess(
    findings: Iterable[Finding], medium_from: float = MEDIUM_FROM, high_from: float = HIGH_FROM
) -> Assessment:
    """Add the findings up; below `medium_from` the level stays “Not assessed” (DESIGN 9.10)."""
    seen = tuple(findings)
    score = min(TOP, round(sum(max(0.0, f.weight) for f in seen), 2))
    if score >= high_from:
        return Assessment(seen, score, RiskLevel.HIGH)
    if score >= medium_from:
        return Assessment(seen, score, RiskLevel.MEDIUM)
    return Assessment(seen, score, RiskLevel.NOT_ASSESSED)


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
    times = "once" if wrong == 1 else f"{wrong} times"
    return Finding(
        "wrong_codes",
        Section.CHALLENGE,
        min(3.0, 0.6 * wrong),
        f"A wrong code was entered {times}.",
        "portal",
    )


_MANY = 3


def velocity_finding(earlier: int) -> Finding | None:
    """Weigh earlier verifications of the same person within 24 hours."""
    if not earlier:
        return None
    return Finding(
        "velocity",
        Section.PERSONA,
        MEDIUM_FROM if earlier >= _MANY else 1.0 * earlier,
        f"{earlier} earlier verification{'s' if earlier > 1 else ''} of this person within 24 hours.",
        "verifications",
    )


def kept(finding: Finding) -> dict[str, Any]:
    """Give a finding as rows keep it."""
    return asdict(finding) | {"section": finding.section.value}


def finding_of(row: Mapping[str, Any]) -> Finding:
    """Read a finding back from a row."""
    return Finding(row["signal"], Section(row["section"]), row["weight"], row["text"], row["source"])
