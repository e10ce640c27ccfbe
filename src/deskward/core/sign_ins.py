"""What a log of sign-ins tells: who signed in to their account from where, and with what."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from deskward.core.surroundings import Device


@dataclass(frozen=True)
class SignIn:
    """One sign-in that succeeded: the directory's id of the person, the address in its one spelling, the device.

    `agent` is the full User-Agent, empty where the log does not have it; then `device` is all that is known.
    """

    person_id: str
    at: datetime
    address: str
    device: Device = field(default_factory=Device)
    agent: str = ""


@runtime_checkable
class SignInLog(Protocol):
    """A signal whose log familiarity learns from; `teaches` names the directory of its people, “” for none."""

    teaches: str

    def sign_ins(self, since: datetime, until: datetime) -> Iterable[SignIn]:
        """Read those from `since` on and before `until`, oldest first, no further than they are taken.

        OutsideError where the log does not answer.
        """
        ...
