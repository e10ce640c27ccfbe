"""Proof, its levels, the classes of actions, and what each class needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


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


NEEDS = {
    ActionClass.C1: ProofLevel.P1,
    ActionClass.C2: ProofLevel.P2,
    ActionClass.C3: ProofLevel.P3,
    ActionClass.C4: ProofLevel.P4,
}
AAL2 = 2


@dataclass(frozen=True)
class Proof:
    """One proven thing: by which method, resting on which trust root, when, about whom."""

    method: str
    root: str
    established: bool
    at: datetime
    subject_id: str


def level_of(proofs: Iterable[Proof], subject_id: str, now: datetime, window: timedelta) -> ProofLevel:
    """Give the level that fresh proofs about this subject reach (SR-31, SR-37).

    A link proven with the call-bound value reaches P2 at an established destination, else P1.
    """
    fresh = [p for p in proofs if p.subject_id == subject_id and timedelta(0) <= now - p.at <= window]
    if not fresh:
        return ProofLevel.P0
    return ProofLevel.P2 if any(p.established for p in fresh) else ProofLevel.P1


def needed(action_class: ActionClass, aal: int) -> ProofLevel:
    """Give the level the class asks for; C2 needs P3 where the account can reach AAL2 (SR-19)."""
    if action_class is ActionClass.C2 and aal >= AAL2:
        return ProofLevel.P3
    return NEEDS[action_class]
