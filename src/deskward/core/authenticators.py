"""What somebody enrolled earlier to prove themselves with: authenticator app, passkey, saved codes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from deskward.core.proof import ProofLevel
from deskward.core.secret import Secret


@dataclass(frozen=True)
class Authenticator:
    """One enrolled means; `kind` is the name of the challenge that uses it.

    `owner` is from `person_owner` or `agent_owner`. `sealed` is what the challenge keeps (a TOTP secret, a public
    key), encrypted at rest; `ref` finds it (a credential id, the digest of a saved code). `counter` only grows:
    the last TOTP step, or a passkey's signature counter. `ceiling` is the level it was enrolled at, above
    which it proves nothing; it carries proof from `counts_from` on.
    """

    id: str
    owner: str
    kind: str
    label: str
    sealed: Secret
    enrolled_at: datetime
    counts_from: datetime
    ref: str = ""
    counter: int = -1
    ceiling: ProofLevel = ProofLevel.P2
    used_at: datetime | None = None
    spent_at: datetime | None = None
    removed_at: datetime | None = None


@dataclass(frozen=True)
class Used:
    """One use of an authenticator: exactly one caller succeeds with a counter, or with a code that is spent.

    `counter` must be above the stored one; None where the means has no counter.
    """

    id: str
    counter: int | None = None
    spends: bool = False


@dataclass(frozen=True)
class Enrolment:
    """A permission to enrol means of proof for some minutes; `ceiling` is what they may prove at most.

    It belongs to a verification. One from the desk (`agent_id`) waits for an `approver_id`; `token_digest` finds
    it by the link's token, and from `used_at` on by the web session of the one browser that took it.
    """

    id: str
    directory: str
    subject_id: str
    token_digest: str
    nonce: str
    ceiling: ProofLevel
    opened_at: datetime
    expires_at: datetime
    agent_id: str = ""
    agent_name: str = ""
    reason: str = ""
    approver_id: str = ""
    verification_id: str = ""
    used_at: datetime | None = None


class Authenticators(Protocol):
    """Where enrolled means are kept."""

    def of(self, owner: str, kind: str = "") -> Sequence[Authenticator]:
        """List the living ones of an owner: neither spent nor removed, oldest first."""
        ...

    def owners_of(self, owners: Collection[str], kind: str, at: datetime) -> set[str]:
        """Tell which of these owners have a living one of this kind that counts at that moment."""
        ...

    def enrol(self, fresh: Iterable[Authenticator]) -> None:
        """Add some; nothing is replaced by itself."""
        ...

    def use(self, used: Used, at: datetime) -> bool:
        """Note one use by one conditional update; False when somebody else was faster or it is spent."""
        ...

    def remove(self, authenticator_id: str, at: datetime) -> bool:
        """Remove one; False when it is not there."""
        ...


def person_owner(directory: str, subject_id: str) -> str:
    """Name a person of a directory as owner."""
    return f"person:{directory}:{subject_id}"


def agent_owner(agent_id: str) -> str:
    """Name an agent as owner."""
    return f"agent:{agent_id}"
