"""Second factors of agents, over the port of challenges: asked, checked, enrolled and removed (SR-85)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from deskward.core.accounts import Agent, WebSession
from deskward.core.authenticators import Authenticator, agent_owner
from deskward.core.challenges import Asked, Asking, Enrollable, Site
from deskward.core.errors import ConflictError, InvalidError, NotFoundError
from deskward.core.links import new_id
from deskward.core.people import Person
from deskward.core.secret import Secret
from deskward.lifecycle.house import House

LIVES = timedelta(minutes=10)


@dataclass(frozen=True)
class Offer:
    """One way to give or to enrol a second factor: what the page shows and what its form brings back."""

    kind: str
    option: str
    title: str
    hint: str
    script: str
    asked: Asked
    at: int


@dataclass(frozen=True)
class Factors:
    """What is known to ask for: the challenges by name, the easiest first, on the desk's own host name."""

    known: Mapping[str, Enrollable]
    house: House
    desk_url: str

    def of(self, agent: Agent) -> Sequence[Authenticator]:
        """List what an agent has enrolled and can be asked for."""
        return [a for a in self.house.authenticators.of(agent_owner(agent.id)) if a.kind in self.known]

    def ways(self, agent: Agent, session: WebSession) -> list[Offer]:
        """List the ways an agent can prove to be the one, the easiest first."""
        at, found = self._now(), list[Offer]()
        for factor in sorted(self.known.values(), key=lambda f: f.ease):
            asking = self._asking(agent, session, factor, at)
            for option in factor.options(asking):
                asked = factor.ask(replace(asking, option=option.id))
                found.append(Offer(factor.name, option.id, option.title, option.hint, factor.script, asked, at))
        return found

    def right(self, agent: Agent, session: WebSession, fields: Mapping[str, str]) -> bool:
        """Judge an answer to one of the ways, and use it up; InvalidError for what is no answer."""
        factor = self._named(fields.get("kind", ""))
        asking = self._asking(agent, session, factor, self._at(fields))
        option = next((o.id for o in factor.options(asking) if o.id == fields.get("option", "")), None)
        if option is None:
            raise InvalidError("This second factor is not yours any more.", "Choose another one.")
        asking = replace(asking, option=option)
        asked = factor.ask(asking)
        checked = factor.check(asking, asked.kept, _answers(asked, fields))
        return checked.right and (
            checked.used is None or self.house.authenticators.use(checked.used, self.house.clock.now())
        )

    def enrolling(self, agent: Agent, session: WebSession, kind: str, at: int = 0) -> Offer:
        """Show what is needed to enrol; the same again for the same `at`."""
        factor, at = self._named(kind), at or self._now()
        asked = factor.enrol_ask(self._asking(agent, session, factor, at))
        return Offer(factor.name, "", factor.title, "", factor.script, asked, at)

    def enrol(self, agent: Agent, session: WebSession, kind: str, fields: Mapping[str, str]) -> None:
        """Keep a new second factor; InvalidError says what was wrong."""
        factor, at, now = self._named(kind), self._at(fields), self.house.clock.now()
        asking = self._asking(agent, session, factor, at)
        answers = _answers(factor.enrol_ask(asking), fields)
        self.house.authenticators.enrol(
            Authenticator(
                id=new_id("AU"),
                owner=agent_owner(agent.id),
                kind=factor.name,
                label=made.label,
                sealed=made.sealed,
                enrolled_at=now,
                counts_from=now,
                ref=made.ref,
                counter=made.counter,
            )
            for made in factor.enrol_check(asking, answers)
        )

    def remove(self, agent: Agent, authenticator_id: str) -> None:
        """Remove one of several; ConflictError for the last one."""
        own = self.of(agent)
        if authenticator_id not in {a.id for a in own}:
            raise NotFoundError("This second factor is not there any more.", "Look at the list again.")
        if len(own) == 1:
            raise ConflictError("Your last second factor cannot be removed.", "Add another one first.")
        self.house.authenticators.remove(authenticator_id, self.house.clock.now())

    def forget(self, agent: Agent) -> int:
        """Remove all of an agent's; gives how many there were."""
        own = self.of(agent)
        for one in own:
            self.house.authenticators.remove(one.id, self.house.clock.now())
        return len(own)

    def at_of(self, fields: Mapping[str, str]) -> int:
        """Give when a form was made, 0 when it is too old to be shown again."""
        try:
            return self._at(fields)
        except InvalidError:
            return 0

    def _asking(self, agent: Agent, session: WebSession, factor: Enrollable, at: int) -> Asking:
        # The nonce is bound to this login, which changes with every success, and to the form's time.
        nonce = self.house.keyring.page_nonce(f"desk\x1f{factor.name}\x1f{session.digest}", at)
        name = f"{self.house.portal.organisation} help desk"
        site = Site(str(urlsplit(self.desk_url).hostname), self.desk_url, name)
        person = Person(agent.id, agent.login, agent.name, "")
        own = self.house.authenticators.of(agent_owner(agent.id), factor.name)
        return Asking(person, site, self.house.clock.now(), tuple(own), nonce=nonce)

    def _named(self, kind: str) -> Enrollable:
        if kind not in self.known:
            raise NotFoundError("There is no such second factor.", "Choose one of the list.")
        return self.known[kind]

    def _now(self) -> int:
        return int(self.house.clock.now().timestamp())

    def _at(self, fields: Mapping[str, str]) -> int:
        typed = fields.get("at", "")
        at = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= len("9999999999") else 0
        if not 0 <= self._now() - at <= LIVES.total_seconds():
            raise InvalidError("This page is too old.", "Try again; it has been renewed.")
        return at


def _answers(asked: Asked, fields: Mapping[str, str]) -> Mapping[str, Any]:
    return {field.name: Secret(fields.get(field.name, "")) for field in asked.fields}
