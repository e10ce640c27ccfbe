"""Frozen dataclasses to columns and back, written once: one field is one column of the same name."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum, IntEnum, StrEnum
from functools import cache
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from sqlalchemy import JSON, Boolean, Column, DateTime, Dialect, Float, Integer, RowMapping, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from deskward.core.secret import Secret

Value = TypeVar("Value")
_TEXT = len("2026-03-01 12:00:00.000000")


class UtcTime(TypeDecorator[datetime]):
    """A point in time: aware in, aware UTC out, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], datetime | str | None]:
        """Turn to UTC; SQLite keeps it without zone, in text that sorts like time."""
        turn = _text_of if dialect.name == "sqlite" else _in_utc
        return lambda value: None if value is None else turn(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give it back in UTC."""
        return time_of(value)


def _text_of(value: datetime) -> str:
    """Write “2026-03-01 12:00:00.000000”, as SQLAlchemy reads it."""
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:_TEXT]


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def time_of(value: datetime | str | None) -> datetime | None:
    """Read a time that came as the driver or SQLAlchemy gives it: from SQLite it is text, or has no zone."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    if read is None:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


class JsonText(TypeDecorator[Any]):
    """JSON that a statement is asked with, written here: psycopg takes several times as long."""

    impl = JSON
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:  # noqa: ARG002
        """Write it."""
        return json.dumps


class Words(TypeDecorator[str]):
    """Text from outside, without what a database refuses: NUL and lone surrogates."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Take out what cannot be stored."""
        return None if value is None else value.replace("\x00", "").encode(errors="replace").decode()


class SecretText(TypeDecorator[Secret]):
    """A secret that is sealed before it comes here."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Secret | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Store the sealed text."""
        return None if value is None else value.reveal()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Secret | None:  # noqa: ARG002
        """Give the sealed text back, hidden."""
        return None if value is None else Secret(value)


class TextEnum(TypeDecorator[Enum]):
    """A StrEnum by its value."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Enum | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Store the value; ValueError for one that the enum does not have."""
        return None if value is None else self.kind(str(value)).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Enum | None:  # noqa: ARG002
        """Give the member back."""
        return None if value is None else self.kind(value)


class NumberEnum(TypeDecorator[Enum]):
    """An IntEnum by its number."""

    impl = Integer
    cache_ok = True

    def __init__(self, kind: type[IntEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_result_value(self, value: int | None, dialect: Dialect) -> Enum | None:  # noqa: ARG002
        """Give the member back."""
        return None if value is None else self.kind(value)


class Several(TypeDecorator[tuple[Any, ...]]):
    """A tuple as a JSON list: of mappings as they are, or of one flat dataclass."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Store the members as JSON."""
        return [_plain(member) for member in value or ()]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[Any, ...]:  # noqa: ARG002
        """Give the members back in their type."""
        return tuple(self._member(member) for member in value or ())

    def _member(self, member: Any) -> Any:
        kind: Any = self.kind
        if not hasattr(kind, "__dataclass_fields__"):
            return member
        hints = hints_of(kind)
        return kind(**{name: _typed(hints[name], value) for name, value in member.items()})


def _typed(hint: Any, value: Any) -> Any:
    if hint is datetime:
        return datetime.fromisoformat(value)
    return hint(value) if isinstance(hint, type) and issubclass(hint, Enum) else value


def _plain(member: Any) -> Any:
    if not is_dataclass(member):
        return member
    pairs = ((f.name, getattr(member, f.name)) for f in fields(member))
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in pairs}


def hints_of(kind: Any) -> Mapping[str, Any]:
    """Give the fields of a dataclass with their types, in their order."""
    return _hints_of(kind)


@cache
def _hints_of(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}


_SIMPLE: Mapping[Any, type[TypeEngine[Any]]] = {
    str: Words,
    int: Integer,
    bool: Boolean,
    float: Float,
    datetime: UtcTime,
    Secret: SecretText,
}


def type_of(hint: Any) -> TypeEngine[Any]:
    """Choose the column type of a field's type, “| None” already taken off."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]()
    if get_origin(hint) is tuple:
        return Several(get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return TextEnum(hint)
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return NumberEnum(hint)
    return JSON()


def columns_of(kind: Any, *, key: Collection[str] = (), omit: Collection[str] = ()) -> Iterator[Column[Any]]:
    """Make the columns of a dataclass; `key` names its primary key."""
    for name, hint in hints_of(kind).items():
        parts = get_args(hint) if NoneType in get_args(hint) else (hint,)
        if name not in omit:
            yield Column(name, type_of(parts[0]), primary_key=name in key, nullable=len(parts) > 1)


def row_of(value: Any, *, omit: Collection[str] = ()) -> dict[str, Any]:
    """Give the row of a value."""
    return {name: getattr(value, name) for name in hints_of(type(value)) if name not in omit}


def value_of(kind: type[Value], row: RowMapping) -> Value:
    """Give the value of a row that has all its columns, and perhaps more."""
    return kind(**{name: row[name] for name in hints_of(kind)})
