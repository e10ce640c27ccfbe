"""Proof, its levels, the classes of actions, and what each class needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from itertools import combinations


class ProofLevel(IntEnum):
    """P0 to P4 of the security requirements."""

    P0 = 0
    P1 = 1
    P2 = 2
    P3 = 3
    P4 = 4


class ActionClass(StrEnum):
    """C1 to C4: how much harm an action can do."""

    C1 = "C1"
    C2 = "C2"
    C3 = "C3"
    C4 = "C4"


class Evidence(StrEnum):
    """What a method gives, in the terms of NIST SP 800-63B-4, section 4.2 (SR-22)."""

    ISSUED = "issued code"
    SAVED = "saved code"
    CONTACT = "recovery contact"
    AUTHENTICATOR = "authenticator"
    PASSKEY = "passkey"
    IN_PERSON = "in person"
    NOTHING = "nothing"


NEEDS = {
    ActionClass.C1: ProofLevel.P1,
    ActionClass.C2: ProofLevel.P2,
    ActionClass.C3: ProofLevel.P3,
    ActionClass.C4: ProofLevel.P4,
}
AAL2, AAL3 = 2, 3
LINK = "link and code"
CODES = frozenset({Evidence.ISSUED, Evidence.SAVED, Evidence.CONTACT})
BOUND = frozenset({Evidence.AUTHENTICATOR, Evidence.PASSKEY})
CONTACT_WINDOW = timedelta(minutes=60)


@dataclass(frozen=True)
class Proof:
    """One proven thing: by which method, resting on which trust root, when, about whom.

    `established` tells that the root was known long enough before; `ceiling` is the level at which the means
    was enrolled, above which it proves nothing.
    """

    method: str
    root: str
    established: bool
    at: datetime
    subject_id: str
    evidence: Evidence = Evidence.ISSUED
    ceiling: ProofLevel = ProofLevel.P4


def level_of(proofs: Iterable[Proof], subject_id: str, now: datetime, window: timedelta) -> ProofLevel:
    """Give the level that fresh proofs about this subject reach (SR-18 to SR-22, SR-31, SR-37).

    One established code or authenticator is P2. Two with different trust roots are P3 where they follow the
    recovery rule of AAL2: two codes by different methods, or a code and an authenticator. A passkey is P3 alone.
    """
    fresh = fresh_of(proofs, subject_id, now, window)
    if not fresh:
        return ProofLevel.P0
    held = [p for p in fresh if p.established]
    alone = (_alone(p) for p in held)
    together = (_together(a, b) for a, b in combinations(held, 2))
    return max((ProofLevel.P1, *alone, *together))


def fresh_of(proofs: Iterable[Proof], subject_id: str, now: datetime, window: timedelta) -> tuple[Proof, ...]:
    """Keep what counts now: about this subject and within its window (SR-31)."""
    return tuple(
        p
        for p in proofs
        if p.subject_id == subject_id
        and p.evidence is not Evidence.NOTHING
        and timedelta(0) <= now - p.at <= window_of(p, window)
    )


def window_of(proof: Proof, window: timedelta) -> timedelta:
    """Give how long a proof counts: people take longer to answer than the requester does (SR-31)."""
    return CONTACT_WINDOW if proof.evidence is Evidence.CONTACT else window


def independent(proofs: Iterable[Proof]) -> int:
    """Count the different trust roots among established proofs (SR-21)."""
    return len({p.root for p in proofs if p.established})


def needed(action_class: ActionClass, aal: int, *, exception: bool = False) -> ProofLevel:
    """Give the level the class asks for.

    C2 needs P3 where the account can reach AAL2 (SR-19), and where the link went to an address that the
    caller supplied (DESIGN 9.5).
    """
    if action_class is ActionClass.C2 and (aal >= AAL2 or exception):
        return ProofLevel.P3
    return NEEDS[action_class]


def _alone(proof: Proof) -> ProofLevel:
    alone = {Evidence.IN_PERSON: ProofLevel.P4, Evidence.PASSKEY: ProofLevel.P3}
    return min(alone.get(proof.evidence, ProofLevel.P2), proof.ceiling)


def _together(one: Proof, two: Proof) -> ProofLevel:
    kinds = {one.evidence, two.evidence}
    codes = len(kinds & CODES)
    recovers = codes == 2 or (codes == 1 and bool(kinds & BOUND))  # noqa: PLR2004 - two codes of SR-19
    if one.root == two.root or not recovers:
        return ProofLevel.P0
    return min(ProofLevel.P3, one.ceiling, two.ceiling)
