"""What binds a link to the requester: a call code, a second code, an app or a passkey (DESIGN 9.2)."""

from dataclasses import dataclass

from deskward.core.authenticators import Used
from deskward.core.challenges import Asked, Challenge, Checked
from deskward.core.errors import InvalidError
from deskward.core.links import CODE_DIGITS, digits_of
from deskward.core.people import Person
from deskward.core.policy import Way
from deskward.core.proof import Proof
from deskward.core.secret import Secret
from deskward.core.verification import Verification
from deskward.lifecycle.house import House
from deskward.lifecycle.means import Means


@dataclass(frozen=True)
class Bound:
    """What the right value proves beside the link."""

    proofs: tuple[Proof, ...] = ()
    used: tuple[Used, ...] = ()


def bound_by(house: House, verification: Verification, value: str) -> Bound | None:
    """Judge the value of the first screen; None when it is wrong, InvalidError when it cannot be right."""
    if verification.code_way in {Way.TOTP, Way.PASSKEY}:
        return _by_means(house, verification, value)
    if len(digits_of(value)) != CODE_DIGITS:
        raise InvalidError("The code has 6 digits.", "Ask the agent to read it again.", "value")
    if verification.code_expires_at is None or verification.code_expires_at <= house.clock.now():
        raise InvalidError("This code is too old.", "Ask the agent for a new code; the link stays.", "value")
    right = house.keyring.code_matches(verification.id, verification.code_nonce, digits_of(value))
    return Bound() if right else None


def asked_first(house: House, verification: Verification, person: Person) -> Asked | None:
    """Give what the first screen asks for where it is not a code of ours."""
    if verification.code_way not in {Way.TOTP, Way.PASSKEY} or verification.code_way not in house.challenges:
        return None
    means = Means(house, verification.directory, person, verification)
    challenge = house.challenges[verification.code_way]
    return challenge.ask(means.asking(challenge.name, nonce=verification.code_nonce))


def _by_means(house: House, verification: Verification, value: str) -> Bound | None:
    person = house.people[verification.directory].get(verification.subject_id)
    challenge = house.challenges.get(verification.code_way)
    if person is None or challenge is None:
        return None
    means = Means(house, verification.directory, person, verification)
    asking = means.asking(challenge.name, nonce=verification.code_nonce)
    name = next(f.name for f in challenge.ask(asking).fields)
    checked = challenge.check(asking, challenge.ask(asking).kept, {name: Secret(value)})
    if not checked.right:
        return None
    proof = proof_of(house, verification, challenge, checked)
    return Bound((proof,), (checked.used,) if checked.used else ())


def proof_of(house: House, verification: Verification, challenge: Challenge, checked: Checked) -> Proof:
    """Make the proof that a right answer gives, its trust root as rows keep it."""
    return Proof(
        challenge.name,
        house.kept_root(checked.root or challenge.name),
        checked.established,
        checked.at or house.clock.now(),
        verification.subject_id,
        challenge.evidence,
        checked.ceiling,
    )
