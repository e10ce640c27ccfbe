"""Proves by one of the recovery codes that the person printed and kept."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from deskward.core.authenticators import Used
from deskward.core.challenges import TRIES, Asked, Asking, Checked, Enrolled, Option
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.exchange import Field
from deskward.core.proof import Evidence
from deskward.core.secret import Secret

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP, BITS, LONGEST = 16, 4, 5, 60
ALIKE = str.maketrans("OILU", "011V")
LEAST, MOST = 5, 20


class Challenge:
    """Printed codes of 80 random bits, each good once (SR-16); `count` is how many are printed at a time."""

    name = "saved_code"
    title = "Printed recovery codes"
    evidence = Evidence.SAVED
    ease = 40
    tries = TRIES
    script = ""
    about = "Codes on paper, for the day when your phone is lost."
    replaces = True

    def __init__(self, *, count: int = 10) -> None:
        if not LEAST <= count <= MOST:
            raise SettingsError(
                f"challenges.saved_code.count is {count}.", f"Choose {LEAST} to {MOST}; 10 fit on one card."
            )
        self._count = count

    def options(self, asking: Asking) -> Sequence[Option]:
        """Offer it to whom codes are left."""
        hint = "Find the page with your codes. Each works once."
        return [Option(self.name, "Use a printed recovery code", hint)] if asking.authenticators else []

    def ask(self, asking: Asking) -> Asked:  # noqa: ARG002 - the port's own signature
        """Ask for one code."""
        field = Field("code", "Recovery code", "text", "16 letters and digits. Spaces and dashes do not matter.")
        return Asked("Type one of your printed recovery codes that you have not used yet.", (field,))

    def check(self, asking: Asking, asked: Mapping[str, Any], answers: Mapping[str, Secret]) -> Checked:  # noqa: ARG002 - the port's own signature
        """Accept a code that is not spent, and spend it (SR-11)."""
        ref = _ref(_typed(answers))
        for one in asking.authenticators:
            if one.ref == ref:
                return Checked(
                    right=True,
                    root=f"saved:{one.owner}",
                    ceiling=one.ceiling,
                    established=one.counts_from <= asking.now,
                    used=Used(one.id, spends=True),
                )
        return Checked(right=False)

    def enrol_ask(self, asking: Asking) -> Asked:
        """Show the codes, and ask for one of them to see that they were kept."""
        codes = [_grouped(code) for code in self._codes(asking)]
        field = Field("code", "One of these codes", "text", "Type any of them, to show that you have kept them.")
        text = "Print these codes or write them down. They are shown this one time. Each works once."
        return Asked(text, (field,), shown={"codes": codes})

    def enrol_check(self, asking: Asking, answers: Mapping[str, Secret]) -> tuple[Enrolled, ...]:
        """Keep the digests once one of the codes was typed back; it stays good."""
        codes = self._codes(asking)
        if _typed(answers) not in codes:
            raise InvalidError("This is not one of the codes shown.", "Copy one of them exactly.", "code")
        return tuple(Enrolled("Printed recovery codes", Secret(""), ref=_ref(code)) for code in codes)

    def _codes(self, asking: Asking) -> list[str]:
        return [_code(asking.nonce, n) for n in range(self._count)]


def _code(nonce: str, number: int) -> str:
    bits = int.from_bytes(hashlib.sha256(f"saved code\x1f{number}\x1f{nonce}".encode()).digest(), "big")
    return "".join(ALPHABET[bits >> BITS * place & 31] for place in range(LENGTH))


def _grouped(code: str) -> str:
    return "-".join(code[n : n + GROUP] for n in range(0, LENGTH, GROUP))


def _typed(answers: Mapping[str, Secret]) -> str:
    """Read a code as people copy it: any case, any gaps, letters that look like digits (Crockford's base 32)."""
    typed = answers.get("code", Secret("")).reveal()
    code = "".join(c for c in typed.upper().translate(ALIKE) if c in ALPHABET) if len(typed) <= LONGEST else ""
    if len(code) != LENGTH:
        raise InvalidError(
            f"A recovery code has {LENGTH} letters and digits.", "Copy it whole from your page.", "code"
        )
    return code


def _ref(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
