"""Tests what is connected outside, by the command `deskward doctor` and by the page “Integrations” alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deskward.core.errors import DeskwardError, InvalidError, NotFoundError
from deskward.core.integrations import (
    CHANNELS,
    CONNECTORS,
    DIRECTORIES,
    ByEye,
    Checkup,
    Examined,
    NoteLook,
)
from deskward.core.links import new_id
from deskward.core.ports import Errand, ErrandKind
from deskward.core.sign_ins import SignInLog
from deskward.core.signals import Connected
from deskward.core.tickets import Check
from deskward.lifecycle.campaign import readiness
from deskward.lifecycle.hook_paths import path_check
from deskward.lifecycle.house import Actor, House, when

NETWORKS, SOURCES, SIGNALS, ACTIONS = "networks", "sources", "signals", "actions"
LONGEST_TICKET = 40


@dataclass(frozen=True)
class Outside:
    """Something outside that the settings connect; `place` is its section, such as “connectors.changegear”."""

    place: str
    plugin: object

    @property
    def name(self) -> str:
        """Give the name without the folder."""
        return self.place.rpartition(".")[2]

    @property
    def rights(self) -> str:
        """Say what Deskward's account there must be allowed to do, as the plugin itself has it."""
        return str(getattr(self.plugin, "rights", ""))

    @property
    def testable(self) -> bool:
        """Tell whether there is something to test."""
        return isinstance(self.plugin, Examined)


def outsides(house: House) -> Mapping[str, Outside]:
    """Give everything outside by its section: what is asked, told, or read as a file."""
    folders: dict[str, Mapping[str, object]] = {
        CONNECTORS: house.connectors,
        CHANNELS: house.channels,
        DIRECTORIES: house.people,
        SOURCES: {name: one for name, one in house.sources.items() if name not in house.people},
        ACTIONS: {name: one for name, one in house.actions.items() if isinstance(one, Examined)},
        SIGNALS: {name: one for name, one in house.signals.items() if isinstance(one, Connected | SignInLog)},
    }
    found = {f"{folder}.{name}": one for folder, plugins in folders.items() for name, one in plugins.items()}
    if house.networks is not None:
        found[NETWORKS] = house.networks
    return {place: Outside(place, one) for place, one in found.items()}


def outside(house: House, place: str) -> Outside:
    """Find one by its section; NotFoundError when it is not connected."""
    found = outsides(house).get(place)
    if found is None:
        raise NotFoundError("There is no such integration.", "Look at the list again.")
    return found


def checks_of(house: House, place: str) -> Iterator[Check]:
    """Test one; outside errors that its plugin does not put into words are raised."""
    one = outside(house, place)
    if one.place.startswith(f"{CONNECTORS}."):
        yield path_check(house, one.name)
        told_of_notes(house, one.name)
    if one.place.startswith(f"{ACTIONS}."):
        yield from house.gateway.examine(one.name)
    elif isinstance(one.plugin, Examined):
        yield from one.plugin.doctor()
    if isinstance(one.plugin, ByEye):
        yield from _look_check(house, one.name, one.plugin)
    if one.place.startswith(f"{DIRECTORIES}."):
        yield from readiness(house, one.name)


def told_of_notes(house: House, connector: str) -> None:
    """Tell a connector what a person saw of its test notes, before it writes or judges."""
    plugin = house.connectors[connector]
    if isinstance(plugin, ByEye):
        look = house.store.integrations.seen(connector, plugin.note_way)
        plugin.looked(look.hidden if look else None)


