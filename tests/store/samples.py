"""Small samples of the values that the store keeps, and a clock that stands until it is moved."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from deskward.core.destinations import Provenance
from deskward.core.events import Event, EventKind
from deskward.core.ports import Errand, ErrandKind, Grant, Sending
from deskward.core.verification import Verification

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class StandingClock:
    """Gives the same time until somebody moves it."""

    time: datetime = NOON

    def now(self) -> datetime:
        """Give the time."""
        return self.time

    def move(self, **span: float) -> None:
        """Move on by a timedelta's parts."""
        self.time += timedelta(**span)


@dataclass
class RunningClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the time."""
        return datetime.now(UTC)


def a_verification(name: str = "v1", **changes: Any) -> Verification:
    """Make a verification whose ticket is named after it."""
    fields: dict[str, Any] = {
        "id": name,
        "connector": "changegear",
        "ticket_id": f"ticket-{name}",
        "ticket_number": f"IR-{name}",
        "ticket_subject": "Password reset",
        "ticket_description": "",
        "ticket_url": "",
        "category": "Password Reset",
        "requester_id": "p1",
        "requester_name": "Grace Hopper",
        "requester_email": "grace@example.org",
        "directory": "roster",
        "subject_id": "s1",
        "action": "reset_password",
        "opened_at": NOON,
        "deadline": NOON + timedelta(hours=1),
        "updated_at": NOON,
    }
    return Verification(**(fields | changes))


def an_event(name: str = "v1", kind: EventKind = EventKind.OPENED) -> Event:
    """Make an event."""
    return Event(name, kind, NOON, "system", {"channel": "sms"})


def an_errand(key: str, lane: str = "ticket-v1", **changes: Any) -> Errand:
    """Make a note that is due."""
    fields: dict[str, Any] = {
        "kind": ErrandKind.NOTE,
        "lane": lane,
        "key": key,
        "about": {"verification": "v1"},
        "due_at": NOON,
        "verification_id": "v1",
    }
    return Errand(**(fields | changes))


def a_sending(name: str = "m1", **changes: Any) -> Sending:
    """Make a sending."""
    fields: dict[str, Any] = {
        "id": name,
        "verification_id": "v1",
        "purpose": "link",
        "channel": "smtp",
        "address": "grace@example.org",
        "masked": "g•••@e•••.org",
        "provenance": Provenance.ESTABLISHED,
        "label": "private e-mail",
        "root": "email:grace@example.org",
        "form_key": "",
        "at": NOON,
    }
    return Sending(**(fields | changes))


def a_grant(name: str = "g1", **changes: Any) -> Grant:
    """Make a grant that lives for five minutes."""
    fields: dict[str, Any] = {
        "id": name,
        "verification_id": "v1",
        "subject_id": "s1",
        "login": "grace",
        "directory": "roster",
        "action": "reset_password",
        "parameters": "",
        "ticket_id": "ticket-v1",
        "agent_id": "a1",
        "policy_version": "1",
        "expires_at": NOON + timedelta(minutes=5),
    }
    return Grant(**(fields | changes))


def until(true: Callable[[], object], seconds: float = 300.0) -> None:
    """Wait until it is true; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)
