"""Velocity: one device, one address or one agent for many people (Clorox v. Cognizant)."""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from deskward.core.errors import SettingsError
from deskward.core.networks import read_address
from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen
from deskward.core.surroundings import MOST_PEOPLE

DEVICE, DEVICE_OFTEN, OFTEN_DEVICE = 3.0, 5.0, 3
ADDRESS, ADDRESS_OFTEN, ADDRESS_MANY = 1.0, 3.0, 5.0
OFTEN_ADDRESS, MANY_ADDRESS = 3, 8
AGENT = 2.0
SOURCE = "earlier verifications"


class Signal:
    """Counts other people by device, address and agent.

    `agent_people` is how many other people within the hour are many for an agent. `kiosks` are networks such as
    “192.0.2.0/28” where sharing a device or an address is ordinary.
    """

    name = "velocity"
    section = Section.PERSONA
    title = "Many people at once"
    about = "We count how many people were verified from your device and your address, to notice false callers."
    reads: tuple[str, ...] = ()

    def __init__(self, *, agent_people: int = 8, kiosks: Sequence[str] = ()) -> None:
        if agent_people < 1:
            raise SettingsError(f"signals.velocity.agent_people is {agent_people}.", "Choose 1 or more.")
        self._agent_people = agent_people
        self._kiosks = tuple(_network(text) for text in kiosks)

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Weigh each kind of sharing; neutral where there is none."""
        shared = [self._kiosk()] if self._at_kiosk(seen.visit.address) else list(_sharing(seen))
        found = [*shared, *self._pace(seen.past.agent_people)]
        if all(finding.unknown for finding in found):
            found.append(_finding(0.0, "Nothing shows one caller who acts for many people.", {}))
        return found

    def _pace(self, people: int) -> Iterator[Finding]:
        if people >= self._agent_people:
            text = f"The agent had verifications for {_people(people)} within the hour."
            yield _finding(AGENT, text, {"agent_people": str(people)})

    def _kiosk(self) -> Finding:
        return _finding(0.0, "Sharing is ordinary at this address: it is on the list of kiosks.", {})

    def _at_kiosk(self, address: str) -> bool:
        read = read_address(address) if self._kiosks else None
        return read is not None and any(read in network for network in self._kiosks)


def _sharing(seen: Seen) -> Iterator[Finding]:
    devices, addresses = seen.past.device_others, seen.past.address_others
    if devices:
        text = f"This device was used for {_people(devices)} within 30 days."
        weight = DEVICE_OFTEN if devices >= OFTEN_DEVICE else DEVICE
        yield _finding(weight, text, {"device_others": str(devices)})
    elif not seen.visit.text("device_key"):
        yield unknown("velocity", Section.PERSONA, "Nobody knows whether others used this device.", SOURCE)
    if addresses:
        text = f"This address was used for {_people(addresses)} within 24 hours."
        yield _finding(_address_weight(addresses), text, {"address_others": str(addresses)})


def _address_weight(others: int) -> float:
    if others >= MANY_ADDRESS:
        return ADDRESS_MANY
    return ADDRESS_OFTEN if others >= OFTEN_ADDRESS else ADDRESS


def _people(others: int) -> str:
    more = " or more" if others >= MOST_PEOPLE else ""
    return "another person" if others == 1 else f"{others}{more} other people"


def _finding(weight: float, text: str, raw: dict[str, str]) -> Finding:
    return Finding("velocity", Section.PERSONA, weight, text, SOURCE, raw=raw)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        hint = "Write a network like 192.0.2.0/28."
        raise SettingsError(f"signals.velocity.kiosks names “{text}”.", hint) from error
