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
    # Without fsync: what a killed server wrote is still there, because the machine does not lose its power.
    where = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    # A client that connects and says nothing holds a stopping server up for as long as it may take to log in.
    options = f"{where} -c max_connections=200 -c fsync=off -c full_page_writes=off -c authentication_timeout=10"
    _as_owner("pg_ctl", "-D", folder / "cluster", "-l", folder / "log", "-o", options, "-w", "start")


def restart(url: str) -> None:
    """Kill the server as a crash would, and start it again with the same options."""
    folder = Path(tempfile.gettempdir()) / str(make_url(url).query["application_name"])
    _as_owner(
        "pg_ctl", "-D", folder / "cluster", "-l", folder / "log", "-m", "immediate", "-w", "-t", "120", "restart"
    )


def fresh_database(url: str) -> str:
    """Copy the migrated template into a database of its own; gives its URL."""
    name = f"t_{uuid4().hex}"
    _run_sql(url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def lent_database(url: str) -> Iterator[str]:
    """Lend a migrated database without a row; gives its URL. It is emptied afterwards: faster than a new one."""
    spare = _spare(url)
    database = spare.pop() if spare else fresh_database(url)
    yield database
    if _emptied(url, database):
        spare.append(database)
    else:
        drop_database(database)


def empty_database(url: str) -> str:
    """Make a database without any table; gives its URL."""
    name = f"t_{uuid4().hex}"
    _run_sql(url, f"CREATE DATABASE {name}")
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str) -> None:
    """Throw a database away, with whoever is still connected to it."""
    _run_sql(_in(url, "postgres"), f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")


@cache
def _spare(url: str) -> list[str]:
    """Give the databases of that server that nobody uses now."""
    return []


@cache
def _shape_of_template(url: str) -> object:
    with psycopg.connect(_in(url, TEMPLATE), autocommit=True) as connection:
        return _shape(connection)


def _emptied(url: str, database: str) -> bool:
    """Put the database back to what the template is; say whether that was possible."""
    with psycopg.connect(_in(url, make_url(database).database), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        if _shape(connection) != _shape_of_template(url):
            return False
        # As a replica, so that the trigger that keeps events does not matter; without statistics, as plans
        # follow them. DELETE takes a tenth of TRUNCATE, and up to 10 pages the planner cannot tell them apart.
        connection.execute("""
            DO $$ DECLARE written regclass[]; small boolean; emptied regclass; one record; BEGIN
              SET LOCAL session_replication_role = replica;
              SELECT array_agg(c.oid), bool_and(c.reltuples < 0 AND pg_relation_size(c.oid) <= 81920)
                INTO written, small FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ('public', 'procrastinate') AND c.relkind = 'r'
                  AND c.relname <> 'alembic_version' AND pg_relation_size(c.oid) > 0;
              IF written IS NOT NULL THEN
                IF small THEN
                  FOREACH emptied IN ARRAY written LOOP EXECUTE 'DELETE FROM ' || emptied; END LOOP;
                ELSE
                  EXECUTE 'TRUNCATE ' || array_to_string(written, ',') || ' RESTART IDENTITY CASCADE';
                END IF;
                DELETE FROM pg_statistic WHERE starelid = ANY (written);
              END IF;
              FOR one IN SELECT schemaname AS s, sequencename AS t FROM pg_sequences
                  WHERE last_value IS NOT NULL LOOP
                EXECUTE format('ALTER SEQUENCE %I.%I RESTART', one.s, one.t);
              END LOOP;
            END $$""")
        return True


def _shape(connection: psycopg.Connection) -> object:
    """Tell tables, indexes, columns and triggers; and whether it is small enough to be used again."""
    return connection.execute("""
        SELECT (SELECT array_agg(concat_ws(' ', n.nspname, c.relname, c.relnatts) ORDER BY n.nspname, c.relname)
                  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname IN ('public', 'procrastinate')),
               (SELECT array_agg(concat_ws(' ', tgname, tgenabled) ORDER BY tgname)
                  FROM pg_trigger WHERE NOT tgisinternal),
               pg_database_size(current_database()) < 30000000""").fetchone()


def _in(url: str, database: str | None) -> str:
    address = make_url(url).set(drivername="postgresql", database=database)
    return address.render_as_string(hide_password=False)


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
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=150)
    assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])
