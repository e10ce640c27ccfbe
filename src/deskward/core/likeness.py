"""Addresses that look like others: typing errors and tricks; likeness warns and never counts (SR-36, SR-39)."""

import unicodedata
from collections.abc import Iterable

NEAR = 2
LEAST_LENGTH = 6
PROVIDERS = (
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "icloud.com",
    "aol.com",
    "gmx.de",
    "gmx.net",
    "gmx.at",
    "web.de",
    "t-online.de",
    "freenet.de",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "mail.com",
    "orange.fr",
    "free.fr",
    "laposte.net",
    "libero.it",
    "btinternet.com",
    "comcast.net",
)
# What is drawn alike: the pairs that fool the eye, longest first.
_ALIKE = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("8", "b"))


def resembles(value: str, known: str) -> bool:
    """Tell whether two different addresses could be taken for each other."""
    one, other = value.casefold(), known.casefold()
    if one == other or min(len(one), len(other)) < LEAST_LENGTH:
        return False
    return _drawn(one) == _drawn(other) or within(one, other, NEAR)


def like_any(value: str, known: Iterable[str]) -> str:
    """Give the first known address that a different one resembles; empty when none does."""
    return next((k for k in known if resembles(value, k)), "")


def meant(value: str) -> str:
    """Give the mail domain that was probably meant, “gmail.com” for “gmial.com”; empty when none is near."""
    domain = value.casefold().rpartition("@")[2]
    if domain in PROVIDERS:
        return ""
    return next((p for p in PROVIDERS if within(domain, p, NEAR if len(p) > LEAST_LENGTH else 1)), "")


def within(one: str, other: str, most: int) -> bool:
    """Tell whether at most so many letters are wrong, missing, too many or swapped with their neighbour."""
    if abs(len(one) - len(other)) > most:
        return False
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        now = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a != b))
            if before and j > 1 and (a, one[i - 2]) == (other[j - 2], b):
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        before, last = last, now
    return last[-1] <= most


def _drawn(value: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
    for looks, like in _ALIKE:
        plain = plain.replace(looks, like)
    return plain
