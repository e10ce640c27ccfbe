"""Looks at what the address hides behind: a hosting company, a VPN, a proxy, Tor; or our own exit."""

from collections.abc import Iterable

from deskward.core.networks import built_at, lack, source_name
from deskward.core.risk import Finding, Section, unknown
from deskward.core.signals import Seen
from deskward.core.surroundings import Anonymous, Facet

OWN = -1.0
WEIGHTS = {
    Anonymous.TOR: 5.0,
    Anonymous.RESIDENTIAL: 3.5,
    Anonymous.PROXY: 3.0,
    Anonymous.HOSTING: 3.0,
    Anonymous.VPN: 2.0,
}
TEXTS = {
    Anonymous.TOR: "The address is an exit of Tor.",
    Anonymous.RESIDENTIAL: "The address is somebody's home connection that is lent out as a proxy.",
    Anonymous.PROXY: "The address is a public proxy.",
    Anonymous.HOSTING: "The address belongs to a hosting company.",
    Anonymous.VPN: "The address is the exit of a VPN.",
}


class Signal:
    """The heaviest of what the operator's file says that the address hides behind; our own networks calm."""

    name = "hidden"
    section = Section.NETWORK
    title = "Hidden origin"
    about = "Whether your network address belongs to a VPN, a proxy or a hosting company, which hides who asks."
    reads: tuple[str, ...] = ()

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Weigh what the address hides behind."""
        network = seen.network
        if network.own:
            text = "The address is one of our own networks."
            yield Finding(self.name, self.section, OWN, text, "networks.own", raw={"own": "yes"})
            return
        source = source_name(network, Facet.HIDDEN)
        if lacking := lack(network, Facet.HIDDEN):
            yield unknown(self.name, self.section, lacking, source)
            return
        kinds = sorted(network.hidden or (), key=lambda kind: -WEIGHTS[kind])
        yield Finding(
            *(self.name, self.section, max((WEIGHTS[kind] for kind in kinds), default=0.0)),
            " ".join(TEXTS[kind] for kind in kinds)
            or "The address is in no list of VPNs, proxies or hosting companies.",
            source,
            as_of=built_at(network, Facet.HIDDEN),
            raw={"kinds": ", ".join(kinds) or "none"},
        )
