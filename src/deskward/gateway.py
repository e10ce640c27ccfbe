"""Spends grants: the only place that holds directories and actions with their credentials (SR-53)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from deskward.core.errors import OutsideError, RejectedError, UnreachableError
from deskward.core.events import Event, EventKind
from deskward.core.integrations import Examined
from deskward.core.people import Person
from deskward.core.ports import (
    Action,
    Change,
    Clock,
    Directory,
    Errand,
    ErrandKind,
    Grant,
    KeepsSessions,
    Spent,
    Store,
)
from deskward.core.powers import ByGrant, Repeatable, Temporary, Undoable
from deskward.core.secret import Secret
from deskward.core.tickets import Check
from deskward.core.verification import State, Verification

SETTLE_AFTER = timedelta(seconds=45)
CHANGED = "The account changed since the proof. Nothing was done."
UNREADABLE = "The directory does not answer, so it is unknown whether the action happened. Check the account."
OTHER_CHANGE = "The account is locked or disabled now, so it is unknown whether the action happened. Check it."
STILL_OPEN = "What was open before may still be open; end it by hand."
NOT_TOLD = "The system that does the action does not tell how it ended. Check it there."
FAILED = "The system that does the action says that it failed. Do it again, or call the help desk."
TRY_AGAIN = "The directory does not answer just now. Nothing was changed. Try again in a minute."


@dataclass(frozen=True)
class Gateway:
    """Does actions with single-use grants: checks the account, acts, reads the change back."""

    store: Store
    clock: Clock
    directories: Mapping[str, Directory]
    actions: Mapping[str, Action]
    policy_version: str

    def spend(self, verification: Verification, answers: Mapping[str, Secret]) -> Spent:
        """Move to `acting` with the consumed grant and the account's stamp, then act (SR-56 to SR-60).

        Raises RefusedError or ConflictError when the grant is spent or the verification moved. SecondPersonError
        where nobody approved while the threat level is raised: the transaction that spends reads it (SR-67).
        """
        grant = self.store.grant(verification.grant_id)
        if grant is None or not _covers(grant, verification, self.policy_version):
            return Spent(done=False, text="The permission for this action does not fit it.", stop=True)
        directory = self.directories[grant.directory]
        try:
            before = directory.get(grant.subject_id)
        except OutsideError:
            return Spent(done=False, text=TRY_AGAIN)
        if before is None or before.login != grant.login or not before.enabled or before.privileged:
            return Spent(done=False, text=CHANGED, stop=True)
        self._begin(verification, grant, before)
        action = self.actions[grant.action]
        bound = action.bound(grant) if isinstance(action, ByGrant) else action
        return self._perform(directory, bound, before, answers)

    def settle(self, verification: Verification) -> Spent:
        """Compare the account's stamp with the one taken before: changed → done, unchanged → not done."""
        action, directory = self.actions[verification.action], self.directories[verification.directory]
        try:
            after = directory.get(verification.subject_id)
        except OutsideError:
            return Spent(done=False, text=UNREADABLE, unknown=True)
        if after is None:
            return Spent(done=False, text=UNREADABLE, unknown=True)
        if after.stamp != verification.acting_stamp and (after.locked or not after.enabled):
            return Spent(done=False, text=OTHER_CHANGE, unknown=True)
        if isinstance(action, ByGrant):
            return self._asked(action, directory, after, verification.grant_id)
        moved = after.stamp != verification.acting_stamp
        if action.reached(after) if isinstance(action, Repeatable) else moved:
            return _done(directory, action, after)
        return Spent(done=False, text="The action was interrupted before it was done. Do it again.")

    def _asked(self, action: ByGrant, directory: Directory, after: Person, grant_id: str) -> Spent:
        """Ask the system that does an action how it ended for this grant."""
        grant = self.store.grant(grant_id)
        if grant is None:
            return Spent(done=False, text=NOT_TOLD, unknown=True)
        bound = action.bound(grant)
        try:
            done = bound.ended()
        except OutsideError:
            return Spent(done=False, text=NOT_TOLD, unknown=True)
        return _done(directory, bound, after) if done else Spent(done=False, text=FAILED)

    def revoke(self, verification: Verification) -> str:
        """Take back what the action set, and end sessions (SR-47); raises outside errors."""
        action, directory = self.actions[verification.action], self.directories[verification.directory]
        if isinstance(action, Undoable):
            return action.take_back(directory, verification.subject_id)
        return directory.revoke(verification.subject_id, password=_sets_password(action))

    def end_access(self, verification: Verification) -> str:
        """End what an action gave for a while, if nobody used it (SR-55); raises outside errors."""
        action = self.actions[verification.action]
        if not isinstance(action, Temporary):
            return ""
        return action.expire(self.directories[verification.directory], verification.subject_id)

    def examine(self, action: str) -> Iterable[Check]:
        """Test what an action needs outside, changing nothing there."""
        found = self.actions.get(action)
        return found.doctor() if isinstance(found, Examined) else ()

    def _begin(self, verification: Verification, grant: Grant, before: Person) -> None:
        now = self.clock.now()
        moved = verification.moved(State.ACTING, acting_stamp=before.stamp, updated_at=now)
        event = Event(verification.id, EventKind.ACTING, now, "requester", {"grant": grant.id})
        errand = Errand(
            ErrandKind.SETTLE,
            f"settle:{verification.id}",
            f"settle:{grant.id}",
            {"verification": verification.id, "grant": grant.id},
            now + SETTLE_AFTER,
            verification.id,
        )
        self.store.save(
            moved, Change(event=event, errands=(errand,), consume=grant.id, calm=verification.approved_at is None)
        )

    def _perform(
        self, directory: Directory, action: Action, before: Person, answers: Mapping[str, Secret]
    ) -> Spent:
        try:
            secret = action.perform(directory, before, answers)
        except RejectedError as error:
            return Spent(done=False, text=error.text)
        except UnreachableError:
            return Spent(done=False, text=TRY_AGAIN)
        except OutsideError:
            return Spent(done=False, text=UNREADABLE, unknown=True)
        try:
            after = directory.get(before.id)
        except OutsideError:
            return Spent(done=False, text=UNREADABLE, unknown=True)
        if after is None or not action.achieved(before, after):
            return Spent(done=False, text="The directory accepted the change but does not show it.", unknown=True)
        return replace(_done(directory, action, after), secret=secret or Secret(""))


def _sets_password(action: Action) -> bool:
    return any(field.kind == "new-password" for field in action.fields)


def _done(directory: Directory, action: Action, person: Person) -> Spent:
    """End what was open before a new way in (SR-70); that this fails undoes nothing, and the ticket says it."""
    sessions = ""
    renews = _sets_password(action) or isinstance(action, Undoable)
    if renews and isinstance(directory, KeepsSessions):
        try:
            sessions = directory.end_sessions(person.id)
        except OutsideError as trouble:
            sessions = f"{STILL_OPEN} {trouble.text}"
    minutes = action.minutes if isinstance(action, Temporary) else 0
    return Spent(done=True, text=action.done, sessions=sessions, minutes=minutes)


def _covers(grant: Grant, verification: Verification, policy_version: str) -> bool:
    asked = (
        verification.id,
        verification.subject_id,
        verification.directory,
        verification.action,
        verification.ticket_id,
        verification.agent_id,
        "",
        policy_version,
    )
    return asked == (
        grant.verification_id,
        grant.subject_id,
        grant.directory,
        grant.action,
        grant.ticket_id,
        grant.agent_id,
        grant.parameters,
        grant.policy_version,
    )
