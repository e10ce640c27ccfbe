"""“People”: who may log in, in which roles; administrators invite, change, shut out, and help after a loss."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.responses import Response
from starlette.routing import Route

from deskward.core.accounts import Agent, Role
from deskward.core.audit import Deed
from deskward.core.errors import ConflictError, DeskwardError, InvalidError, NotFoundError
from deskward.core.secret import Secret
from deskward.web.desk.doors import Door, Visit, see_other
from deskward.web.desk.factors import Factors
from deskward.web.desk.invitations import Invitations, address_of

PAGE = "/people"
ROLES = {
    Role.AGENT: "sends links and looks after verifications",
    Role.APPROVER: "may do what agents do, and decides exceptions",
    Role.ADMINISTRATOR: "looks after people and errands",
    Role.AUDITOR: "reads everything and changes nothing",
    Role.PRIVACY_OFFICER: "reads what is kept about requesters, and changes nothing",
}
Step = Callable[[Agent], None]


@dataclass(frozen=True)
class People:
    """The page and its forms."""

    door: Door
    factors: Factors
    invitations: Invitations

    def routes(self) -> list[Route]:
        """Give the routes."""
        one = "/people/{agent_id}"
        return [
            self.door.page(PAGE, self._show),
            self.door.fresh_form("/people/invite", self._invite, page=PAGE),
            self.door.fresh_form(f"{one}/roles", self._roles, page=PAGE),
            self.door.fresh_form(f"{one}/activate", self._activate, page=PAGE),
            self.door.fresh_form(f"{one}/factors", self._forget, page=PAGE),
            self.door.form(f"{one}/deactivate", self._deactivate, page=PAGE),
            self.door.form(f"{one}/sessions", self._end, page=PAGE),
        ]

    def _show(self, visit: Visit, error: DeskwardError | None = None, token: Secret | None = None) -> Response:
        agents = self.door.accounts.agents()
        sessions = Counter(one.agent_id for one in self.door.accounts.web_sessions() if self.door.living(one))
        return self.door.show(
            visit,
            "people.html",
            error.status if error else 200,
            here="people",
            people=[(a, [f.label for f in self.factors.of(a)], sessions[a.id]) for a in agents],
            roles=[(role.value, text) for role, text in ROLES.items()],
            invited=address_of(self.factors.desk_url, token) if token else "",
            error=error,
        )

    def _invite(self, visit: Visit) -> Response:
        roles = _chosen(visit)
        if not roles:
            return self._show(visit, InvalidError("Choose at least one role.", "It can be changed later."))
        self.door.note(visit.agent, Deed.INVITED, roles=[r.value for r in roles])
        token = self.invitations.invite(roles, visit.agent.id)
        return self._show(visit, token=token)

    def _roles(self, visit: Visit) -> Response:
        def change(agent: Agent) -> None:
            _not_oneself(visit, agent)
            if agent.issuer:
                text = "The roles of this account come from its groups at the provider of single sign-on."
                raise ConflictError(text, "Change the groups there; it counts at the next login.")
            roles = tuple(role.value for role in _chosen(visit))
            self.door.note(visit.agent, Deed.ROLES_CHANGED, agent=agent.id, before=agent.roles, after=roles)
            self.door.accounts.change_agent(replace(agent, roles=roles))

        return self._do(visit, change)

    def _deactivate(self, visit: Visit) -> Response:
        def shut_out(agent: Agent) -> None:
            _not_oneself(visit, agent)
            self.door.note(visit.agent, Deed.DEACTIVATED, agent=agent.id)
            self.door.accounts.change_agent(replace(agent, active=False))

        return self._do(visit, shut_out)

    def _activate(self, visit: Visit) -> Response:
        def let_in(agent: Agent) -> None:
            self.door.note(visit.agent, Deed.ACTIVATED, agent=agent.id)
            self.door.accounts.change_agent(replace(agent, active=True))

        return self._do(visit, let_in)

    def _end(self, visit: Visit) -> Response:
        def end(agent: Agent) -> None:
            self.door.note(visit.agent, Deed.SIGNED_OUT_BY, agent=agent.id)
            self.door.accounts.end_web_sessions(agent_id=agent.id)

        return self._do(visit, end)

    def _forget(self, visit: Visit) -> Response:
        def forget(agent: Agent) -> None:
            _not_oneself(visit, agent)
            self.door.note(visit.agent, Deed.FACTORS_REMOVED, agent=agent.id, count=len(self.factors.of(agent)))
            self.factors.forget(agent)
            self.door.accounts.end_web_sessions(agent_id=agent.id)

        return self._do(visit, forget)

    def _do(self, visit: Visit, step: Step) -> Response:
        agent = self.door.accounts.agent(str(visit.request.path_params["agent_id"]))
        if agent is None:
            raise NotFoundError("There is no such account.", "Look at the list again.")
        try:
            step(agent)
        except DeskwardError as error:
            return self._show(visit, error)
        return see_other(PAGE)


def _chosen(visit: Visit) -> list[Role]:
    return [role for role in Role if visit.fields.get(f"role-{role.value}")]


def _not_oneself(visit: Visit, agent: Agent) -> None:
    """Keep an administrator from locking the last one out, or giving themselves other powers."""
    if agent.id == visit.agent.id:
        raise ConflictError("This cannot be done to your own account.", "Ask another administrator.")
