"""The product under measurement: its folder, its settings, its processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import ROOT, Program, running
from bench.outside import PATH_TOKEN, Outside
from deskward.core.accounts import Agent, WebSession
from deskward.core.links import digest
from deskward.settings import read
from deskward.wiring import build
from sandbox.networks import write_networks

SIGNED_IN = "the-cookie-of-the-one-agent"
COMMAND = "from deskward.cli import main; main()"
LIMITS = "links_per_hour = 100000\nlinks_per_day = 100000\nagent_links_per_hour = 100000"


def write_roster(path: Path, count: int) -> None:
    """Write a roster of that many people; each has an established private address."""
    path.write_text("".join(_person(number) for number in range(count)), encoding="utf-8")


def address_of(number: int) -> str:
    """Give the private address of a person."""
    return f"person{number}@private-{number}.example"


def _person(number: int) -> str:
    return (
        f'[[people]]\nid = "p-{number}"\nlogin = "person.{number}"\nname = "Person Number{number}"\n'
        f'email = "person.{number}@northwind.example"\ngroups = ["Staff"]\n'
        f'mails = [{{ address = "{address_of(number)}", label = "private e-mail", source = "HR", '
        "changed_at = 2024-03-14 }]\n\n"
    )


@dataclass(frozen=True)
class Product:
    """An installation that is set up, its agent included, but not running."""

    folder: Path
    outside: Outside
    database: str

    @property
    def settings(self) -> Path:
        """Give the path of the settings file."""
        return self.folder / "deskward.toml"

    @contextmanager
    def running(self, *words: str) -> Iterator[Program]:
        """Run `deskward` with these words, “run” for instance, until the end of the block."""
        arguments = ["-c", COMMAND, *words, "--settings", str(self.settings), "--log", "WARNING"]
        host = "hooks.localhost"
        with running(
            arguments, self.outside.product_port, path="/health", host=host, log=self.folder / "log"
        ) as program:
            yield program


def set_up(folder: Path, outside: Outside, database: str) -> Product:
    """Write settings and roster, migrate, and add the agent."""
    template = (ROOT / "sandbox" / "settings.toml.in").read_text(encoding="utf-8")
    written = template.format(
        port=outside.product_port,
        outside_port=outside.port,
        smtp_port=outside.smtp_port,
        database=database,
        path_token=PATH_TOKEN,
        account_sid="AC" + "5a" * 16,
    )
    rest = [line for line in written.splitlines() if not line.startswith(("links_per_hour", "links_per_day"))]
    text = "\n".join(rest).replace("[limits]", f"[limits]\n{LIMITS}")
    product = Product(folder, outside, database)
    product.settings.write_text(text, encoding="utf-8")
    write_networks(folder / "networks", datetime.now(UTC))
    house = build(read(product.settings))
    agent, now = Agent("AG-BENCH", "alex", "Alex Agent", roles=("agent", "auditor")), datetime.now(UTC)
    house.opened.accounts.put_agent(agent)
    house.opened.accounts.put_web_session(WebSession(digest(SIGNED_IN), agent.id, "csrf" * 8, now, now, now))
    house.close()
    return product
