"""A new password that its owner chooses: long, not known to guessers, no other rule (SR-71)."""

import hashlib
import os
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from deskward.core.doing import changed_and_open, lift_lock
from deskward.core.errors import SettingsError, UnreachableError
from deskward.core.people import Person
from deskward.core.ports import Directory, Field
from deskward.core.resets import ResetKind
from deskward.core.secret import Secret

LEAST, MOST = 8, 256
OWN_PART = 8
SHORTEST_WORD, SHORTEST_NAME = 4, 3
LOOKALIKES = str.maketrans("@4310$57!", "aaeiosstl")
DIGEST = re.compile(rb"[0-9A-Fa-f]{40}(?::\d+)?\s*")
AFTER_ALL = b"G"
SIGNS = re.compile(r"^[\W_]+|[\W_]+$")
NO_LETTERS = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class Action:
    """Sets the new password; `min_length` counts characters and is never under 8.

    `extra_words` are words of the organisation; `breached_file` holds sorted SHA-1 digests in hex, one a
    line, with or without “:count”, and is searched on disk. Nothing leaves the machine.
    """

    name = "reset_password"
    title = "Password reset"
    button = "Set new password"
    done = "Your new password is set. Use it from now on."
    resets = frozenset({ResetKind.PASSWORD, ResetKind.UNLOCK})  # some directories lift a lock-out with it

    def __init__(
        self, *, min_length: int = 15, extra_words: Sequence[str] = (), breached_file: Path | None = None
    ) -> None:
        if not LEAST <= min_length <= MOST // 4:
            raise SettingsError(
                f"actions.reset_password.min_length is {min_length}.",
                f"Choose {LEAST} to {MOST // 4}; 15 is the usual value (SR-71).",
            )
        self._least, self._words = min_length, tuple(extra_words)
        self._breached = breached_file
        if breached_file:
            _check_digests(breached_file)
        self.fields = (
            Field(
                name="password",
                label="New password",
                kind="new-password",
                hint=f"At least {min_length} characters. A few words that do not belong together work well; "
                "spaces and all signs are welcome.",
                min_length=min_length,
            ),
        )

    def problem(self, person: Person, answers: Mapping[str, Secret]) -> str:
        """Say what is wrong with the password and what would be better; empty when it will do."""
        password = unicodedata.normalize("NFC", answers.get("password", Secret("")).reveal())
        if len(password) < self._least:
            return f"This has {len(password)} characters. Use at least {self._least}."
        if len(password) > MOST:
            return f"This has {len(password)} characters. Use at most {MOST}."
        if any(unicodedata.category(c) == "Cc" for c in password):
            return "This holds a sign that cannot be typed at a sign-in page. Use letters, digits and signs."
        return self._guessable(person, password)

    def perform(self, directory: Directory, person: Person, answers: Mapping[str, Secret]) -> None:
        """Set the password, then lift a lock: a stamp that changed means that the password is new."""
        directory.set_password(person.id, answers["password"])
        lift_lock(directory, person.id, "The password is set")

    def achieved(self, before: Person, after: Person) -> bool:
        """Tell whether the account changed and is open."""
        return changed_and_open(before, after)

    def _guessable(self, person: Person, password: str) -> str:
        folded = unicodedata.normalize("NFKC", password).casefold()
        if _is_guessable(folded):
            return "This is among the first passwords that guessers try. Use a few words nobody would expect."
        if _is_made_of(folded, [*_names(person), *self._words]):
            return (
                "This is little more than your name or your organisation's. Use words that do not tell about you."
            )
        if self._breached and _is_breached(self._breached, password):
            return "This password is on a list of stolen passwords. Use another one, here and where you used it."
        return ""


@cache
def _guessable() -> frozenset[str]:
    """Read zxcvbn's 30,000 most frequent passwords from its file: to import it costs 11 MB more."""
    found = find_spec("zxcvbn")
    assert found is not None
    assert found.origin is not None
    text = Path(found.origin).with_name("frequency_lists.py").read_text(encoding="utf-8")
    listed = re.search(r'"passwords": "([^"]+)"', text)
    assert listed is not None
    return frozenset(listed[1].split(","))


def _is_guessable(folded: str) -> bool:
    """Tell a frequent password: as it is, with looks and endings changed, as a repetition or a row."""
    part = folded[: _period(folded)]
    steps = {ord(b) - ord(a) for a, b in pairwise(folded)}
    if len(part) < OWN_PART or len(steps) == 1:
        return True
    tried = {folded, SIGNS.sub("", folded), *(_core(one) for one in (folded, folded.translate(LOOKALIKES)))}
    tried |= {part, _core(part), _core(folded).translate(LOOKALIKES)}
    return any(one in _guessable() for one in tried if len(one) >= SHORTEST_WORD)


def _period(text: str) -> int:
    """Give the length of the part that the text repeats, to the end or broken off."""
    return next(n for n in range(1, len(text) + 1) if text.startswith(text[n:]))


def _core(text: str) -> str:
    """Drop what is no letter from both ends."""
    return NO_LETTERS.sub("", text)


def _names(person: Person) -> Iterable[str]:
    mailbox = person.email.partition("@")[0]
    told = (person.name, person.first_name, person.login, mailbox)
    return {word for text in told for word in (text, *re.split(r"[\W_]+", text))}


def _is_made_of(folded: str, words: Iterable[str]) -> bool:
    """Tell whether too little is left without these words and the digits and signs around."""
    rest = folded
    for word in sorted({w.casefold() for w in words}, key=len, reverse=True):
        if len(word) >= SHORTEST_NAME:
            rest = rest.replace(word, " ")
    return rest != folded and len(_core(rest).replace(" ", "")) < OWN_PART


def _is_breached(path: Path, password: str) -> bool:
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with path.open("rb") as lines:
            size = os.fstat(lines.fileno()).st_size
            place = bisect_left(range(size), wanted, key=lambda at: _digest_from(lines, at))
            return _digest_from(lines, place) == wanted
    except OSError as problem:
        raise UnreachableError(
            "The list of stolen passwords cannot be read now.", "Try again in a minute."
        ) from problem


def _digest_from(lines: BinaryIO, at: int) -> bytes:
    """Give the first digest that begins at this byte or later, after all others at the end."""
    lines.seek(max(0, at - 1))
    if at:
        lines.readline()
    return lines.readline()[:40].upper() or AFTER_ALL


def _check_digests(path: Path) -> None:
    try:
        with path.open("rb") as lines:
            well = bool(DIGEST.fullmatch(lines.readline(200)))
    except OSError:
        well = False
    if not well:
        raise SettingsError(
            f"actions.reset_password.breached_file {path} is no readable list of SHA-1 digests.",
            "Give a sorted file with 40 hex digits at the start of each line.",
        )
