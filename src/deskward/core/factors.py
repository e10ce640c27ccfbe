"""What second factors are called for the people who own them: kind and name, no secret and no whole number."""

from enum import StrEnum

from deskward.core.destinations import Kind, masked
from deskward.core.lines import clean

LONGEST_NAME = 40
SHORTEST_NUMBER = 7


class FactorKind(StrEnum):
    """The kinds of factors of all directories, in words."""

    APP = "Authenticator app"
    KEY = "Security key or passkey"
    DEVICE = "Sign-in with a device"
    PHONE = "Phone"
    TOKEN = "Hardware token"  # noqa: S105 - a word, no password
    CODES = "Recovery codes"
    OTHER = "Another factor"


def in_words(kind: FactorKind, name: str = "") -> str:
    """Say what a factor is, on one line: “Authenticator app “Work phone””; names are their owners' words."""
    shown = clean(name)
    if len(shown) > LONGEST_NAME:
        shown = f"{shown[: LONGEST_NAME - 1]}…"
    return f"{kind} “{shown}”" if shown else kind.value


def phone_in_words(number: str) -> str:
    """Say that a factor is a phone, with a number that is recognised and cannot be called (SR-54)."""
    known = len(number) >= SHORTEST_NUMBER
    return in_words(FactorKind.PHONE, masked(Kind.SMS, number) if known else "")
