"""Single sign-on at the desk: begun here, done at the provider, and believed only where all of it fits (SR-84)."""

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskward.core.accounts import Agent, Role, WebSession
from deskward.core.audit import Deed
from deskward.core.errors import ConflictError, DeskwardError, InvalidError, NotFoundError, OutsideError
from deskward.core.links import Keyring, new_id
from deskward.outbound.id_tokens import FaultError, StaleError
from deskward.outbound.openid import Begun, Provider
from deskward.web.desk.doors import FRESH, WHOLE, Visit, see_other
from deskward.web.desk.grants import own_path
from deskward.web.desk.invitations import named
from deskward.web.desk.login import Login

COOKIE = "__Host-desk-provider"
BEGIN, BACK, OUT = "/login/provider", "/login/provider/back", "/login/provider/out"
LIVES = timedelta(minutes=10)
_KEPT = re.compile(r"([\w-]{43})\.(\d{1,11})\.([a-z0-9]*)\.([\w-]{0,2000}={0,2})", re.ASCII)
_REASON = re.compile(r"[a-z_]{1,40}")
log = structlog.get_logger("deskward.desk")


class DeniedError(DeskwardError):
    """Somebody who is known to the provider, and may not come in here."""

    status = 403


@dataclass(frozen=True)
class Trust:
    """A provider and what is taken from its claims; with `both_factors` it asks for the second one as well.

    `roles` names the groups of each role; who is in none of them is denied.
    """

    provider: Provider
    name: str
    both_factors: bool
    login_claim: str
    name_claim: str
    groups_claim: str
    roles: Mapping[Role, frozenset[str]]

    def roles_of(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """Give the roles that the groups of these claims give; DeniedError where there are none."""
        told = claims.get(self.groups_claim)
        listed = [told] if isinstance(told, str) else told if isinstance(told, list) else []
        groups = {group for group in listed if isinstance(group, str)}
        found = tuple(role.value for role in Role if self.roles.get(role, frozenset()) & groups)
        if not found:
            elsewhere = claims.get("_claim_names")
            many = told is None and isinstance(elsewhere, Mapping) and self.groups_claim in elsewhere
            why = "has more groups than a token can hold" if many else "is in no group that gives a role here"
            raise DeniedError(f"Your account at {self.name} {why}.", "An administrator can change that there.")
        return found


@dataclass(frozen=True)
class Kept:
    """What the browser keeps of a sign-in that was begun; `session` is the one to confirm, empty at a login."""

    value: str
    at: datetime
    session: str
    target: str


@dataclass(frozen=True)
class SingleSignOn:
    """Three routes: to the provider, back from it, and to its sign-out."""

    login: Login
    keyring: Keyring
    trust: Trust | None

    def routes(self) -> list[Route]:
        """Give the routes."""
        ways = ((BEGIN, self._begin), (BACK, self._back), (OUT, self._out))
        return [_route(path, step) for path, step in ways]

    def _begin(self, request: Request) -> Response:
        """Send the browser to the provider; who is asked again there must give their factors anew (SR-88)."""
        trust, target = self._trusted(), own_path(request.query_params.get("next", "/"))
        found = self.login.door.session_of(request)
        session = found[1] if found and found[1].proven_at else None
        if session and (not session.by_provider or self.login.door.is_fresh(session)):
            return see_other(target)
        if found and session and not trust.both_factors:
            return self.login.door.log_out(Visit(request, {}, *found))
        begun_at = int(self.login.door.clock.now().timestamp())
        where = urlsafe_b64encode(target.encode()).decode()
        value = f"{secrets.token_urlsafe(32)}.{begun_at}.{session.digest if session else ''}.{where}"
        again = session is not None or "again" in request.query_params
        max_age = int((FRESH if again else WHOLE).total_seconds())
        try:
            address = trust.provider.begin_at(self._begun(_kept(value)), max_age=max_age, again=again)
        except OutsideError as trouble:
            return self._refused(request, _kept(value), trouble)
        response = see_other(address)
        age = int(LIVES.total_seconds())
        response.set_cookie(COOKIE, value, age, path="/", secure=True, httponly=True, samesite="lax")
        return response

    def _back(self, request: Request) -> Response:
        """Take the answer of the provider, once: what the browser kept of it goes in any case."""
        self._trusted()
        kept = _kept(request.cookies.get(COOKIE, ""))
        try:
            response = self._answered(request, kept)
        except DeskwardError as trouble:
            response = self._refused(request, kept, trouble)
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    def _out(self, _: Request) -> Response:
        trust = self._trusted()
        end = trust.provider.end_at(f"{self.login.factors.desk_url}/login?bye=1")
        if not end:
            raise NotFoundError(f"{trust.name} offers no address to sign out.", "Sign out on its own pages.")
        return see_other(end)

    def _answered(self, request: Request, kept: Kept) -> Response:
        told, now = request.query_params, self.login.door.clock.now()
        begun = self._begun(kept)
        mine = hmac.compare_digest(told.get("state", "").encode(), begun.state.encode())
        if not mine or not timedelta() <= now - kept.at <= LIVES:
            text = "This sign-in was not begun in this browser, or more than 10 minutes ago."
            raise InvalidError(text, "Sign in again.")
        if "error" in told:
            said = told["error"] if _REASON.fullmatch(told["error"]) else "no reason"
            raise DeniedError(f"{self._trusted().name} did not sign you in ({said}).", "Try again.")
        since = kept.at if kept.session else now - WHOLE
        claims = self._trusted().provider.finish(
            told.get("code", ""), begun, since=since.timestamp(), named=told.get("iss")
        )
        proven_at = min(now, datetime.fromtimestamp(float(claims["auth_time"]), UTC))
        if kept.session:
            return self._confirmed(request, kept, claims, proven_at)
        agent = self._known(claims)
        if not self._trusted().both_factors:
            return self.login.halfway(request, agent, kept.target)
        return self.login.door.log_in(request, agent, see_other(kept.target), proven_at)

    def _confirmed(self, request: Request, kept: Kept, claims: Mapping[str, Any], proven_at: datetime) -> Response:
        """Make the session fresh that asked for it, if it is the same person (SR-86, SR-88)."""
        session, issuer = self._asking(request, kept), self._trusted().provider.issuer
        same = self.login.door.accounts.agent_by_subject(issuer, str(claims["sub"]))
        if session is None or same is None or session.agent_id != same.id:
            raise DeniedError("That was not the account you are signed in with.", "Use the same account again.")
        return self.login.door.prove(self._known(claims), session, see_other(kept.target), proven_at)

    def _asking(self, request: Request, kept: Kept) -> WebSession | None:
        found = self.login.door.session_of(request)
        return found[1] if found and kept.session and found[1].digest == kept.session else None

    def _known(self, claims: Mapping[str, Any]) -> Agent:
        """Find the account by issuer and subject, never by a name or address; the first login makes it.

        Login, name and roles are read anew each time; DeniedError says why somebody may not come in.
        """
        trust, accounts = self._trusted(), self.login.door.accounts
        issuer, subject = trust.provider.issuer, str(claims["sub"])
        before = accounts.agent_by_subject(issuer, subject)
        if before and not before.active:
            raise _deactivated()
        try:
            roles = trust.roles_of(claims)
        except DeniedError:
            self._put_out(before)
            raise
        login, name = _named(trust, claims)
        known = before or Agent(new_id("AG"), login, name, issuer=issuer, subject=subject)
        agent = replace(known, login=login, name=name, roles=roles)
        try:
            if before is None:
                accounts.put_agent(agent)
            elif not accounts.renew_agent(agent):
                raise _deactivated()
        except ConflictError as error:
            log.warning("login taken by another account", subject=subject)
            hint = "An administrator can link it: deskward agent link."
            raise DeniedError("Your login belongs to another account here.", hint) from error
        if known.roles != roles:
            self.login.door.note(agent, Deed.ROLES_CHANGED, agent=agent.id, before=known.roles, after=roles)
        return agent

    def _put_out(self, agent: Agent | None) -> None:
        """Take away what an account had whose groups give nothing any more (SR-87)."""
        if agent:
            self.login.door.accounts.renew_agent(replace(agent, roles=()))
            self.login.door.accounts.end_web_sessions(agent_id=agent.id)

    def _refused(self, request: Request, kept: Kept, trouble: DeskwardError) -> Response:
        """Say what was wrong, where there is another way: the login page, or the page to confirm on."""
        reason = trouble.reason if isinstance(trouble, FaultError) else trouble.text
        log.warning("sign-in by provider refused", reason=reason)
        self.login.tries.refused_elsewhere(request, reason)
        shown = self._shown(trouble)
        found, session = self.login.door.session_of(request), self._asking(request, kept)
        if found and session:
            return self.login.second(Visit(request, {}, *found), shown, kept.target)
        return self.login.render(request, kept.target, shown.status, error=shown)

    def _shown(self, trouble: DeskwardError) -> DeskwardError:
        name = self._trusted().name
        if isinstance(trouble, StaleError):
            return DeniedError(f"{name} asked for your factors too long ago.", "Sign in there again.")
        if isinstance(trouble, OutsideError) and not isinstance(trouble, FaultError):
            shown = DeskwardError(f"{name} does not answer just now.", "Try again, or use a local account.")
            shown.status = trouble.status
            return shown
        return trouble

    def _begun(self, kept: Kept) -> Begun:
        """Derive what only this house and this browser's cookie together can make again."""
        token = self.keyring.own_token
        state, nonce = (token(f"provider {part}", kept.value).reveal() for part in ("state", "nonce"))
        return Begun(state, nonce, token("provider verifier", kept.value), kept.at.timestamp())

    def _trusted(self) -> Trust:
        if self.trust is None:
            raise NotFoundError("There is no single sign-on here.", "Use your login and password.")
        return self.trust


def _route(path: str, step: Any) -> Route:
    async def endpoint(request: Request) -> Response:
        answer: Response = await run_in_threadpool(step, request)
        return answer

    return Route(path, endpoint, methods=["GET"])


def _kept(value: str) -> Kept:
    """Read what the browser kept; of garbage something that no state fits and that is too old."""
    found = _KEPT.fullmatch(value)
    nothing = Kept("", datetime.fromtimestamp(0, UTC), "", "/")
    if found is None:
        return nothing
    try:
        at, where = datetime.fromtimestamp(int(found[2]), UTC), urlsafe_b64decode(found[4]).decode()
    except (ValueError, OverflowError, OSError):
        return nothing
    return Kept(value, at, found[3], own_path(where))


def _deactivated() -> DeniedError:
    return DeniedError("Your account here is deactivated.", "An administrator can activate it again.")


def _named(trust: Trust, claims: Mapping[str, Any]) -> tuple[str, str]:
    login = claims.get(trust.login_claim)
    name = claims.get(trust.name_claim) or login
    try:
        return named(login if isinstance(login, str) else "", name if isinstance(name, str) else "")
    except InvalidError as error:
        text = f"{trust.name} tells no usable login in “{trust.login_claim}”."
        raise DeniedError(text, "An administrator can correct the claim or the settings.") from error
