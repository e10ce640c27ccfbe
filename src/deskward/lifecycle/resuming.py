"""What a new link keeps of a run: all but the link itself when it goes to the same place, else nothing."""

from typing import Any

from deskward.core.proof import LINK, Evidence, ProofLevel
from deskward.core.verification import Outcome, Verification
from deskward.lifecycle.house import House

_ANEW: dict[str, Any] = {
    "pin": "",
    "pin_key": "",
    "started_at": None,
    "agreed_at": None,
    "decided_at": None,
    "reason": "",
    "asked": {},
    "outcome": Outcome.NONE,
}
_LOST: dict[str, Any] = {
    "approver_id": "",
    "approver_name": "",
    "approved_at": None,
    "hold_until": None,
    "proof_level": ProofLevel.P0,
}


def begun_anew(house: House, verification: Verification, root: str) -> dict[str, Any]:
    """Give the changes of a new link to the address with this kept root.

    A requester whose phone died goes on where they were, with an approval and a hold that stand, and what
    colleagues are asked still counts. A link to another address may reach somebody else, who must not go on
    where the first one was; but what speaks against the run stays with it, and questions are asked once.
    """
    kept = tuple(p for p in verification.proofs if p.evidence is Evidence.NOTHING)
    last = house.store.sending(verification.sending_id) if verification.sending_id else None
    if last is None or last.root != root:
        return _ANEW | _LOST | {"proofs": kept}
    asked = verification.asked if verification.asked.get("sent") else {}
    return _ANEW | {"asked": asked, "proofs": tuple(p for p in verification.proofs if p.method != LINK)}
