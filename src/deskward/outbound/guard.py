"""Which addresses may be called: names resolved once, metadata never, and only public ones for data (SR-101)."""

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Iterable, Sequence

import httpx2

from deskward.core.errors import RejectedError, UnreachableError

METADATA = frozenset(
    ipaddress.ip_address(a) for a in ("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolver = Callable[[str, int], Sequence[str]]


def resolved(host: str, port: int) -> Sequence[str]:
    """Give the addresses of a name; `localhost` and `*.localhost` are this machine (RFC 6761)."""
    if host == "localhost" or host.endswith(".localhost"):
        return ("127.0.0.1",)
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableError(f"The name {host} is not known here.", "Check the name and the DNS.") from error
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


def guarded(url: str, allowed_hosts: Collection[str], resolve: Resolver = resolved) -> tuple[httpx2.URL, str]:
    """Check an address that arrived as data and give it with the one network address to connect to (SR-101).

    Raises RejectedError for any scheme but https, any port but 443, credentials, a host that is not
    allowed or is a number in any spelling, and for a name that leads to any address that is not public.
    """
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise RejectedError("This is not an address.") from error
    host = target.raw_host.decode().casefold()
    if target.scheme != "https" or target.port not in {None, 443} or target.userinfo:
        raise RejectedError(f"Only https on port 443 is allowed, not {target.scheme} to {host}.")
    if _is_number(host) or host not in allowed_hosts:
        raise RejectedError(f"Calls to {host} are not allowed.", "Add the host name to the settings.")
    found = resolve(host, 443)
    if not found or not all(_is_public(address) for address in found):
        raise RejectedError(f"{host} leads to an address that is not public.")
    return target, found[0]


def _is_number(host: str) -> bool:
    """Tell an address literal in any spelling: brackets, or a last label that is a number."""
    last = host.rstrip(".").rpartition(".")[2]
    return ":" in host or last.isdigit() or bool(re.fullmatch(r"0x[0-9a-f]*", last))


def _really(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Unwrap an IPv4 address that is carried in an IPv6 one."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return parsed
    if parsed in _NAT64:
        return ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
    return parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else parsed)


def _is_public(address: str) -> bool:
    parsed = _really(address)
    return parsed.is_global and not parsed.is_multicast and parsed not in METADATA


def leads_to_metadata(addresses: Iterable[str]) -> bool:
    """Tell whether any address is where a cloud keeps a machine's credentials."""
    return any(_really(address) in METADATA for address in addresses)
