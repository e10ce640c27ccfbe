"""Finds a plugin, a file in a folder or an installed entry point, and builds it from its settings."""

import importlib
import importlib.metadata
import inspect
import pkgutil
import sys
import typing
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model

from deskward.core.errors import SettingsError, in_words
from deskward.core.secret import Secret, Withheld, read_secret

PORTS: Mapping[str, str] = {
    "connectors": "Connector",
    "channels": "Channel",
    "challenges": "Challenge",
    "signals": "Signal",
    "directories": "Directory",
    "actions": "Action",
    "sources": "QuestionSource",
}


def names(folder: str) -> tuple[str, ...]:
    """List the plugins of a folder: its own files and installed entry points, sorted."""
    package = importlib.import_module(f"deskward.{folder}")
    own = {m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")}
    return tuple(sorted(own | {e.name for e in _entry_points(folder)}))


def find(folder: str, name: str) -> type:
    """Give the plugin's class; SettingsError when there is no such plugin."""
    for entry in _entry_points(folder):
        if entry.name == name:
            return _loaded(folder, entry)
    if name not in names(folder):
        there = ", ".join(names(folder)) or "none"
        raise SettingsError(f"[{folder}.{name}] names a plugin that does not exist.", f"There are: {there}.")
    module = importlib.import_module(f"deskward.{folder}.{name}")
    return typing.cast("type", getattr(module, PORTS[folder]))


def needs_settings(folder: str, name: str) -> bool:
    """Tell whether the plugin cannot be made without a section of its own."""
    parameters = inspect.signature(find(folder, name)).parameters.values()
    return any(one.default is inspect.Parameter.empty for one in parameters)


def secrets_of(folder: str, name: str) -> frozenset[str]:
    """Name the keys of the plugin that are secrets."""
    return frozenset(key for key, hint in _hints(find(folder, name)).items() if _is_secret(hint))


def refuse_secrets(folder: str, name: str, table: Mapping[str, Any]) -> None:
    """Raise SettingsError where a section that all processes read holds what is for the gateway only (SR-53)."""
    if wrong := secrets_of(folder, name) & table.keys():
        text = f"{folder}.{name}.{min(wrong)}: leave this key out"
        raise SettingsError(f"{text}; with gateway.socket it belongs into gateway.file.", "See docs/settings.md.")


def build(folder: str, name: str, table: Mapping[str, Any], *, near: Path, withheld: bool = False) -> Any:
    """Make the plugin from its section; SettingsError names the key and what is wrong with it.

    Relative paths are taken from the folder `near`, where the settings file is. With `withheld` the gateway is
    another process: then the section has no secrets, and the plugin is made without their texts.
    """
    plugin, given = find(folder, name), dict(table)
    if withheld:
        refuse_secrets(folder, name, table)
        given |= dict.fromkeys(secrets_of(folder, name), Withheld())
    try:
        settings = _model(plugin).model_validate(given)
    except ValidationError as error:
        mistakes = error.errors(include_input=False, include_url=False)
        raise SettingsError(
            in_words(mistakes, f"{folder}.{name}"), "See docs/settings.md for every key."
        ) from error
    read = {key: getattr(settings, key) for key in type(settings).model_fields}
    return plugin(**{key: _rooted(value, near) for key, value in read.items()})


def _loaded(folder: str, entry: importlib.metadata.EntryPoint) -> type:
    try:
        return typing.cast("type", entry.load())
    except (ImportError, AttributeError) as error:
        text = f"[{folder}.{entry.name}] cannot be loaded: {error}"
        raise SettingsError(text, "Mend or remove the package that brings it.") from error


def _entry_points(folder: str) -> Sequence[importlib.metadata.EntryPoint]:
    return _installed(tuple(sys.path))[folder]


@cache
def _installed(_: tuple[str, ...]) -> Mapping[str, Sequence[importlib.metadata.EntryPoint]]:
    """Look once through all that is installed on a path: to do so for each plugin was most of a start."""
    found = importlib.metadata.entry_points()
    return {folder: tuple(found.select(group=f"deskward.{folder}")) for folder in PORTS}


@cache
def _model(plugin: type) -> type[BaseModel]:
    hints = _hints(plugin)
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(plugin).parameters.values():
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[parameter.name] = (_readable(hints[parameter.name]), default)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)
    return create_model(f"{plugin.__module__}.{plugin.__name__}", __config__=config, **fields)


def _hints(plugin: type) -> Mapping[str, Any]:
    return typing.get_type_hints(vars(plugin).get("__init__", object.__init__))


def _is_secret(hint: Any) -> bool:
    union = typing.get_origin(hint) in {UnionType, typing.Union}
    return hint is Secret or (union and Secret in typing.get_args(hint))


def _readable(hint: Any) -> Any:
    if not _is_secret(hint):
        return hint
    others = [h for h in typing.get_args(hint) if h is not Secret]
    readable = Annotated[Secret, BeforeValidator(read_secret)]
    return readable | (None if others == [NoneType] else hint) if others else readable


def _rooted(value: Any, near: Path) -> Any:
    return near / value if isinstance(value, Path) else value
