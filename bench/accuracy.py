"""How well the familiarity score tells people from attackers, in the form of the published table."""

import bisect
import math
import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

from bench.attackers import ATTACKERS, Attackers
from bench.counts import Counts, split
from bench.login_rows import Login
from deskward.core.familiarity import score

SHARE_ATTACKED = 0.3
LONGEST, HISTORIES = 39, (12, 39)
AROUND = range(10, 15)
TPRS = (0.98, 0.99, 0.995, 0.999)
BINS = 10
SAMPLE = 2000
Inputs = tuple[tuple[str, ...], Mapping[str, int], Mapping[str, int]]


@dataclass
class Measured:
    """Scores of people by login, the first one apart (it is always asked), and of attackers with the history."""

    people: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    attacks: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    inputs: list[Inputs] = field(default_factory=list)

    def attack(self, counts: Counts, attackers: Attackers, last: Login, before: int) -> None:
        """Let every attacker try the person whose last login this was, before any other history is learned."""
        for name in ATTACKERS:
            features = attackers.attempt(name, last)
            given = score(features, *split(counts.met(last.person, features, last.month), last.person))
            self.attacks[name].append((before, given or 0.0))

    def legitimate(self) -> list[float]:
        """Give all scores of people, sorted; logins without history have none."""
        return sorted(s for scores in self.people.values() for s in scores if s < math.inf)

    def attacking(self, *attackers: str) -> list[float]:
        """Give the scores of these attackers, sorted."""
        return sorted(s for name in attackers or ATTACKERS for _, s in self.attacks[name])

    def asked(self, history: int, threshold: float) -> float:
        """Give the median of how often a person is asked up to that login, the first one included."""
        long = [scores[:history] for scores in self.people.values() if len(scores) >= history]
        return median(sum(s >= threshold for s in scores) for scores in long) if long else math.nan


def measured(logins: Sequence[Login], seed: int) -> Measured:
    """Play the rows in their order: score each login, attack some people, then learn."""
    counts, attackers, chances, found = Counts(), Attackers(seed), random.Random(seed), Measured()
    last: dict[str, Login] = {}
    for login in logins:
        if login.successful and login.whole:
            before, met = len(found.people[login.person]), counts.met(login.person, login.features, login.month)
            own, everyone = split(met, login.person)
            given = score(login.features, own, everyone)
            if 0 < before < LONGEST and given is not None and chances.random() < SHARE_ATTACKED:
                found.attack(counts, attackers, last[login.person]._replace(at=login.at), before)
                found.inputs.append((tuple(login.features), own, everyone))
            found.people[login.person].append(math.inf if given is None else given)
            counts.learn(login.person, login.features, login.month, met)
            last[login.person] = login
        attackers.note(login)
    return found


def threshold(scores: Sequence[float], tpr: float) -> float:
    """Give the highest score at which at least that share of the attacks is asked; `scores` are sorted."""
    return scores[math.floor((1 - tpr) * len(scores) + 1e-9)]


def auc(legitimate: Sequence[float], attacking: Sequence[float]) -> float:
    """Give the chance that an attack scores above a person's login; both are sorted."""
    wins = sum(bisect.bisect_left(legitimate, s) + bisect.bisect_right(legitimate, s) for s in attacking)
    return wins / 2 / (len(legitimate) * len(attacking))


def relation(legitimate: Sequence[float], attacking: Sequence[float]) -> float:
    """Give the mean score of attackers divided by that of people."""
    return fmean(attacking) / fmean(legitimate)


def chance(given: float) -> float:
    """Read a score as the odds of an attack, where attacks are as frequent as people's logins."""
    return given / (1 + given)


def brier(legitimate: Sequence[float], attacking: Sequence[float]) -> float:
    """Give the mean squared error of that chance, both sides weighted the same; 0.25 is a coin."""
    return (fmean(chance(s) ** 2 for s in legitimate) + fmean((1 - chance(s)) ** 2 for s in attacking)) / 2


@dataclass(frozen=True)
class Bin:
    """One part of the chances: what was said, what was true, and the share of all that falls into it."""

    said: float
    true: float
    share: float


def bins(legitimate: Sequence[float], attacking: Sequence[float]) -> list[Bin]:
    """Compare the chance that was said with the share of attacks, in ten parts; empty ones are left out."""
    weighted = [(chance(s), 0.0, 1 / len(legitimate)) for s in legitimate]
    weighted += [(chance(s), 1.0, 1 / len(attacking)) for s in attacking]
    parts: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
    for one in weighted:
        parts[min(BINS - 1, int(one[0] * BINS))].append(one)
    return [_bin(part) for _, part in sorted(parts.items())]


def _bin(part: Sequence[tuple[float, float, float]]) -> Bin:
    weight = sum(w for _, _, w in part)
    said, true = (sum(one[n] * one[2] for one in part) / weight for n in (0, 1))
    return Bin(said, true, weight / 2)


def microseconds(inputs: Sequence[Inputs]) -> float:
    """Give the time of one score, the best of five rounds."""
    some, best = inputs[:SAMPLE], math.inf
    for _ in range(5):
        began = time.perf_counter()
        for features, own, everyone in some:
            score(features, own, everyone)
        best = min(best, time.perf_counter() - began)
    return best / len(some) * 1e6


def at_history(found: Measured, edge: float) -> tuple[float, float]:
    """Give the shares of naive and VPN attacks, and of people's logins, from `edge` on, at about 12 logins."""
    attacks = [s for name in ("naive", "VPN") for n, s in found.attacks[name] if n in AROUND]
    people = [s for scores in found.people.values() for s in scores[AROUND[0] : AROUND[-1] + 1]]
    attacking, legitimate = (sum(s >= edge for s in some) / len(some) for some in (attacks, people))
    return attacking, legitimate
