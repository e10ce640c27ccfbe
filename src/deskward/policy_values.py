"""Every value of the policy with the place where it is set: the file, the environment, or nowhere."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic_settings import EnvSettingsSource

from deskward.core.policy import Value
from deskward.policy_settings import CategorySettings, LimitSettings, Section
from deskward.settings import Settings, content_of

DEFAULT = "default"
LIMITS = "[limits]"
# Keys of a category for which the limits stand in.
STAND_IN = ("proof_minutes", "grant_minutes", "hold_hours", "links_per_day")
Table = Mapping[str, Any]


def values_of(settings: Settings) -> Mapping[str, Sequence[Value]]:
    """Give the values of each category by its name, and those of the limits under “[limits]”."""
    told = (_environment(), content_of(settings.file))
    limits = {v.key: v for v in _values(settings.limits, _tables(told, "limits"), LIMITS, settings)}
    found = {
        name: [
            limits[v.key] if v.key in STAND_IN and v.where == DEFAULT else v
            for v in _values(one, _tables(told, "categories", name), f"[categories.{_quoted(name)}]", settings)
        ]
        for name, one in settings.categories.items()
    }
    return {**found, LIMITS: [*limits.values()]}


def _environment() -> Table:
    """Read what the environment says, as the settings read it."""
    return EnvSettingsSource(Settings)()


def _tables(told: Sequence[Table], *path: str) -> tuple[Table, Table]:
    environment, file = (_table(one, path) for one in told)
    return environment, file


def _table(told: Table, path: Sequence[str]) -> Table:
    for key in path:
        found = told.get(key)
        told = found if isinstance(found, Mapping) else {}
    return told


def _values(
    section: CategorySettings | LimitSettings, told: tuple[Table, Table], name: str, settings: Settings
) -> Iterator[Value]:
    environment, file = told
    for key, value in _keyed(section):
        where = f"{settings.file.name}, {name}" if key in file else DEFAULT
        yield Value(key, _said(value), "environment" if key in environment else where)


def _keyed(section: Section) -> Iterator[tuple[str, Any]]:
    for field, about in type(section).model_fields.items():
        yield about.alias or field, getattr(section, field)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(" or ".join(one) if isinstance(one, tuple) else _said(one) for one in value) or "none"
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value not in ("", None) else "none"


def _quoted(name: str) -> str:
    return name if name.isalnum() else f'"{name}"'
