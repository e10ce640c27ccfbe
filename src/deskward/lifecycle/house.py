"""What the story works with, and the one way it writes: state, event and errands together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from deskward.core.accounts import Accounts
from deskward.core.authenticators import Authenticators
from deskward.core.challenges import Challenge, Site
from deskward.core.errors import GoneError, InvalidError, NotFoundError, SettingsError
from deskward.core.events import NOTED, Event, EventKind
from deskward.core.integrations import Hooks
from deskward.core.links import Keyring, new_id
from deskward.core.messages import Portal
from deskward.core.notes import NoteWords, recommendation
from deskward.core.people import Person
from deskward.core.policy import Category, Policy
from deskward.core.ports import (
    Action,
    Change,
    Channel,
    Clock,
    Connector,
    Errand,
    ErrandKind,
    Gateway,
    Grant,
    People,
    Store,
)
from deskward.core.powers import Temporary
from deskward.core.questions import QuestionSource
from deskward.core.replay import Shadow
from deskward.core.retention import Retention
from deskward.core.sign_ins import SignInLog
from deskward.core.signals import Signal
from deskward.core.surroundings import Devices, Networks
from deskward.core.verification import Outcome, State, Verification
from deskward.core.working_days import KeepsWeek, Week
from deskward.lifecycle.copying import Copies
from deskward.lifecycle.noticing import Notices


@dataclass(frozen=True)
class Actor:
    """Who does something: an agent, the requester, the ticket or the clock."""

    kind: str
    id: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind


REQUESTER, TICKET, SYSTEM = Actor("requester"), Actor("ticket"), Actor("system")
LONGEST_REASON = 500


def when(at: datetime) -> str:
    """Write a time for people who read a ticket."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def reason_given(typed: str, said: str) -> str:
    """Read a reason that is kept; InvalidError that asks to say `said`, or for a long one."""
    reason = " ".join(typed.split())
    if not reason or len(reason) > LONGEST_REASON:
        text = f"Say in one sentence {said}." if not reason else "The reason is too long."
        raise InvalidError(text, f"Use 1 to {LONGEST_REASON} characters.", field="reason")
    return reason


def ticket_lane(connector: str, ticket_id: str) -> str:
    """Name the lane of a ticket: what is written into it goes out in order."""
    return f"{connector}:{ticket_id}"


