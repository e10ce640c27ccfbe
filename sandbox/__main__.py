"""Starts Deskward with everything it talks to, on one port: `python -m sandbox` (that is `make run`)."""

import argparse
import contextlib
import secrets
import shutil
import sys
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount

from deskward import serving
from deskward.cli import log_lines
from deskward.core.accounts import Role
from deskward.core.errors import DeskwardError
from deskward.settings import read
from deskward.staff import put_agent
from deskward.wiring import build
from sandbox.changegear import Person, Site, Subscription, create_app, delivering
from sandbox.codes import Apps
from sandbox.mailbox import Mailbox
from sandbox.networks import write_networks
from sandbox.phone import Phone
from sandbox.web import Login, Place, Welcome, create_sandbox_app

HERE = Path(__file__).parent
TEMPLATE = HERE / "settings.toml.in"
AGENTS = (
    ("alex", "Alex Agent", (Role.AGENT,)),
    ("sam", "Sam Second", (Role.AGENT, Role.APPROVER)),
    ("ada", "Ada Administrator", (Role.ADMINISTRATOR,)),
    ("olga", "Olga Auditor", (Role.AUDITOR,)),
)
PASSWORD = "correct horse desk battery"
WEBHOOK = ("changegear", "sandbox-webhook")


@dataclass(frozen=True)
class Ground:
    """Where the sandbox stands: its folder and ports, and what its settings are made from."""

    folder: Path
    port: int
    smtp_port: int
    database: str
    template: Path = TEMPLATE

    @property
    def address(self) -> str:
        """Give the address of the sandbox's own pages."""
        return f"http://sandbox.localhost:{self.port}"


def people(roster: Path) -> list[Person]:
    """Make the people of the simulated ChangeGear: the API's account, the agents, the roster."""
    listed = tomllib.loads(roster.read_text(encoding="utf-8"))["people"]
    staff = [Person(1, "Deskward", "deskward@northwind.example", "deskward")]
    staff += [
        Person(number, name, f"{login}@northwind.example", login, agent=True)
        for number, (login, name, _) in enumerate(AGENTS[:2], 2)
    ]
    there = {person.login for person in staff}
    others = [p for p in listed if p["login"] not in there]
    return staff + [Person(n, p["name"], p["email"], p["login"]) for n, p in enumerate(others, 11)]


def written(ground: Ground, phone: Phone) -> tuple[Path, str]:
    """Write settings and roster into the folder; gives the settings' path and the webhook's path token."""
    ground.folder.mkdir(parents=True, exist_ok=True)
    kept = ground.folder / "path-token"
    if not kept.exists():
        kept.write_text(secrets.token_urlsafe(24), encoding="ascii")
    token = kept.read_text(encoding="ascii")
    roster = ground.folder / "people.toml"
    if not roster.exists():
        shutil.copy(HERE / "roster.toml", roster)
    write_networks(ground.folder / "networks", datetime.now(UTC))
    settings = ground.folder / "deskward.toml"
    template = ground.template.read_text(encoding="utf-8")
    settings.write_text(
        template.format(
            port=ground.port,
            outside_port=ground.port,
            smtp_port=ground.smtp_port,
            database=ground.database,
            path_token=token,
            account_sid=phone.account,
        ),
        encoding="utf-8",
    )
    return settings, token


def welcome(ground: Ground) -> Welcome:
    """Say what is where."""
    desk, portal = f"http://desk.localhost:{ground.port}", f"http://portal.localhost:{ground.port}"
    return Welcome(
        organisation="Northwind",
        desk=desk,
        portal=portal,
        places=(
            Place("ChangeGear (simulated)", f"{ground.address}/changegear/", "create a ticket, read its notes"),
            Place("Desk", desk, "the agents' pages and the console"),
            Place("Portal", portal, "what requesters see; reached through their link"),
            Place("Mailbox", f"{ground.address}/mailbox", "every e-mail Deskward sends"),
            Place("Phone", f"{ground.address}/phone", "every text message Deskward sends"),
            Place("Codes", f"{ground.address}/codes", "what the authenticator apps of the logins show"),
        ),
        logins=tuple(Login(f"Desk, {' and '.join(roles)}", login, PASSWORD) for login, _, roles in AGENTS),
        person="Rita Romero",
    )


def announce(said: Welcome) -> None:
    """Print the addresses and logins."""
    lines = ["", "Deskward runs with its sandbox.", ""]
    lines += [f"  {place.name:<24}{place.address}" for place in said.places]
    lines += ["", "  Log in at the desk as:"]
    lines += [f"  {login.name:<8}{login.password:<30}{login.where}" for login in said.logins]
    lines += ["", f"  codes: {next(p.address for p in said.places if p.name == 'Codes')}"]
    lines += ["", f"  Begin at {said.places[0].address} with a new ticket, category “Password Reset”.", ""]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main(ground: Ground, log: str) -> None:
    """Start everything and serve until stopped."""
    log_lines(log)
    phone = Phone()
    settings, token = written(ground, phone)
    hook = f"http://hooks.localhost:{ground.port}/hooks/changegear/{token}"
    site = Site(
        people(ground.folder / "people.toml"),
        account=1,
        path=ground.folder / "changegear.db",
        subscriptions=[Subscription(hook, *WEBHOOK)],
    )

    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        async with delivering(site):
            announce(said)
            yield

    with contextlib.ExitStack() as stack:
        stack.callback(site.close)
        stack.callback(phone.close)
        mailbox = Mailbox(port=ground.smtp_port, folder=ground.folder / "mail").start()
        stack.callback(mailbox.stop)
        house = build(read(settings))
        apps, said = Apps(house, ground.folder), welcome(ground)
        for login, name, roles in AGENTS:
            known = house.opened.accounts.agent_by_login(login)
            apps.enrol(known or put_agent(house, login, name, PASSWORD, roles))
        outside = create_sandbox_app(
            changegear=create_app(site), mailbox=mailbox, phone=phone, welcome=said, codes=apps.codes
        )
        app = Starlette(routes=[Mount("", app=outside)], lifespan=life)
        serving.serve(house, serving.EVERYTHING, more={"sandbox.localhost": app})


def asked() -> tuple[Ground, str]:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/sandbox"), help="where everything is kept")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--smtp-port", type=int, default=2525)
    parser.add_argument("--database", default="sqlite:///deskward.db", help="sqlite:///path or postgresql://…")
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="what the settings are made from")
    parser.add_argument("--log", default="WARNING", choices=("DEBUG", "INFO", "WARNING"))
    given = parser.parse_args()
    ground = Ground(given.folder, given.port, given.smtp_port, given.database, given.template)
    return ground, given.log


if __name__ == "__main__":
    try:
        main(*asked())
    except (DeskwardError, OSError) as error:
        hint = getattr(error, "hint", "") or "Is something else using these ports? See python -m sandbox --help."
        sys.exit(f"sandbox: {error}\n  → {hint}")
