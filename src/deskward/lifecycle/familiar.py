"""Familiarity, read through the store."""

from collections.abc import Mapping

from deskward.core.surroundings import Device, Network, Visit
from deskward.core.verification import Verification
from deskward.lifecycle.house import House


def features_here(house: House, visit: Visit, network: Network, device: Device) -> Mapping[str, str]:
    """Give the digested features of this visit."""
    return {}


def familiarity_of(house: House, verification: Verification, features: Mapping[str, str]) -> float | None:
    """Give the score; None without a history."""
    return None
