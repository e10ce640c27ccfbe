"""Says in words where a login comes from and with what, for the list of sessions."""

import ipaddress
from dataclasses import dataclass

from starlette.requests import Request

from deskward.core.notes import clean
from deskward.core.surroundings import Device, Network
from deskward.lifecycle.house import House
from deskward.web.guard import Guard, client_address

LONGEST = 80


@dataclass(frozen=True)
class Whence:
    """What is kept of a browser and an address: words, never the address itself (SR-54)."""

    house: House
    guard: Guard

    def of(self, request: Request) -> tuple[str, str]:
        """Give browser and origin, such as “Firefox on Windows” and “Zürich, CH”."""
        agent = request.headers.get("user-agent", "")
        return self._browser(agent), self._origin(client_address(request, self.guard.trusted_hops))

    def _browser(self, user_agent: str) -> str:
        device = self.house.devices.read(user_agent) if self.house.devices else Device()
        named = " on ".join(clean(word) for word in (device.browser, device.system) if word and word != "Other")
        return named[:LONGEST] or "an unknown browser"

    def _origin(self, address: str) -> str:
        found = self.house.networks.look_up(address) if self.house.networks else Network(address)
        if found.own:
            return "your own network"
        if found.place and found.place.country:
            return clean(", ".join(x for x in (found.place.city, found.place.country) if x))[:LONGEST]
        return _network(address)


def _network(address: str) -> str:
    """Name the network around an address: what 256 neighbours or one site share."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "an unknown place"
    if parsed.is_loopback:
        return "this machine"
    return f"network {ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False)}"  # noqa: PLR2004
