"""Internal notes in ChangeGear's history: written once, found again, proved (changegear-api.md section 9)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape, unescape
from typing import Any

from deskward.connectors._changegear_rest import Rest, Row
from deskward.core.errors import RejectedError, SettingsError

TEST_NOTE = (
    "Deskward test note: this is meant to be internal. If you read this as the requester, "
    "in the portal or in a mail, tell the administrator that internal notes are not internal."
)


@dataclass(frozen=True)
class Notes:
    """How an internal note is written and found again."""

    action: str
    collection: str
    text_field: str
    format: str
    relation: str
    acknowledged: bool

    def __post_init__(self) -> None:
        if not self.action.strip() or self.action.strip().casefold() == "description":
            raise SettingsError(
                "note_action must name an internal note; “Description” is what requesters read.",
                "Write an internal note by hand in ChangeGear; `deskward doctor` lists the actions of a ticket.",
            )
        if self.format not in {"text", "html"}:
            raise SettingsError(f"note_format is {self.format!r}.", "Use text or html.")

    @property
    def way(self) -> str:
        """Say how notes are written; whoever changes this has to look at a test note again."""
        return f"“{self.action}” in {self.collection}.{self.text_field} as {self.format}"

    def body(self, marker: str, text: str, html: str) -> dict[str, Any]:
        """Give the members of a PUT that append the note; “Ref: MARKER” is added where it is missing."""
        written, reference = (
            (html, f"<p>Ref: {escape(marker)}</p>")
            if self.format == "html"
            else (
                text,
                f"\nRef: {marker}",
            )
        )
        if not _found(marker, written):
            written += reference
        return {self.collection: [{"Action": self.action, self.text_field: written}]}

    def mentions(self, record: Mapping[str, Any], marker: str) -> bool:
        """Tell whether a history record holds “Ref: MARKER”, exactly this marker and no longer one."""
        return _found(marker, str(record.get(self.text_field) or ""))

    def holds(self, record: Mapping[str, Any], marker: str) -> bool:
        """Tell whether a history record is the internal note with this marker; a comment that copies it is not."""
        same_action = str(record.get("Action") or "").strip().casefold() == self.action.strip().casefold()
        return same_action and self.mentions(record, marker)


def _found(marker: str, text: str) -> bool:
    return bool(re.search(rf"(?<![\w-])Ref:\s*{re.escape(marker)}(?![\w-])", unescape(text)))


class NoteWriter:
    """Writes notes into one ChangeGear; after a note did harm it writes no more, whatever is asked."""

    def __init__(self, rest: Rest, notes: Notes) -> None:
        self._rest = rest
        self._notes = notes
        self._stopped = ""

    def write(self, ticket_id: str, marker: str, text: str, html: str) -> None:
        """Write a note unless it is there; the eTag is read before the history, so that none slips between."""
        if self._stopped:
            raise RejectedError(self._stopped, "Correct the note settings and start again.")
        row = self._rest.need(ticket_id)
        before = self._rest.history(row, self._notes.relation)
        if not any(self._notes.holds(record, marker) for record in before):
            self._rest.change(row, self._notes.body(marker, text, html), self._landed(before, marker))

    def _landed(self, before: list[Row], marker: str) -> Callable[[Row, bool], bool]:
        known = {self._rest.key(record) for record in before}

        def landed(row: Row, refused: bool) -> bool:
            after = {self._rest.key(one): one for one in self._rest.history(row, self._notes.relation)}
            new = [one for key, one in after.items() if key not in known]
            if known - after.keys():
                self._stop("Writing a note replaced the history of the ticket.")
            held = any(self._notes.holds(one, marker) for one in new)
            stray = [one for one in new if self._notes.mentions(one, marker)]
            # Anybody may imitate a marker: it is our note gone astray only where ours is nowhere else.
            if stray and not held and not refused:
                action = stray[0].get("Action")
                self._stop(f"The note was stored under the action {action!r}, which requesters may see.")
            return held

        return landed

    def _stop(self, text: str) -> None:
        self._stopped = f"{text} No more notes are written."
        raise RejectedError(self._stopped, "Look at the ticket, correct the note settings and start again.")
