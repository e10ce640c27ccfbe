"""What the tests of persona signals look at: one visit, changed where a test wants it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from deskward.core.people import Person
from deskward.core.risk import Finding
from deskward.core.signals import Seen, Signal
from deskward.core.surroundings import Network, Past, Place, Visit

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
ANNA = Person("p-anna", "anna", "Anna Lind", "anna@example.com")
ADDRESS, PHONE = "203.0.113.7", "+4915112345678"


def seen(
    *,
    at: datetime = AT,
    address: str = ADDRESS,
    readings: dict[str, Any] | None = None,
    person: dict[str, Any] | None = None,
    past: dict[str, Any] | None = None,
    country: str | None = "DE",
    link_to: tuple[str, str] = ("", ""),
    **rest: Any,
) -> Seen:
    visit = Visit(at, address, readings={"device_key": "MFkw"} if readings is None else readings)
    network = Network(address, None if country is None else Place(country))
    return Seen(
        visit, network, replace(ANNA, **(person or {})), past=Past(**(past or {})), **_link(*link_to), **rest
    )


def _link(kind: str, address: str) -> dict[str, Any]:
    return {"link_kind": kind, "link_to": lambda: address}


def look(signal: Signal, **told: Any) -> list[Finding]:
    return list(signal.look(seen(**told)))


def only(signal: Signal, **told: Any) -> Finding:
    (finding,) = look(signal, **told)
    return finding


def weighed(signal: Signal, **told: Any) -> list[float]:
    """Give the weights that are not 0."""
    return [finding.weight for finding in look(signal, **told) if finding.weight]
