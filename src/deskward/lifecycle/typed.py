"""An address that the caller dictates: what is asked before it may be used (SR-36 to SR-39, SR-42)."""

from dataclasses import dataclass

from deskward.core.destinations import Coded, Destination, Kind, masked
from deskward.core.errors import InvalidError, RefusedError
from deskward.core.likeness import like_any, meant
from deskward.core.notes import clean
from deskward.core.people import Person
from deskward.core.policy import Category
from deskward.lifecycle.house import House
from deskward.lifecycle.vault import kept_root, shared_by

TYPED = "typed"


@dataclass(frozen=True)
class Supplied:
    """What the agent says about an address that is not established.

    `again` is the address typed a second time, `echo` the mark of the echo the requester said yes to.
    """

    code: Coded | None
    reason: str
    again: str
    echo: str


def read_typed(house: House, directory: str, person: Person, kind: Kind, typed: str) -> Destination:
    """Read a typed address: the destination on file that it equals, else a caller-supplied one (SR-36)."""
    channel = next((c for c in house.channels.values() if c.kind is kind), None)
    if channel is None:
        raise InvalidError(f"No channel for {kind.value} is set up.", "Use the other kind.", "typed")
    value = channel.normalised(typed)
    same = (d for d in person.destinations if d.kind is kind and d.value.casefold() == value.casefold())
    return next(same, None) or _supplied(house, directory, person, kind, value)


def _supplied(house: House, directory: str, person: Person, kind: Kind, value: str) -> Destination:
    root = kept_root(house, kind, value)
    refuse_strange(house, directory, person, kind, value)
    return Destination(
        TYPED,
        kind,
        value,
        "address supplied by the caller",
        "the caller",
        trusted=False,
        shared=shared_by(house, directory, person, root),
    )


def refuse_strange(house: House, directory: str, person: Person, kind: Kind, value: str) -> None:
    """Refuse an address of the organisation itself, or one that is on file for somebody else (SR-39)."""
    domain, work = value.casefold().rpartition("@")[2], person.email.casefold().rpartition("@")[2]
    if kind is Kind.EMAIL and work and domain == work:
        raise InvalidError(
            f"{domain} is the organisation's own mail, which opens with the account itself.",
            "Ask for a private address of the requester.",
            "typed",
        )
    root = kept_root(house, kind, value)
    owners = house.store.owners([root]).get(root, frozenset()) - {(directory, person.id)}
    if owners:
        raise InvalidError(
            "This address is on file for another person.", "Ask for an address of the requester's own.", "typed"
        )


def check_supplied(category: Category, said: Supplied) -> None:
    """Refuse an address that is not established where the policy does not take it or the reason lacks (SR-38)."""
    if not category.takes_typed:
        raise RefusedError(
            "For this kind of request only an established address on file is taken.",
            "Choose one of the list, or identify the requester in person.",
        )
    if said.code is None:
        raise InvalidError(
            "An address that is not established needs a reason.", "Choose why no known address works.", "reason"
        )
    if clean(said.reason).removeprefix(said.code.value).strip(" :") == "":
        raise InvalidError(
            "An address that is not established needs a reason.", "Say it in your words, too.", "reason_text"
        )


def check_entry(house: House, destination: Destination, said: Supplied) -> None:
    """Refuse an address that was typed once only: a second time, or a yes to its echo, is asked (SR-39, A-07)."""
    if destination.id != TYPED or said.echo == echo_mark(house, destination):
        return
    channel = next(c for c in house.channels.values() if c.kind is destination.kind)
    if not said.again.strip():
        raise InvalidError(
            "Type the address a second time, or tick that the requester confirmed it.",
            "Read it back to the requester letter by letter.",
            "again",
        )
    if channel.normalised(said.again).casefold() != destination.value.casefold():
        raise InvalidError(
            "The two addresses are not the same.", "Read it back to the requester letter by letter.", "again"
        )


def echo_mark(house: House, destination: Destination) -> str:
    """Name the echo of one very address, so that a yes counts for no other."""
    return house.keyring.private("echo", f"{destination.kind}:{destination.value.casefold()}")


def echoed(destination: Destination) -> str:
    """Write a typed address back so that a slip shows: first and last letter, how many, the domain in full."""
    if destination.kind is Kind.SMS:
        return masked(destination.kind, destination.value)
    name, _, domain = destination.value.rpartition("@")
    return f"{name[:1]}•••{name[-1:]} ({len(name)} characters) at {domain}"


def warning_of(person: Person, destination: Destination) -> str:
    """Say that a typed address is like one on file or like a known mail provider's; empty when it is not."""
    known = [d for d in person.destinations if d.kind is destination.kind]
    twin = like_any(destination.value, (d.value for d in known))
    if twin:
        return f"It looks like {masked(destination.kind, twin)}, which is on file, but it is another address."
    domain = meant(destination.value) if destination.kind is Kind.EMAIL else ""
    return f"Did the requester say {domain}? Check the part after the @." if domain else ""
