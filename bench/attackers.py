"""Attackers after the models of the data set's authors, put together from what other rows show.

Their repositories describe the attackers but hold no recipe; ours is this:

- naive: an address known for attacks anywhere, and the user agent of anybody;
- VPN: an address known for attacks in the country of most people, and the user agent of anybody;
- targeted: an address known for attacks in the victim's city, else in the country, and the user agent of somebody
  with browser and kind of device of the victim's last login, whatever the versions; the publication's places are
  regions of one country, so who is elsewhere is attacked from that country too;
- abroad (ours, not published): the same, but who is elsewhere is attacked from where they are;
- neighbour (ours, not published): the connection of somebody else in the city, as through a residential proxy, and
  the user agent of somebody with the very versions of browser and system that the victim had.

User agents are those of the last logins of everybody.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from bench.login_rows import Login

ATTACKERS = ("naive", "VPN", "targeted", "abroad", "neighbour")
NETWORK = ("address", "asn", "country")
TRIES, RECENT = 5, 500


class Attackers:
    """Knows every row up to now."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._attacking: dict[tuple[str, ...], list[Login]] = defaultdict(list)
        self._people: dict[tuple[str, ...], list[Login]] = defaultdict(list)
        self._device: dict[tuple[str, ...], list[Login]] = defaultdict(list)

    def note(self, login: Login) -> None:
        """Remember a row: addresses known for attacks apart from what people do."""
        if login.attack_address:
            for place in _places(login):
                self._attacking[place].append(login)
        elif login.successful:
            for place in _places(login):
                self._people[place].append(login)
            for device in _devices(login):
                self._device[device].append(login)

    def attempt(self, attacker: str, last: Login) -> dict[str, str]:
        """Give the features of an attack on the person whose last login was `last`."""
        city, country, world = _places(last)
        like, same = (self._device[device][-RECENT:] for device in _devices(last))
        anybody = self._people[world][-RECENT:]
        main = self._most()
        around = (self._attacking[city], self._attacking[country], self._attacking[world])
        outside = (self._attacking[main], self._attacking[world])
        where, what = {
            "naive": ((self._attacking[world],), anybody),
            "VPN": (outside, anybody),
            "targeted": (around if country == main else outside, like),
            "abroad": (around, like),
            "neighbour": ((self._people[city], self._people[country]), same),
        }[attacker]
        network, device = self._other(last, *where).features, self._other(last, what, anybody).features
        return {name: (network if name in NETWORK else device)[name] for name in network}

    def _most(self) -> tuple[str, ...]:
        """Name the country of most people: so far, of the last logins."""
        recent = Counter(login.country for login in self._people[()][-RECENT:])
        return (recent.most_common(1)[0][0],)

    def _other(self, last: Login, *pools: Sequence[Login]) -> Login:
        """Take somebody else's row out of the first pool that has one; at last anybody's."""
        for pool in (*pools, self._people[()]):
            for _ in range(TRIES if pool else 0):
                found = self._random.choice(pool)
                if found.person != last.person or found.attack_address:
                    return found
        return last


def _places(login: Login) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Name the places that hold the row: its city, its country, the world."""
    return (login.country, login.region, login.city), (login.country,), ()


def _devices(login: Login) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name the devices that the row is one of: by browser and kind, and by every version."""
    return (login.browser.rpartition(" ")[0], login.kind), (login.browser, login.system, login.kind)
