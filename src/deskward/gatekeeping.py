"""The gateway as a process of its own: `deskward serve gateway` (SR-53)."""

import fcntl
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from pydantic import Field, ValidationError
from starlette.applications import Starlette

from deskward import plugins
from deskward.core.errors import SettingsError, in_words
from deskward.core.ports import Action, Clock
from deskward.core.powers import check_powers
from deskward.core.signals import Connected
from deskward.gateway import Gateway
from deskward.policy_settings import Section
from deskward.remote.served import create_app
from deskward.serving import config_of, prepare
from deskward.settings import SecretText, Settings, content_of
from deskward.store.opening import open_store
from deskward.wiring import SystemClock

FOR_OWNER_AND_GROUP = 0o660
log = structlog.get_logger("deskward.gatekeeping")


class GatewayFile(Section):
    """What only the gateway reads: credentials of directories, secrets of actions, a database role of its own."""

    store_url: SecretText | None = None
    directories: dict[str, dict[str, Any]] = Field(default_factory=dict)
    actions: dict[str, dict[str, Any]] = Field(default_factory=dict)


def serve(settings: Settings) -> None:
    """Serve until the process is told to stop; SettingsError says what hinders the start."""
    if settings.gateway.socket is None:
        raise SettingsError("gateway.socket is not set.", "Name the socket on which the gateway is to listen.")
    prepare()
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        path = settings.near / settings.gateway.socket
        bound = stack.enter_context(listening(path))
        server = uvicorn.Server(config_of(stack.enter_context(answering(settings))))
        log.info("serving", parts=("gateway",), listen=str(path))
        server.run([bound])


@contextmanager
def answering(settings: Settings, clock: Clock | None = None) -> Iterator[Starlette]:
    """Hold directories and actions with their credentials and the database, behind the app that answers."""
    given, path = read_file(settings), settings.near / str(settings.gateway.file)
    make, clock = plugins.build, clock or SystemClock()
    with ExitStack() as stack:
        try:
            directories = {n: make("directories", n, t, near=path.parent) for n, t in given.directories.items()}
        except SettingsError as error:
            raise SettingsError(f"{path}: {error.text}", error.hint) from error
        actions = _actions(settings, given, path)
        for one in (*directories.values(), *actions.values()):
            if isinstance(one, Connected):
                stack.callback(one.log_out)
        check_powers(settings.policy().categories, actions, directories)
        url = settings.store_address(given.store_url.reveal() if given.store_url else "")
        opened = stack.enter_context(closing(open_store(url, clock, changes_tables=False)))
        opened.check_clock()
        gateway = Gateway(opened.store, clock, directories, actions, settings.policy().version)
        yield create_app(gateway, opened.store, directories)


def read_file(settings: Settings) -> GatewayFile:
    """Read the gateway's own file; SettingsError where it cannot be, is open to others, or does not fit."""
    path = settings.near / str(settings.gateway.file)
    content = content_of(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        hint = "chmod 600 it, and let the gateway's user own it."
        raise SettingsError(f"{path} is open to others than its owner.", hint)
    try:
        given = GatewayFile.model_validate(dict(content))
    except ValidationError as error:
        mistakes = error.errors(include_input=False, include_url=False)
        raise SettingsError(f"{path}:\n{in_words(mistakes)}", "See [gateway] in docs/settings.md.") from error
    if missing := settings.directories.keys() ^ given.directories.keys():
        hint = "Every directory has its section in both files: empty in the settings, with its keys here."
        raise SettingsError(f"{path}: [directories.{min(missing)}] is in one file only.", hint)
    _check_actions(settings, given, path)
    return given


def _actions(settings: Settings, given: GatewayFile, path: Path) -> Mapping[str, Action]:
    """Make the actions from what the settings say, with their secrets from the gateway's file laid over it."""
    whole = {name: {**table, **given.actions.get(name, {})} for name, table in settings.actions.items()}
    try:
        return {name: plugins.build("actions", name, table, near=settings.near) for name, table in whole.items()}
    except SettingsError as error:
        raise SettingsError(f"{settings.file} with {path}: {error.text}", error.hint) from error


def _check_actions(settings: Settings, given: GatewayFile, path: Path) -> None:
    """Let each key of an action stand in one file: secrets in the gateway's, all else in the settings."""
    for name, table in settings.actions.items():
        plugins.refuse_secrets("actions", name, table)
    for name, table in given.actions.items():
        if name not in settings.actions:
            hint = "Every action has its section in the settings; only its secrets stand here."
            raise SettingsError(f"{path}: there is no [actions.{name}] in the settings.", hint)
        if wrong := table.keys() - plugins.secrets_of("actions", name):
            hint = "Only secrets stand here; every other key belongs into the settings, which all parts read."
            raise SettingsError(f"{path}: actions.{name}.{min(wrong)} is no secret of this action.", hint)


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Listen on a Unix socket that its owner and group may reach; SettingsError where that cannot be.

    A lock beside it tells a gateway that lives from the socket that a dead one left.
    """
    _check_folder(path)
    with ExitStack() as stack:
        stack.enter_context(_locked(path))
        _clear(path)
        bound = stack.enter_context(closing(socket.socket(socket.AF_UNIX)))
        before = os.umask(0o777 & ~FOR_OWNER_AND_GROUP)
        try:
            bound.bind(str(path))
            bound.listen()
        except OSError as error:
            raise SettingsError(f"Nothing can listen on {path}: {error}.", "Change gateway.socket.") from error
        finally:
            os.umask(before)
        stack.callback(path.unlink, missing_ok=True)
        yield bound


def _check_folder(path: Path) -> None:
    try:
        mode = path.parent.stat().st_mode
    except OSError as error:
        hint = "Make the folder of gateway.socket, for the gateway's user and group only."
        raise SettingsError(f"{path.parent} cannot be used: {error.strerror}.", hint) from error
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        hint = "chmod go-w that folder: whoever can write into it can stand in for the gateway."
        raise SettingsError(f"Others than its owner can write into {path.parent}.", hint)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = path.with_name(f"{path.name}.lock")
    try:
        file = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        hint = "The gateway's user needs to write into the folder of gateway.socket."
        raise SettingsError(f"{lock} cannot be written: {error.strerror}.", hint) from error
    with os.fdopen(file):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(f"A gateway listens on {path} already.", "Stop it first; one is enough.") from None
        yield


def _clear(path: Path) -> None:
    """Take away the socket of a gateway that died; nothing else."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SettingsError(f"{path} is there and is no socket.", "Change gateway.socket.")
        path.unlink()
