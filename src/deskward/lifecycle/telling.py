"""Tells the older addresses of a person that a new one was added."""

from deskward.core.destinations import Destination, masked, provenance_of
from deskward.core.links import new_id
from deskward.core.people import Person
from deskward.core.ports import Errand, ErrandKind, Sending
from deskward.core.verification import Verification
from deskward.lifecycle.house import House
from deskward.lifecycle.vault import kept_root

PURPOSE = "notice-address"


def tell_older(
    house: House, verification: Verification, person: Person | None
) -> tuple[tuple[Sending, ...], tuple[Errand, ...]]:
    """Make a notice for every address that is on file by now, with the errands that send them (SR-40)."""
    known = person.destinations if person else ()
    sendings = tuple(s for d in known if (s := _notice(house, verification, d)))
    return sendings, tuple(_errand(s) for s in sendings)


def _notice(house: House, verification: Verification, destination: Destination) -> Sending | None:
    channel = next((c for c in house.channels.values() if c.kind is destination.kind), None)
    if channel is None:
        return None
    now = house.clock.now()
    return Sending(
        id=new_id("MS"),
        verification_id=verification.id,
        purpose=PURPOSE,
        channel=channel.name,
        address=destination.value,
        masked=masked(destination.kind, destination.value),
        provenance=provenance_of(destination, now, house.policy.limits.min_age),
        label=destination.label,
        root=kept_root(house, destination.kind, destination.value),
        form_key="",
        at=now,
    )


def _errand(notice: Sending) -> Errand:
    about = {"sending": notice.id, "verification": notice.verification_id}
    lane = f"{notice.channel}:{notice.id}"
    return Errand(ErrandKind.SEND, lane, f"send:{notice.id}", about, notice.at, notice.verification_id)
