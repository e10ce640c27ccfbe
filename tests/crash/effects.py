"""What must be true of every story in the end, effect by effect."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from deskward.core.events import NOTED
from deskward.core.notices import NOTICES
from deskward.core.ports import Errand, ErrandKind, ErrandState
from deskward.core.verification import State, Verification
from deskward.store.console import SqlConsole
from deskward.store.database import connect
from deskward.store.sql import SilentBell, SqlStore
from deskward.store.tables import verifications
from tests.crash.persons import Story, eventually
from tests.store.samples import RunningClock

INTERNAL = "Internal Note"
COURSE = re.compile(r"opened sent( started)?( resent( started)?)* passed done")


@dataclass
class Ledger:
    """Looks into the database from beside."""

    url: str

    def __post_init__(self) -> None:
        self.database = connect(self.url)
        self.store = SqlStore(self.database, RunningClock())
        self.console = SqlConsole(self.database, SilentBell())

    def get(self, story: Story) -> Verification:
        """Read the verification of a story."""
        found = self.store.get(story.id)
        assert found
        return found

    def quiet(self, story: Story) -> bool:
        """Tell whether nothing is left to be done outside for now."""
        waiting = [e for e in self.errands(story) if e.state is not ErrandState.DONE]
        return not waiting

    def wait(self, story: Story) -> None:
        """Wait until nothing is left to be done outside."""
        eventually(lambda: self.quiet(story) or None)

    def errands(self, story: Story) -> list[Errand]:
        """List the errands of a story but the look after an action."""
        return [e for e in self.console.errands(story.id) if e.kind is not ErrandKind.SETTLE]

    def replay(self, story: Story) -> None:
        """Make everything that waits due, as a person does in the console."""
        for errand in self.errands(story):
            self.console.replay(errand.id, datetime.now(UTC), "agent:crash")

    def count(self, story: Story) -> int:
        """Count the verifications of a ticket."""
        one = select(func.count()).where(verifications.c.ticket_id == str(story.ticket))
        with self.database.read() as connection:
            return connection.scalars(one).one()


def labels(text: str) -> list[str]:
    """Give what a note says, without its values."""
    lines = re.split(r"<br>|\n", re.sub(r"</?(p|strong|a)\b[^>]*>", "", text))
    return [line.partition(":")[0] for line in lines]


def course(story: Story) -> list[tuple[str, list[str]]]:
    """Give what a ticket's history says, without what differs from ticket to ticket."""
    return [(action, labels(text)) for action, text in story.outside.history(story.ticket)]


def check(story: Story, ledger: Ledger) -> None:
    """Check every effect of a story that came to its end on the roster."""
    check_told(story, ledger)
    state = json.loads((story.outside.folder / "people.toml.state.json").read_text())
    assert state[f"p-{story.person}"]["changes"] == 1


def check_told(story: Story, ledger: Ledger) -> None:
    """Check every effect of a story that came to its end, but the one on the account."""
    verification = ledger.get(story)
    assert (verification.state, bool(verification.closed_status)) == (State.DONE, True)
    assert ledger.count(story) == 1
    _check_ticket(story, ledger)
    _check_messages(story, ledger)
    assert {e.state for e in ledger.console.errands(story.id)} <= {ErrandState.DONE, ErrandState.DUE}


def _check_ticket(story: Story, ledger: Ledger) -> None:
    events = [e for e in ledger.store.events(story.id) if e.kind in NOTED]
    assert COURSE.fullmatch(" ".join(e.kind for e in events)), events
    history = story.outside.history(story.ticket)
    notes = [text for action, text in history if action == INTERNAL]
    assert [re.findall(r"Ref: ([\w-]+)", note) for note in notes] == [[e.marker] for e in events]
    moves = Counter(action for action, _ in history if action != INTERNAL)
    assert (moves["Resolve"], moves["Close"]) == (1, 1), moves
    ticket = story.outside.site.ticket(story.ticket)
    assert ticket
    assert (ticket.status, ticket.fields["UDF_DeskwardStatus"]) == ("Closed", "Passed")


def _check_messages(story: Story, ledger: Ledger) -> None:
    sendings = ledger.store.sendings(story.id)
    mails = story.outside.mailbox.sent_to(story.mailbox)
    texts = [text.body for text in story.outside.phone.sent_to(story.phone)]
    assert len(set(texts)) == len(texts), "a text message went out twice"
    ids = {f"<{s.id}@northwind.example>" for s in sendings if s.channel == "smtp"}
    assert {mail.message_id for mail in mails} <= ids
    for one in ids:
        assert len({mail.text for mail in mails if mail.message_id == one}) <= 1, "one mail with two links"
    newest = [s for s in sendings if s.purpose == "link"][-1].form_key
    for sending in (s for s in sendings if s.form_key == newest or s.purpose in NOTICES):
        sent = story.outside.mailbox.sent_to(sending.address)
        found = [m for m in sent if sending.id in m.message_id] if sending.channel == "smtp" else texts
        assert found, f"the newest {sending.purpose} never went out"
    started = [s for s in sendings if s.purpose == "notice-start"]
    assert started, "nobody was told"
    assert len({s.root for s in started}) == len(started), "somebody was told twice"
