"""Break-glass: two people let one request go on whose proof is not enough, and a third one reviews it (SR-69)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class GlassKind(StrEnum):
    """What somebody did: asked for it, refused or took back what was asked, confirmed it, reviewed a use."""

    ASKED = "asked"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    REVIEWED = "reviewed"


@dataclass(frozen=True)
class GlassStep:
    """One step of somebody at the desk; `reason` is why it cannot wait, or what the review found."""

    kind: GlassKind
    at: datetime
    agent_id: str
    agent_name: str
    reason: str = ""


@dataclass(frozen=True)
class GlassUse:
    """One use: who asked for it, who confirmed it, and who reviewed it, None while nobody did."""

    asked: GlassStep
    confirmed: GlassStep
    reviewed: GlassStep | None

    @property
    def said(self) -> str:
        """Say who let it through, and why."""
        return f"{self.asked.agent_name} and {self.confirmed.agent_name}: {self.asked.reason}"

    @property
    def people(self) -> frozenset[str]:
        """Name the two by their ids."""
        return frozenset({self.asked.agent_id, self.confirmed.agent_id})


def uses_of(steps: Iterable[GlassStep]) -> tuple[GlassUse, ...]:
    """List the uses, oldest first; one review settles every use before it."""
    return tuple(_uses(tuple(steps)))


def unreviewed(steps: Iterable[GlassStep]) -> tuple[GlassUse, ...]:
    """List the uses that nobody reviewed."""
    return tuple(use for use in uses_of(steps) if use.reviewed is None)


def _uses(steps: tuple[GlassStep, ...]) -> Iterator[GlassUse]:
    for number, step in enumerate(steps):
        if step.kind is GlassKind.CONFIRMED:
            later = (one for one in steps[number:] if one.kind is GlassKind.REVIEWED)
            yield GlassUse(steps[number - 1], step, next(later, None))
