"""The people who work here: agents and their web sessions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Agent:
    """A local account of the desk; `password_hash` is argon2id."""

    id: str
    login: str
    name: str
    password_hash: str = ""
    active: bool = True


@dataclass(frozen=True)
class WebSession:
    """One login; `digest` is the SHA-256 of the cookie, `csrf` the synchroniser token (SR-86, SR-89)."""

    digest: str
    agent_id: str
    csrf: str
    created_at: datetime
    seen_at: datetime


class Accounts(Protocol):
    """Where agents and sessions are kept."""

    def agent(self, agent_id: str) -> Agent | None:
        """Read one agent by id."""
        ...

    def agent_by_login(self, login: str) -> Agent | None:
        """Read one agent by login, case folded."""
        ...

    def agents(self) -> list[Agent]:
        """List all agents by login."""
        ...

    def put_agent(self, agent: Agent) -> None:
        """Add an agent, or replace the one with that id; ConflictError when the login is taken."""
        ...

    def web_session(self, digest: str) -> WebSession | None:
        """Read one session."""
        ...

    def put_web_session(self, session: WebSession) -> None:
        """Add a session."""
        ...

    def touch_web_session(self, digest: str, seen_at: datetime) -> None:
        """Note that a session was used."""
        ...

    def end_web_sessions(self, *, digest: str = "", agent_id: str = "", before: datetime | None = None) -> None:
        """End one session, all of an agent's, or all that were last seen before a time."""
        ...
