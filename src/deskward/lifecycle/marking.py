"""What an analyst says of a result afterwards: right, false alarm or missed; taken back by marking again."""

from dataclasses import replace

from deskward.core.errors import RefusedError
from deskward.core.events import EventKind
from deskward.core.feedback import markable
from deskward.core.verification import Mark, Verification
from deskward.lifecycle.duties import duties, is_subject
from deskward.lifecycle.house import Actor
from deskward.lifecycle.second_look import judges
from deskward.lifecycle.steps import Steps


class Marking(Steps):
    """One arrow beside the story: it changes nothing but the mark."""

    def mark(self, verification_id: str, mark: Mark, actor: Actor, seen_version: int) -> Verification:
        """Mark a result that is decided for good; `Mark.NONE` takes a mark back.

        Raises RefusedError for who sent the link or is the subject, and for a mark that the result cannot have;
        ConflictError when it changed since the page was read.
        """
        verification = self.get(verification_id)
        self.refuse_changed(verification, seen_version, "mark it")
        self._may_mark(verification, actor)
        if mark is not Mark.NONE and mark not in markable(verification):
            raise RefusedError("This result cannot be marked so.", "Reload the page to see how it ended.")
        gone = mark is Mark.NONE
        marked = replace(
            verification,
            mark=mark,
            marked_by="" if gone else actor.name,
            marked_at=None if gone else self.house.clock.now(),
        )
        return self.house.record(marked, EventKind.MARKED, actor, {"mark": mark.value, "agent_name": actor.name})

    def may_mark(self, verification: Verification, actor: Actor) -> bool:
        """Tell whether this person may judge the result: not their own work or decision, not their own account."""
        mine = actor.id in duties(self.house, verification) | judges(self.house, verification)
        return bool(actor.id) and not mine and not is_subject(self.house, verification, actor.id)

    def _may_mark(self, verification: Verification, actor: Actor) -> None:
        if not self.may_mark(verification, actor):
            raise RefusedError(
                "Nobody marks the result of their own work, decision or account.",
                "Ask another analyst to look at it.",
            )
