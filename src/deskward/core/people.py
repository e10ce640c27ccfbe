"""A person as a directory knows them."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Self

from deskward.core.destinations import Destination
from deskward.core.searching import folded


@dataclass(frozen=True)
class Person:
    """The account whose owner is to be proven; `id` is the directory's object id.

    `stamp` changes with every change of password, lock or state, so that a crash can be resolved by
    comparing (DESIGN 6). `aal` is the highest assurance level the account can reach. `started_on` is the first
    day at work. `recalled` tells that the addresses carry what the house remembers of them.
    """

    id: str
    login: str
    name: str
    email: str
    destinations: tuple[Destination, ...] = ()
    manager: str = ""
    groups: tuple[str, ...] = ()
    privileged: bool = False
    aal: int = 1
    enabled: bool = True
    locked: bool = False
    stamp: str = ""
    first_name: str = ""
    title: str = ""
    office: str = ""
    team: str = ""
    started_on: date | None = None
    recalled: bool = False

    @property
    def called(self) -> str:
        """Give the first name, from the directory or the first word of the name."""
        return self.first_name or self.name.split(" ")[0]

    def same_account(self, other: Self) -> bool:
        """Tell whether both are the same living account under the same name (SR-60)."""
        return (self.id, self.login) == (other.id, other.login)

    def has_words(self, text: str) -> bool:
        """Tell whether name, login or e-mail have every word of a text, case and accents aside."""
        told = folded(f"{self.name} {self.login} {self.email}")
        return all(word in told for word in folded(text).split())

    def without_destinations(self) -> Self:
        """Drop the addresses."""
        return replace(self, destinations=())
