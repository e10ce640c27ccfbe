"""A policy that a standard forbids is refused, with the key and the sentence that was broken."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.errors import SettingsError
from deskward.core.policy import Category, Limits, Typed, Way
from deskward.core.policy_rules import PROOF_RULES, RULES, check, check_names, check_steps, check_ways
from deskward.core.proof import ActionClass, Evidence

C1, C2, C3, C4 = ActionClass
RESET = Category("reset", ("reset",), "roster", "reset_password", C2)
FACTOR = replace(RESET, action="reset_factor", action_class=C3)
KINDS = {
    "totp": Evidence.AUTHENTICATOR,
    "passkey": Evidence.PASSKEY,
    "one_time_code": Evidence.ISSUED,
    "questions": Evidence.NOTHING,
}
LIMITS = Limits()


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"action_class": C4}, "categories.reset.class: SR-20: an action of class C4 is never done by link"),
    ({"action_class": C3, "typed": Typed.ALLOWED}, "categories.reset.typed: SR-42: a class C3 or C4 action never"),
    ({"action_class": C4, "action": "", "typed": Typed.ALLOWED}, "categories.reset.typed: SR-42"),
    ({"ways": ()}, "categories.reset.ways: SR-06"),
    ({"challenges": (("totp",), ())}, "categories.reset.challenges: SR-30"),
    ({"challenges": (("totp", "passkey"), ("totp",))}, "categories.reset.challenges: SR-21"),
    (
        {"medium_from": 7.0},
        "categories.reset.medium_from and categories.reset.high_from: the risk levels have an order",
    ),
    ({"medium_from": 0.0}, "categories.reset.medium_from"),
    ({"high_from": 10.5}, "categories.reset.medium_from"),
    ({"proof": minutes(61)}, "categories.reset.proof_minutes: SR-31: a proof counts for 60 minutes at most"),
    ({"proof": minutes(0)}, "categories.reset.proof_minutes: SR-31"),
    ({"proof": minutes(21)}, "categories.reset.proof_minutes and categories.reset.grant_minutes: SR-80"),
    ({"grant": minutes(15.5)}, "categories.reset.proof_minutes and categories.reset.grant_minutes: SR-80"),
    ({"hold": minutes(0)}, "categories.reset.hold_hours: SR-66: a run that used an exception waits"),
    ({"hold": minutes(0), "action": ""}, "categories.reset.hold_hours: SR-66"),
    (
        {"proof": minutes(15.5)},
        "categories.reset.proof_minutes: SR-67: a category may only be stricter than [limits]",
    ),
    ({"grant": minutes(10.5), "proof": minutes(1)}, "categories.reset.grant_minutes: SR-67"),
    (
        {"hold": minutes(239)},
        "categories.reset.hold_hours: SR-67: a category may only be stricter than [limits], and",
    ),
    ({"per_day": 6}, "categories.reset.links_per_day: SR-67"),
]
TAKEN: list[dict[str, Any]] = [
    {},
    {"action_class": C4, "action": ""},
    {"typed": Typed.ALLOWED},
    {"typed": Typed.NEVER, "action_class": C3},
    {"challenges": (("totp", "passkey"), ("questions",))},
    {"medium_from": 6.9},
    {"proof": minutes(15), "grant": minutes(10), "hold": minutes(240), "per_day": 5},
    {"proof": minutes(1), "grant": minutes(1), "hold": minutes(9999), "per_day": 1},
    {"hold": minutes(1), "action_class": C1},
    {"hold": minutes(0), "action_class": C1},
]


@pytest.mark.parametrize(("changes", "words"), REFUSED)
def test_sr_10_a_policy_above_a_limit_names_key_and_broken_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check([RESET, replace(RESET, **changes)], LIMITS)
    assert str(caught.value).startswith(words)
    assert caught.value.hint


@pytest.mark.parametrize("changes", TAKEN)
def test_a_policy_within_the_limits_is_taken(changes: dict[str, Any]) -> None:
    check([replace(RESET, **changes)], LIMITS)


spans = st.none() | st.integers(1, 90).map(minutes)
narrower = st.builds(
    Category,
    st.just("reset"),
    st.just(("reset",)),
    st.just("roster"),
    st.just("reset_password"),
    st.sampled_from((ActionClass.C1, ActionClass.C2, ActionClass.C3)),
    proof=spans,
    grant=spans,
    hold=spans,
    per_day=st.none() | st.integers(1, 9),
)
general = st.builds(
    Limits,
    proof=st.integers(1, 20).map(minutes),
    grant=st.integers(1, 10).map(minutes),
    hold=st.integers(1, 90).map(minutes),
    links_per_day=st.integers(1, 9),
)


@given(st.lists(narrower, max_size=4), general)
def test_sr_67_in_every_policy_that_is_taken_a_category_is_as_strict_as_the_limits_or_stricter(
    categories: list[Category], limits: Limits
) -> None:
    def looser(one: Category) -> bool:
        shorter = one.action_class is not C1 and one.hold is not None and one.hold < limits.hold
        pairs = ((one.proof, limits.proof), (one.grant, limits.grant), (one.per_day, limits.links_per_day))
        return shorter or any(own is not None and own > every for own, every in pairs)  # type: ignore[operator]

    try:
        check(categories, limits)
    except SettingsError:
        assert any(map(looser, categories))
    else:
        assert not any(map(looser, categories))


def test_every_rule_is_broken_by_a_case_of_the_table() -> None:
    told = " ".join(words for _, words in REFUSED).replace("an order", "an order: ")
    assert all(rule.sentence.split(":")[0] in told for rule in RULES)
    assert [r.sentence.split(":")[0] for r in PROOF_RULES] == ["SR-23", "SR-26"]


@pytest.mark.parametrize(
    ("steps", "row"),
    [
        ((("questions",),), "SR-23"),
        ((("one_time_code",),), "SR-26"),
        ((("one_time_code",), ("questions",)), "SR-26"),
        ((("one_time_code", "totp"), ("questions",)), ""),
        ((("passkey",),), ""),
        ((), ""),
    ],
)
def test_sr_26_codes_and_questions_are_never_all_that_a_factor_reset_asks_for(
    steps: tuple[tuple[str, ...], ...], row: str
) -> None:
    check_steps([replace(RESET, challenges=steps)], KINDS)
    asking = replace(FACTOR, challenges=steps)
    if not row:
        check_steps([asking], KINDS)
        return
    with pytest.raises(SettingsError, match=f"categories.reset.challenges: {row}"):
        check_steps([asking], KINDS)


def test_a_challenge_that_is_not_set_up_is_refused_with_the_list_of_those_that_are() -> None:
    asking = replace(RESET, challenges=(("passkey", "totp"),))
    check_names([asking], ["totp", "passkey"])
    with pytest.raises(SettingsError, match=r"no \[challenges.totp\]. Set up: passkey, questions\."):
        check_names([asking], ["questions", "passkey"])
    with pytest.raises(SettingsError, match=r"Set up: none\."):
        check_names([asking], [])


def test_a_way_needs_its_challenge() -> None:
    check_ways("reset", [Way.CALL, Way.TOTP], ["totp"])
    with pytest.raises(SettingsError, match=r"categories.reset.ways: “passkey” needs \[challenges.passkey\]"):
        check_ways("reset", [Way.CALL, Way.PASSKEY], ["totp"])
