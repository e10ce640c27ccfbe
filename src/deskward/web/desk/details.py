"""The details view of a verification, and what an agent can do there."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.audit import Deed
from deskward.core.console import Console
from deskward.core.errors import DeskwardError, InvalidError, NotFoundError
from deskward.core.notes import Note, clean, note_of
from deskward.core.ports import Errand, ErrandKind
from deskward.lifecycle import Lifecycle, Reading
from deskward.lifecycle.reading import DeskView
from deskward.web.desk.analysis import Analysis, version_seen
from deskward.web.desk.doors import Door, Visit, attempted, see_other
from deskward.web.desk.glass import Glass
from deskward.web.desk.means import Means
from deskward.web.desk.words import (
    ERRAND_STATES,
    ERRANDS,
    EVENTS,
    PURPOSES,
    actor_name,
    can_replay,
    delivery,
    event_text,
)

ADDRESS = "/verifications/{verification_id}"


@dataclass(frozen=True)
class Details:
    """The page of one verification."""

    door: Door
    lifecycle: Lifecycle
    reading: Reading
    console: Console

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            self.door.page(ADDRESS, self._show),
            self.door.form(f"{ADDRESS}/cancel", self._cancel),
            self.door.fresh_form(f"{ADDRESS}/approve", self._approve),
            self.door.form(f"{ADDRESS}/review", self._hand_over),
            self.door.form(f"{ADDRESS}/reject", self._reject),
            self.door.form(f"{ADDRESS}/checked", self._checked),
            self.door.form(f"{ADDRESS}/again", self._again),
            self.door.form(f"{ADDRESS}/replay", self._replay),
            self.door.fresh_form(f"{ADDRESS}/lift", self._lift),
            self.door.fresh_form(f"{ADDRESS}/uphold", self._uphold),
            *self.glass.routes(self._do),
            *self.means.routes(self._do),
            *self.analysis.routes(self._do),
        ]

    @property
    def glass(self) -> Glass:
        """Give the part about break-glass."""
        return Glass(self.door, self.lifecycle)

    @property
    def means(self) -> Means:
        """Give the part about what the requester has enrolled."""
        return Means(self.door, self.lifecycle)

    @property
    def analysis(self) -> Analysis:
        """Give the part with the analysis report."""
        return Analysis(self.door, self.lifecycle, self.reading)

    def _show(self, visit: Visit, error: DeskwardError | None = None) -> Response:
        view = self.reading.desk(visit.verification_id)
        self.analysis.looked(visit, view, Deed.DETAILS)
        agents = self.door.agent_names()
        errands = self.console.errands(visit.verification_id)
        return self.door.show(
            visit,
            "details.html",
            error.status if error else 200,
            view=view,
            error=error,
            sendings=[(s, *delivery(s)) for s in view.sendings],
            events=[(e, EVENTS[e.kind], actor_name(e, agents), event_text(e.fields)) for e in view.events],
            notes=self._notes(view, errands),
            errands=[errand_row(e) for e in errands if e.kind is not ErrandKind.NOTE],
            purposes=PURPOSES,
            others=self.reading.others(view.verification),
            barred=self.lifecycle.bars(view.verification, visit.actor) if view.approvable else "",
            **self.glass.values(visit, view.verification),
            means=self.means.values(visit, view.verification),
            **self.analysis.values(visit, view),
        )

    def _notes(self, view: DeskView, errands: Iterable[Errand]) -> list[tuple[Note, dict[str, Any]]]:
        """Give each note as the ticket gets it, in order, with the errand that writes it."""
        events, words = {str(e.seq): e for e in view.events}, self.lifecycle.house.words
        written = ((events.get(e.about["seq"]), e) for e in errands if e.kind is ErrandKind.NOTE)
        return [(note_of(event, view.verification, words), errand_row(e)) for event, e in written if event]

    def _cancel(self, visit: Visit) -> Response:
        return self._do(
            visit, lambda: self.lifecycle.cancel(visit.verification_id, visit.actor, "Cancelled by the agent.")
        )

    def _approve(self, visit: Visit) -> Response:
        seen = version_seen(visit.fields.get("version", ""))
        return self._reasoned(
            visit,
            "approved",
            lambda reason: self.lifecycle.approve(visit.verification_id, seen, visit.actor, reason),
        )

    def _reject(self, visit: Visit) -> Response:
        return self._reasoned(
            visit, "rejected", lambda reason: self.lifecycle.reject(visit.verification_id, visit.actor, reason)
        )

    def _hand_over(self, visit: Visit) -> Response:
        seen = version_seen(visit.fields.get("version", ""))
        return self._reasoned(
            visit,
            "handed to an approver",
            lambda reason: self.lifecycle.hand_over(visit.verification_id, seen, visit.actor, reason),
        )

    def _reasoned(self, visit: Visit, said: str, step: Callable[[str], object]) -> Response:
        reason = clean(visit.fields.get("reason", ""))
        if not reason:
            text = f"Say why the request is {said}."
            return self._show(visit, InvalidError(text, "The reason is noted in the ticket.", "reason"))
        return self._do(visit, lambda: step(reason))

    def _checked(self, visit: Visit) -> Response:
        seen = visit.fields.get("seen")
        if seen not in {"done", "not done"}:
            return self._show(
                visit, InvalidError("Say whether the action was done.", "Use one of the two buttons.")
            )
        done = seen == "done"
        return self._do(visit, lambda: self.lifecycle.checked(visit.verification_id, visit.actor, done=done))

    def _again(self, visit: Visit) -> Response:
        try:
            fresh = self.lifecycle.reopen(visit.verification_id, visit.actor)
        except NotFoundError:
            raise
        except DeskwardError as error:
            return self._show(visit, error)
        return see_other(f"/send/{fresh.id}")

    def _replay(self, visit: Visit) -> Response:
        wanted = visit.fields.get("errand", "")
        found = next((e for e in self.console.errands(visit.verification_id) if str(e.id) == wanted), None)
        if found is None:
            return self._show(visit, NotFoundError("There is no such errand here.", "Look at the list again."))
        return self._do(visit, lambda: self.console.replay(found.id, self.door.clock.now(), str(visit.actor)))

    def _lift(self, visit: Visit) -> Response:
        return self._do(visit, lambda: self.lifecycle.lift(_fence(visit), visit.actor))

    def _uphold(self, visit: Visit) -> Response:
        return self._do(visit, lambda: self.lifecycle.uphold(_fence(visit), visit.actor))

    def _do(self, visit: Visit, step: Callable[[], object]) -> Response:
        return attempted(visit, step, self._show, f"/verifications/{visit.verification_id}")


def _fence(visit: Visit) -> str:
    return clean(visit.fields.get("fence", ""))


def errand_row(errand: Errand) -> dict[str, Any]:
    """Give an errand with its words, colour and whether “Try again” helps."""
    words, colour = ERRAND_STATES[errand.state]
    return {
        "row": errand,
        "title": ERRANDS[errand.kind],
        "words": words,
        "colour": colour,
        "replay": can_replay(errand),
    }
