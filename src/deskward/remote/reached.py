"""What the other processes have: directories that can be read, and a gateway that is asked over its socket."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from deskward.core.errors import OutsideError, UnreachableError
from deskward.core.people import Person
from deskward.core.ports import People, Spent
from deskward.core.questions import Fact
from deskward.core.resets import Reset
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson
from deskward.core.verification import Verification
from deskward.gateway import TRY_AGAIN, UNREADABLE
from deskward.outbound.local import Local
from deskward.remote.calls import OF_DIRECTORIES, OF_GATEWAY, Call


class RemoteDirectory:
    """The reading side of one directory of the gateway's; raises what that raises, or UnreachableError."""

    rights = ""

    def __init__(self, line: Local, name: str) -> None:
        self.name = name
        self._line = line

    def find(self, person: TicketPerson) -> Sequence[Person]:
        """Find the accounts that the ticket's requester may be."""
        return tuple(self._asked("find", person))

    def get(self, person_id: str) -> Person | None:
        """Read one account."""
        person: Person | None
        (person,) = self._asked("get", person_id)
        return person

    def colleagues(self, person: Person) -> Sequence[Person]:
        """List who may know a person."""
        return tuple(self._asked("colleagues", person))

    def everyone(self) -> Iterable[Person]:
        """Read all accounts as they come."""
        return self._asked("everyone")

    def doctor(self) -> Iterator[Check]:
        """Let the gateway check reach, rights and content; says it where the gateway does not answer."""
        return _checks(self._asked("doctor"))

    def _asked(self, method: str, *arguments: Any) -> Iterator[Any]:
        return _answers(self._line, f"/directories/{self.name}/{method}", OF_DIRECTORIES[method], arguments)


class _Searches(RemoteDirectory):
    def search(self, text: str, limit: int) -> Sequence[Person]:
        return tuple(self._asked("search", text, limit))


class _Rules(RemoteDirectory):
    def rules(self, person: Person) -> Sequence[str]:
        return tuple(self._asked("rules", person))


class _Factors(RemoteDirectory):
    def factors(self, person_id: str) -> Sequence[str]:
        return tuple(self._asked("factors", person_id))


class _Facts(RemoteDirectory):
    def facts(self, person: Person) -> Sequence[Fact]:
        return tuple(self._asked("facts", person))


class _Resets(RemoteDirectory):
    def resets(self, since: datetime, until: datetime) -> Iterable[Reset]:
        return self._asked("resets", since, until)


_POWERS: Mapping[str, type[RemoteDirectory]] = {
    "search": _Searches,
    "rules": _Rules,
    "factors": _Factors,
    "facts": _Facts,
    "resets": _Resets,
}


@dataclass(frozen=True)
class RemoteGateway:
    """Has grants spent by their ids; the gateway reads the rest itself."""

    line: Local

    def spend(self, verification: Verification, answers: Mapping[str, Secret]) -> Spent:
        """Spend the grant; without a whole answer it is unknown, and settled as after a crash (DESIGN 6)."""
        try:
            return cast("Spent", self._asked("spend", verification.id, dict(answers)))
        except UnreachableError:
            return Spent(done=False, text=TRY_AGAIN)
        except OutsideError:
            return Spent(done=False, text=UNREADABLE, unknown=True)

    def settle(self, verification: Verification) -> Spent:
        """Find out how an interrupted action ended; unknown while the gateway does not answer."""
        try:
            return cast("Spent", self._asked("settle", verification.id))
        except OutsideError:
            return Spent(done=False, text=UNREADABLE, unknown=True)

    def revoke(self, verification: Verification) -> str:
        """Take back what the action set; raises outside errors."""
        return str(self._asked("revoke", verification.id))

    def end_access(self, verification: Verification) -> str:
        """End what an action gave for a while, if nobody used it; raises outside errors."""
        return str(self._asked("end_access", verification.id))

    def examine(self, action: str) -> Iterator[Check]:
        """Let the gateway test what an action needs outside; says it where the gateway does not answer."""
        return _checks(_answers(self.line, "/gateway/examine", OF_GATEWAY["examine"], (action,)))

    def _asked(self, method: str, *arguments: Any) -> Any:
        (answer,) = _answers(self.line, f"/gateway/{method}", OF_GATEWAY[method], arguments)
        return answer


@dataclass(frozen=True)
class Reached:
    """All that a process has of a gateway that runs elsewhere."""

    directories: Mapping[str, People]
    gateway: RemoteGateway


def reach(socket: Path, plugins: Mapping[str, type]) -> Reached:
    """Give directories with the powers of their plugins, and the gateway; nothing is asked before it is needed."""
    line = Local(socket, "gateway")
    return Reached({name: _like(plugin, line, name) for name, plugin in plugins.items()}, RemoteGateway(line))


def _like(plugin: type, line: Local, name: str) -> RemoteDirectory:
    powers = tuple(power for method, power in _POWERS.items() if hasattr(plugin, method))
    kind = type("RemoteDirectory", powers or (RemoteDirectory,), {"rights": getattr(plugin, "rights", "")})
    made: RemoteDirectory = kind(line, name)
    return made


def _checks(told: Iterator[Check]) -> Iterator[Check]:
    try:
        yield from told
    except UnreachableError as error:
        yield Check("gateway", well=False, text=error.text, hint=error.hint)


def _answers(line: Local, path: str, call: Call, arguments: Sequence[Any]) -> Iterator[Any]:
    asked = call.asked(*arguments)
    return call.read(line.lines(path, asked, repeatable=call.repeatable, seconds=call.seconds))
