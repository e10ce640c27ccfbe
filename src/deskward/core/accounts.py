"""The people who work here: agents with their roles, their web sessions, and invitations."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class Role(StrEnum):
    """What somebody may do at the desk; denied unless a role grants it (SR-90)."""

    AGENT = "agent"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    PRIVACY_OFFICER = "privacy officer"


@dataclass(frozen=True)
class Agent:
    """An account of the desk; `password_hash` is argon2id; `roles` are values of Role.

    `issuer` and `subject` name it at the provider of single sign-on (OpenID Connect Core 5.7), else empty.
    """

    id: str
    login: str
    name: str
    password_hash: str = ""
    active: bool = True
    roles: tuple[str, ...] = (Role.AGENT.value,)
    issuer: str = ""
    subject: str = ""

    def has(self, *roles: Role) -> bool:
        """Tell whether one of these roles is held."""
        return any(role.value in self.roles for role in roles)


class AgentName(NamedTuple):
    """What an agent is called, and by which id and login."""

    id: str
    login: str
    name: str


@dataclass(frozen=True)
class WebSession:
    """One login; `digest` is the SHA-256 of the cookie, `csrf` the synchroniser token (SR-86, SR-89).

    `proven_at` is when password and second factor were last given, None while the second is missing (SR-85).
    `browser` and `origin` say in words what it was begun with and where; with `by_provider` both factors were
    given at the provider of single sign-on.
    """

    digest: str
    agent_id: str
    csrf: str
    created_at: datetime
    seen_at: datetime
    proven_at: datetime | None = None
    browser: str = ""
    origin: str = ""
    by_provider: bool = False


@dataclass(frozen=True)
class Invitation:
    """A one-time address under which somebody sets up an account; `digest` is the SHA-256 of its token.

    `agent_id` is the account that was made with it, `made_by` the one of whoever invited.
    """

    digest: str
    roles: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    agent_id: str = ""
    used_at: datetime | None = None
    made_by: str = ""


class Accounts(Protocol):
    """Where agents and sessions are kept."""

    def agent(self, agent_id: str) -> Agent | None:
        """Read one agent by id."""
        ...

    def agent_by_login(self, login: str) -> Agent | None:
        """Read one agent by login, case folded."""
        ...

    def agents_by_login(self, logins: Collection[str]) -> list[Agent]:
        """Read the agents that have one of these logins, case folded, in one query."""
        ...

    def agent_by_subject(self, issuer: str, subject: str) -> Agent | None:
        """Read one agent by the name that a provider of single sign-on has for them."""
        ...

    def names(self) -> list[AgentName]:
        """Name all agents by login: less to read than all that they are."""
        ...

    def agents(self) -> list[Agent]:
        """List all agents by login."""
        ...

    def put_agent(self, agent: Agent) -> None:
        """Add an agent, or replace the one with that id; ConflictError when the login is taken."""
        ...

    def renew_agent(self, agent: Agent) -> bool:
        """Replace one that is active still; False where it is not. ConflictError when the login is taken."""
        ...

    def change_agent(self, agent: Agent) -> None:
        """Replace one; ConflictError where nobody would be left as administrator, or the login is taken.

        Who is deactivated loses sessions and invitations with it, all or nothing.
        """
        ...

    def visitor(self, digest: str) -> tuple[Agent, WebSession] | None:
        """Read one session with its agent."""
        ...

    def put_web_session(self, session: WebSession) -> None:
        """Add a session."""
        ...

    def touch_web_session(self, digest: str, seen_at: datetime) -> None:
        """Note that a session was used."""
        ...

    def web_sessions(self, agent_id: str = "") -> list[WebSession]:
        """List an agent's, or everybody's, the one that was used last first."""
        ...

    def end_web_sessions(self, *, digest: str = "", agent_id: str = "", before: datetime | None = None) -> None:
        """End one session, all of an agent's, or all that were last seen before a time."""
        ...

    def put_invitation(self, invitation: Invitation) -> None:
        """Add an invitation."""
        ...

    def invitations(self) -> list[Invitation]:
        """List those that were not used yet, oldest first."""
        ...

    def accept(self, digest: str, agent: Agent, at: datetime) -> bool:
        """Use an invitation and add its agent, both or neither; False when it is used, too old or unknown.

        ConflictError when the login is taken.
        """
        ...
