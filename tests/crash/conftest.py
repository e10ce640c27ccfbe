"""A Deskward that can be killed, with its outside."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.crash.effects import Ledger
from tests.crash.machine import Machine, add_agent
from tests.crash.outside import Outside, running_outside

PERSONS = 20
Starter = Callable[..., Machine]


@pytest.fixture
def outside(tmp_path: Path, database_url: str) -> Iterator[Outside]:
    """Run everything but Deskward; the database is made and has an agent."""
    with running_outside(tmp_path / "house", database_url, PERSONS) as outside:
        add_agent(outside.settings)
        yield outside


@pytest.fixture
def start(outside: Outside, database_url: str) -> Iterator[Starter]:
    """Give what starts a machine; each is killed at the end."""
    with ExitStack() as stack:

        def started(*arguments: str, **how: bool) -> Machine:
            machine = Machine(outside.settings, database_url, *arguments, **how)
            stack.callback(machine.close)
            return machine

        yield started


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """Look into the database."""
    ledger = Ledger(database_url)
    yield ledger
    ledger.database.close()
