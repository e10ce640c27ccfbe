"""Proves by a code that goes to a second address on file, with a trust root of its own."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from deskward.core.challenges import TRIES, Asked, Asking, Checked, Option
from deskward.core.destinations import Destination, Kind, masked, root_of
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.exchange import Field
from deskward.core.links import CODE_DIGITS, digits_of
from deskward.core.proof import Evidence
from deskward.core.secret import Secret

MOST_MINUTES, LONGEST = 10, 40
GONE = "This address cannot be used for a code any more."


class Challenge:
    """A code of 6 digits that lives `minutes` (SR-10) and is used once; an established address of the person."""

    name = "one_time_code"
    title = "Code to another address of yours"
    evidence = Evidence.ISSUED
    ease = 30
    tries = TRIES
    script = ""

    def __init__(self, *, minutes: float = MOST_MINUTES) -> None:
        if not 1 <= minutes <= MOST_MINUTES:
            raise SettingsError(
                f"challenges.one_time_code.minutes is {minutes}.", f"Choose 1 to {MOST_MINUTES} (SR-10)."
            )
        self._lives = timedelta(minutes=minutes)

    def options(self, asking: Asking) -> Sequence[Option]:
        """Offer every established address that is not proven yet, masked."""
        return [
            Option(d.id, f"Code by {d.kind.said} to {masked(d.kind, d.value)}", d.label) for d in _ranked(asking)
        ]

    def ask(self, asking: Asking) -> Asked:
        """Send the code to the chosen address."""
        to = _chosen(asking, asking.option)
        shown, said = _shown(to), to.kind.said
        field = Field("code", "Code", "code", f"{CODE_DIGITS} digits, from the message we sent you.", CODE_DIGITS)
        text = f"We sent a code by {said} to {shown}. Never read it to anyone, not to the help desk either."
        return Asked(text, (field,), self._lives, kept={"to": to.id, "masked": shown}, send_to=to.id)

    def check(self, asking: Asking, asked: Mapping[str, Any], answers: Mapping[str, Secret]) -> Checked:
        """Compare in constant time; the address must still be the one that got the code."""
        code = _typed(answers)
        to = _chosen(asking, asked["to"])
        if _shown(to) != asked["masked"]:
            raise InvalidError(GONE, "Choose another way.", "code")
        issued = asking.issued.reveal()
        if not issued or not hmac.compare_digest(issued.encode(), code.encode()):
            return Checked(right=False)
        return Checked(right=True, root=root_of(to.kind, to.value))


def _ranked(asking: Asking) -> list[Destination]:
    """Put what does not rest on the phone network first (SR-26)."""
    return sorted(asking.destinations, key=lambda d: d.kind is Kind.SMS)


def _shown(destination: Destination) -> str:
    return masked(destination.kind, destination.value)


def _chosen(asking: Asking, option: str) -> Destination:
    found = next((d for d in asking.destinations if d.id == option), None)
    if found is None:
        raise InvalidError(GONE, "Choose another way.", "code")
    return found


def _typed(answers: Mapping[str, Secret]) -> str:
    typed = answers.get("code", Secret("")).reveal()
    code = digits_of(typed)
    if len(code) != CODE_DIGITS or len(typed) > LONGEST or any(c.isalnum() for c in typed if c not in code):
        raise InvalidError(f"The code has {CODE_DIGITS} digits.", "Type the one of the newest message.", "code")
    return code
