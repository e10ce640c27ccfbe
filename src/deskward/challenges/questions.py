"""Asks about what is on file, as a risk signal only: right answers prove nothing, wrong ones count against."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deskward.core.answers import Grading, grade
from deskward.core.challenges import Asked, Asking, Checked, Option
from deskward.core.errors import InvalidError, RefusedError, SettingsError, UnreachableError
from deskward.core.notes import clean
from deskward.core.ports import Field
from deskward.core.proof import Evidence
from deskward.core.questions import Fact, choices_of, selected
from deskward.core.risk import TOP, Finding, Section
from deskward.core.secret import Secret

OPTION = Option("questions", "Answer a few questions", "About your work here. You may skip some.")
TEXT_HINT = "Leave it empty to skip it."
LONGEST = 120
MOST = 10
AGAIN = "Choose “Another way”, or try again in a few minutes."


class Challenge:
    """Asks `ask` questions of different topics, of which `least` must be answered; `choices` offer answers.

    An answer that does not fit adds `invalid_weight` points of risk, a half one `partial_weight`. Nothing
    that a requester sees tells how an answer was (SR-23, SR-24).
    """

    name = "questions"
    title = "Questions about your work"
    evidence = Evidence.NOTHING
    ease = 50
    tries = 1
    script = ""

    def __init__(
        self,
        *,
        ask: int = 4,
        least: int = 3,
        choices: int = 2,
        invalid_weight: float = 1.5,
        partial_weight: float = 0.5,
    ) -> None:
        if not 1 <= least <= ask <= MOST:
            raise SettingsError(
                f"challenges.questions asks {ask} and needs {least} answers.",
                f"Write 1 ≤ least ≤ ask ≤ {MOST}.",
            )
        if not 0 <= choices <= ask:
            raise SettingsError(f"challenges.questions.choices is {choices}.", f"Write 0 to {ask}.")
        if not 0 <= partial_weight <= invalid_weight <= TOP:
            raise SettingsError(
                "challenges.questions weighs a half answer above a wrong one, or out of range.",
                f"Write 0 ≤ partial_weight ≤ invalid_weight ≤ {TOP:.0f}.",
            )
        self._ask, self._least, self._choices = ask, least, choices
        self._weights = {Grading.INVALID: invalid_weight, Grading.PARTIAL: partial_weight}

    def options(self, asking: Asking) -> Sequence[Option]:
        """Offer the one way where enough is on file."""
        return (OPTION,) if len(self._asked(asking)) >= self._least else ()

    def ask(self, asking: Asking) -> Asked:
        """Make the questions of this nonce; UnreachableError while too little is known."""
        facts = self._asked(asking)
        if len(facts) < self._least:
            raise UnreachableError("The questions cannot be made right now.", AGAIN)
        return Asked(
            text=f"Please answer at least {self._least} of {len(facts)} questions.",
            fields=tuple(self._fields(asking, facts)),
            kept={"topics": [fact.topic for fact in facts]},
        )

    def check(self, asking: Asking, asked: Mapping[str, Any], answers: Mapping[str, Secret]) -> Checked:
        """Grade the answers; `right` says only that they were taken, whatever they are."""
        facts = self._asked(asking)
        if [fact.topic for fact in facts] != asked["topics"]:
            raise RefusedError("What was asked has changed meanwhile.", AGAIN)
        fields = self._fields(asking, facts)
        rows = [_row(fact, _typed(field, answers)) for fact, field in zip(facts, fields, strict=True)]
        given = [row for row in rows if row["grading"] is not Grading.SKIPPED]
        return Checked(
            right=True,
            findings=self._findings(rows),
            transcript=tuple(row | {"grading": row["grading"].value} for row in rows),
            enough=len(given) >= self._least,
        )

    def _asked(self, asking: Asking) -> tuple[Fact, ...]:
        return selected(asking.facts, self._ask, asking.nonce)

    def _fields(self, asking: Asking, facts: Sequence[Fact]) -> Iterator[Field]:
        left = self._choices
        for number, fact in enumerate(facts, 1):
            offered = choices_of(fact, asking.person.id) if left else ()
            left -= bool(offered)
            kind, hint = ("choice", "") if offered else ("text", TEXT_HINT)
            yield Field(f"question_{number}", fact.question, kind, hint, choices=offered)

    def _findings(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
        weight = min(TOP, sum(self._weights.get(row["grading"], 0.0) for row in rows))
        text = "Answers to questions do not fit what is on file."
        return (Finding("questions", Section.CHALLENGE, weight, text, "questions"),) if weight else ()


def _typed(field: Field, answers: Mapping[str, Secret]) -> str:
    typed = answers.get(field.name, Secret("")).reveal()
    if len(typed) > LONGEST:
        raise InvalidError("This answer is too long.", f"Write at most {LONGEST} characters.", field.name)
    if field.choices and typed and typed not in field.choices:
        raise InvalidError("This answer is not one of the list.", "Choose one, or skip it.", field.name)
    return clean(typed)


def _row(fact: Fact, typed: str) -> dict[str, Any]:
    grading = grade(typed, fact.answers, fact.kind, weak=fact.weak, others=fact.others)
    return {"topic": fact.topic, "question": fact.question, "answer": typed, "grading": grading}
