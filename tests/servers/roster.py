"""The file that a roster keeps its changes in, held still."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def nobody_writes(folder: Path) -> Iterator[None]:
    """Hold what the roster in a folder writes under, so that an action stands still in the middle."""
    with (folder / "people.toml.state.lock").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield
