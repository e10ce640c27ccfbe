"""What is connected outside: how it stands, its tests, its webhook addresses, and looks at its test notes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from deskward.core.records import Errand, ErrandKind
from deskward.core.secret import Secret
from deskward.core.tickets import Check

TAKES_AT_MOST = timedelta(minutes=5)
CONNECTORS, CHANNELS, DIRECTORIES = "connectors", "channels", "directories"
FOLDERS: Mapping[ErrandKind, str] = {
    ErrandKind.INTAKE: CONNECTORS,
    ErrandKind.NOTE: CONNECTORS,
    ErrandKind.STATUS: CONNECTORS,
    ErrandKind.CLOSE: CONNECTORS,
    ErrandKind.HAND_OVER: CONNECTORS,
    ErrandKind.SEND: CHANNELS,
    ErrandKind.CONFIRM: CHANNELS,
    ErrandKind.SETTLE: DIRECTORIES,
    ErrandKind.REVOKE: DIRECTORIES,
    ErrandKind.END_ACCESS: DIRECTORIES,
}


@runtime_checkable
class Examined(Protocol):
    """Anything outside that `deskward doctor` and the page “Integrations” can test.

    It may also have `rights`, a text: what its account there must be allowed to do.
    """

    def doctor(self) -> Iterable[Check]:
        """Check settings, reach and rights."""
        ...


@runtime_checkable
class ByEye(Protocol):
    """A ticketing system where a person must see that internal notes are internal (changegear-api.md 9.3).

    `note_way` says how notes are written; what a person saw counts for this way only.
    """

    note_way: str

    @property
    def may_note(self) -> bool:
        """Tell whether notes are known to be hidden from requesters."""
        ...

    def test_note(self, ticket_id: str, marker: str) -> str:
        """Write one harmless note, once per marker; gives what was written."""
        ...

    def looked(self, hidden: bool | None) -> None:
        """Take what a person saw last: hidden from the requester, visible, or None where nobody looked."""
        ...


@dataclass(frozen=True)
class Hooks:
    """Where webhooks come in, and the secret part of each connector's address as the settings have it."""

    url: str = ""
    tokens: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True)
class Pulse:
    """How the last contact with something outside went; `reached` tells that it answered at all."""

    integration: str
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    error: str = ""
    reached: bool = True

    @property
    def failing(self) -> bool:
        """Tell whether the last contact failed."""
        return bool(self.failed_at and (self.succeeded_at is None or self.failed_at > self.succeeded_at))


@dataclass(frozen=True)
class Checkup:
    """One test that somebody asked for; with `ticket_id` it writes a test note into that ticket first."""

    id: str
    integration: str
    asked_at: datetime
    asked_by: str
    ticket_id: str = ""
    begun_at: datetime | None = None
    done_at: datetime | None = None
    checks: tuple[Check, ...] = ()

    @property
    def marker(self) -> str:
        """Name its test note."""
        return f"TEST-{self.id}"

    def running(self, now: datetime) -> bool:
        """Tell whether a result is still to be expected."""
        return self.done_at is None and now - self.asked_at < TAKES_AT_MOST


@dataclass(frozen=True)
class NoteLook:
    """A test note, and what a person who looked at it as the requester saw; `id` is its marker."""

    id: str
    connector: str
    way: str
    ticket_id: str
    text: str
    written_at: datetime
    written_by: str
    looked_at: datetime | None = None
    looked_by: str = ""
    hidden: bool | None = None


@dataclass(frozen=True)
class PathToken:
    """The secret part of a webhook's address, as a digest (SR-02); without `ends_at` it is the one in use."""

    digest: str
    connector: str
    made_at: datetime
    made_by: str
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Lane:
    """What is not done in one lane: how many errands wait, keep failing, or are parked."""

    lane: str
    waiting: int
    failing: int
    parked: int
    error: str = ""


class IntegrationRows(Protocol):
    """What is kept about integrations."""

    def pulses(self) -> Mapping[str, Pulse]:
        """Read how the last contacts went, by integration."""
        ...

    def beat(self, integration: str, at: datetime, error: str = "", *, reached: bool = True) -> None:
        """Note one contact; with `error` it failed."""
        ...

    def backlog(self) -> Mapping[str, Sequence[Lane]]:
        """List what is not done, by integration; the fullest lanes first."""
        ...

    def ask(self, checkup: Checkup, errand: Errand) -> None:
        """Write a test and its errand; ConflictError while another one runs, unless it takes too long."""
        ...

    def begin(self, checkup_id: str, at: datetime) -> Checkup | None:
        """Begin a test, once; None when it was begun or is over."""
        ...

    def tell(self, checkup_id: str, checks: Sequence[Check], done_at: datetime | None = None) -> None:
        """Write what a test has found so far; `done_at` ends it."""
        ...

    def checkups(self) -> Mapping[str, Checkup]:
        """Read the newest test of each integration."""
        ...

    def wrote(self, look: NoteLook) -> None:
        """Remember a test note that was written; once per marker."""
        ...

    def answer(self, look_id: str, at: datetime, by: str, *, hidden: bool) -> bool:
        """Write what a person saw; False when that was said already."""
        ...

    def looks(self, connector: str, limit: int) -> Sequence[NoteLook]:
        """List test notes, newest first."""
        ...

    def seen(self, connector: str, way: str) -> NoteLook | None:
        """Read what was said last about notes that are written this way."""
        ...

    def rotate(self, fresh: PathToken, ends_at: datetime, before: str, given: str) -> None:
        """Put a new token in the place of the one in use, which ends then.

        `before` is the digest of the one in use as the asker saw it, empty for none of ours; ConflictError when
        it is another one by now. `given` is the digest of the settings' token, empty where they have none.
        """
        ...

    def path_token(self, digest: str) -> PathToken | None:
        """Find a token by its digest."""
        ...

    def path_tokens(self, connector: str) -> Sequence[PathToken]:
        """List the tokens of a connector, newest first."""
        ...


def place_of(kind: ErrandKind, lane: str, directory: str) -> str:
    """Name the integration that an errand needs; empty for one that needs none."""
    folder = FOLDERS.get(kind, "")
    name = directory if folder == DIRECTORIES else lane.partition(":")[0]
    return f"{folder}.{name}" if folder and name else ""
