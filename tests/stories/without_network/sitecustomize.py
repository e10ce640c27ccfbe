"""A machine without a network, as a Python process sees it: only loopback can be reached (PEP 578).

Python loads this at its start where the folder is in PYTHONPATH, and makes the file REFUSED_TO. Whatever leads
elsewhere is written there, one line of JSON each, and fails before anything leaves. What C code does by itself is
not seen.
"""

import errno
import ipaddress
import json
import os
import sys
from typing import Any

SENT, NAMED = {"socket.connect", "socket.sendto", "socket.sendmsg"}, {"socket.getaddrinfo", "socket.gethostbyname"}


def inside(host: str) -> bool:
    """Tell whether a name or an address is this machine's own loopback (RFC 6761)."""
    if not host or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(event: str, arguments: tuple[Any, ...]) -> str:
    """Give the host that a call leads to, empty for none: a socket in the file system, or a connected one."""
    if event in SENT:
        address = arguments[1]
        return str(address[0]) if isinstance(address, tuple) else ""
    return str(arguments[0] or "") if event in NAMED else ""


def cut_off(path: str) -> None:
    """Refuse from now on, and say what."""
    file = os.open(path, os.O_APPEND | os.O_WRONLY | os.O_CREAT, 0o600)

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        host = host_of(event, arguments)
        if inside(host):
            return
        os.write(file, f"{json.dumps([event, host])}\n".encode())
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

    sys.addaudithook(refuse)


if path := os.environ.get("REFUSED_TO"):
    cut_off(path)
