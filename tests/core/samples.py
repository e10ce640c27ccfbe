"""Values that tests of the core start from."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deskward.core.destinations import Destination, Kind
from deskward.core.people import Person
from deskward.core.verification import Verification

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def a_person(**changes: Any) -> Person:
    fields: dict[str, Any] = {"id": "s1", "login": "grace", "name": "Grace Hopper", "email": "g@acme.example"}
    return Person(**(fields | changes))


def a_destination(**changes: Any) -> Destination:
    fields: dict[str, Any] = {
        "id": "d1",
        "kind": Kind.EMAIL,
        "value": "maria@gmail.com",
        "label": "private e-mail",
        "source": "HR",
    }
    return Destination(**(fields | changes))


def a_verification(**changes: Any) -> Verification:
    fields: dict[str, Any] = {
        "id": "DW-1",
        "connector": "changegear",
        "ticket_id": "t1",
        "ticket_number": "IR-1",
        "ticket_subject": "subject",
        "ticket_description": "description",
        "ticket_url": "",
        "category": "Password Reset",
        "requester_id": "p1",
        "requester_name": "Grace Hopper",
        "requester_email": "g@acme.example",
        "directory": "roster",
        "subject_id": "s1",
        "action": "reset_password",
        "opened_at": NOON,
        "deadline": NOON + timedelta(hours=1),
        "updated_at": NOON,
    }
    return Verification(**(fields | changes))
