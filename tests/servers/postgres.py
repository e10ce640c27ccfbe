"""A real PostgreSQL server on loopback, made for one test run and thrown away after it."""

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

from deskward.store.database import connect
from deskward.store.migrating import migrate

TEMPLATE = "deskward_template"


def binaries() -> Path:
    """Find PostgreSQL's server programs: on the path, or where Debian puts them, newest first."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    return max(versions, key=lambda path: int(path.parent.name))


@contextmanager
def running_postgres() -> Iterator[str]:
    """Start a server with a migrated template; gives the URL of its `postgres` database."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    port = _free_port()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        _as_owner("initdb", "-D", folder / "cluster", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        start(folder, port)
        stack.callback(_as_owner, "pg_ctl", "-D", folder / "cluster", "-m", "immediate", "-w", "stop")
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres?application_name={folder.name}"
        _make_template(url)
        yield url


@cache
def shared_postgres() -> str:
    """Start one server for this process at first need, and stop it at the end of the process."""
    server = running_postgres()
    url = server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    return url


def start(folder: Path, port: int) -> None:
    """Start the server of that folder and wait until it answers."""
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=200"
    _as_owner("pg_ctl", "-D", folder / "cluster", "-l", folder / "log", "-o", options, "-w", "start")


def restart(url: str) -> None:
    """Kill the server as a crash would, and start it again with the same options."""
    folder = Path(tempfile.gettempdir()) / str(make_url(url).query["application_name"])
    _as_owner("pg_ctl", "-D", folder / "cluster", "-l", folder / "log", "-m", "immediate", "-w", "restart")


def fresh_database(url: str) -> str:
    """Copy the migrated template into a database of its own; gives its URL."""
    name = f"t_{uuid4().hex}"
    _run_sql(url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def empty_database(url: str) -> str:
    """Make a database without any table; gives its URL."""
    name = f"t_{uuid4().hex}"
    _run_sql(url, f"CREATE DATABASE {name}")
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str) -> None:
    """Throw a database away, with whoever is still connected to it."""
    parsed = make_url(url).set(drivername="postgresql")
    address = parsed.set(database="postgres").render_as_string(hide_password=False)
    _run_sql(address, f"DROP DATABASE IF EXISTS {parsed.database} WITH (FORCE)")


def _make_template(url: str) -> None:
    _run_sql(url, f"CREATE DATABASE {TEMPLATE}")
    database = connect(make_url(url).set(database=TEMPLATE).render_as_string(hide_password=False))
    migrate(database)
    database.close()


def _run_sql(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _as_owner(program: str, *arguments: str | Path) -> None:
    command = [str(binaries() / program), *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=60)
    assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])
