"""What a requester may be asked to prove themselves with: the port of the folder `challenges`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from deskward.core.authenticators import Authenticator, Used
from deskward.core.destinations import Destination
from deskward.core.exchange import Field
from deskward.core.people import Person
from deskward.core.proof import Evidence, ProofLevel
from deskward.core.questions import Fact
from deskward.core.risk import Finding
from deskward.core.secret import Secret

TRIES = 5


@dataclass(frozen=True)
class Site:
    """Who asks, for WebAuthn: relying-party id (a host name), origin, and the name people read."""

    rp_id: str
    origin: str
    name: str


@dataclass(frozen=True)
class Asking:
    """All that a challenge may look at.

    `destinations` are the person's established ones whose trust root is not proven yet; `people` are those who
    may speak for them; `facts` are what may be asked about the person; `nonce` is 256 random bits of this one
    asking, as hexadecimal text; `issued` is the 6-digit code derived from it. `option` is the one the requester
    chose.
    """

    person: Person
    site: Site
    now: datetime
    authenticators: tuple[Authenticator, ...] = ()
    destinations: tuple[Destination, ...] = ()
    people: tuple[Person, ...] = ()
    facts: tuple[Fact, ...] = ()
    option: str = ""
    nonce: str = ""
    issued: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True)
class Option:
    """One way to use a challenge: id, what the button says, a hint for people."""

    id: str
    title: str
    hint: str = ""


@dataclass(frozen=True)
class Asked:
    """What is asked now: `text` for people, the fields to fill, `shown` for the page's script, `kept` for `check`.

    Neither `shown` nor `kept` holds a secret. `send_to` is the id of the destination that gets the issued code.
    """

    text: str
    fields: tuple[Field, ...]
    lives: timedelta = timedelta(minutes=10)
    shown: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)
    send_to: str = ""


@dataclass(frozen=True)
class Checked:
    """How an answer was: with a right one the trust root it proves and the use of what was enrolled."""

    right: bool
    root: str = ""
    ceiling: ProofLevel = ProofLevel.P4
    established: bool = True
    used: Used | None = None
    findings: tuple[Finding, ...] = ()
    transcript: tuple[Mapping[str, Any], ...] = ()
    enough: bool = True


@dataclass(frozen=True)
class Enrolled:
    """What to keep of a new means; see `Authenticator`."""

    label: str
    sealed: Secret
    ref: str = ""
    counter: int = -1


class Challenge(Protocol):
    """One way to prove who one is. `ease` orders the offers, the easiest lowest; `tries` wrong answers end it.

    `script` names the file of static/challenges that the page needs, empty for none.
    """

    @property
    def name(self) -> str:
        """Its name in the settings."""
        ...

    @property
    def title(self) -> str:
        """What people read."""
        ...

    @property
    def evidence(self) -> Evidence:
        """What kind of proof it gives."""
        ...

    @property
    def ease(self) -> int:
        """Its place among the offers."""
        ...

    @property
    def tries(self) -> int:
        """How many wrong answers it bears."""
        ...

    @property
    def script(self) -> str:
        """The file its page needs."""
        ...

    def options(self, asking: Asking) -> Sequence[Option]:
        """List the ways this person has now; none when they cannot do it."""
        ...

    def ask(self, asking: Asking) -> Asked:
        """Make what is asked for the chosen option; the same again for the same nonce."""
        ...

    def check(self, asking: Asking, asked: Mapping[str, Any], answers: Mapping[str, Secret]) -> Checked:
        """Judge the answers against what `ask` kept; InvalidError for what cannot be an answer."""
        ...


@runtime_checkable
class Enrollable(Challenge, Protocol):
    """A challenge for which something is enrolled before; `about` says to people what that takes and gives.

    `replaces` tells that a new set voids the older one.
    """

    about: str
    replaces: bool

    def enrol_ask(self, asking: Asking) -> Asked:
        """Make what is shown to enrol: a secret for an app, options for a passkey, codes to print.

        What is secret among it stands in `shown`, for this one page only; it comes back from the same nonce.
        """
        ...

    def enrol_check(self, asking: Asking, answers: Mapping[str, Secret]) -> tuple[Enrolled, ...]:
        """Give what to keep; InvalidError says what was wrong."""
        ...
