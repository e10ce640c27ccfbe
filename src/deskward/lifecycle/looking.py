"""What is looked at when the requester agrees, and what is remembered of it for later visits."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from deskward.core.errors import OutsideError
from deskward.core.lately import Lately
from deskward.core.people import Person
from deskward.core.risk import MEDIUM_FROM, Finding, Section, kept, unknown
from deskward.core.signals import Seen, Signal, origin_echo
from deskward.core.surroundings import Consent, Device, Network, Sighting, Visit
from deskward.core.verification import Verification
from deskward.lifecycle.familiar import features_here, habits_of, strangeness
from deskward.lifecycle.house import House
from deskward.lifecycle.lately import since

UNSEEN = "unseen"
DECLINED = "The requester went on without letting the browser be looked at."
SILENT = "The browser told nothing of itself."
FRESH = timedelta(seconds=1)


@dataclass(frozen=True)
class Looked:
    """A verification with what was seen and what is remembered of it, and what the verdict asks besides.

    `findings` are what its `observed` keeps as rows. `lately` was read with what the signals ask; None where one
    of them made us wait since, so that it may be another one now.
    """

    verification: Verification
    findings: Sequence[Finding]
    lately: Lately | None


def looked_at(house: House, verification: Verification, person: Person, visit: Visit) -> Looked:
    """Let every signal look once."""
    network = house.networks.look_up(visit.address) if house.networks else Network(visit.address)
    device = house.devices.read(visit.headers.get("user-agent", "")) if house.devices else Device()
    features = features_here(house, visit, network, device)
    sighting = _sighting(house, visit, network, features["address"])
    habits = habits_of(house, verification, features, visit.at)
    past, met, lately = house.store.sightings.past(verification, visit.at, sighting, habits, since(house))
    past = replace(past, familiarity=strangeness(features, met))
    nonce = house.keyring.page_nonce(verification.pin, verification.version)
    echo = origin_echo(nonce, house.portal.url)
    links = (verification.opens, verification.link_kind, partial(_link_to, house, verification))
    seen = Seen(visit, network, person, device, past, *links, echo)
    told = [_weighed(house, finding) for finding in _findings(house, seen)]
    looked = copy(verification)  # `replace` would make its seventy fields anew, which takes twenty times as long
    vars(looked).update(
        consent=visit.consent.value,
        surroundings={"network": _facts(network), "device": dict(vars(device)), "features": features}
        | {"readings": dict(visit.readings), "headers": dict(visit.headers)},
        sighting=dict(vars(sighting)),
        looked_at=visit.at,
        observed=tuple(row for _, row in told),
    )
    return Looked(
        looked, [finding for finding, _ in told], lately if house.clock.now() - visit.at < FRESH else None
    )


def unseen(consent: Consent) -> Finding:
    """Weigh that the browser told nothing at all; alone it asks for more proof."""
    text = DECLINED if consent is Consent.DECLINED else SILENT
    return Finding(UNSEEN, Section.ENDPOINT, MEDIUM_FROM, text, "portal")


def _findings(house: House, seen: Seen) -> Iterator[Finding]:
    for signal in house.signals.values():
        yield from _told(signal, seen)
    if not seen.visit.readings and any(signal.reads for signal in house.signals.values()):
        yield unseen(seen.visit.consent)


def _told(signal: Signal, seen: Seen) -> tuple[Finding, ...]:
    """Let one signal look; a source that does not answer makes it unknown, never good (SR-28)."""
    try:
        return tuple(signal.look(seen))
    except OutsideError as error:
        return (
            unknown(signal.name, signal.section, f"{signal.title} could not be read: {error.text}", signal.name),
        )


def _weighed(house: House, finding: Finding) -> tuple[Finding, dict[str, Any]]:
    """Weigh a finding as the house does; gives it, and the row that keeps it."""
    factor = house.weights.get(finding.signal, 1.0)
    if factor == 1:
        return finding, kept(finding)
    weighed = replace(finding, weight=finding.weight * factor)
    return weighed, kept(weighed) | {"factor": factor}


def _sighting(house: House, visit: Visit, network: Network, address: str) -> Sighting:
    """Remember a visit by the digests of address and device."""
    key, place = visit.text("device_key"), network.place
    return Sighting(
        address=address,
        device=house.keyring.private("device", key) if key else "",
        country=place.country if place else "",
        asn=network.asn or 0,
        latitude=place.latitude if place else None,
        longitude=place.longitude if place else None,
        radius_km=place.radius_km if place else None,
    )


def _link_to(house: House, verification: Verification) -> str:
    sending = house.store.sending(verification.sending_id)
    return sending.address if sending else ""


def _facts(network: Network) -> Mapping[str, Any]:
    """Give what is known of the network as rows keep it: text, numbers and dates as text."""
    place = dict(vars(network.place)) if network.place else {}
    sources = {f.value: [s.name, s.built_at.isoformat(), s.stale] for f, s in network.sources.items()}
    hidden = None if network.hidden is None else sorted(network.hidden)
    return {
        "address": network.address,
        "place": place,
        "asn": network.asn,
        "operator": network.operator,
        "hidden": hidden,
        "sources": sources,
    }
