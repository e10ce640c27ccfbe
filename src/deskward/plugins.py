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
from deskward.core.secret import Secret, read_secret

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


def build(folder: str, name: str, table: Mapping[str, Any], *, near: Path) -> Any:
    """Make the plugin from its section; SettingsError names the key and what is wrong with it.

    Relative paths are taken from the folder `near`, where the settings file is.
    """
    plugin = find(folder, name)
    try:
        settings = _model(plugin).model_validate(dict(table))
    except ValidationError as error:
        mistakes = error.errors(include_input=False, include_url=False)
        raise SettingsError(
            in_words(mistakes, f"{folder}.{name}"), "See docs/settings.md for every key."
        ) from error
    given = {key: getattr(settings, key) for key in type(settings).model_fields}
    return plugin(**{key: _rooted(value, near) for key, value in given.items()})


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
    hints = typing.get_type_hints(vars(plugin).get("__init__", object.__init__))
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(plugin).parameters.values():
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[parameter.name] = (_readable(hints[parameter.name]), default)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)
    return create_model(f"{plugin.__module__}.{plugin.__name__}", __config__=config, **fields)


def _readable(hint: Any) -> Any:
    if hint is Secret:
        return Annotated[Secret, BeforeValidator(read_secret)]
    if typing.get_origin(hint) in {UnionType, typing.Union} and Secret in typing.get_args(hint):
        others = [h for h in typing.get_args(hint) if h is not Secret]
        return Annotated[Secret, BeforeValidator(read_secret)] | (None if others == [NoneType] else hint)
    return hint


def _rooted(value: Any, near: Path) -> Any:
    return near / value if isinstance(value, Path) else value
