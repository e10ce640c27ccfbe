"""Whom the challenges are asked of in their tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from deskward.core.authenticators import Authenticator
from deskward.core.challenges import Asking, Enrolled, Site
from deskward.core.destinations import Destination, Kind
from deskward.core.people import Person
from deskward.core.proof import ProofLevel
from deskward.core.secret import Secret

NOW = datetime(2026, 11, 24, 12, 0, 10, tzinfo=UTC)
SITE = Site("portal.example.com", "https://portal.example.com", "Example GmbH")
MAIL = Destination("d-mail", Kind.EMAIL, "grace.hopper@home.example", "private e-mail", "HR")
PHONE = Destination("d-phone", Kind.SMS, "+4915112345678", "mobile phone", "HR")
GRACE = Person("p-1", "ghopper", "Grace Hopper", "grace@example.com", (MAIL, PHONE))
ASKING = Asking(GRACE, SITE, NOW, destinations=(PHONE, MAIL), nonce="5a" * 32, issued=Secret("012345"))
GARBAGE = ["", " ", "abc", "12345", "1234567", "123456x", "x" * 10_000, "1" * 10_000, "{}", "[" * 5_000, "١٢٣٤٥٦"]


def answered(**answers: str) -> dict[str, Secret]:
    """Give the answers of a form."""
    return {name: Secret(text) for name, text in answers.items()}


def kept(*enrolled: Enrolled, kind: str = "totp", **changes: Any) -> Asking:
    """Give an asking of somebody who enrolled this long ago."""
    old = NOW - timedelta(days=30)
    made = (
        Authenticator(
            f"a-{n}", "person:hr:p-1", kind, e.label, e.sealed, old, old, e.ref, e.counter, ProofLevel.P2
        )
        for n, e in enumerate(enrolled)
    )
    return replace(ASKING, authenticators=tuple(made), **{"nonce": "7b" * 32, **changes})
