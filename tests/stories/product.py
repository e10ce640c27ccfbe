"""The whole product as a newcomer starts it: one process, on free ports, in a folder of its own."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from sqlalchemy import MetaData, create_engine, make_url

from deskward.core.secret import Secret
from deskward.directories.roster import Directory
from sandbox.__main__ import TEMPLATE, asked, main
from tests.loopback import client
from tests.servers.forks import Forked, forked
from tests.stories.people import LENA, MIRA, Human, crowd

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse desk battery"
PATIENCE = 90.0
Found = TypeVar("Found")


def until(look: Callable[[], Found], seconds: float = PATIENCE) -> Found:
    """Look again and again until something is found; gives it."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


@dataclass
class Product:
    """A running product: where it listens, where it keeps things, and who has not been in a story yet."""

    folder: Path
    port: int
    database: str
    process: subprocess.Popen[bytes] | Forked
    people: list[Human] = field(default_factory=crowd)

    def at(self, host: str, path: str = "/") -> str:
        """Give an address of the product."""
        return f"http://{host}.localhost:{self.port}{path}"

    def somebody(self) -> Human:
        """Give a person no story has used yet."""
        return self.people.pop()

    @property
    def said(self) -> str:
        """Give everything the process has written to standard output and standard error."""
        return (self.folder / "out.txt").read_text() + (self.folder / "log.txt").read_text()

    def code(self, login: str) -> str:
        """Give what somebody's authenticator app shows; waits for another one when all are used up."""

        def shown() -> str:
            codes = self.ask("GET", "sandbox", "/codes.json").json()["codes"]
            return next(str(code["text"]) for code in codes if code["login"] == login)

        return until(shown, 2 * PATIENCE)

    def mails(self, to: str) -> list[dict[str, Any]]:
        """Give the e-mails in one mailbox, oldest first."""
        return self._messages("mailbox", to)

    def texts(self, to: str) -> list[dict[str, Any]]:
        """Give the text messages of one phone, oldest first."""
        return self._messages("phone", to)

    def ask(self, method: str, host: str, path: str, **more: Any) -> httpx2.Response:
        """Send one request to a host of the product."""
        named = {"host": f"{host}.localhost:{self.port}"} | more.pop("headers", {})
        with client(timeout=PATIENCE) as line:
            return line.request(method, f"http://127.0.0.1:{self.port}{path}", headers=named, **more)

    def has_password(self, human: Human, password: str) -> bool:
        """Tell whether this is the person's password in the roster."""
        return self.roster().check_password(human.id, Secret(password))

    def is_locked(self, human: Human) -> bool:
        """Tell whether the roster holds the person locked out."""
        found = self.roster().get(human.id)
        assert found is not None
        return found.locked

    def roster(self) -> Directory:
        """Open the roster the product works on."""
        return Directory(path=self.folder / "people.toml")

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Read every row of every table the database has."""
        engine = create_engine(self.url)
        try:
            known = MetaData()
            with engine.connect() as connection:
                known.reflect(connection)
                tables = known.tables.values()
                return {t.name: [dict(r) for r in connection.execute(t.select()).mappings()] for t in tables}
        finally:
            engine.dispose()

    def of(self, table: str, verification_id: str) -> list[dict[str, Any]]:
        """Read the rows of one verification in one table."""
        key = "id" if table == "verifications" else "verification_id"
        return [row for row in self.rows()[table] if row[key] == verification_id]

    @property
    def url(self) -> str:
        """Give the database's address as SQLAlchemy wants it."""
        if self.database.startswith("sqlite"):
            return f"sqlite:///{self.folder}/deskward.db"
        return make_url(self.database).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)

    def _messages(self, place: str, to: str) -> list[dict[str, Any]]:
        found = self.ask("GET", "sandbox", f"/{place}.json", params={"to": to}).json()["messages"]
        return list(found)


@contextmanager
def started(
    folder: Path,
    database: str,
    *,
    log: str = "WARNING",
    settings: Mapping[str, str] | None = None,
    template: Path = TEMPLATE,
    anew: bool = False,
) -> Iterator[Product]:
    """Start the product on a database and wait until it answers; `settings` override by environment.

    Its settings are made from the `template`. It is forked, unless it shall be a Python of its own: `anew`, or
    where coverage is measured, which a fork does not write down at its end.
    """
    roster = (ROOT / "sandbox" / "roster.toml").read_text()
    (folder / "people.toml").write_text(roster + "".join(one.as_toml() for one in (*crowd(), LENA, MIRA)))
    port, smtp = _free_ports()
    where = ["--folder", str(folder), "--port", str(port), "--smtp-port", str(smtp)]
    arguments = ["sandbox", *where, "--database", database, "--log", log, "--template", str(template)]
    begin = _begun if anew or "COVERAGE_PROCESS_CONFIG" in os.environ else _forked
    product = Product(folder, port, database, begin(folder, arguments, settings or {}))
    try:
        until(lambda: _is_up(product))
        yield product
    finally:
        _stop(product.process)


def _begun(folder: Path, arguments: Sequence[str], settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", *arguments]
    with (folder / "out.txt").open("wb") as out, (folder / "log.txt").open("wb") as told:
        return subprocess.Popen(command, stdout=out, stderr=told, cwd=ROOT, env=os.environ | settings)


def _forked(folder: Path, arguments: Sequence[str], settings: Mapping[str, str]) -> Forked:
    said, told = folder / "out.txt", folder / "log.txt"
    for file in (said, told):
        file.touch(mode=0o600)
    return Forked(forked(_sandbox, arguments, said, told, **settings))


def _sandbox() -> None:
    main(*asked())


def _stop(process: subprocess.Popen[bytes] | Forked) -> None:
    process.terminate()
    try:
        assert process.wait(PATIENCE) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(PATIENCE)
        raise


def _is_up(product: Product) -> bool:
    assert product.process.poll() is None, product.said
    if not re.search(r"Begin at http://sandbox\.localhost:\d+", product.said):
        return False
    try:
        return product.ask("GET", "sandbox", "/").status_code == 200
    except httpx2.ConnectError:
        return False


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]
