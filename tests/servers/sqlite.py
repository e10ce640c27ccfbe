"""A migrated SQLite file for each test: copied, because all migrations take a hundred times longer."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from deskward.store.database import connect
from deskward.store.migrating import migrate


def fresh_file(folder: Path) -> str:
    """Put a migrated file without a row into that folder; gives its URL."""
    (folder / "deskward.db").write_bytes(_template())
    return f"sqlite:///{folder}/deskward.db"


@cache
def _template() -> bytes:
    with TemporaryDirectory() as folder:
        database = connect(f"sqlite:///{folder}/template.db")
        migrate(database)
        database.close()
        return Path(folder, "template.db").read_bytes()