def ask(house: House, place: str, actor: Actor, ticket_id: str = "") -> Checkup:
    """Have one tested in the background, with a test note in a ticket where one is named; who asked is kept.

    NotFoundError for what is not connected, InvalidError for what cannot be tested or is no id of a ticket,
    ConflictError while another test of it is under way.
    """
    one, now = outside(house, place), house.clock.now()
    if not one.testable or (ticket_id and not isinstance(one.plugin, ByEye)):
        raise InvalidError("This cannot be tested.", "What it told last stands on the page.")
    if len(ticket_id) > LONGEST_TICKET or (ticket_id and not ticket_id.isalnum()):
        hint = "It is the number in the address of the ticket, not the one with letters that people say."
        raise InvalidError("This is not the id of a ticket.", hint, "ticket")
    checkup = Checkup(new_id("CU"), place, now, str(actor), ticket_id)
    name = f"check:{checkup.id}"
    errand = Errand(ErrandKind.CHECK, f"check:{place}", name, {"checkup": checkup.id}, now)
    house.store.integrations.ask(checkup, errand)
    return checkup


def run(house: House, checkup_id: str) -> None:
    """Do a test that was asked for, once, and write down each line as soon as it is known."""
    rows = house.store.integrations
    checkup = rows.begin(checkup_id, house.clock.now())
    if checkup is None:
        return
    found: list[Check] = []
    try:
        for check in _lines(house, checkup):
            found.append(check)
            rows.tell(checkup.id, found)
    except DeskwardError as error:
        found.append(Check("test", well=False, text=error.text, hint=error.hint))
    rows.tell(checkup.id, found, house.clock.now())


def write_test_note(house: House, connector: str, ticket_id: str, marker: str, by: str) -> NoteLook:
    """Write a harmless note, once per marker, and remember who has to look at it.

    InvalidError where the connector knows no test note; raises outside errors.
    """
    plugin: object = house.connectors[connector]
    if not isinstance(plugin, ByEye):
        raise InvalidError(f"The connector {connector} has no test note.")
    text = plugin.test_note(ticket_id, marker)
    look = NoteLook(marker, connector, plugin.note_way, ticket_id, text, house.clock.now(), by)
    house.store.integrations.wrote(look)
    return look


def answer_look(house: House, connector: str, marker: str, actor: Actor, *, hidden: bool) -> None:
    """Take what a person saw who looked at a test note as the requester.

    NotFoundError for a note that is not there; InvalidError where it was written in another way than notes are
    now, or somebody has said it already.
    """
    plugin: object = house.connectors.get(connector)
    rows = house.store.integrations
    look = next((one for one in rows.looks(connector, 50) if one.id == marker), None)
    if look is None or not isinstance(plugin, ByEye):
        raise NotFoundError("There is no such test note.", "Look at the list again.")
    if look.way != plugin.note_way:
        raise InvalidError("Notes are written in another way now.", "Write another test note, and look at it.")
    if not rows.answer(marker, house.clock.now(), str(actor), hidden=hidden):
        raise InvalidError("Somebody said this already.", "Write another test note, and look at it.")


def name_of(house: House, actor: str) -> str:
    """Name who did something at the desk or on the command line."""
    agent = house.accounts.agent(actor.removeprefix("agent:")) if house.accounts else None
    return agent.name if agent else actor.removeprefix("agent:")


def _lines(house: House, checkup: Checkup) -> Iterator[Check]:
    name = outside(house, checkup.integration).name
    if checkup.ticket_id:
        write_test_note(house, name, checkup.ticket_id, checkup.marker, checkup.asked_by)
        text = f"{checkup.marker} is in ticket {checkup.ticket_id}. Look at the ticket as its requester now."
        yield Check("test note", well=True, text=text)
    yield from checks_of(house, checkup.integration)


def _look_check(house: House, connector: str, plugin: ByEye) -> Iterator[Check]:
    look = house.store.integrations.seen(connector, plugin.note_way)
    if look is not None and look.looked_at is not None:
        who = f"{name_of(house, look.looked_by)} looked at {look.id} in ticket {look.ticket_id}"
        saw = "the requester does not see it" if look.hidden else "THE REQUESTER SEES IT"
        hint = "Correct note_action, write another test note, and look again."
        yield Check("look", bool(look.hidden), f"{who} on {when(look.looked_at)}: {saw}", hint)
