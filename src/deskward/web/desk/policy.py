"""“Policy”: what each category asks for, where each value is set, and the threat level (SR-67)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import structlog
from starlette.responses import Response
from starlette.routing import Route

from deskward.core.audit import Deed
from deskward.core.errors import DeskwardError
from deskward.core.policy import Category, Value, Way
from deskward.core.policy_promises import broken
from deskward.core.policy_table import Method, judged, methods_of
from deskward.core.policy_words import CLASSES, chapters
from deskward.core.threat import HOURS
from deskward.lifecycle import House
from deskward.lifecycle.house import LONGEST_REASON
from deskward.lifecycle.raising import lower_level, raise_level, version_of
from deskward.web.desk.doors import Door, Visit, attempted

PAGE = "/policy"
LONGEST_NUMBER = 10
log = structlog.get_logger("deskward.desk")
BINDING = {
    Way.CALL: "the code that the agent reads out",
    Way.SECOND: "a code from a second address",
    Way.TOTP: "the code of an authenticator app",
    Way.PASSKEY: "a passkey",
}


@dataclass(frozen=True)
class Explained:
    """One category in words: its steps on the portal, its chapters, its values, and what a standard forbids."""

    category: Category
    action: str
    about: str
    screens: Sequence[tuple[str, str]]
    chapters: Mapping[str, Sequence[str]]
    values: Sequence[Value]
    wrong: Sequence[str]


@dataclass(frozen=True)
class PolicyPage:
    """The page: what is in force in this process, which it does not change; and the forms of the threat level."""

    door: Door
    house: House
    values: Mapping[str, Sequence[Value]]

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.page(PAGE, self._show),
            self.door.fresh_form("/threat/raise", self._raise, page=PAGE),
            self.door.fresh_form("/threat/lower", self._lower, page=PAGE),
        ]

    def _raise(self, visit: Visit) -> Response:
        hours, reason = _number(visit, "hours"), visit.fields.get("reason", "")
        return self._changed(visit, lambda seen: raise_level(self.house, hours, reason, seen, visit.actor))

    def _lower(self, visit: Visit) -> Response:
        return self._changed(visit, lambda seen: lower_level(self.house, seen, visit.actor))

    def _changed(self, visit: Visit, step: Callable[[int], Deed | None]) -> Response:
        def change() -> None:
            if deed := step(_number(visit, "version")):
                log.info(deed.value, by=visit.agent.id)

        return attempted(visit, change, self._show, PAGE)

    def _show(self, visit: Visit, error: DeskwardError | None = None) -> Response:
        others = [values for name, values in self.values.items() if not self.house.policy.named(name)]
        return self.door.show(
            visit,
            "policy.html",
            error.status if error else 200,
            here="policy",
            version=self.house.policy.version,
            explained=self._explained,
            limits=others[0] if others else (),
            level_version=version_of(self.house),
            hours=HOURS,
            longest=LONGEST_REASON,
            error=error,
        )

    @cached_property
    def _explained(self) -> Sequence[Explained]:
        """Say it once per process: the policy does not change while it runs."""
        methods = methods_of(self.house.challenges.values())
        return [self._of(category, methods) for category in self.house.policy.categories]

    def _of(self, category: Category, methods: Sequence[Method]) -> Explained:
        limits = self.house.policy.limits
        results = judged(category, limits, methods)
        action = self.house.actions[category.action].title if category.action else ""
        return Explained(
            category,
            action,
            CLASSES[category.action_class],
            _screens(category, action, {m.name: m.title for m in methods}),
            chapters(category, limits, methods, results),
            self.values.get(category.name, ()),
            broken(category, limits, results),
        )


def _number(visit: Visit, name: str) -> int:
    """Read a whole number of a form; -1, which nothing takes, where there is none."""
    typed = visit.fields.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < LONGEST_NUMBER else -1


def _screens(category: Category, action: str, titles: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Name what the requester sees, one screen after the other."""
    there = {Way.CALL, Way.SECOND, *titles}
    binding = [BINDING[way] for way in category.ways if way in there]
    more = [("One more proof", " or ".join(titles[name] for name in step)) for step in category.challenges]
    end = (action, "Only after the result, once.") if action else ("You are verified", "The agent goes on.")
    return [
        ("Enter the code", f"Takes {' or '.join(', '.join(binding).rsplit(', ', 1))}."),
        ("Is this your request?", "Agent, ticket, action and account; what will be looked at; “Continue”."),
        *more,
        end,
    ]
