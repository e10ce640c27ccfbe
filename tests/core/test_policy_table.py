"""Every combination of evidence is judged as the product judges, and no sentence of the standards is broken."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deskward.core.destinations import Provenance
from deskward.core.policy import Category, Limits, Typed, Way
from deskward.core.policy_promises import PROMISES, broken
from deskward.core.policy_table import (
    AALS,
    Judged,
    Method,
    Path,
    Row,
    Trial,
    judge,
    judged,
    methods_of,
    rows,
    trials,
)
from deskward.core.policy_words import NOTHING_PASSES, explained, tabled
from deskward.core.proof import ActionClass, Evidence, ProofLevel
from deskward.core.risk import RiskLevel
from deskward.core.verification import State
from tests.fakes import FakeChallenge

C1, C2, C3, C4 = ActionClass
ON_FILE, SAME_LOGIN, SUPPLIED = Provenance
PASSKEY = Method("passkey", "Passkey", Evidence.PASSKEY)
APP = Method("totp", "Authenticator app", Evidence.AUTHENTICATOR)
CODE = Method("one_time_code", "Code to another address", Evidence.ISSUED)
QUIZ = Method("questions", "Questions about your work", Evidence.NOTHING)
METHODS = (PASSKEY, APP, CODE, QUIZ)
LIMITS = Limits()
RESET = Category("Password Reset", ("Password Reset",), "roster", "reset_password", C2)
UNLOCK = replace(RESET, name="Account Unlock", action="unlock_account", action_class=C1)
CHECK = replace(RESET, name="Identity check", action="")
FACTOR = replace(RESET, name="Factor Reset", action="reset_factor", action_class=C3)
STEPPED = replace(FACTOR, challenges=(("passkey", "totp"), ("questions",)))
PRIVILEGED = replace(CHECK, name="Privileged", action_class=C4)
POLICIES = [
    RESET, UNLOCK, CHECK, FACTOR, STEPPED, PRIVILEGED,
    replace(RESET, typed=Typed.NEVER, medium_from=1.0, high_from=2.0),
    replace(UNLOCK, hold=timedelta(0), medium_from=2.5, high_from=10.0),
]  # fmt: skip


def shown(category: Category) -> tuple[Row, ...]:
    return rows(judged(category, LIMITS, METHODS))


def path_of(category: Category, aal: int, link: Provenance, *methods: Method) -> tuple[Path, Path] | None:
    """Give the paths of a least set, or None where it is not shown."""
    found = [r for r in shown(category) if aal in r.aals and (r.link, r.methods) == (link, methods)]
    return (found[0].calm, found[0].medium) if found else None


def test_every_combination_is_tried() -> None:
    assert len(list(trials(METHODS))) == 4 * 2 ** len(METHODS) * 3 * 3 * 2 * 2
    assert len(set(trials(METHODS))) == len(list(trials(METHODS)))


@pytest.mark.parametrize("category", POLICIES, ids=lambda c: c.name)
def test_sr_37_sr_42_sr_66_no_policy_lets_through_what_a_standard_forbids(category: Category) -> None:
    assert broken(category, LIMITS, judged(category, LIMITS, METHODS)) == ()


def test_a_link_to_an_established_address_resets_a_password_without_a_second_factor() -> None:
    assert path_of(RESET, 1, ON_FILE) == (Path.PASSED, Path.SECOND_AND_HOLD)
    assert path_of(RESET, 2, ON_FILE) is None
    assert path_of(RESET, 2, ON_FILE, APP) == (Path.PASSED, Path.PASSED)
    assert path_of(RESET, 3, ON_FILE, APP) is None


def test_sr_66_a_passkey_behind_an_address_of_the_caller_needs_a_second_person_and_waits() -> None:
    assert path_of(RESET, 2, SUPPLIED, PASSKEY) == (Path.SECOND_AND_HOLD, Path.SECOND_AND_HOLD)
    assert path_of(RESET, 1, SUPPLIED) is None
    assert path_of(replace(RESET, typed=Typed.NEVER), 1, SUPPLIED, PASSKEY) is None
    assert path_of(UNLOCK, 1, SUPPLIED) == (Path.HOLD, Path.SECOND_AND_HOLD)


def test_sr_23_questions_are_in_a_set_only_where_the_policy_asks_for_them() -> None:
    assert not any(QUIZ in row.methods for row in shown(RESET))
    assert all(QUIZ in row.methods for row in shown(STEPPED))
    assert path_of(STEPPED, 2, ON_FILE, APP, QUIZ) == (Path.SECOND, Path.SECOND_AND_HOLD)


def test_sr_125_every_class_that_is_served_by_link_is_reached_without_a_biometric() -> None:
    for category in (UNLOCK, RESET, CHECK, FACTOR):
        assert any(PASSKEY not in row.methods for row in shown(category) if 2 in row.aals)


def test_nobody_is_served_by_link_in_class_c4() -> None:
    assert shown(PRIVILEGED) == ()


def test_methods_stand_in_the_order_of_ease() -> None:
    hard, easy = FakeChallenge("b", Evidence.SAVED, ease=2), FakeChallenge("a", Evidence.PASSKEY, ease=1)
    assert methods_of([hard, easy]) == (
        Method("a", "Prove it by a", Evidence.PASSKEY),
        Method("b", "Prove it by b", Evidence.SAVED),
    )


def through(**changes: Any) -> Judged:
    """Make something that was let through, as a broken engine would."""
    fine = Trial(ON_FILE, (APP,), 2, RiskLevel.NOT_ASSESSED)
    parts: dict[str, Any] = {"level": ProofLevel.P3, "asked": ProofLevel.P2, "roots": 2, "missing": ""}
    own = {k: changes.pop(k) for k in tuple(changes) if k in parts}
    return Judged(replace(fine, **changes), State.PASSED, **(parts | own))


@pytest.mark.parametrize(
    ("category", "changes", "sentence"),
    [
        (RESET, {"link": None}, "SR-30: nothing begins without a link"),
        (RESET, {"level": ProofLevel.P1}, "SR-66: no approval replaces a missing proof"),
        (RESET, {"missing": "a step"}, "SR-66: no approval replaces a missing proof"),
        (RESET, {"link": SAME_LOGIN, "methods": (QUIZ,)}, "SR-37: an address that is not established, alone"),
        (RESET, {"link": SUPPLIED, "waited": True}, "SR-38: an address that the caller supplied"),
        (FACTOR, {"link": SUPPLIED, "approved": True, "waited": True}, "SR-42: classes C3 and C4 take no"),
        (UNLOCK, {"link": SUPPLIED}, "SR-66: an address that the caller supplied waits"),
        (RESET, {"roots": 1}, "SR-21: the action of an account with a second factor"),
        (RESET, {"aal": 3}, "SR-20: an account proofed on site"),
        (
            replace(RESET, action_class=C4),
            {"approved": True},
            "SR-20: an action of class C4 is never done by link",
        ),
        (FACTOR, {}, "SR-62: class C3 needs a second person"),
        (FACTOR, {"methods": (CODE,), "approved": True, "level": ProofLevel.P2}, "SR-26: codes that are sent out"),
        (RESET, {"methods": (QUIZ,), "aal": 1}, "SR-23: right answers to questions raise nothing"),
        (RESET, {"risk": RiskLevel.HIGH}, "High risk fails"),
        (RESET, {"risk": RiskLevel.MEDIUM, "roots": 1, "aal": 1}, "Medium risk needs a second"),
    ],
)
def test_what_an_engine_lets_through_wrongly_is_told(
    category: Category, changes: dict[str, Any], sentence: str
) -> None:
    told = broken(category, LIMITS, [through(**changes)])
    assert [s for s in told if s.startswith(sentence)]
    assert any("BROKEN: " in line and told[0] in line for line in tabled(category, LIMITS, [through(**changes)]))


def test_every_promise_can_be_told() -> None:
    weak: dict[str, Any] = {"level": ProofLevel.P1, "roots": 1}
    everything = through(link=SUPPLIED, methods=(QUIZ,), aal=3, risk=RiskLevel.HIGH, **weak)
    medium = through(risk=RiskLevel.MEDIUM, roots=1, link=None)
    bare = through(methods=(QUIZ,))
    worst = replace(RESET, action_class=C4)
    assert set(broken(worst, LIMITS, [everything, medium, bare])) == {p.sentence for p in PROMISES}


def test_a_run_that_cannot_begin_reaches_nothing() -> None:
    begun = judge(RESET, LIMITS, Trial(None, METHODS, 1, RiskLevel.NOT_ASSESSED, approved=True, waited=True))
    assert (begun.state, begun.level, begun.let_through) == (State.FAILED, ProofLevel.P0, False)


def test_the_table_reads_as_markdown() -> None:
    lines = list(tabled(RESET, LIMITS, judged(RESET, LIMITS, METHODS)))
    assert lines[0] == "### Password Reset"
    assert lines[2].startswith("Class C2, action reset_password: 2,304 combinations tried, ")
    assert lines[3] == "no rule of the standards is broken."
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[5:]]
    assert table[0][:3] == ["Account", "Link to an", "And"]
    assert ["AAL1", "established address", "–", "P2", "passed", "second person, then 4 h hold"] in table
    assert len({len(line) for line in lines[5:]}) == 1
    assert next(line for line in tabled(CHECK, LIMITS, judged(CHECK, LIMITS, METHODS)) if "| any" in line)
    assert list(tabled(PRIVILEGED, LIMITS, judged(PRIVILEGED, LIMITS, METHODS)))[-1] == NOTHING_PASSES


def said(category: Category, methods: tuple[Method, ...] = METHODS) -> str:
    return "\n".join(explained(category, LIMITS, methods))


def test_a_policy_is_told_in_the_order_in_which_it_is_met() -> None:
    text = said(STEPPED)
    order = [
        "Factor Reset (class C3:", "The agent:", "gets a note", "caller supplies is not taken", "On a call",
        "a second established address", "authenticator app", "The requester:",
        "One of: passkey, authenticator app.",
        "questions about your work. Right answers prove nothing.", "A second person approves every run.",
        "10 minutes for the action reset_factor", "Limits:", "15 minutes by e-mail and 10 minutes by SMS",
        "Risk of 4 out of 10 is Medium", "What passes",
        "link to an established address + one of: passkey + questions about your work; authenticator app",
        " → P3 → second person (risk Medium: second person, then 4 h hold)",
    ]  # fmt: skip
    found = [text.find(words) for words in order]
    assert found == sorted(found)
    assert min(found) >= 0


def test_what_is_not_set_up_is_not_told() -> None:
    text = said(replace(CHECK, ways=(Way.CALL, Way.PASSKEY)), ())
    assert "passkey" not in text
    assert "whatever helps is offered" not in text
    assert "a second person approves, and the run waits 4 h" in text
    assert "there is no action" in text
    assert NOTHING_PASSES in said(PRIVILEGED)


def test_a_hold_of_nothing_is_none() -> None:
    text = said(replace(UNLOCK, hold=timedelta(0)))
    assert "is taken with a reason; the run goes on without a hold" in text
    assert "address the caller supplied → P1 → passed (risk Medium: second person)" in text
    assert "AAL1, AAL2, AAL3" not in text
    assert AALS == (1, 2, 3)
