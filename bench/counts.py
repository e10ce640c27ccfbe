"""The counters of familiarity in memory, with the product's own lessons."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from deskward.core.familiarity import EVERYONE, first_month, learned, wanted
from deskward.core.surroundings import Learned, Tally

Met = Mapping[tuple[str, str], Tally]


class Counts:
    """Rows as the store keeps them, by owner, feature and value."""

    def __init__(self) -> None:
        self._months: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)

    def met(self, owner: str, features: Mapping[str, str], month: str) -> Met:
        """Read what the score and the lesson need."""
        since, found = _since(month), {}
        for who in (owner, EVERYONE):
            for name, value in wanted(features).items():
                months = self._months.get((who, name, value))
                times = [(n, m) for m, n in months.items() if m >= since] if months else []
                if total := sum(n for n, _ in times):
                    found[who, name] = Tally(total, max(m for _, m in times))
        return found

    def learn(self, owner: str, features: Mapping[str, str], month: str, met: Met) -> None:
        """Add one visit."""
        self._add(learned(owner, features, month, met=met))

    def _add(self, rows: Iterable[Learned]) -> None:
        for row in rows:
            months = self._months[row.owner, row.feature, row.value]
            months[row.month] = months.get(row.month, 0) + row.times


def split(met: Met, owner: str) -> tuple[dict[str, int], dict[str, int]]:
    """Give the counts of the person and those of everyone."""
    own = {name: tally.times for (who, name), tally in met.items() if who == owner}
    return own, {name: tally.times for (who, name), tally in met.items() if who == EVERYONE}


@lru_cache
def _since(month: str) -> str:
    return first_month(datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC))
