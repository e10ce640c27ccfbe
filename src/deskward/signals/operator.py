"""Looks at who operates the address: the person's usual provider, or another one."""

from collections.abc import Iterable

from deskward.core.networks import built_at, lack, source_name
from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen
from deskward.core.surroundings import Facet, Network

OTHER = 1.0


class Signal:
    """The autonomous system of the address against that of the person's last passed visit."""

    name = "operator"
    section = Section.NETWORK
    title = "Network operator"
    about = "Which company operates your network address, to see whether it is the one you came from before."
    reads: tuple[str, ...] = ()

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Weigh the operator."""
        network, before = seen.network, seen.past.last.asn if seen.past.last else 0
        if network.own:
            yield _finding(network, 0.0, "The address is one of our own.", before)
        elif lacking := lack(network, Facet.OPERATOR):
            yield unknown(self.name, self.section, lacking, source_name(network, Facet.OPERATOR))
        else:
            yield _weighed(network, before)


def _weighed(network: Network, before: int) -> Finding:
    who = f"The address is operated by {network.operator or 'a company'} (AS{network.asn})"
    if not before:
        return _finding(network, 0.0, f"{who}; there is no earlier visit to compare with.", before)
    if network.asn == before:
        return _finding(network, 0.0, f"{who}, as at the last visit.", before)
    return _finding(network, OTHER, f"{who}, another company than at the last visit.", before)


def _finding(network: Network, weight: float, text: str, before: int) -> Finding:
    raw = {"asn": str(network.asn or ""), "operator": network.operator, "before": str(before or "")}
    return Finding(
        *("operator", Section.NETWORK, weight, text, source_name(network, Facet.OPERATOR)),
        as_of=built_at(network, Facet.OPERATOR),
        raw={name: value for name, value in raw.items() if value},
    )
