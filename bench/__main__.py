"""Runs every measurement and prints the tables: `python -m bench [--quick] [--only cost|console|accuracy]`."""

import argparse
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import structlog

from bench import accuracy_tables, assessing, console_views, intake, scenarios, statements, story, weight
from bench.lines import Line, table
from bench.machine import Program, facts, free_port, running
from bench.outside import outside
from bench.product import Product, set_up, write_roster
from bench.walk import Browser, Walk
from tests.servers.postgres import empty_database, running_postgres

MakeDatabase = Callable[[], str]
LOGINS = "DESKWARD_BENCH_LOGINS"
MEMORY_LIMIT, START_LIMIT, WEIGHT_LIMIT = "100 MB", "1 s", "30 kB, aim 14"


@dataclass(frozen=True)
class Size:
    """How often each thing is done."""

    stories: int = 8
    webhooks: int = 800
    starts: int = 3
    requests: int = 300
    rows: int = 1_000_000
    rounds: int = 100

    @property
    def few_rows(self) -> int:
        """Give what the console is compared with."""
        return 1_000_000 if self.rows > 1_000_000 else 10_000 if self.rows > 10_000 else 1_000


QUICK = Size(stories=1, webhooks=40, starts=1, requests=20, rows=2_000, rounds=2)


def main() -> None:
    """Measure cost on SQLite, and on PostgreSQL where its programs are; then accuracy."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smallest run; its numbers say little")
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    parser.add_argument("--only", choices=("cost", "console", "accuracy"), help="one part only")
    parser.add_argument("--logins", default=os.environ.get(LOGINS), help=f"the open data set's file, or {LOGINS}")
    parser.add_argument("--rows", type=int, help="most verifications in the console; 10000000 takes long")
    given = parser.parse_args()
    size = QUICK if given.quick else Size()
    if given.only in {None, "cost"}:
        _cost(size, postgres=not given.no_postgres)
    if given.only in {None, "console"}:
        _console(replace(size, rows=given.rows or size.rows), postgres=not given.no_postgres)
    if given.only in {None, "accuracy"}:
        _accuracy(Path(given.logins) if given.logins else None, quick=given.quick)


def _cost(size: Size, *, postgres: bool) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(running_postgres()) if postgres and _has_postgres() else ""
        print(f"Measured on {facts(_version(url))}.\n", flush=True)
        lines = on_sqlite(folder, size)
        if url:
            lines += on_postgres(folder, lambda: empty_database(url), size)
    print(table(lines), flush=True)


def _console(size: Size, *, postgres: bool) -> None:
    print("\n### Console\n")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(running_postgres()) if postgres and _has_postgres() else ""
        print(f"Measured on {facts(_version(url))}.\n", flush=True)
        places: dict[str, MakeDatabase] = {"SQLite": lambda: "sqlite:///deskward.db"}
        if url:
            places["PostgreSQL"] = lambda: empty_database(url)
        for where, database in places.items():
            with _installed(folder / f"{where}-few", database(), size) as product:
                few = console_views.measured(product, size.few_rows, size.rounds)
            with _installed(folder / f"{where}-many", database(), size) as product:
                many = console_views.measured(product, size.rows, size.rounds)
                admin = console_views.beside(product, size.rows, max(1, size.rounds // 20))
            print(f"\n{console_views.table(where, size.few_rows, size.rows, few, many)}\n", flush=True)
            print(f"{console_views.table_beside(where, size.rows, many, admin)}\n", flush=True)


def _accuracy(path: Path | None, *, quick: bool) -> None:
    print("\n### Familiarity\n")
    print(accuracy_tables.run(path, quick=quick), flush=True)
    print("\n### Scenarios\n")
    print(scenarios.run(quick=quick))


def on_sqlite(folder: Path, size: Size) -> list[Line]:
    """Measure everything on SQLite."""
    with _installed(folder / "sqlite", "sqlite:///deskward.db", size) as product:
        with _bare(product, f"sqlite:///{product.folder}/bare.db") as bare:
            lines, walk = _story("SQLite", product, bare, f"sqlite:///{product.folder}/rows.db", size)
            lines += _intake("SQLite", product, bare, size)
        lines += _starts(product, size)
        lines += statements.lines(product, walk.walked)
    urls = [f"sqlite:///{folder}/assessing-{n}.db" for n in range(2)]
    return lines + assessing.lines("SQLite", folder, urls, quick=size == QUICK)


def on_postgres(folder: Path, database: MakeDatabase, size: Size) -> list[Line]:
    """Measure on PostgreSQL what its database changes."""
    with (
        _installed(folder / "postgres", database(), size) as product,
        _bare(product, database().replace("postgresql:", "postgresql+psycopg:")) as bare,
    ):
        lines, _ = _story("PostgreSQL", product, bare, database(), size)
        lines += _intake("PostgreSQL", product, bare, size)
    return lines + assessing.lines("PostgreSQL", folder, [database(), database()], quick=size == QUICK)


@contextmanager
def _installed(folder: Path, database: str, size: Size) -> Iterator[Product]:
    folder.mkdir()
    write_roster(folder / "people.toml", size.stories + 4)
    with outside(folder / "people.toml") as world:
        yield set_up(folder, world, database)


@contextmanager
def _bare(product: Product, url: str) -> Iterator[Program]:
    port = free_port()
    arguments = ["-m", "bench.bare", str(port), url]
    with running(arguments, port, path="/row", host="127.0.0.1", log=product.folder / "bare-log") as program:
        yield program


def _story(where: str, product: Product, bare: Program, empty: str, size: Size) -> tuple[list[Line], Walk]:
    with product.running("run") as program:
        walk, used = story.walked(product, program, size.stories)
        more = [
            Line(
                f"{where}: memory after {walk.walked} verifications",
                program.memory(),
                "MB",
                bare.memory(),
                "a bare server",
                MEMORY_LIMIT,
            )
        ]
        idle = story.idle(program)
        if where == "SQLite":
            packed, plain = weight.first_screen(walk.screens, Browser("portal", program.port))
            more.append(
                Line("First screen, packed", packed / 1000, "kB", plain / 1000, "its text alone", WEIGHT_LIMIT)
            )
    floors = story.rows_of(product, empty, walk)
    floors |= {"request": story.request_floor(bare, size.requests), "hash": story.hash_floor(), "idle": idle}
    return story.lines(where, walk, used, size.stories, floors) + more, walk


def _intake(where: str, product: Product, bare: Program, size: Size) -> list[Line]:
    with product.running("serve", "hooks") as program:
        taken, cpu = intake.rate(program, intake.HOOK, size.webhooks)
    floor, floor_cpu = intake.rate(bare, "/hook", size.webhooks)
    name = "a bare endpoint: Basic, one raw insert"
    return [
        Line(f"{where}: webhooks taken in per second", taken, "", floor, name),
        Line(f"{where}: CPU per webhook", cpu * story.MS, "ms", floor_cpu * story.MS, name),
    ]


def _starts(product: Product, size: Size) -> list[Line]:
    ours, bares = [], []
    for _ in range(size.starts):
        with product.running("run") as program:
            ours.append(program)
        with _bare(product, f"sqlite:///{product.folder}/bare.db") as program:
            bares.append(program)
    name = f"a bare server; the best of {size.starts}"
    seconds, floor = (min(p.seconds for p in some) for some in (ours, bares))
    cpu, floor_cpu = (min(p.cpu for p in some) for some in (ours, bares))
    return [
        Line("Start-up until the port answers", seconds, "s", floor, name, START_LIMIT),
        Line("CPU of the start-up", cpu, "s", floor_cpu, name),
    ]


def _has_postgres() -> bool:
    return shutil.which("initdb") is not None or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _version(url: str) -> str:
    if not url:
        return ""
    with psycopg.connect(url) as connection:
        major, minor = divmod(connection.info.server_version, 10_000)
    return f"{major}.{minor}"


if __name__ == "__main__":
    main()
