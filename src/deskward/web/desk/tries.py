"""Counts wrong passwords and wrong second factors against the same budgets (SR-85, SR-136)."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from starlette.requests import Request

from deskward.core.audit import VISITOR, Deed, Entry
from deskward.core.errors import InvalidError, LimitError
from deskward.core.links import network_of
from deskward.core.ports import Count
from deskward.lifecycle.house import House
from deskward.web.desk.doors import Door
from deskward.web.guard import Guard, client_address

WINDOW = timedelta(minutes=15)
# Wide budgets stop guessing from many places; only the narrow one, account with address, stops one's own typing.
TRIES_HERE, TRIES_ADDRESS, TRIES_ACCOUNT = 5, 50, 50
_ONE_AT_A_TIME = threading.Lock()
Found = TypeVar("Found")


@dataclass(frozen=True)
class Tries:
    """How often somebody may be wrong."""

    door: Door
    house: House
    guard: Guard

    def judged(
        self, request: Request, login: str, step: str, judge: Callable[[], Found | None], wrong: InvalidError
    ) -> Found:
        """Give what `judge` found; None is counted, recorded and raises `wrong`, too many of them LimitError."""
        budgets = self._budgets(login, client_address(request, self.guard.trusted_hops))
        # Look, compare and count under one lock: else parallel tries would all look before any is counted.
        with _ONE_AT_A_TIME:
            self._limit(budgets)
            found = judge()
            if found is None:
                self.house.store.add_counts(tuple(budgets), self.house.clock.now())
                turned_away(self.door, request, f"wrong {step}", login)
                raise wrong
        return found

    def refused_elsewhere(self, request: Request, reason: str) -> None:
        """Record a sign-in by a provider that led to nothing; of one network no more than wrong passwords."""
        address = client_address(request, self.guard.trusted_hops)
        count = Count("refused-address", self.house.keyring.private("address", network_of(address)))
        now = self.house.clock.now()
        with _ONE_AT_A_TIME:
            if self.house.store.counted((count,), now - WINDOW).get(count, 0) < TRIES_ADDRESS:
                self.house.store.add_counts((count,), now)
                turned_away(self.door, request, reason, "")

    def _budgets(self, login: str, address: str) -> dict[Count, int]:
        private, account = self.house.keyring.private, login.casefold()
        return {
            Count("login-here", private("login", f"{account}\x1f{network_of(address)}")): TRIES_HERE,
            Count("login-address", private("address", network_of(address))): TRIES_ADDRESS,
            Count("login-account", private("login", account)): TRIES_ACCOUNT,
        }

    def _limit(self, budgets: dict[Count, int]) -> None:
        seen = self.house.store.counted(tuple(budgets), self.house.clock.now() - WINDOW)
        if any(seen.get(count, 0) >= most for count, most in budgets.items()):
            minutes = int(WINDOW.total_seconds() // 60)
            seconds = int(WINDOW.total_seconds())
            raise LimitError("Too many wrong logins.", seconds, f"Wait {minutes} minutes, then try again.")


def turned_away(door: Door, request: Request, reason: str, login: str) -> None:
    """Record that somebody was not let in (SR-112); who is no agent takes the same time, and is not named.

    What was typed as a login is not kept: it may be a password.
    """
    agent, (browser, origin) = door.accounts.agent_by_login(login), door.whence(request)
    fields = {"agent": agent.id} if agent else {}
    fields |= {"reason": reason, "browser": browser, "origin": origin}
    door.audit.add([Entry(Deed.SIGN_IN_REFUSED, door.clock.now(), VISITOR, fields=fields)])
