"""What is looked at in silence: the port of the folder `signals`."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from deskward.core.people import Person
from deskward.core.risk import Finding, Section
from deskward.core.surroundings import Device, Network, Past, Visit


@dataclass(frozen=True)
class Seen:
    """All that a signal may look at.

    `opens` is how often the link was opened before; `link_kind` is “email” or “sms”, by which the link went out,
    and `link_to` reads the address that it went to; both are empty where that is not known;
    `origin_echo` is what a browser echoes that shows the page under our own address, empty where unknown.
    """

    visit: Visit
    network: Network
    person: Person
    device: Device = field(default_factory=Device)
    past: Past = field(default_factory=Past)
    opens: int = 0
    link_kind: str = ""
    link_to: Callable[[], str] = str
    origin_echo: str = ""


class Signal(Protocol):
    """One thing that is looked at once, when the requester agrees; it can only veto or lower (SR-18).

    `about` tells the requester in one sentence what is read and why (SR-119); `reads` names the readings of the
    browser that it needs, made by the script static/signals/NAME.js; none needs no script. `look` gives at
    least one finding: one that raises or calms, one without weight, or `unknown`. It never raises for what a
    browser sent; OutsideError where a source does not answer.
    """

    name: str
    section: Section
    title: str
    about: str
    reads: tuple[str, ...]

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Say what is seen."""
        ...


@runtime_checkable
class Connected(Protocol):
    """What a signal or directory with a source outside may have besides: an end to its connections."""

    def log_out(self) -> None:
        """End what is open there; called once, at the end."""
        ...


@runtime_checkable
class ReadsProxy(Protocol):
    """A signal that also looks at a header which the outermost of our own proxies sets, in lower case.

    It finds it in the visit's headers; where no proxy is configured it is never there (SR-81).
    """

    proxy_header: str


def origin_echo(nonce: str, url: str) -> str:
    """Give what a browser makes of the page's nonce and the address it shows the page under (A-10).

    `url` is an address as the settings have it; browsers write origins in lower case, without a default port.
    """
    parts = urlsplit(url)
    host = parts.netloc.lower().removesuffix({"http": ":80", "https": ":443"}[parts.scheme])
    return hashlib.sha256(f"{nonce}|{parts.scheme}://{host}".encode()).hexdigest()
