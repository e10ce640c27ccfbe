"""The errors of the house: each says what was wrong and what to do."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from traceback import extract_tb
from typing import Any


class DeskwardError(Exception):
    """An expected failure: `str(error)` is fit for people, `hint` says what to do next."""

    status = 400

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint


class SettingsError(DeskwardError):
    """The settings file holds something that cannot be."""

    status = 500


class NotFoundError(DeskwardError):
    """What was asked for does not exist, or is not to be seen."""

    status = 404


class GoneError(NotFoundError):
    """What was asked for was deleted when its time was over."""

    status = 410


class RefusedError(DeskwardError):
    """A rule forbids this now."""

    status = 409


class SecondPersonError(RefusedError):
    """The threat level is raised, and no second person approved yet."""


class AccountGoneError(RefusedError):
    """The subject's account is not in the directory any more: nothing can be decided or done."""


class ConflictError(DeskwardError):
    """Somebody else was faster; read again and decide again."""

    status = 409


class InvalidError(DeskwardError):
    """What was typed cannot be used; `field` names where."""

    status = 422

    def __init__(self, text: str, hint: str = "", field: str = "") -> None:
        super().__init__(text, hint)
        self.field = field


class LimitError(DeskwardError):
    """Too many in too short a time; `retry_after` is in seconds (SR-94)."""

    status = 429

    def __init__(self, text: str, retry_after: int, hint: str = "") -> None:
        super().__init__(text, hint)
        self.retry_after = retry_after


class OutsideError(DeskwardError):
    """An outside system did not do what it was asked."""

    status = 502


class UnreachableError(OutsideError):
    """Nothing happened outside for certain; try again after `retry_after` seconds."""

    status = 503

    def __init__(self, text: str, hint: str = "", retry_after: float = 0.0) -> None:
        super().__init__(text, hint)
        self.retry_after = retry_after


class UncertainError(OutsideError):
    """The call may have had its effect: look before doing it again."""


class RejectedError(OutsideError):
    """The other side said no, and will say no again."""


_KNOWN_MISTAKES = {
    "extra_forbidden": "this key is unknown; look for a typing error",
    "missing": "this key is missing",
}


def in_words(mistakes: Iterable[Mapping[str, Any]], section: str = "") -> str:
    """Say for every mistake of a validation which key it is and what is wrong, never the value.

    A mistake has `loc` (the path of the key), `type` and `msg`.
    """
    lines = []
    for mistake in mistakes:
        key = ".".join(part for part in (section, *(str(p) for p in mistake["loc"])) if part)
        lines.append(f"{key or 'settings'}: {_words(mistake)}")
    return "\n".join(lines)


def _words(mistake: Mapping[str, Any]) -> str:
    return _KNOWN_MISTAKES.get(mistake["type"]) or str(mistake["msg"]).removeprefix("Value error, ")


def places(error: BaseException) -> list[str]:
    """Name the last places of an unexpected error for the log; its words and locals may hold a secret."""
    return [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in extract_tb(error.__traceback__)[-8:]]
