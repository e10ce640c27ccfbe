"""The threat level: raised by a person until a time; meanwhile every action needs a second person (SR-67)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from deskward.core.audit import Entry

HOURS = (1, 4, 8, 24)


@dataclass(frozen=True)
class ThreatLevel:
    """The level as it was raised last; before the first time there is none.

    `asker_id` is who asked to lower it early, empty while nobody did; another person confirms it. Every change has
    the next `version`.
    """

    version: int
    raised_at: datetime
    ends_at: datetime
    raiser_id: str
    raised_by: str
    reason: str
    asker_id: str = ""
    asked_by: str = ""
    lowered_at: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Tell whether it is raised now."""
        return self.lowered_at is None and self.ends_at > now


class ThreatLevels(Protocol):
    """Where the level is kept: one for all processes, read anew at every decision."""

    def read(self) -> ThreatLevel | None:
        """Read it; None where it was never raised."""
        ...

    def write(self, changed: ThreatLevel, entry: "Entry") -> bool:
        """Write it with its entry of the log, all or nothing; False where it changed meanwhile."""
        ...
