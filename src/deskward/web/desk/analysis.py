"""The analysis report on the details view and as a PDF, and what analysts say of the result."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.accounts import Role
from deskward.core.answers import Grading
from deskward.core.audit import Deed
from deskward.core.errors import InvalidError, OutsideError
from deskward.core.feedback import markable
from deskward.core.replay import Thresholds, decided_as, differ, shadow_of
from deskward.core.report import Part, Report, report_of
from deskward.core.risk import TOP, Direction
from deskward.core.verification import Mark, Verification
from deskward.lifecycle import Lifecycle, Reading
from deskward.lifecycle.reading import DeskView
from deskward.web.desk.doors import Door, Visit
from deskward.web.desk.printed import Printed, pdf_of
from deskward.web.desk.words import EVENTS, GRADINGS, MARKS, PROOFS, actor_name, event_text

MARKERS = (Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR)
READERS = (*MARKERS, Role.PRIVACY_OFFICER)  # an agent on the phone could tell the caller
ADDRESS = "/verifications/{verification_id}"
LONGEST_VERSION = 10
Do = Callable[[Visit, Callable[[], object]], Response]


@dataclass(frozen=True)
class Analysis:
    """The card of the report, its PDF and its marks."""

    door: Door
    lifecycle: Lifecycle
    reading: Reading

    def routes(self, do: Do) -> list[Route]:
        """Give the routes; `do` runs a step and shows the page again."""
        return [
            self.door.page(f"{ADDRESS}/report.pdf", self._pdf),
            self.door.form(f"{ADDRESS}/mark", lambda visit: do(visit, lambda: self._mark(visit))),
        ]

    def values(self, visit: Visit, view: DeskView) -> dict[str, Any]:
        """Give what the card shows to this agent: raw values for the readers only (SR-92)."""
        verification, reader = view.verification, visit.agent.has(*READERS)
        report = report_for(visit, view)
        return {
            "report": report,
            "parts": [(part, bar_of(part)) for part in report.parts],
            "proof": PROOFS[verification.proof_level],
            "transcript": transcript_of(verification) if reader else (),
            "answered": sum(1 for row in verification.transcript if row["grading"] != Grading.SKIPPED),
            "shadow": _shadow(verification) if visit.agent.has(Role.ADMINISTRATOR) else "",
            "marks": self._marks(visit, verification),
            "marked": MARKS.get(verification.mark),
        }

    def _marks(self, visit: Visit, verification: Verification) -> list[tuple[str, str, str]]:
        """List what this agent may say of the result: value, label and sentence; nothing while that is unknown."""
        marks = markable(verification) if visit.agent.has(*MARKERS) else ()
        with suppress(OutsideError):
            if marks and self.lifecycle.may_mark(verification, visit.actor):
                return [(mark.value, *MARKS[mark]) for mark in marks]
        return []

    def _mark(self, visit: Visit) -> None:
        said = visit.fields.get("mark", "")
        if said not in set(Mark):
            raise InvalidError("Say how the result was.", "Use one of the buttons.")
        seen = version_seen(visit.fields.get("version", ""))
        self.lifecycle.mark(visit.verification_id, Mark(said), visit.actor, seen)

    def looked(self, visit: Visit, view: DeskView, kind: Deed) -> None:
        """Record who opens a page with this report, and what of it only some may see; a form sent is no look."""
        if visit.request.method != "GET":
            return
        verification, reader = view.verification, visit.agent.has(*READERS)
        there = {"raw values": bool(verification.surroundings), "transcript": bool(verification.transcript)}
        self.door.note(
            visit.agent,
            kind,
            verification.id,
            shown=[name for name, is_there in there.items() if is_there and reader],
        )

    def _pdf(self, visit: Visit) -> Response:
        view = self.reading.desk(visit.verification_id)
        self.looked(visit, view, Deed.REPORT)
        verification = view.verification
        names = self.door.agent_names()
        whole = Printed(
            report=report_for(visit, view),
            verification=verification,
            action=view.action_title,
            proof=f"{verification.proof_level.name}, {PROOFS[verification.proof_level]}",
            transcript=verification.transcript if visit.agent.has(*READERS) else (),
            events=tuple((e.at, EVENTS[e.kind], actor_name(e, names), event_text(e.fields)) for e in view.events),
            by=visit.agent.name,
            at=self.door.clock.now(),
        )
        headers = {"content-disposition": f'inline; filename="{verification.id}.pdf"'}
        return Response(pdf_of(whole), media_type="application/pdf", headers=headers)


def report_for(visit: Visit, view: DeskView) -> Report:
    """Write the report as this agent may read it; the one place where that is decided (SR-92)."""
    category = view.category
    limits = Thresholds(category.medium_from, category.high_from) if category else Thresholds()
    return report_of(view.verification, limits, raw=visit.agent.has(*READERS))


def transcript_of(verification: Verification) -> list[tuple[Mapping[str, Any], str]]:
    """Give each question with its answer, and the colour of its grading."""
    return [(row, GRADINGS.get(row["grading"], "grey")) for row in verification.transcript]


def version_seen(typed: str) -> int:
    """Read the version that a form was made from; 0 for what is none."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < LONGEST_VERSION else 0


@dataclass(frozen=True)
class Bar:
    """A section's bar in hundredths of the whole score: what each finding raises, and what is calmed away."""

    raised: tuple[tuple[float, float], ...]
    calmed: tuple[float, float]


def bar_of(part: Part) -> Bar:
    """Lay what raises side by side, the largest first; from the end of it is taken what calms."""
    at, pieces = 0.0, []
    for line in part.raising:
        width = line.points / TOP * 100
        pieces.append((round(at, 2), round(width, 2)))
        at += width
    calm = sum(-line.points for line in part.lines if line.direction is Direction.CALMS) / TOP * 100
    return Bar(tuple(pieces), (round(at - calm, 2), round(calm, 2)))


def _shadow(verification: Verification) -> str:
    other = shadow_of(verification)
    if other is None:
        return ""
    if not differ(other, decided_as(verification)):
        return f"It would have decided the same, with a score of {other.score:.1f}."
    return f"It would have decided {other.words}, with a score of {other.score:.1f}."
