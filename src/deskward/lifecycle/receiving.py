"""What becomes of a secret that an action showed: the requester has it, or its time is over."""

from deskward.core.events import EventKind
from deskward.core.verification import Verification
from deskward.lifecycle.giving import unconfirmed
from deskward.lifecycle.house import REQUESTER, SYSTEM, when
from deskward.lifecycle.objecting import Objecting


class Receiving(Objecting):
    """Two arrows after the action; neither changes the state."""

    def received(self, pin: str | Verification) -> Verification:
        """Take the requester's word that they have what was shown; the ticket may be closed then."""
        verification = self.pinned(pin)
        if not unconfirmed(self.house, verification):
            return verification
        fields = {"text": "They say that they have it.", "at": when(self.house.clock.now())}
        return self.house.record(verification, EventKind.RECEIVED, REQUESTER, fields)

    def unconfirmed(self, verification: Verification) -> bool:
        """Tell whether the requester has not yet said that they have what was shown."""
        return unconfirmed(self.house, verification)

    def end_access(self, verification_id: str) -> None:
        """End what an action gave for a while, if nobody used it and nothing newer took its place (SR-55).

        Outside errors but a no pass. Under an objection it is taken back as all else.
        """
        verification = self.get(verification_id)
        if verification.disputed:
            return self.revoke(verification_id)
        ended = "" if self._done_again(verification) else self.house.gateway.end_access(verification)
        if ended:
            fields = {"text": ended, "at": when(self.house.clock.now())}
            self.house.record(verification, EventKind.ACCESS_ENDED, SYSTEM, fields)
        return None
