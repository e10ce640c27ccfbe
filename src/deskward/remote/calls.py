"""What other processes may ask of the gateway, and how it is written: no method that changes an account is here.

A request is a JSON list of arguments. The answer is lines: “=” and a value in JSON, as often as there are values;
“!” and an error of ours; “.” at the end, so that an answer that broke off is seen.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError

from deskward.core import errors
from deskward.core.errors import (
    DeskwardError,
    InvalidError,
    LimitError,
    RejectedError,
    UncertainError,
    UnreachableError,
)
from deskward.core.people import Person
from deskward.core.ports import Spent
from deskward.core.questions import Fact
from deskward.core.resets import Reset
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson

VALUE, TROUBLE, END = b"=", b"!", b"."
SOON, SLOW = 60.0, 900.0
_VERSIONS = "Gateway and other processes need the same version of Deskward."
_KINDS: Mapping[str, type[DeskwardError]] = {
    name: one for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, DeskwardError)
}
_BESIDES: Mapping[type, str] = {
    InvalidError: "field",
    LimitError: "retry_after",
    UnreachableError: "retry_after",
}


@dataclass(frozen=True)
class Call:
    """One method: the types of arguments and value (of `many` one after the other), the longest wait (seconds)."""

    arguments: Any
    value: Any
    many: bool = False
    seconds: float = SOON
    repeatable: bool = True

    def asked(self, *arguments: Any) -> bytes:
        """Write a request; RejectedError for a text that cannot be written."""
        try:
            return self._takes.dump_json(arguments)
        except ValueError:  # never with its words: they may hold the text
            raise RejectedError("The request holds a text that cannot be written.") from None

    def heard(self, body: bytes) -> tuple[Any, ...]:
        """Read a request; RejectedError where it is none of this version."""
        try:
            return self._takes.validate_json(body)
        except ValidationError:
            raise RejectedError("The gateway does not understand this call.", _VERSIONS) from None

    def answered(self, value: Any) -> Iterator[bytes]:
        """Write an answer, line by line."""
        for one in value if self.many else (value,):
            yield VALUE + self._gives.dump_json(one) + b"\n"
        yield END + b"\n"

    def read(self, lines: Iterable[bytes]) -> Iterator[Any]:
        """Read an answer: gives its values; raises the error in it, or `broken` where it broke off."""
        for line in lines:
            if line.startswith(END):
                return
            if line.startswith(TROUBLE):
                raise error_in(line[1:])
            try:
                yield self._gives.validate_json(line.removeprefix(VALUE))
            except ValidationError:
                raise RejectedError("The answer of the gateway cannot be read.", _VERSIONS) from None
        raise self.broken("The answer of the gateway broke off.")

    def broken(self, text: str) -> DeskwardError:
        """Give the error for a call of which nobody knows how it ended."""
        return UnreachableError(text) if self.repeatable else UncertainError(text)

    # Made at the first need: a process that holds its gateway itself starts faster.
    @cached_property
    def _takes(self) -> TypeAdapter[tuple[Any, ...]]:
        return TypeAdapter(self.arguments)

    @cached_property
    def _gives(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.value)


def error_line(error: DeskwardError) -> bytes:
    """Write an error of ours as the nearest kind that `core.errors` has."""
    kind = next(one for one in type(error).__mro__ if one in _KINDS.values())
    told = {"text": error.text, "hint": error.hint}
    if besides := _BESIDES.get(kind):
        told[besides] = getattr(error, besides)
    return TROUBLE + json.dumps([kind.__name__, told]).encode() + b"\n"


def error_in(written: bytes) -> DeskwardError:
    """Read an error of ours; RejectedError where it is none."""
    try:
        kind, told = json.loads(written)
        made = _KINDS[kind](**told)
    except (ValueError, TypeError, KeyError):
        return RejectedError("The answer of the gateway cannot be read.", _VERSIONS)
    return made


_OF_SOMEBODY = tuple[Person]
OF_DIRECTORIES: Mapping[str, Call] = {
    "find": Call(tuple[TicketPerson], Person, many=True),
    "get": Call(tuple[str], Person | None),
    "colleagues": Call(_OF_SOMEBODY, Person, many=True),
    "everyone": Call(tuple[()], Person, many=True, seconds=SLOW),
    "search": Call(tuple[str, int], Person, many=True),
    "rules": Call(_OF_SOMEBODY, str, many=True),
    "factors": Call(tuple[str], str, many=True),
    "facts": Call(_OF_SOMEBODY, Fact, many=True),
    "resets": Call(tuple[datetime, datetime], Reset, many=True, seconds=SLOW),
    "doctor": Call(tuple[()], Check, many=True, seconds=SLOW),
}
OF_GATEWAY: Mapping[str, Call] = {
    "spend": Call(tuple[str, dict[str, Secret]], Spent, repeatable=False),
    "settle": Call(tuple[str], Spent),
    "revoke": Call(tuple[str], str),
    "end_access": Call(tuple[str], str),
    "examine": Call(tuple[str], Check, many=True, seconds=SLOW),
}
