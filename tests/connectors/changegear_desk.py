"""A ChangeGear with people and tickets, and connectors to it, for tests."""

from typing import Any

from deskward.connectors.changegear import Connector
from deskward.core.secret import Secret
from sandbox.changegear import PASSWORD_RESET, Person, Site, Ticket

API, AGENT, RITA = 1, 2, 3
PEOPLE = [
    Person(API, "Deskward", "deskward@example.test"),
    Person(AGENT, "Alex Agent", "alex@example.test", login="alex", agent=True),
    Person(RITA, "Rita Requester", "rita@example.test", login="rita"),
]
NOTE = (
    "DW-X-1",
    "Verification started\nRef: DW-X-1",
    "<p><strong>Verification started</strong><br>Ref: DW-X-1</p>",
)


class RacedSite(Site):
    """A site where an agent changes a ticket right before chosen authenticated calls are carried out."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(PEOPLE, account=API, slow_seconds=0.02, hang_seconds=3, **settings)
        self.calls = 0
        self.logins = 0
        self.race_at: set[int] = set()
        self.raced = 0
        self.race_words, self.race_action = "I was faster.", self.internal_action

    def use_session(self, session: str) -> bool:
        self.calls += 1
        if self.calls in self.race_at:
            self.note(self.raced, self.race_words, self.race_action)
        return super().use_session(session)

    def open_session(self) -> str:
        self.logins += 1
        return super().open_session()


def opened(site: Site, category: int = PASSWORD_RESET) -> Ticket:
    return site.open_ticket("I forgot my password", requester=RITA, category=category, text="Please help.")


def connector(root: str, **settings: Any) -> Connector:
    defaults: dict[str, Any] = {
        "base_url": f"{root}/CGRestAPI",
        "username": "SANDBOX\\deskward",
        "password": Secret("sandbox-changegear"),
        "note_action": "Internal Note",
        "note_visibility_acknowledged": True,
        "transition_mode": "action_field",
        "transition_extra_fields": {"resolve": {"CloseType": "Solved"}, "close": {"CloseType": "Solved"}},
        "poll_view": "Deskward Intake",
        "status_field": "UDF_DeskwardStatus",
        "webhook_basic_user": "hook",
        "webhook_basic_password": Secret("hüsh"),
    }
    return Connector(**(defaults | settings))


def notes(site: Site, ticket_id: int, marker: str = "DW-X-1") -> list[str]:
    ticket = site.ticket(ticket_id)
    assert ticket is not None
    return [r.comment for r in ticket.history if f"Ref: {marker}" in r.comment and r.action == "Internal Note"]
