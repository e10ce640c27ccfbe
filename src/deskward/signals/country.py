"""Looks at which country the address is in."""

from collections.abc import Iterable, Mapping, Sequence

from deskward.core.countries import country_name
from deskward.core.errors import SettingsError
from deskward.core.networks import built_at, lack, source_name
from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen
from deskward.core.surroundings import Facet, Network

UNUSUAL, BLOCKED, LETTERS = 1.5, 5.0, 2


class Signal:
    """`usual` are the ISO codes of countries that are ordinary here, `blocked` of those that make the level High.

    Without `usual`, the country of the person's last passed visit is the ordinary one.
    """

    name = "country"
    section = Section.NETWORK
    title = "Country"
    about = "Which country your network address is in, to see whether somebody else asks from far away."
    reads: tuple[str, ...] = ()

    def __init__(self, *, usual: Sequence[str] = (), blocked: Sequence[str] = ()) -> None:
        self._usual, self._blocked = _codes("usual", usual), _codes("blocked", blocked)

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Weigh the country."""
        network = seen.network
        if network.own:
            yield _finding(network, 0.0, "The address is our own; its country does not tell where the person is.")
        elif lacking := lack(network, Facet.PLACE):
            yield unknown(self.name, self.section, lacking, source_name(network, Facet.PLACE))
        else:
            yield self._weighed(network, seen.past.last.country if seen.past.last else "")

    def _weighed(self, network: Network, before: str) -> Finding:
        country = network.place.country if network.place else ""
        where = f"The address is in {country_name(country)}"
        if country in self._blocked:
            return _finding(network, BLOCKED, f"{where}, a country that is blocked here.", critical=True)
        if self._usual:
            odd = country not in self._usual
            text = f"{where}, a country that is {'not ' if odd else ''}usual here."
            return _finding(network, UNUSUAL if odd else 0.0, text)
        if not before:
            return _finding(network, 0.0, f"{where}; there is no earlier visit to compare with.")
        text = (
            f"{where}, as at the last visit."
            if country == before
            else f"{where}; the last visit was from {country_name(before)}."
        )
        return _finding(network, 0.0 if country == before else UNUSUAL, text, {"before": before})


def _finding(
    network: Network, weight: float, text: str, more: Mapping[str, str] | None = None, *, critical: bool = False
) -> Finding:
    place = network.place
    raw = {"country": place.country, "city": place.city} if place else {}
    return Finding(
        *("country", Section.NETWORK, weight, text, source_name(network, Facet.PLACE)),
        critical=critical,
        as_of=built_at(network, Facet.PLACE),
        raw=raw | dict(more or {}),
    )


def _codes(key: str, given: Sequence[str]) -> frozenset[str]:
    """Read ISO codes; SettingsError names the first that is none."""
    for code in given:
        if len(code) != LETTERS or not (code.isascii() and code.isalpha()):
            raise SettingsError(f"signals.country.{key}: “{code}” is no ISO country.", "Write two letters, as DE.")
    return frozenset(code.upper() for code in given)
