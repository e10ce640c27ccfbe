"""Resets that a directory's own log tells of, and incidents: those that no grant of ours explains (SR-68)."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


class ResetKind(StrEnum):
    """What somebody else can take over an account with."""

    PASSWORD = "password"  # noqa: S105 - a word, no password
    UNLOCK = "unlock"
    FACTORS = "factors"


@dataclass(frozen=True)
class Reset:
    """One row of a directory's log that succeeded: `id` is the log's own, the same whenever it is read.

    `subject_id` is the directory's object id of the account; `by` names who did it, empty where that is not told;
    `own` tells that it was the account's owner.
    """

    id: str
    at: datetime
    kind: ResetKind
    subject_id: str
    login: str
    by: str = ""
    own: bool = False


@runtime_checkable
class KeepsLog(Protocol):
    """A directory whose log tells of resets, whoever made them."""

    def resets(self, since: datetime, until: datetime) -> Iterable[Reset]:
        """Read those from `since` on and before `until`, in any order; raises outside errors."""
        ...


@runtime_checkable
class Resetting(Protocol):
    """An action after which a directory's log tells of resets: these kinds of them."""

    resets: AbstractSet[ResetKind]


def kinds_of(action: object) -> frozenset[ResetKind]:
    """Give the kinds of resets that an action makes; empty where it makes none."""
    return frozenset(action.resets) if isinstance(action, Resetting) else frozenset()


@dataclass(frozen=True)
class LoggedReset:
    """What is kept of a reset that was looked at; `explained_by` is the grant, or the objection, that made it.

    Without one it is an incident, which `reviewed_by` looked at for that `reason`. Login and name are kept of
    incidents only.
    """

    id: str
    directory: str
    event_id: str
    at: datetime
    kind: ResetKind
    subject_id: str
    login: str
    by: str
    seen_at: datetime
    explained_by: str = ""
    reviewed_at: datetime | None = None
    reviewed_by: str = ""
    reason: str = ""


class ResetRows(Protocol):
    """Where the resets that were looked at are kept."""

    def marks(self, directory: str) -> tuple[datetime, datetime] | None:
        """Tell since when a log is read, and up to when; None at first."""
        ...

    def known(self, directory: str, since: datetime) -> AbstractSet[str]:
        """Name the rows of a log since then that were looked at."""
        ...

    def spent(self, directory: str, since: datetime) -> AbstractSet[tuple[str, ResetKind]]:
        """Tell what has explained a reset since then, and of which kind."""
        ...

    def follow(
        self, directory: str, old: datetime | None, new: datetime, rows: Iterable[LoggedReset] = ()
    ) -> bool:
        """Move the mark of a log and keep what was looked at, all or nothing.

        False where somebody else was faster. The first mark is also since when the log is read.
        """
        ...

    def incidents(self, limit: int, *, reviewed: bool) -> Sequence[LoggedReset]:
        """List incidents, newest first."""
        ...

    def review(self, incident_id: str, at: datetime, by: str, reason: str) -> bool:
        """Note who looked at an incident and why it is settled; False when that was done or it is none."""
        ...
