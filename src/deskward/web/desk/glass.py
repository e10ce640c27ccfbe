"""Break-glass on the details view: asked for, confirmed or refused by another, reviewed by a third (SR-69)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.responses import Response
from starlette.routing import Route

from deskward.core.lines import LONGEST_VALUE
from deskward.core.verification import State, Verification
from deskward.lifecycle import Lifecycle
from deskward.web.desk.analysis import version_seen
from deskward.web.desk.doors import Door, Visit

ADDRESS = "/verifications/{verification_id}/glass"
Do = Callable[[Visit, Callable[[], object]], Response]
log = structlog.get_logger("deskward.desk")


@dataclass(frozen=True)
class Glass:
    """The part of the details view; each step but a refusal asks for a fresh login (SR-88)."""

    door: Door
    lifecycle: Lifecycle

    def routes(self, do: Do) -> list[Route]:
        """Give the routes; `do` runs a step and shows the page again."""
        return [
            self.door.fresh_form(f"{ADDRESS}/ask", lambda visit: do(visit, lambda: self._ask(visit))),
            self.door.fresh_form(f"{ADDRESS}/confirm", lambda visit: do(visit, lambda: self._confirm(visit))),
            self.door.form(f"{ADDRESS}/refuse", lambda visit: do(visit, lambda: self._refuse(visit))),
            self.door.fresh_form(f"{ADDRESS}/review", lambda visit: do(visit, lambda: self._review(visit))),
        ]

    def values(self, visit: Visit, verification: Verification) -> dict[str, Any]:
        """Give what the part shows to this person; None where there is nothing to show."""
        there = verification.state is State.REVIEW or verification.glass
        view = self.lifecycle.glass_view(verification, visit.actor) if there else None
        return {"glass": view, "longest": LONGEST_VALUE}

    def _ask(self, visit: Visit) -> None:
        reason = visit.fields.get("reason", "")
        self.lifecycle.glass_ask(visit.verification_id, _seen(visit), visit.actor, reason)
        _alarm("break-glass asked for", visit)

    def _confirm(self, visit: Visit) -> None:
        self.lifecycle.glass_confirm(visit.verification_id, _seen(visit), visit.actor)
        _alarm("break-glass confirmed", visit)

    def _refuse(self, visit: Visit) -> None:
        self.lifecycle.glass_refuse(visit.verification_id, _seen(visit), visit.actor)

    def _review(self, visit: Visit) -> None:
        reason = visit.fields.get("reason", "")
        self.lifecycle.glass_review(visit.verification_id, _seen(visit), visit.actor, reason)


def _seen(visit: Visit) -> int:
    return version_seen(visit.fields.get("version", ""))


def _alarm(said: str, visit: Visit) -> None:
    """Write a warning with ids only, for whoever watches the log."""
    log.warning(said, by=visit.agent.id, verification=visit.verification_id)
