"""The floor below the database: the rows that verifications left, written again raw, one commit each."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.string import TextLoader
from sqlalchemy import Table, make_url

from deskward.store.database import connect
from deskward.store.tables import metadata

APART = ("installation", "agents", "web_sessions")


def raw_inserts(source: str, empty: str) -> tuple[int, float]:
    """Copy every row that belongs to verifications; gives their count and the CPU seconds of the inserts."""
    database = connect(empty)
    with database.write() as connection:
        metadata.create_all(connection)
    database.close()
    tables = [table for table in metadata.sorted_tables if table.name not in APART]
    if source.startswith("sqlite"):
        return _on_sqlite(tables, _path(source), _path(empty))
    return _on_postgres(tables, source, empty)


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _on_sqlite(tables: list[Table], source: Path, target: Path) -> tuple[int, float]:
    reader, writer = sqlite3.connect(source), sqlite3.connect(target, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        writer.execute(f"PRAGMA {pragma}")
    rows = [
        (_statement(table, "?"), row)
        for table in tables
        for row in reader.execute(f"SELECT {_names(table)} FROM {table.name}")
    ]
    took = _timed(writer, rows)
    reader.close()
    writer.close()
    return len(rows), took


def _on_postgres(tables: list[Table], source: str, target: str) -> tuple[int, float]:
    with _opened(source) as reader, _opened(target) as writer:
        for kind in ("json", "jsonb"):
            reader.adapters.register_loader(kind, TextLoader)
        rows = [
            (_statement(table, "%s"), row)
            for table in tables
            for row in reader.execute(f"SELECT {_names(table)} FROM {table.name}".encode())
        ]
        return len(rows), _timed(writer, rows)


def _opened(url: str) -> psycopg.Connection[Any]:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


def _timed(writer: Any, rows: list[tuple[str, Any]]) -> float:
    began = time.thread_time()
    for statement, row in rows:
        writer.execute(statement, row)
    return time.thread_time() - began


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _statement(table: Table, mark: str) -> str:
    return f"INSERT INTO {table.name} ({_names(table)}) VALUES ({', '.join([mark] * len(table.columns))})"
