"""A migrated SQLite file for each test: copied, because all migrations take a hundred times longer."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, event

from deskward.store.database import connect
from deskward.store.migrating import migrate

_lent: set[str] = set()


def fresh_file(folder: Path) -> str:
    """Put a migrated file without a row into that folder; gives its URL."""
    file = folder / "deskward.db"
    file.write_bytes(_template())
    _lent.add(str(file))
    return f"sqlite:///{file}"


def wait_for_no_disk() -> None:
    """Let this process commit to lent files without fsync: what is in them has to outlive no loss of power."""
    event.listen(Engine, "begin", _sync_no_more)


def _sync_no_more(connection: Connection) -> None:
    if connection.engine.url.database in _lent and not connection.info.setdefault("waits for no disk", False):
        connection.info["waits for no disk"] = True
        connection.connection.cursor().execute("PRAGMA synchronous = OFF")


@cache
def _template() -> bytes:
    with TemporaryDirectory() as folder:
        database = connect(f"sqlite:///{folder}/template.db")
        migrate(database)
        database.close()
        return Path(folder, "template.db").read_bytes()
