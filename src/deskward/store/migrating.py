"""Brings the tables of a database to the newest version; several processes may do so at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import ProgrammingError

from deskward.core.errors import SettingsError
from deskward.store.database import Database

HEAD = "0015"
ENGINE_SCHEMA = "procrastinate"
_LOCK = 0x6465736B  # any number that nobody else takes


def migrate(database: Database) -> None:
    """Upgrade under a lock; one query and no Alembic when the version is current already.

    SettingsError when the database was made by a newer version of Deskward.
    """
    if current(database) != HEAD:
        with _locked(database), database.write() as connection:
            if database.dialect == "postgresql":
                _add_engine(connection)
            _upgrade(connection)


def check_current(database: Database) -> None:
    """Raise SettingsError where the tables are of another version, or their version may not be read."""
    try:
        version = current(database)
    except ProgrammingError as error:
        hint = "Give this role the rights in docs/operations.md."
        raise SettingsError("The database does not let this role read its version.", hint) from error
    if version != HEAD:
        hint = "Run `deskward migrate`, or start another part first; all parts need the same version of Deskward."
        raise SettingsError(f"The tables are of version {version or 'none'}, not {HEAD}.", hint)


def current(database: Database) -> str:
    """Read the version of the tables, empty where there are none."""
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _upgrade(connection: Connection) -> None:
    # Imported late: a start with nothing to migrate is faster without it.
    from alembic import command  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    from deskward.store.migrations import config_for  # noqa: PLC0415

    try:
        command.upgrade(config_for(connection), "head")
    except CommandError as error:
        raise SettingsError(
            "The database was made by a newer version of Deskward.", "Install that version, or a newer one."
        ) from error


@contextmanager
def _locked(database: Database) -> Iterator[None]:
    if database.dialect == "postgresql":
        with database.write() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield
        return
    path = Path(f"{database.url.database}.lock")
    path.touch(mode=0o600)
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _add_engine(connection: Connection) -> None:
    schema = files("procrastinate.sql").joinpath("schema.sql").read_text(encoding="utf-8")
    if connection.scalar(text("SELECT to_regclass('procrastinate.procrastinate_jobs')")):
        return
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {ENGINE_SCHEMA}"))
    connection.execute(text(f"SET LOCAL search_path TO {ENGINE_SCHEMA}"))
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute(schema)
    connection.execute(text("SET LOCAL search_path TO DEFAULT"))
