"""How well an answer fits what is on file: tolerant of spelling, strict in value."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum

from deskward.core.months import month_fit

TITLES = frozenset({"dr", "miss", "mr", "mrs", "ms", "prof", "professor", "sir"})
PARTICLES = frozenset({"da", "de", "del", "den", "der", "di", "dos", "du", "la", "le", "of", "van", "von", "zu"})
FILLERS = frozenset(
    {"a", "am", "an", "at", "department", "dept", "group", "i", "im", "in", "is", "it", "my", "of", "office"}
    | {"our", "team", "the", "unit", "we"}
)
UNKNOWN = frozenset(
    {"dont know", "i dont know", "i have no idea", "n a", "no idea", "not sure", "skip", "unknown"}
)
NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
APOSTROPHES = str.maketrans("", "", "'’‘`´")  # noqa: RUF001 - all the ways to write one
NO_FIT = (2, 0)
SHORT, LONG = 4, 8


class Grading(StrEnum):
    """How an answer was; the words of the transcript."""

    CORRECT = "correct"
    PARTIAL = "partial"
    INVALID = "invalid"
    SKIPPED = "skipped"


class FactKind(StrEnum):
    """What the answers of a fact are, and so how they are compared.

    A month is written “March 2021”; of names, first and last are enough and initials stand for words.
    """

    NAME = "name"
    WORDS = "words"
    MONTH = "month"
    NUMBER = "number"


def folded(text: str) -> str:
    """Take case, accents and punctuation away: words with one space between."""
    plain = unicodedata.normalize("NFKC", text).translate(APOSTROPHES).casefold()
    apart = unicodedata.normalize("NFKD", plain).translate(LETTERS)
    letters = "".join(c for c in apart if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", letters))


def grade(
    typed: str, right: Sequence[str], kind: FactKind, *, weak: Sequence[str] = (), others: Sequence[str] = ()
) -> Grading:
    """Grade an answer against the `right` ones; a fitting `weak` one is partial.

    What fits one of the `others` better is that one, however near it is to a right one.
    """
    words = folded(typed)
    if not words or words in UNKNOWN:
        return Grading.SKIPPED
    best = _best(words, right, kind)
    if _best(words, others, kind) < best:
        best = NO_FIT
    if best[0] and _best(words, weak, kind)[0] == 0:
        return Grading.PARTIAL
    return (Grading.CORRECT, Grading.PARTIAL, Grading.INVALID)[best[0]]


def distance(one: str, two: str) -> int:
    """Count the letters to change, add, drop or swap with the next one."""
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(two, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and (a, one[i - 2]) == (two[j - 2], b):
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def typos(typed: str, wanted: str) -> int | None:
    """Count the small mistakes in a word: none in short ones and in numbers, one from 4 letters, two from 8."""
    if typed == wanted:
        return 0
    allowed = (len(wanted) >= SHORT) + (len(wanted) >= LONG)
    if any(c.isdigit() for c in typed + wanted) or abs(len(typed) - len(wanted)) > allowed:
        return None
    found = distance(typed, wanted)
    return found if found <= allowed else None


def _best(typed: str, values: Iterable[str], kind: FactKind) -> tuple[int, int]:
    return min((_fit(typed, folded(value), kind) for value in values), default=NO_FIT)


def _fit(typed: str, wanted: str, kind: FactKind) -> tuple[int, int]:
    """Give 0 whole, 1 in part or 2 not at all, and how many small mistakes."""
    if typed.replace(" ", "") == wanted.replace(" ", ""):
        return (0, 0)
    if kind is FactKind.MONTH:
        return month_fit(typed, wanted)
    if kind is FactKind.NUMBER:
        return (0, 0) if _number(typed) == _number(wanted) != "" else NO_FIT
    return _words_fit(typed, wanted, named=kind is FactKind.NAME)


def _words_fit(typed: str, wanted: str, *, named: bool) -> tuple[int, int]:
    empty = TITLES | PARTICLES if named else FILLERS
    left = _telling(wanted, empty)
    every, mistakes, whole = len(left), 0, False
    given = _telling(typed, empty)
    for word in sorted(given, key=len, reverse=True):
        found = _nearest(word, left, initials=named and whole)
        if found is None:
            return NO_FIT
        left.remove(found[1])
        mistakes += found[0]
        whole = whole or len(word) > 1
    if not whole and left:
        return NO_FIT
    enough = not left or (named and len(given) > 1)
    return (0 if enough else 1, mistakes + every - len(given))


def _nearest(word: str, left: Sequence[str], *, initials: bool) -> tuple[int, str] | None:
    """Find the word that is meant, a whole one before one that begins with this initial."""
    near = [(n, other) for other in left if (n := typos(word, other)) is not None]
    if not near and initials and len(word) == 1:
        near = [(1, other) for other in left if other.startswith(word)]
    return min(near, default=None)


def _telling(text: str, empty: frozenset[str]) -> list[str]:
    words = text.split()
    return [word for word in words if word not in empty] or words


def _number(text: str) -> str:
    joined = text.replace(" ", "")
    if joined in NUMBERS:
        return str(NUMBERS.index(joined))
    return str(int(joined)) if joined.isdecimal() else ""
