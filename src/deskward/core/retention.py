"""How long each class of what is kept is kept (SR-121)."""

from dataclasses import dataclass
from datetime import timedelta

from deskward.core.familiarity import WINDOW


@dataclass(frozen=True)
class Retention:
    """The times of the installation; a job deletes what is older.

    `raw` counts from the look, `months` are calendar months of familiarity, this one too, `results` counts from
    the end of a verification, `audit` from each entry of the log; it is never shorter than `results`.
    """

    raw: timedelta = timedelta(days=30)
    months: int = WINDOW
    results: timedelta = timedelta(days=365)
    audit: timedelta = timedelta(days=7 * 365 + 2)

    @property
    def visits(self) -> timedelta:
        """Give how long a visit is remembered for later ones: half a year are 183 days."""
        return timedelta(days=int(30.5 * self.months))
