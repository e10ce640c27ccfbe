"""Questions are a signal only: the same for right and wrong in all that a requester sees."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deskward.challenges.questions import LONGEST, OPTION, Challenge
from deskward.core.answers import FactKind
from deskward.core.challenges import Asked, Asking, Checked, Site
from deskward.core.errors import InvalidError, RefusedError, SettingsError, UnreachableError
from deskward.core.proof import Evidence, Proof, level_of
from deskward.core.questions import Fact
from deskward.core.risk import MEDIUM_FROM, RiskLevel, assess
from deskward.core.secret import Secret
from tests.core.samples import NOON, a_person

HOUR = timedelta(hours=1)
FACTS = (
    Fact(
        "manager", "Who is your manager?", ("Ella Fox",), FactKind.NAME, others=("Jo Hart", "Di Lake", "Bo Reed")
    ),
    Fact("team", "Which team do you work in?", ("Nets",), others=("Hulls", "Sails", "Ropes", "Paint")),
    Fact("office", "Which office do you belong to?", ("Quay",)),
    Fact("started", "In which month did you start?", ("March 2021",), FactKind.MONTH),
)
RIGHT = {"manager": "Ella Fox", "team": "Nets", "office": "quay", "started": "03/2021"}
WRONG = {"manager": "Jo Hart", "team": "Hulls", "office": "mill", "started": "05/2021"}


def an_asking(**changes: Any) -> Asking:
    fields: dict[str, Any] = {
        "person": a_person(),
        "site": Site("portal.acme.example", "https://portal.acme.example", "Acme"),
        "now": NOON,
        "facts": FACTS,
        "nonce": "5eed",
    }
    return Asking(**(fields | changes))


def named(asked: Asked, by_topic: Mapping[str, str]) -> dict[str, Secret]:
    topics = asked.kept["topics"]
    return {f.name: Secret(by_topic[t]) for f, t in zip(asked.fields, topics, strict=True) if t in by_topic}


def checked(by_topic: Mapping[str, str], challenge: Challenge | None = None, **changes: Any) -> Checked:
    asking, asks = an_asking(**changes), challenge or Challenge()
    asked = asks.ask(asking)
    return asks.check(asking, asked.kept, named(asked, by_topic))


def gradings(result: Checked) -> dict[str, str]:
    return {row["topic"]: row["grading"] for row in result.transcript}


def test_one_way_is_offered_where_enough_is_on_file() -> None:
    asks = Challenge()
    assert asks.options(an_asking(nonce="")) == (OPTION,)
    assert asks.options(an_asking(facts=FACTS[:3])) == (OPTION,)
    assert asks.options(an_asking(facts=FACTS[:2])) == ()
    assert asks.options(an_asking(facts=(*FACTS[:1], *FACTS[:1], FACTS[1]))) == ()


def test_some_questions_offer_answers_and_every_one_can_be_skipped() -> None:
    asked = Challenge().ask(an_asking())
    assert sorted(field.kind for field in asked.fields) == ["choice", "choice", "text", "text"]
    assert {field.label for field in asked.fields} == {fact.question for fact in FACTS}
    assert [field.name for field in asked.fields] == ["question_1", "question_2", "question_3", "question_4"]
    assert all("skip" in field.hint for field in asked.fields if not field.choices)
    assert asked.text == "Please answer at least 3 of 4 questions."
    assert all(field.kind == "text" for field in Challenge(choices=0).ask(an_asking()).fields)


def test_the_same_nonce_asks_the_same_and_nothing_asked_holds_a_typed_answer() -> None:
    asks = Challenge(ask=3, choices=0)
    first = asks.ask(an_asking())
    assert asks.ask(an_asking(facts=FACTS[::-1])) == first
    assert len({tuple(asks.ask(an_asking(nonce=str(n))).kept["topics"]) for n in range(20)}) > 3
    for answer in RIGHT.values():
        assert answer not in repr(first)


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        (RIGHT, {"manager": "correct", "team": "correct", "office": "correct", "started": "correct"}),
        (WRONG, {"manager": "invalid", "team": "invalid", "office": "invalid", "started": "invalid"}),
        (RIGHT | {"started": "2021"}, {"started": "partial"}),
        ({"office": "Quay"}, {"manager": "skipped", "team": "skipped", "started": "skipped", "office": "correct"}),
    ],
)
def test_the_transcript_has_question_answer_and_grading(
    answers: Mapping[str, str], wanted: Mapping[str, str]
) -> None:
    result = checked(answers)
    assert gradings(result).items() >= wanted.items()
    rows = {row["topic"]: (row["question"], row["answer"]) for row in result.transcript}
    assert rows == {fact.topic: (fact.question, answers.get(fact.topic, "")) for fact in FACTS}


def test_the_transcript_never_holds_what_is_on_file() -> None:
    held = repr(checked(WRONG).transcript)
    assert not [answer for fact in FACTS for answer in fact.answers if answer in held]


def test_an_answer_is_kept_without_characters_that_hide() -> None:
    rows = {row["topic"]: row["answer"] for row in checked({"office": "qu\u202eay \n"}).transcript}
    assert rows["office"] == "quay"


def test_fewer_answers_than_the_least_are_not_enough() -> None:
    three = dict(list(RIGHT.items())[:3])
    assert checked(three).enough
    assert checked(dict.fromkeys(three, "?") | {"manager": "", "team": ""}).enough is False
    assert not checked(dict(list(RIGHT.items())[:2])).enough
    assert not checked({}).enough
    assert checked({"office": "mill"}, Challenge(ask=4, least=1)).enough


def test_sr_23_right_answers_raise_nothing_and_wrong_ones_only_count_against() -> None:
    link = Proof("link and code", "email:x", True, NOON, "s1")
    said = Proof("questions", "questions", True, NOON, "s1", Challenge.evidence)
    assert Challenge.evidence is Evidence.NOTHING
    assert level_of((link, said), "s1", NOON, HOUR) is level_of((link,), "s1", NOON, HOUR)
    assert level_of((said,), "s1", NOON, HOUR) is level_of((), "s1", NOON, HOUR)
    all_right, all_wrong, skipped = checked(RIGHT), checked(WRONG), checked({})
    assert all_right.findings == skipped.findings == ()
    assert assess(all_wrong.findings).score == 6.0
    assert assess(all_wrong.findings).level is RiskLevel.MEDIUM


def test_sr_23_no_number_of_right_answers_takes_a_wrong_one_back() -> None:
    scores = []
    mixed = dict(RIGHT)
    for topic in RIGHT:
        mixed[topic] = WRONG[topic]
        scores.append(assess(checked(mixed).findings).score)
    assert scores == sorted(scores) == [1.5, 3.0, 4.5, 6.0]
    assert scores[1] < MEDIUM_FROM
    assert assess(checked(RIGHT | {"started": "2021"}).findings).score == 0.5


def test_the_weights_are_settings_and_stay_within_the_score() -> None:
    heavy = Challenge(invalid_weight=10, partial_weight=0)
    assert [f.weight for f in checked(WRONG, heavy).findings] == [10.0]
    assert checked(RIGHT | {"started": "2021"}, heavy).findings == ()


def test_sr_24_nothing_tells_which_answer_was_right() -> None:
    results = [checked(answers) for answers in (RIGHT, WRONG, RIGHT | {"team": "Hulls"}, RIGHT | {"office": "x"})]
    assert {(r.right, r.enough, r.root, r.established, r.used) for r in results} == {(True, True, "", True, None)}
    texts = {finding.text for r in results for finding in r.findings}
    assert texts == {"Answers to questions do not fit what is on file."}


def test_sr_24_asking_again_shows_the_same_choices() -> None:
    seen: dict[str, set[tuple[str, ...]]] = {}
    for nonce in range(20):
        asked = Challenge(choices=4).ask(an_asking(nonce=str(nonce)))
        for field in asked.fields:
            seen.setdefault(field.label, set()).add(field.choices)
    assert all(len(choices) == 1 for choices in seen.values())


def test_what_cannot_be_an_answer_is_told_with_its_field() -> None:
    asking, asks = an_asking(), Challenge()
    asked = asks.ask(asking)
    for field in asked.fields:
        with pytest.raises(InvalidError, match="too long") as problem:
            asks.check(asking, asked.kept, {field.name: Secret("x" * (LONGEST + 1))})
        assert problem.value.field == field.name
    chosen = next(field for field in asked.fields if field.choices)
    with pytest.raises(InvalidError, match="not one of the list"):
        asks.check(asking, asked.kept, {chosen.name: Secret("Nobody")})


def test_sr_28_a_source_that_is_down_neither_asks_nor_passes() -> None:
    asks, down = Challenge(), an_asking(facts=())
    kept = asks.ask(an_asking()).kept
    assert asks.options(down) == ()
    with pytest.raises(UnreachableError):
        asks.ask(down)
    for facts in ((), FACTS[1:], tuple(replace(fact, topic=f"new {fact.topic}") for fact in FACTS)):
        with pytest.raises(RefusedError):
            asks.check(an_asking(facts=facts), kept, {})


@pytest.mark.parametrize(
    "settings",
    [
        {"ask": 2},
        {"ask": 11},
        {"least": 0},
        {"choices": 5},
        {"choices": -1},
        {"invalid_weight": 11},
        {"partial_weight": 2},
        {"partial_weight": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused_in_words(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as problem:
        Challenge(**settings)
    assert "challenges.questions" in problem.value.text
    assert problem.value.hint.startswith("Write")
