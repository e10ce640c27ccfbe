"""One-time addresses under which somebody sets up an account: the first administrator, and everybody after."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from deskward.core.accounts import Accounts, Agent, Invitation, Role
from deskward.core.errors import InvalidError, NotFoundError
from deskward.core.links import Keyring, digest, new_id, new_nonce
from deskward.core.notes import clean
from deskward.core.people import Person
from deskward.core.ports import Action, Clock
from deskward.core.secret import Secret
from deskward.web.desk.passwords import hashed

LIVES = timedelta(hours=24)
LEAST_PASSWORD = 15
LONGEST_NAME = 100
GONE = "This address cannot be used any more."
GONE_HINT = (
    "It works once, for 24 hours. Ask an administrator for a new one, or restart Deskward if there is none."
)


@dataclass(frozen=True)
class Passwords:
    """The rules for passwords of local accounts: at least 15 characters, and those of the reset action."""

    rules: Action

    def hashed(self, login: str, name: str, password: Secret) -> str:
        """Hash a new password; InvalidError says why it will not do."""
        if len(password.reveal()) < LEAST_PASSWORD:
            raise InvalidError(
                f"The password needs at least {LEAST_PASSWORD} characters.", "A sentence is fine.", "password"
            )
        problem = self.rules.problem(Person("", login, name, ""), {"password": password})
        if problem:
            raise InvalidError(problem, "", "password")
        return hashed(password)


@dataclass(frozen=True)
class Invitations:
    """Makes addresses, and makes accounts of them; only digests are stored."""

    accounts: Accounts
    keyring: Keyring
    clock: Clock
    passwords: Passwords

    def invite(self, roles: Iterable[Role], by: str = "") -> Secret:
        """Make a new one for these roles; its token is given this one time. It ends with the account `by`."""
        now, token = self.clock.now(), Secret(new_nonce())
        wanted = tuple(role.value for role in Role if role in {*roles})
        self.accounts.put_invitation(Invitation(digest(token.reveal()), wanted, now, now + LIVES, made_by=by))
        return token

    def first(self) -> Secret | None:
        """Give the token for the first administrator, the same again while it lives; None when there is one."""
        if any(a.active and a.has(Role.ADMINISTRATOR) for a in self.accounts.agents()):
            return None
        now = self.clock.now()
        for known in self.accounts.invitations():
            token = self._first_token(known)
            if known.expires_at > now and digest(token.reveal()) == known.digest:
                return token
        fresh = Invitation("", (Role.ADMINISTRATOR.value,), now, now + LIVES)
        token = self._first_token(fresh)
        self.accounts.put_invitation(replace(fresh, digest=digest(token.reveal())))
        return token

    def living(self, token: str) -> Invitation:
        """Find what a token is for; NotFoundError when it is not or no longer good."""
        wanted, now = digest(token), self.clock.now()
        found = next((i for i in self.accounts.invitations() if i.digest == wanted), None)
        if found is None or found.expires_at <= now or self._outlived(found):
            raise NotFoundError(GONE, GONE_HINT)
        return found

    def accept(self, token: str, login: str, name: str, password: Secret) -> Agent:
        """Make the account; InvalidError or ConflictError says what was wrong, and the address stays good."""
        invitation = self.living(token)
        login, name = named(login, name)
        agent = Agent(
            new_id("AG"), login, name, self.passwords.hashed(login, name, password), roles=invitation.roles
        )
        if not self.accounts.accept(invitation.digest, agent, self.clock.now()):
            raise NotFoundError(GONE, GONE_HINT)
        return agent

    def _outlived(self, invitation: Invitation) -> bool:
        """Tell a printed address for the first administrator when there is one by now."""
        printed = digest(self._first_token(invitation).reveal()) == invitation.digest
        return printed and self.first() is None

    def _first_token(self, invitation: Invitation) -> Secret:
        return self.keyring.own_token("first administrator", invitation.created_at.isoformat())


def named(login: str, name: str) -> tuple[str, str]:
    """Take login and name as typed; InvalidError for what cannot be one."""
    login, name = clean(login), clean(name)
    if not login or len(login) > LONGEST_NAME or " " in login:
        raise InvalidError("Choose a login.", f"One word of up to {LONGEST_NAME} characters.", "login")
    if not name or len(name) > LONGEST_NAME:
        raise InvalidError("Type your name.", "Tickets and requesters see it.", "name")
    return login, name


def address_of(desk_url: str, token: Secret) -> str:
    """Write the address of an invitation; the token stands in the fragment, which browsers send to nobody."""
    return f"{desk_url}/invitation#{token.reveal()}"