@dataclass(frozen=True)
class House:
    """Everything the story needs, put together by the wiring.

    `weights` are the factors by which the settings change the findings of a signal, 1 unless told. `sign_ins` are
    the logs that familiarity learns from, by the directory of their people.
    """

    store: Store
    clock: Clock
    policy: Policy
    keyring: Keyring
    words: NoteWords
    portal: Portal
    connectors: Mapping[str, Connector]
    channels: Mapping[str, Channel]
    people: Mapping[str, People]
    actions: Mapping[str, Action]
    gateway: Gateway
    authenticators: Authenticators
    challenges: Mapping[str, Challenge] = field(default_factory=dict)
    accounts: Accounts | None = None
    sources: Mapping[str, QuestionSource] = field(default_factory=dict)
    shadow: Shadow | None = None
    signals: Mapping[str, Signal] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    networks: Networks | None = None
    devices: Devices | None = None
    sign_ins: Mapping[str, SignInLog] = field(default_factory=dict)
    hooks: Hooks = field(default_factory=Hooks)
    retention: Retention = field(default_factory=Retention)

    @property
    def site(self) -> Site:
        """Name the portal as passkeys know it."""
        return Site(str(urlsplit(self.portal.url).hostname), self.portal.url, self.portal.organisation)

    @cached_property
    def week(self) -> Week:
        """Take the organisation's week from the settings of a signal; Monday to Friday of UTC without any."""
        told = (one.week for one in self.signals.values() if isinstance(one, KeepsWeek))
        return next((week for week in told if week), Week())

    @property
    def notices(self) -> Notices:
        """Tell the owner of the account, whoever runs the story (SR-43, SR-44)."""
        min_age = self.policy.limits.min_age
        copies = Copies(self.keyring, self.channels, self.people, self.policy)
        return Notices(self.store, self.clock, self.keyring, self.channels, self.people, min_age, copies)

    def found(self, verification_id: str) -> Verification:
        """Read one verification; NotFoundError when there is none, GoneError when its time was over (SR-121)."""
        found = self.store.get(verification_id)
        if found is not None:
            return found
        deleted_at = self.store.deleted_at(verification_id)
        if deleted_at is None:
            raise NotFoundError("There is no verification with this id.", "Check the link in the ticket.")
        text = f"This verification was deleted on {deleted_at:%Y-%m-%d}, as results are when their time is over."
        raise GoneError(text, "The audit log still has what happened, under this id, for those who may read it.")

    def category_of(self, verification: Verification) -> Category:
        """Give the category; SettingsError when the settings no longer have it."""
        found = self.policy.named(verification.category)
        if found is None:
            raise SettingsError(
                f"The category “{verification.category}” is not in the settings any more.",
                "Put it back, or cancel this verification.",
            )
        return found

    def proof_window(self, category: Category) -> timedelta:
        """Give how long a proof counts (SR-31)."""
        return self.policy.limits.proof_of(category)

    def hold_of(self, category: Category) -> timedelta:
        """Give how long an exception waits (SR-66)."""
        return self.policy.limits.hold_of(category)

    def glass_until(self, verification: Verification) -> datetime | None:
        """Give when what break-glass let through ends; None where it let nothing through (SR-69)."""
        use = verification.let_through
        return use.confirmed.at + self.policy.limits.break_glass if use else None

    def grant_until(self, verification: Verification) -> datetime:
        """Give when a permission that is made now ends: never after break-glass (SR-56, SR-69)."""
        lives = self.clock.now() + self.policy.limits.grant_of(self.category_of(verification))
        return min(lives, self.glass_until(verification) or lives)

    def kept_root(self, root: str) -> str:
        """Name a trust root as rows keep it: comparable, and nothing to read."""
        return self.keyring.kept_root(root)

    def record(
        self,
        verification: Verification,
        kind: EventKind,
        actor: Actor,
        fields: Mapping[str, Any],
        change: Change | None = None,
    ) -> Verification:
        """Write the new state with its event, its note and its other errands in one transaction."""
        now = self.clock.now()
        written = replace(verification, updated_at=now)
        event = Event(written.id, kind, now, str(actor), fields)
        whole = self.notices.beside(written, kind, change or Change())
        errands = (*self._errands(written, kind, now), *whole.errands)
        return self.store.save(written, replace(whole, event=event, errands=errands))

    def _errands(self, verification: Verification, kind: EventKind, now: datetime) -> tuple[Errand, ...]:
        lane = ticket_lane(verification.connector, verification.ticket_id)
        about = {"verification": verification.id, "seq": "{seq}"}
        if not verification.connector:
            return ()
        kinds = [ErrandKind.NOTE, ErrandKind.STATUS] if kind in NOTED else []
        category = self.policy.named(verification.category)
        holds = verification.outcome is not Outcome.FAILED
        completed = EventKind.RECEIVED if self.gives(verification) else EventKind.DONE
        if kind is EventKind.PASSED and not verification.action:
            kinds.append(ErrandKind.HAND_OVER)
        elif kind is completed and holds and category:
            kinds.append(ErrandKind.CLOSE if category.closes else ErrandKind.HAND_OVER)
        return tuple(
            Errand(k, lane, f"{k.value}:{verification.id}:{{seq}}", about, now, verification.id) for k in kinds
        )

    def gives(self, verification: Verification) -> Temporary | None:
        """Give the action where it shows its owner a secret that is good for a while."""
        action = self.actions.get(verification.action)
        return action if isinstance(action, Temporary) else None

    def grant(self, verification: Verification, person: Person) -> Grant:
        """Make the single-use permission for this action of this person (SR-56)."""
        return Grant(
            id=new_id("GR"),
            verification_id=verification.id,
            subject_id=person.id,
            login=person.login,
            directory=verification.directory,
            action=verification.action,
            parameters="",
            ticket_id=verification.ticket_id,
            agent_id=verification.agent_id,
            policy_version=self.policy.version,
            expires_at=self.grant_until(verification),
        )


def ended(verification: Verification, at: datetime) -> Verification:
    """Take everything away that could still open or act."""
    return replace(
        verification,
        ended_at=at,
        link_digest="",
        fallback_digest="",
        link_nonce="",
        code_nonce="",
        grant_id="",
    )


_UNDECIDED = {State.REVIEW: "Not decided", State.HELD: "Not decided, waiting"}


def result_fields(verification: Verification, at: datetime) -> dict[str, Any]:
    """Give everything the result note says (DESIGN 9.7)."""
    return {
        "outcome": _UNDECIDED.get(verification.state, verification.status.label),
        "risk_level": verification.risk_level.value,
        "recommendation": recommendation(verification),
        "agent_name": verification.agent_name or "nobody yet",
        "channel": verification.link_way or "nothing was sent",
        "proof_level": verification.proof_level.name,
        "at": when(at),
        "reason": verification.reason,
    }
