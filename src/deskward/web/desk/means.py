"""What a requester has enrolled, on the details view; and the set-up in person with a second person's yes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import segno
from starlette.responses import Response
from starlette.routing import Route

from deskward.core.accounts import Role
from deskward.core.errors import RefusedError
from deskward.core.verification import Verification
from deskward.lifecycle import Lifecycle
from deskward.web.desk.doors import Door, Visit

ADDRESS = "/verifications/{verification_id}"
Do = Callable[[Visit, Callable[[], object]], Response]


@dataclass(frozen=True)
class Means:
    """The card of means."""

    door: Door
    lifecycle: Lifecycle

    def routes(self, do: Do) -> list[Route]:
        """Give the routes; `do` runs a step and shows the page again."""
        return [
            self.door.form(f"{ADDRESS}/enrol", lambda visit: do(visit, lambda: self._open(visit))),
            self.door.fresh_form(
                f"{ADDRESS}/enrol/approve", lambda visit: do(visit, lambda: self._approve(visit))
            ),
            self.door.form(f"{ADDRESS}/enrol/decline", lambda visit: do(visit, lambda: self._decline(visit))),
            self.door.fresh_form(f"{ADDRESS}/means/remove", lambda visit: do(visit, lambda: self._remove(visit))),
        ]

    def values(self, visit: Visit, verification: Verification) -> dict[str, Any]:
        """Give what the card shows to this agent."""
        enrolment = self.lifecycle.enrol_last(verification.id)
        address = self.lifecycle.enrol_address(enrolment, visit.actor).reveal() if enrolment else ""
        return {
            "kept": self.lifecycle.means_of(verification),
            "enrolment": enrolment,
            "address": address,
            "qr": _picture(address) if address else "",
            "may_open": visit.agent.has(Role.AGENT, Role.APPROVER) and self.lifecycle.may_open(verification),
            "may_approve": visit.agent.has(Role.APPROVER),
            "own": bool(enrolment and enrolment.agent_id == visit.agent.id),
        }

    def _open(self, visit: Visit) -> None:
        self.lifecycle.enrol_open(visit.verification_id, visit.actor, visit.fields.get("enrol_reason", ""))

    def _approve(self, visit: Visit) -> None:
        self.lifecycle.enrol_approve(visit.fields.get("enrolment", ""), visit.actor)

    def _decline(self, visit: Visit) -> None:
        last = self.lifecycle.enrol_last(visit.verification_id)
        own = last is not None and last.agent_id == visit.agent.id
        if not own and not visit.agent.has(Role.APPROVER):
            raise RefusedError("This takes the role approver.", "Ask somebody who has it.")
        self.lifecycle.enrol_decline(visit.fields.get("enrolment", ""), visit.actor)

    def _remove(self, visit: Visit) -> None:
        self.lifecycle.means_remove(visit.verification_id, visit.fields.get("means", ""), visit.actor)


def _picture(address: str) -> str:
    return segno.make(address, micro=False).svg_data_uri(scale=4, border=4, light="#fff")
