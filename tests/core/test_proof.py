"""The evidence calculus: levels, trust roots, freshness, the recovery rule of AAL2."""

from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.proof import (
    CONTACT_WINDOW,
    ActionClass,
    Evidence,
    Proof,
    ProofLevel,
    fresh_of,
    independent,
    level_of,
    needed,
)
from tests.core.samples import NOON

WINDOW = timedelta(minutes=15)
METHODS = ("link and code", "one_time_code", "totp", "passkey", "saved_code", "vouch")
evidence = st.sampled_from(Evidence)
proofs = st.builds(
    Proof,
    st.sampled_from(METHODS),
    st.sampled_from(("mail", "phone", "app", "key")),
    st.booleans(),
    st.integers(-5, 70).map(lambda m: NOON - timedelta(minutes=m)),
    st.sampled_from(("s1", "s2")),
    evidence,
    st.sampled_from(ProofLevel),
)
many = st.lists(proofs, max_size=5)


def proof(kind: Evidence, root: str = "", **changes: object) -> Proof:
    fields: dict[str, object] = {
        "method": kind.value,
        "root": root or kind.value,
        "established": True,
        "at": NOON,
        "subject_id": "s1",
        "evidence": kind,
    }
    return Proof(**(fields | changes))  # type: ignore[arg-type]


def level(*given_proofs: Proof) -> ProofLevel:
    return level_of(given_proofs, "s1", NOON, WINDOW)


@given(many, st.data())
def test_sr_18_removing_a_proof_never_raises_the_level(given_proofs: list[Proof], data: st.DataObject) -> None:
    fewer = [p for p in given_proofs if data.draw(st.booleans())]
    assert level_of(fewer, "s1", NOON, WINDOW) <= level_of(given_proofs, "s1", NOON, WINDOW)


ONE = {
    Evidence.ISSUED: ProofLevel.P2,
    Evidence.SAVED: ProofLevel.P2,
    Evidence.CONTACT: ProofLevel.P2,
    Evidence.AUTHENTICATOR: ProofLevel.P2,
    Evidence.PASSKEY: ProofLevel.P3,
    Evidence.IN_PERSON: ProofLevel.P4,
    Evidence.NOTHING: ProofLevel.P0,
}
# NIST SP 800-63B-4, 4.2.2.2: two codes by different methods, or one code and an authenticator bound before.
RECOVERS = {
    frozenset({Evidence.ISSUED, Evidence.SAVED}),
    frozenset({Evidence.ISSUED, Evidence.CONTACT}),
    frozenset({Evidence.SAVED, Evidence.CONTACT}),
    frozenset({Evidence.ISSUED, Evidence.AUTHENTICATOR}),
    frozenset({Evidence.SAVED, Evidence.AUTHENTICATOR}),
    frozenset({Evidence.CONTACT, Evidence.AUTHENTICATOR}),
}


@pytest.mark.parametrize(("kind", "reached"), ONE.items())
def test_sr_22_one_established_proof_reaches_what_its_kind_gives(kind: Evidence, reached: ProofLevel) -> None:
    assert level(proof(kind)) is reached


def test_sr_19_every_pair_of_evidence_follows_the_recovery_rule() -> None:
    plain = [k for k in Evidence if ONE[k] is ProofLevel.P2]
    for one, two in [*combinations(plain, 2), *((k, k) for k in plain)]:
        reached = level(proof(one, "r1"), proof(two, "r2"))
        assert (reached is ProofLevel.P3) == (frozenset({one, two}) in RECOVERS), (one, two)


@given(st.lists(st.builds(proof, evidence.filter(lambda k: ONE[k] is ProofLevel.P2), st.just("same"))))
def test_sr_21_one_trust_root_never_counts_twice(given_proofs: list[Proof]) -> None:
    assert level(*given_proofs) <= ProofLevel.P2
    assert independent(given_proofs) == bool(given_proofs)


@given(many)
def test_sr_37_nothing_but_unestablished_proof_stays_at_p1(given_proofs: list[Proof]) -> None:
    assert level_of([p for p in given_proofs if not p.established], "s1", NOON, WINDOW) <= ProofLevel.P1


@given(many, st.sampled_from(ProofLevel))
def test_no_means_proves_more_than_the_level_it_was_enrolled_at(
    given_proofs: list[Proof], ceiling: ProofLevel
) -> None:
    low = [p for p in given_proofs if p.ceiling <= ceiling]
    assert level_of(low, "s1", NOON, WINDOW) <= max(ceiling, ProofLevel.P1)


@given(many)
def test_sr_13_a_proof_about_somebody_else_counts_nothing(given_proofs: list[Proof]) -> None:
    assert level_of([p for p in given_proofs if p.subject_id == "s2"], "s1", NOON, WINDOW) is ProofLevel.P0


def test_sr_31_a_proof_counts_within_its_window_only() -> None:
    second = timedelta(seconds=1)
    for kind, window in ((Evidence.ISSUED, WINDOW), (Evidence.CONTACT, CONTACT_WINDOW)):
        assert fresh_of([proof(kind, at=NOON - window)], "s1", NOON, WINDOW)
        assert not fresh_of([proof(kind, at=NOON - window - second)], "s1", NOON, WINDOW)
        assert not fresh_of([proof(kind, at=NOON + second)], "s1", NOON, WINDOW)


@pytest.mark.parametrize(
    ("action_class", "aal", "exception", "asked"),
    [
        (ActionClass.C1, 2, True, ProofLevel.P1),
        (ActionClass.C2, 1, False, ProofLevel.P2),
        (ActionClass.C2, 2, False, ProofLevel.P3),
        (ActionClass.C2, 1, True, ProofLevel.P3),
        (ActionClass.C3, 1, False, ProofLevel.P3),
        (ActionClass.C4, 1, True, ProofLevel.P4),
    ],
)
def test_sr_19_what_each_class_needs(
    action_class: ActionClass, aal: int, exception: bool, asked: ProofLevel
) -> None:
    assert needed(action_class, aal, exception=exception) is asked


def test_sr_32_what_proves_is_a_closed_list_without_face_or_voice() -> None:
    assert set(Evidence) == {
        Evidence.ISSUED,
        Evidence.SAVED,
        Evidence.CONTACT,
        Evidence.AUTHENTICATOR,
        Evidence.PASSKEY,
        Evidence.IN_PERSON,
        Evidence.NOTHING,
    }
