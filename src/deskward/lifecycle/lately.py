"""How far back a verdict looks."""

from datetime import timedelta

from deskward.core.lately import Since
from deskward.lifecycle.house import House
from deskward.lifecycle.vault import SHARED_FOR

DAY = timedelta(days=1)


def since(house: House) -> Since:
    """Give since when runs and shared addresses count now: a run that ended within a day counts to its end."""
    now = house.clock.now()
    return Since(opened=now - house.policy.limits.to_send - 2 * DAY, ended=now - DAY, reached=now - SHARED_FOR)
