"""What the dashboard counts: words that say how far a verification came, summed by the day it was opened on (UTC).

A verification counts once under each of its words, with its status; when it moves on, it leaves the old ones.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from deskward.core.answers import Grading
from deskward.core.break_glass import unreviewed
from deskward.core.proof import LINK
from deskward.core.risk import RiskLevel
from deskward.core.verification import Mark, Outcome, State, Verification

STARTED, COMPLETED = "started", "completed"
ANSWERED, RIGHT, TOOK = "answered", "right", "took"
RESULTS = frozenset({"Passed", "Failed", "Not Enough Questions"})
QUESTIONS, LINKED = "questions", "link"
STEP = 1.1  # durations are kept to within 5 %


class Need(StrEnum):
    """Why a verification waits for a person: a review to decide, or a result that nobody looked at.

    That is an exception that passed, what High risk refused (SR-124), and what break-glass let through (SR-69).
    """

    NONE = ""
    REVIEW = "review"
    SECOND_LOOK = "second_look"
    EXCEPTION = "exception"
    BREAK_GLASS = "break_glass"


class Named(StrEnum):
    """What a sum is about."""

    LEVEL = "level"
    CATEGORY = "category"
    AGENT = "agent"
    REACHED = "reached"


@dataclass(frozen=True)
class Sum:
    """One line: how many verifications of a day have this value and this status; `day` is like 2026-05-31."""

    name: Named
    day: str
    value: str
    status: str


@dataclass(frozen=True)
class Sums:
    """What was counted in a range: by day, level and status, and by name, value and status for the whole range."""

    by_day: Mapping[tuple[str, str, str], int]
    whole: Mapping[tuple[str, str, str], int]

    @cached_property
    def _found(self) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
        """Give the numbers by name, value and status, so that none is looked for among all."""
        found: dict[str, dict[str, dict[str, int]]] = {}
        for (name, value, status), number in self.whole.items():
            found.setdefault(name, {}).setdefault(value, {})[status] = number
        return found

    def number(self, name: Named, values: Iterable[str] | None = None, status: str = "") -> int:
        """Add up; without `values` over all of them, without `status` over every one."""
        found = self._found.get(name, {})
        wanted = found.values() if values is None else (found.get(value, {}) for value in values)
        return sum(one.get(status, 0) if status else sum(one.values()) for one in wanted)

    def values(self, name: Named) -> list[str]:
        """List the values that were counted, the most frequent first."""
        found = {value: sum(numbers.values()) for value, numbers in self._found.get(name, {}).items()}
        return sorted((value for value, number in found.items() if number), key=lambda v: (-found[v], v))

    def took(self, share: float) -> float | None:
        """Give the seconds within which this share was completed, to within 5 %; None where nothing was."""
        found: dict[int, int] = {}
        for value in self.values(Named.REACHED):
            if value.startswith(f"{TOOK}-"):
                found[int(value.removeprefix(f"{TOOK}-"))] = self.number(Named.REACHED, [value])
        rank, passed = math.ceil(share * sum(found.values())), 0
        for step in sorted(found):
            passed += found[step]
            if passed >= rank:
                return float(STEP**step)
        return None


def reached(verification: Verification) -> tuple[str, ...]:
    """Give the words: started, completed and how long it took, and each challenge answered or answered right."""
    return tuple(dict.fromkeys(_reached(verification)))


def need_of(verification: Verification) -> Need:
    """Tell why it waits for a person; a use of break-glass before all else, until it is reviewed."""
    if unreviewed(verification.glass):
        return Need.BREAK_GLASS
    if verification.state is State.REVIEW:
        return Need.REVIEW
    if verification.mark is not Mark.NONE:
        return Need.NONE
    if verification.state is State.FAILED and verification.risk_level is RiskLevel.HIGH:
        return Need.SECOND_LOOK
    passed = verification.exception and verification.outcome is Outcome.PASSED and not verification.disputed
    return Need.EXCEPTION if passed else Need.NONE


def _reached(verification: Verification) -> Iterator[str]:
    if verification.started_at:
        yield STARTED
    if verification.status.label in RESULTS:
        yield COMPLETED
        if verification.decided_at:
            seconds = (verification.decided_at - verification.opened_at).total_seconds()
            yield f"{TOOK}-{round(math.log(max(1.0, seconds), STEP))}"
    right, answered = _right(verification), _answered(verification)
    yield from (f"{name}-{ANSWERED}" for name in sorted(answered | right))
    yield from (f"{name}-{RIGHT}" for name in sorted(right))


def _right(verification: Verification) -> frozenset[str]:
    proven = {p.method for p in verification.proofs} - {LINK, QUESTIONS}
    graded = [row.get("grading") for row in verification.transcript]
    if graded and all(grading == Grading.CORRECT for grading in graded):
        proven.add(QUESTIONS)
    return frozenset(proven | ({LINKED} if verification.started_at else set()))


def _answered(verification: Verification) -> frozenset[str]:
    wrong_link = verification.wrong_total > sum(verification.misses.values())
    found = {*verification.misses, *verification.tried}
    return frozenset(
        found | ({LINKED} if wrong_link else set()) | ({QUESTIONS} if verification.transcript else set())
    )
