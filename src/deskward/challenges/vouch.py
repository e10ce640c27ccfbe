"""Proves by colleagues: some of those who are asked sign that they have spoken with the requester (SR-29)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from deskward.core.challenges import Asked, Asking, Checked, Option
from deskward.core.errors import InvalidError, SettingsError
from deskward.core.people import Person
from deskward.core.proof import Evidence, ProofLevel
from deskward.core.records import Vouch
from deskward.core.secret import Secret
from deskward.core.vouching import reports_to

FEWEST, MOST = 2, 10
SHORTEST, LONGEST = 10, 60
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Challenge:
    """`needed` of `asked` people must sign within `minutes`."""

    name = "vouch"
    title = "Colleagues confirm it is you"
    evidence = Evidence.CONTACT
    ease = 60
    tries = 1
    script = ""

    def __init__(self, *, needed: int = 2, asked: int = 3, minutes: int = 60) -> None:
        if not FEWEST <= needed <= asked <= MOST:
            raise SettingsError(
                f"challenges.vouch asks {asked} people and needs {needed}.",
                f"Need at least {FEWEST}, and ask at least as many and at most {MOST} (SR-29).",
            )
        if not SHORTEST <= minutes <= LONGEST:
            raise SettingsError(
                f"challenges.vouch.minutes is {minutes}.",
                f"Choose {SHORTEST} to {LONGEST}: a vouch counts for {LONGEST} minutes (SR-31).",
            )
        self._needed, self._asked, self._lives = needed, asked, timedelta(minutes=minutes)

    def options(self, asking: Asking) -> Sequence[Option]:
        """Offer it where enough people may speak for this person."""
        if len(asking.people) < self._needed:
            return []
        first = "Your manager" if reports_to(asking.person, asking.people[0]) else "A colleague"
        number = min(len(asking.people), self._asked) - 1
        more = f"{NUMBERS[number]} colleague{'s' if number > 1 else ''}"
        hint = (
            f"{first} and {more} get a message. {NUMBERS[self._needed].capitalize()} of them must have spoken "
            f"with you. It takes up to {self._lives.total_seconds() / 60:.0f} minutes."
        )
        return [Option("colleagues", "Ask colleagues to confirm", hint)]

    def ask(self, asking: Asking) -> Asked:
        """Ask the first of those who may, the manager before all; then show who has answered, without names."""
        chosen = asking.people[: self._asked]
        given = {v.voucher_id: v for v in asking.vouches}
        shown = [
            {"who": _called(asking.person, person), "confirmed": _signed(given.get(person.id))}
            for person in chosen
        ]
        return Asked(
            f"{self._needed} of {len(chosen)} people must confirm that they have spoken with you. Call them now, "
            "or go and see them.",
            (),
            lives=self._lives,
            shown={"needed": self._needed, "confirmed": sum(s["confirmed"] for s in shown), "people": shown},
            kept={"needed": self._needed, "people": [p.id for p in chosen]},
            send_to_people=tuple(p.id for p in chosen),
        )

    def check(self, asking: Asking, asked: Mapping[str, Any], answers: Mapping[str, Secret]) -> Checked:  # noqa: ARG002 - the port's own signature
        """Count who has signed; their set is the trust root, and it is as old as the oldest signature."""
        signed = {v.voucher_id: v.signed_at for v in asking.vouches if v.signed_at}
        counted = {who: at for who, at in signed.items() if who in asked["people"]}
        if len(counted) < asked["needed"]:
            raise InvalidError(
                f"{len(counted)} of the {asked['needed']} people that are needed confirmed so far.",
                "Call them, then press the button again. Or choose another way.",
                "answer",
            )
        root = f"vouch:{','.join(sorted(counted))}"
        return Checked(right=True, root=root, ceiling=ProofLevel.P3, at=min(counted.values()))


def _signed(vouch: Vouch | None) -> bool:
    return vouch is not None and vouch.signed_at is not None


def _called(person: Person, other: Person) -> str:
    return "Your manager" if reports_to(person, other) else "A colleague"
