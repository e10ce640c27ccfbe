"""What a category asks for, and the limits that hold for everybody."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from deskward.core.destinations import Kind
from deskward.core.errors import SettingsError
from deskward.core.proof import ActionClass
from deskward.core.risk import HIGH_FROM, MEDIUM_FROM
from deskward.core.tickets import Ticket

LONGEST = {Kind.SMS: timedelta(minutes=10), Kind.EMAIL: timedelta(hours=24)}
LONGEST_CODE = timedelta(minutes=10)
LONGEST_PROOF = timedelta(minutes=60)
LONGEST_RUN = timedelta(minutes=30)
LEAST_AGE = timedelta(days=7)


class Typed(StrEnum):
    """Whether an address that the caller supplies may be used."""

    BY_CLASS = "by class"
    ALLOWED = "allowed"
    NEVER = "never"


class Way(StrEnum):
    """What binds the link to the requester (DESIGN 9.2)."""

    CALL = "call"
    SECOND = "second"
    TOTP = "totp"
    PASSKEY = "passkey"


class Copied(StrEnum):
    """When the manager of an account's owner gets a copy of the notices (SR-44)."""

    EXCEPTIONS = "exceptions"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True)
class Category:
    """One category of tickets that needs authentication: which tickets, which action, which class.

    `match` holds names or ids of the ticketing system; `action` is empty for verify only, and its class is
    then C2 by default (DESIGN 9.15); `closes` tells whether a completed action resolves and closes the ticket.
    `challenges` are steps in order, each with its alternatives by name; `typed` and `ways` say which addresses
    and which call-bound values are taken; `proof`, `grant`, `hold` and `per_day` replace those of the limits.
    """

    name: str
    match: tuple[str, ...]
    directory: str
    action: str = ""
    action_class: ActionClass = ActionClass.C2
    closes: bool = True
    challenges: tuple[tuple[str, ...], ...] = ()
    typed: Typed = Typed.BY_CLASS
    ways: tuple[Way, ...] = tuple(Way)
    medium_from: float = MEDIUM_FROM
    high_from: float = HIGH_FROM
    proof: timedelta | None = None
    grant: timedelta | None = None
    hold: timedelta | None = None
    per_day: int | None = None

    @property
    def takes_typed(self) -> bool:
        """Tell whether an address of the caller's choice may be used; not for C3 and C4 by default (SR-42)."""
        if self.typed is Typed.BY_CLASS:
            return self.action_class in {ActionClass.C1, ActionClass.C2}
        return self.typed is Typed.ALLOWED

    def next_step(self, done: Collection[str]) -> tuple[str, ...]:
        """Give the first step that none of these challenges fulfils; empty when all are done."""
        return next((step for step in self.challenges if not set(done) & set(step)), ())

    def fits(self, ticket: Ticket) -> bool:
        """Tell whether the ticket is in this category."""
        return any(m.casefold() in ticket.category_names for m in self.match)


@dataclass(frozen=True)
class Limits:
    """Lifetimes, tries and budgets; the one place for each of them (SR-134).

    `break_glass` is how long what is asked for, and then what is let through, lives; at 0 there is none (SR-69).
    """

    link: Mapping[Kind, timedelta] = field(
        default_factory=lambda: {Kind.EMAIL: timedelta(minutes=15), Kind.SMS: timedelta(minutes=10)}
    )
    code: timedelta = timedelta(minutes=10)
    code_tries: int = 5
    proof: timedelta = timedelta(minutes=15)
    grant: timedelta = timedelta(minutes=10)
    hold: timedelta = timedelta(hours=4)
    to_return: timedelta = timedelta(days=1)
    to_send: timedelta = timedelta(days=7)
    to_review: timedelta = timedelta(days=1)
    second_look: int = 1
    min_age: timedelta = timedelta(days=14)
    links_per_hour: int = 3
    links_per_day: int = 5
    waits: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15))
    corrections_per_ticket: int = 3
    wrong_per_address: int = 50
    agent_links_per_hour: int = 60
    country_links_per_hour: int = 120
    countries: tuple[str, ...] = ()
    copied: Copied = Copied.EXCEPTIONS
    break_glass: timedelta = timedelta(minutes=60)

    def __post_init__(self) -> None:
        """Refuse what the standards forbid (SR-08, SR-10, SR-31, SR-34, SR-80)."""
        for kind, longest in LONGEST.items():
            _within(f"limits.link_minutes_{kind.value}", self.link[kind], longest, "SR-10")
        _within("limits.code_minutes", self.code, LONGEST_CODE, "SR-08")
        _within("limits.proof_minutes", self.proof, LONGEST_PROOF, "SR-31")
        if self.proof + self.grant > LONGEST_RUN:
            raise SettingsError(
                f"limits.proof_minutes and limits.grant_minutes are {_minutes(self.proof + self.grant)} minutes "
                f"together, allowed are {_minutes(LONGEST_RUN)}.",
                "Shorten one of them: the requester's session on the portal ends then (SR-80).",
            )
        if self.min_age < LEAST_AGE:
            raise SettingsError(
                f"limits.min_age_days is {self.min_age.days}, the least is {LEAST_AGE.days}.",
                "An address must be known for at least a week before it counts as established (SR-34).",
            )

    def proof_of(self, category: Category) -> timedelta:
        """Give how long a proof counts in this category (SR-31)."""
        return self.proof if category.proof is None else category.proof

    def grant_of(self, category: Category) -> timedelta:
        """Give how long a requester who passed has for the action."""
        return self.grant if category.grant is None else category.grant

    def hold_of(self, category: Category) -> timedelta:
        """Give how long an exception waits (SR-66)."""
        return self.hold if category.hold is None else category.hold

    def per_day_of(self, category: Category) -> int:
        """Give how many links a day one requester gets."""
        return self.links_per_day if category.per_day is None else category.per_day


def _within(key: str, value: timedelta, longest: timedelta, row: str) -> None:
    if not timedelta(0) < value <= longest:
        raise SettingsError(
            f"{key} is {_minutes(value)} minutes, allowed is more than 0 and at most {_minutes(longest)}.",
            f"Choose a value within the limit of {row}.",
        )


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:g}"


@dataclass(frozen=True)
class Value:
    """One value of the policy as the settings have it: its key, its text, and where it is set."""

    key: str
    text: str
    where: str


@dataclass(frozen=True)
class Policy:
    """The categories with the limits; `version` names this policy in every grant."""

    categories: tuple[Category, ...]
    limits: Limits
    version: str

    def category_of(self, ticket: Ticket) -> Category | None:
        """Give the first category the ticket fits, or None: then the ticket stays untouched."""
        return next((c for c in self.categories if c.fits(ticket)), None)

    def named(self, name: str) -> Category | None:
        """Give the category of that name, or None when the settings no longer have it."""
        return next((c for c in self.categories if c.name == name), None)
