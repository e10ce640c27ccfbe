"""`Accounts` on the database: agents, their web sessions, and invitations."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, bindparam, delete, false, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from deskward.core.accounts import Agent, AgentName, Invitation, Role, WebSession
from deskward.core.errors import ConflictError
from deskward.store.columns import row_of, value_of
from deskward.store.conditions import is_filled
from deskward.store.database import Database, upserting
from deskward.store.tables import agents, invitations, web_sessions

_a, _w, _i = agents.c, web_sessions.c, invitations.c
# Every page asks these, and to write a statement costs as much as to run it.
_NAMES = select(_a.id, _a.login, _a.name).order_by(_a.login_folded)
_VISITOR = select(agents, web_sessions).where(_w.digest == bindparam("cookie"), _a.id == _w.agent_id)

Value = TypeVar("Value")


class SqlAccounts:
    """Agents by id and by login, whose case does not count; sessions by digest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def agent(self, agent_id: str) -> Agent | None:
        """Read one agent by id."""
        return self._first(Agent, select(agents).where(_a.id == agent_id))

    def agent_by_login(self, login: str) -> Agent | None:
        """Read one agent by login, case folded."""
        return self._first(Agent, select(agents).where(_a.login_folded == login.casefold()))

    def agents_by_login(self, logins: Collection[str]) -> list[Agent]:
        """Read the agents that have one of these logins, case folded, in one query."""
        folded = sorted({login.casefold() for login in logins})
        return self._agents(_a.login_folded.in_(folded)) if folded else []

    def agent_by_subject(self, issuer: str, subject: str) -> Agent | None:
        """Read one agent by the name that a provider of single sign-on has for them."""
        same = (_a.issuer == issuer, _a.subject == subject, is_filled(_a.subject))
        return self._first(Agent, select(agents).where(*same))

    def names(self) -> list[AgentName]:
        """Name all agents by login: less to read than all that they are."""
        with self._database.read() as connection:
            return [AgentName(*row) for row in connection.execute(_NAMES).all()]

    def agents(self) -> list[Agent]:
        """List all agents by login."""
        return self._agents()

    def put_agent(self, agent: Agent) -> None:
        """Add an agent, or replace the one with that id; ConflictError when the login is taken."""
        row = _row(agent)
        try:
            with self._database.write() as connection:
                added = upserting(connection, agents).values(row)
                connection.execute(added.on_conflict_do_update(index_elements=["id"], set_=row))
        except IntegrityError:
            raise _taken(agent) from None

    def renew_agent(self, agent: Agent) -> bool:
        """Replace one that is active still; False where it is not. ConflictError when the login is taken."""
        try:
            with self._database.write() as connection:
                living = (_a.id == agent.id, _a.active.is_(True))
                return bool(connection.execute(update(agents).where(*living).values(_row(agent))).rowcount)
        except IntegrityError:
            raise _taken(agent) from None

    def change_agent(self, agent: Agent) -> None:
        """Replace one; ConflictError where nobody would be left as administrator, or the login is taken."""
        try:
            with self._database.write() as connection:
                # Locked, so that two administrators cannot shut each other out at the same moment.
                rows = connection.execute(select(agents).order_by(_a.id).with_for_update()).mappings()
                _keep_an_administrator([value_of(Agent, row) for row in rows], agent)
                connection.execute(update(agents).where(_a.id == agent.id).values(_row(agent)))
                if not agent.active:
                    connection.execute(delete(web_sessions).where(_w.agent_id == agent.id))
                    open_ones = (_i.made_by == agent.id, _i.used_at.is_(None))
                    connection.execute(delete(invitations).where(*open_ones))
        except IntegrityError:
            raise _taken(agent) from None

    def visitor(self, digest: str) -> tuple[Agent, WebSession] | None:
        """Read one session with its agent."""
        with self._database.read() as connection:
            row = connection.execute(_VISITOR, {"cookie": digest}).mappings().first()
        return None if row is None else (value_of(Agent, row), value_of(WebSession, row))

    def put_web_session(self, session: WebSession) -> None:
        """Add a session."""
        self._run(insert(web_sessions).values(row_of(session)))

    def touch_web_session(self, digest: str, seen_at: datetime) -> None:
        """Note that a session was used."""
        self._run(update(web_sessions).where(_w.digest == digest).values(seen_at=seen_at))

    def web_sessions(self, agent_id: str = "") -> list[WebSession]:
        """List an agent's, or everybody's, the one that was used last first."""
        query = select(web_sessions).order_by(_w.seen_at.desc(), _w.digest)
        with self._database.read() as connection:
            rows = connection.execute(query.where(_w.agent_id == agent_id) if agent_id else query).mappings()
            return [value_of(WebSession, row) for row in rows]

    def end_web_sessions(self, *, digest: str = "", agent_id: str = "", before: datetime | None = None) -> None:
        """End one session, all of an agent's, or all that were last seen before a time; none if none is named."""
        chosen = [
            _w.digest == digest if digest else false(),
            _w.agent_id == agent_id if agent_id else false(),
            _w.seen_at < before if before else false(),
        ]
        self._run(delete(web_sessions).where(or_(*chosen)))

    def put_invitation(self, invitation: Invitation) -> None:
        """Add an invitation."""
        self._run(insert(invitations).values(row_of(invitation)))

    def invitations(self) -> list[Invitation]:
        """List those that were not used yet, oldest first."""
        unused = select(invitations).where(_i.used_at.is_(None)).order_by(_i.created_at, _i.digest)
        with self._database.read() as connection:
            return [value_of(Invitation, row) for row in connection.execute(unused).mappings()]

    def accept(self, digest: str, agent: Agent, at: datetime) -> bool:
        """Use an invitation and add its agent in one transaction; one conditional update decides who was first."""
        living = (_i.digest == digest, _i.used_at.is_(None), _i.expires_at > at)
        used = update(invitations).where(*living).values(used_at=at, agent_id=agent.id)
        try:
            with self._database.write() as connection:
                if not connection.execute(used).rowcount:
                    return False
                connection.execute(insert(agents).values(_row(agent)))
        except IntegrityError:
            raise _taken(agent) from None
        return True

    def _run(self, change: Any) -> None:
        with self._database.write_one() as connection:
            connection.execute(change)

    def _agents(self, *which: ColumnElement[bool]) -> list[Agent]:
        with self._database.read() as connection:
            rows = connection.execute(select(agents).where(*which).order_by(_a.login_folded)).mappings()
            return [value_of(Agent, row) for row in rows]

    def _first(self, kind: type[Value], query: Select[Any]) -> Value | None:
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else value_of(kind, row)


def _row(agent: Agent) -> dict[str, Any]:
    return row_of(agent) | {"login_folded": agent.login.casefold()}


def _keep_an_administrator(known: Iterable[Agent], changed: Agent) -> None:
    before = [a for a in known if a.active and a.has(Role.ADMINISTRATOR)]
    after = [a for a in before if a.id != changed.id]
    if before and not after and not (changed.active and changed.has(Role.ADMINISTRATOR)):
        raise ConflictError("This is the last administrator.", "Make somebody else an administrator first.")


def _taken(agent: Agent) -> ConflictError:
    return ConflictError(f"The login “{agent.login}” is taken.", "Choose another login.")
