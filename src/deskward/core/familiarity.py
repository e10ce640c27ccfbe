"""How familiar network and device are for a person: the score of Freeman et al. (NDSS 2016).

Weights, smoothing and the parts of a feature are those that Wiefling et al. (doi 10.1145/3546069) published.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from deskward.core.surroundings import Device, Learned, Network, Tally, Visit

EVERYONE = ""
ALL, OWNERS, DISTINCT = "all", "distinct owner", "distinct "
UNSEEN = 4.0  # a feature of which the person never had any part, as published
WINDOW = 6
FEATURES: tuple[tuple[str, Mapping[str, float]], ...] = (
    ("address", {"address": 0.6, "asn": 0.3, "country": 0.1}),
    (
        "agent",
        {
            "agent": 0.5386653840551359,
            "browser": 0.2680451498625666,
            "system": 0.18818295100109536,
            "kind": 0.0051065150812021525,
        },
    ),
)
PARTS = tuple(name for full, parts in FEATURES for name in parts if name != full)


def features_of(visit: Visit, network: Network, device: Device) -> Mapping[str, str]:
    """Name what the score looks at, in clear; a part that is unknown is left out (SR-28)."""
    told = {
        "address": visit.address,
        "asn": str(network.asn or ""),
        "country": network.place.country if network.place else "",
        "agent": visit.headers.get("user-agent", ""),
        "browser": f"{device.browser} {device.browser_version}".strip(),
        "system": f"{device.system} {device.system_version}".strip(),
        "kind": device.kind,
    }
    return {name: value for name, value in told.items() if value or name not in PARTS}


def digested(features: Mapping[str, str], private: Callable[[str, str], str]) -> dict[str, str]:
    """Give the values as rows keep them; `private` makes a keyed digest of a purpose and a value."""
    return {name: private(name, value) for name, value in features.items()}


@dataclass(frozen=True)
class _Counts:
    """The counts behind one score: of the person, of everyone, and of all visits of both."""

    own: Mapping[str, int]
    everyone: Mapping[str, int]
    mine: int
    total: int


def score(features: Iterable[str], own: Mapping[str, int], everyone: Mapping[str, int]) -> float | None:
    """Tell how strange a visit is: about 0 for what is the person's own, 1 and more for a stranger's.

    The product over both features of p(value) / p(value of this person), times p(person | attack) /
    p(person | legitimate); None without history. `own` and `everyone` count the values that this visit has, by
    feature, with the rows of `wanted`. It costs the same whatever the history.
    """
    mine = own.get(ALL, 0)
    if mine <= 0:
        return None
    counts = _Counts(own, everyone, mine, max(mine, everyone.get(ALL, 0)))
    there = set(features)
    ratios = math.prod(_ratio(full, parts, there, counts) for full, parts in FEATURES)
    return ratios * counts.total / (max(1, everyone.get(OWNERS, 0)) * mine)


def _ratio(full: str, parts: Mapping[str, float], there: Iterable[str], counts: _Counts) -> float:
    """Give p(value) / p(value of this person); what the person had in part is never worse than nothing at all."""
    own, everyone = counts.own, counts.everyone
    personal = parts[full] * own.get(full, 0) / counts.mine
    shared = parts[full] * _smoothed(full, parts, everyone, counts.total)
    for name, weight in parts.items():
        if name != full and name in there:
            personal += weight * own.get(name, 0) / counts.mine
            shared += weight * everyone.get(name, 0) / counts.total
    return min(UNSEEN, shared / personal) if personal > 0 else UNSEEN


def _smoothed(full: str, parts: Mapping[str, float], everyone: Mapping[str, int], total: int) -> float:
    """Give p(full value), with room for values that nobody had yet: one, and one for every part seen so far.

    The first factor is how sure the parts are that come with the value, this visit counted.
    """
    times = everyone.get(full, 0)
    unseen = 1 + sum(everyone.get(DISTINCT + name, 0) for name in parts if name != full)
    return (times + 1) / (times + 1 + len(parts)) * max(times, 1) / (total + unseen)


def wanted(features: Mapping[str, str]) -> dict[str, str]:
    """Name every row that the score and the next lesson read: values, and how many there are in all."""
    return {**features, ALL: "", OWNERS: "", **{DISTINCT + name: "" for name in PARTS}}


def learned(
    owner: str,
    features: Mapping[str, str],
    month: str,
    times: int = 1,
    met: Mapping[tuple[str, str], Tally] | None = None,
) -> tuple[Learned, ...]:
    """Say what to add when the owner had these digested values `times` times in that month; below 0 takes away.

    `met` is what `wanted` read before. The count of distinct values moves with each value to the newest month
    that it was seen in, so that it is right for every window that ends now.
    """
    counts = [
        Learned(who, name, value, month, times)
        for who in (owner, EVERYONE)
        for name, value in {**features, ALL: ""}.items()
    ]
    known = met or {}
    tallies = {DISTINCT + name: known.get((EVERYONE, name)) for name in PARTS if name in features}
    tallies[OWNERS] = known.get((owner, ALL))
    for name, tally in tallies.items():
        counts += _distinct(name, tally or Tally(0, ""), month, times)
    return tuple(counts)


def _distinct(name: str, tally: Tally, month: str, times: int) -> Iterable[Learned]:
    gone, moved = times < 0 and tally.times + times <= 0, times > 0 and tally.last < month
    if tally.last and (gone or moved):
        yield Learned(EVERYONE, name, "", tally.last, -1)
    if moved:
        yield Learned(EVERYONE, name, "", month)


def month_of(at: datetime) -> str:
    """Name the month that a visit counts in."""
    return f"{at:%Y-%m}"


def first_month(now: datetime, window: int = WINDOW) -> str:
    """Name the oldest month that still counts: this one and those before it, `window` in all (SR-121)."""
    months = now.year * 12 + now.month - window
    return f"{months // 12:04}-{months % 12 + 1:02}"
