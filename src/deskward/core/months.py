"""Months as people write them: “March 2021”, “Mar 21”, “03/2021”, “2021-03-15”."""

from dataclasses import dataclass

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
AROUND = frozenset({"about", "around", "in", "of", "since", "st", "nd", "rd", "th", "the", "it", "was"})
CENTURY, PIVOT, DIGITS_OF_YEAR, LEAST_LETTERS, WITH_DAY = 2000, 70, 4, 3, 2
WHOLE, PART, NOT = (0, 0), (1, 0), (2, 0)


@dataclass(frozen=True)
class Month:
    """A month of a year; 0 stands for what was not said."""

    year: int = 0
    month: int = 0


def month_fit(typed: str, wanted: str) -> tuple[int, int]:
    """Compare two folded texts: 0 the same month, 1 only month or year said and right, 2 something else."""
    said, real = read_month(typed), read_month(wanted)
    if said is None or real is None or said == real:
        return WHOLE if said == real and said is not None else NOT
    return PART if said in (Month(real.year), Month(0, real.month)) else NOT


def read_month(text: str) -> Month | None:
    """Read a folded text; None when it names no month and no year, or anything else besides."""
    words = [word for word in text.split() if word not in AROUND]
    names = [_named(word) for word in words if not word.isdecimal()]
    numbers = [word for word in words if word.isdecimal()]
    if len(names) > 1 or 0 in names or len(numbers) + len(names) > WITH_DAY + 1:
        return None
    years = [int(n) for n in numbers if len(n) == DIGITS_OF_YEAR]
    small = [int(n) for n in numbers if len(n) < WITH_DAY + 1]
    if len(years) > 1 or len(years) + len(small) < len(numbers):
        return None
    year = years[0] if years else 0
    month = _with_name(names[0], year, small) if names else _in_numbers(year, small, first=_is_iso(numbers))
    return month if 0 <= month.month <= len(MONTHS) and month != Month() else None


def _with_name(name: int, year: int, small: list[int]) -> Month:
    return Month(year or (_year(small[-1]) if small else 0), name)


def _in_numbers(year: int, small: list[int], *, first: bool) -> Month:
    if not year and len(small) >= WITH_DAY:
        year, small = _year(small[-1]), small[:-1]
    if len(small) < WITH_DAY:
        return Month(year, sum(small))
    return Month(year, small[0] if first or small[1] > len(MONTHS) else small[1])


def _year(short: int) -> int:
    """Give the year that two digits stand for: up to 69 of this century."""
    return CENTURY + short - (100 if short >= PIVOT else 0)


def _is_iso(numbers: list[str]) -> bool:
    return bool(numbers) and len(numbers[0]) == DIGITS_OF_YEAR


def _named(word: str) -> int:
    """Give the number of a month from its name, its beginning, or a name with one letter wrong; 0 for none."""
    for number, name in enumerate(MONTHS, 1):
        if len(word) >= LEAST_LETTERS and name.startswith(word):
            return number
    near = [number for number, name in enumerate(MONTHS, 1) if _one_off(word, name)]
    return near[0] if len(near) == 1 else 0


def _one_off(word: str, name: str) -> bool:
    """Tell whether one letter is changed, missing or too many in a name of 5 letters or more."""
    if len(name) <= DIGITS_OF_YEAR:
        return False
    shorter, longer = sorted((word, name), key=len)
    start = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    skip = 1 if len(shorter) == len(longer) else 0
    return len(longer) - len(shorter) <= 1 and shorter[start + skip :] == longer[start + 1 :]
