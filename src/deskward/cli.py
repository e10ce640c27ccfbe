"""The command line: run · serve · migrate · plugins · doctor · backfill · confirm · agent · policy · risk."""

import logging
import sys
from collections.abc import Iterable
from typing import Literal

import structlog
from cyclopts import App

from deskward import gatekeeping, past, plugins, serving, sign_in, staff
from deskward.core.console import Search
from deskward.core.errors import DeskwardError, InvalidError
from deskward.core.integrations import ByEye
from deskward.core.links import new_id
from deskward.core.tickets import Check, Ticket
from deskward.lifecycle import checking
from deskward.lifecycle.campaign import campaign
from deskward.lifecycle.importing import import_directory
from deskward.policies import policies
from deskward.settings import read, settings_path
from deskward.staff import File, house_of
from deskward.wiring import Deskward

app = App(name="deskward", help="Identity verification for the IT help desk: no reset without proof.")
app.command(staff.agents)
app.command(policies)
app.command(past.risk)


def log_lines(level: str = "INFO") -> None:
    """Write the log as JSON lines on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


@app.command
def run(*, settings: File = None, log: Literal["DEBUG", "INFO", "WARNING"] = "INFO") -> None:
    """Run everything in one process: desk, portal, hooks and errands."""
    log_lines(log)
    house = house_of(settings)
    staff.print_first(house)
    serving.serve(house, serving.EVERYTHING)


@app.command
def serve(
    name: Literal["desk", "portal", "hooks", "errands", "gateway"],
    *,
    listen: str = "",
    settings: File = None,
    log: Literal["DEBUG", "INFO", "WARNING"] = "INFO",
) -> None:
    """Run one part; on PostgreSQL as many of each as wanted, on many machines."""
    log_lines(log)
    if name == "gateway":
        gatekeeping.serve(read(settings_path(settings)))
        return
    house = house_of(settings)
    if name == "desk":
        staff.print_first(house)
    serving.serve(house, (name,), listen)


@app.command
def migrate(*, settings: File = None) -> None:
    """Bring the database up to date."""
    house_of(settings).close()
    print("The database is up to date.")


@app.command(name="plugins")
def list_plugins() -> None:
    """List what can be named in the settings file."""
    for folder in plugins.PORTS:
        print(f"{folder}: {', '.join(plugins.names(folder)) or '–'}")


@app.command
def doctor(*, settings: File = None, test_note: str = "") -> None:
    """Check every setting and connection, and say what to do.

    Parameters
    ----------
    test_note
        Id of a ticket to write one harmless internal note into, for the check by eye.

    """
    house = house_of(settings)
    try:
        if test_note:
            _test_note(house, test_note)
            return
        well = [_printed(check) for check in _checks(house)]
    finally:
        house.close()
    if not all(well):
        raise DeskwardError("Something needs your hands; see the lines with “!!”.")
    print("Everything is well.")


def _test_note(house: Deskward, ticket_id: str) -> None:
    for name, connector in house.house.connectors.items():
        if not isinstance(connector, ByEye):
            print(f"{name}: this connector has no test note")
            continue
        look = checking.write_test_note(house.house, name, ticket_id, new_id("TEST"), "command line")
        print(f"{name}: wrote the test note {look.id} into ticket {ticket_id}.")
        print(
            "Now look at that ticket as the requester, in portal and mailbox, and say on the page “Integrations”"
        )
        print("what you saw. Or, only if the note is not there,")
        print(f"set note_visibility_acknowledged = true in [connectors.{name}].")


def _checks(house: Deskward) -> Iterable[Check]:
    skew = house.opened.skew()
    yield Check("database", well=True, text=f"reached, clock differs by {abs(skew):.1f} seconds")
    for place in checking.outsides(house.house):
        for check in checking.checks_of(house.house, place):
            yield Check(f"{place}: {check.name}", check.well, check.text, check.hint)
    for check in sign_in.checks(house.settings, house.house.clock, house.opened.accounts.agents()):
        yield Check(f"sign_in.oidc: {check.name}", check.well, check.text, check.hint)
    count = len(house.opened.accounts.agents())
    yield Check(
        "agents", bool(count), f"{count} agents may log in", "" if count else "Add one: deskward agent add."
    )


def _printed(check: Check) -> bool:
    print(f"{'ok' if check.well else '!!'}  {check.name}: {check.text}")
    if check.hint and not check.well:
        print(f"      → {check.hint}")
    return check.well


@app.command
def backfill(*, settings: File = None, dry_run: bool = False) -> None:
    """Open verifications for tickets that were created before the first start.

    Parameters
    ----------
    dry_run
        Only list the tickets.

    """
    house = house_of(settings)
    try:
        for connector in house.house.connectors.values():
            for ticket in connector.waiting() or ():
                category = house.house.policy.category_of(ticket)
                if category is None or ticket.ended or _had(house, ticket):
                    continue
                print(f"{ticket.number}: {category.name}")
                if not dry_run:
                    house.lifecycle.begin(ticket, category)
    finally:
        house.close()


@app.command
def confirm(*, dry_run: bool = False, send: bool = False, directory: str = "", settings: File = None) -> None:
    """Ask everybody without an established address to confirm the addresses on file.

    Parameters
    ----------
    dry_run
        Only list whom it would ask.
    send
        Ask them: each address gets a mail with a link and a code, once a day at most.
    directory
        Only the people of this directory.

    """
    if dry_run == send:
        raise InvalidError("Say what to do.", "Look first with --dry-run, then ask with --send.")
    house = house_of(settings)
    try:
        if directory and directory not in house.directories:
            raise InvalidError(f"There is no directory “{directory}”.", f"One of: {', '.join(house.directories)}.")
        names = [directory] if directory else list(house.directories)
        count = sum(_confirming(house, name, send=send) for name in names)
    finally:
        house.close()
    print(f"{count} addresses {'are asked' if send else 'would be asked'} to be confirmed.")


def _confirming(house: Deskward, directory: str, *, send: bool) -> int:
    import_directory(house.house, directory)
    count = 0
    for asked in campaign(house.house, directory, send=send):
        count += 1
        print(f"{directory}: {asked.login}  {asked.masked}")
    return count


def _had(house: Deskward, ticket: Ticket) -> bool:
    rows = house.opened.console.page(Search(number=ticket.number)).rows
    return any((row.connector, row.ticket_id) == (ticket.connector, ticket.id) for row in rows)


def main() -> None:
    """Run the command line; an expected failure ends with its words and exit code 1."""
    log_lines("WARNING")
    try:
        app(sys.argv[1:])
    except DeskwardError as error:
        print(f"deskward: {error.text}", file=sys.stderr)
        if error.hint:
            print(f"  → {error.hint}", file=sys.stderr)
        sys.exit(1)
