"""A real Samba domain controller on an address of loopback, made once for a process and thrown away after it.

It speaks LDAP and LDAPS only, at ports 389 and 636 of an address of 127.0.0.0/8 that nobody else uses: Samba has
no setting for these ports, so the tests of Active Directory run as root.
"""

import atexit
import secrets
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ldap3

from deskward.directories._ldap_line import Tls
from tests.servers.certificates import Papers, papers

DOMAIN = "DC=example,DC=test"
PEOPLE = f"OU=People,{DOMAIN}"
ADMINISTRATOR, ADMINISTRATOR_PASSWORD = f"CN=Administrator,CN=Users,{DOMAIN}", "Administrator of all 1"
SERVICE, SERVICE_PASSWORD = f"CN=deskward,CN=Users,{DOMAIN}", "Service account's own 1"
USER_CLASS = "bf967aba-0de6-11d0-a285-00aa003049e2"
RESET = f"(OA;CIIO;CR;00299570-246d-11d0-a768-00aa006e0529;{USER_CLASS};{{sid}})"
WRITES = "".join(
    f"(OA;CIIO;WP;{attribute};{USER_CLASS};{{sid}})"
    for attribute in ("28630ebf-41d5-11d1-a9c1-0000f80367c1", "bf967a0a-0de6-11d0-a285-00aa003049e2")
)
HALF_AN_HOUR = "-18000000000"  # in steps of 100 nanoseconds, negative as the domain keeps spans of time
POLICY = {
    "minPwdLength": "10",
    "minPwdAge": "0",
    "pwdHistoryLength": "3",
    "lockoutThreshold": "3",
    "lockoutDuration": HALF_AN_HOUR,
    "lockOutObservationWindow": HALF_AN_HOUR,
}
CONFIGURATION = """[global]
netbios name = DC
realm = EXAMPLE.TEST
workgroup = EXAMPLE
server role = active directory domain controller
server services = ldap
interfaces = {address}/8
bind interfaces only = yes
private dir = {folder}/private
state directory = {folder}/state
cache directory = {folder}/cache
lock directory = {folder}
pid directory = {folder}
ncalrpc dir = {folder}/ncalrpc
binddns dir = {folder}/bind-dns
log file = {folder}/log
old password allowed period = 0
ldb:nosync = yes
tls certfile = {papers.certificate}
tls keyfile = {papers.key}
tls cafile = {papers.authority}
"""


@dataclass(frozen=True)
class Samba:
    """A running domain controller at that address, with the organisational unit People that Deskward serves."""

    address: str
    papers: Papers

    @property
    def url(self) -> str:
        """Give the address for LDAPS."""
        return f"ldaps://{self.address}"

    def set_up(self, dn: str, **values: str) -> None:
        """Write these values of one entry, as the administrator."""
        with self.signed_in() as connection:
            changes = {name: [(ldap3.MODIFY_REPLACE, [value])] for name, value in values.items()}
            assert connection.modify(dn, changes), connection.result

    @contextmanager
    def signed_in(self, name: str = ADMINISTRATOR, password: str = ADMINISTRATOR_PASSWORD) -> Iterator[Any]:
        """Give a connection of that account; its `bound` tells whether the password was right."""
        tls = Tls(ssl.create_default_context(cafile=self.papers.authority), self.address)
        server = ldap3.Server(self.address, use_ssl=True, tls=tls, get_info=ldap3.NONE, connect_timeout=10)
        connection = ldap3.Connection(server, name, password, receive_timeout=30, check_names=False)
        try:
            connection.bind()
            yield connection
        finally:
            connection.unbind()


@cache
def shared_samba() -> Samba:
    """Start one domain controller for this process at first need, and stop it at the end of the process."""
    server = running_samba()
    running = server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    return running


@contextmanager
def running_samba() -> Iterator[Samba]:
    """Provision a domain, delegate to the service account what it needs and no more, and start the server."""
    folder = Path(tempfile.mkdtemp(prefix="dc-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        address = _free_address()
        made = papers(folder / "papers", address)
        configuration = folder / "deskward.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, address=address, papers=made))
        _provision(folder, address)
        _delegate(folder, configuration)
        command = ["samba", "-i", "-M", "single", f"--configfile={configuration}", "--debug-stdout", "-d", "1"]
        log = stack.enter_context((folder / "out").open("wb"))
        server = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL))
        stack.callback(server.wait, 30)
        stack.callback(server.terminate)
        _wait(server, address, folder / "out")
        running = Samba(address, made)
        running.set_up(DOMAIN, **POLICY)
        yield running


def _provision(folder: Path, address: str) -> None:
    _tool(
        *("domain", "provision", f"--targetdir={folder}", "--realm=EXAMPLE.TEST", "--domain=EXAMPLE"),
        *("--server-role=dc", "--dns-backend=NONE", "--host-name=dc", f"--host-ip={address}"),
        f"--adminpass={ADMINISTRATOR_PASSWORD}",
        *(f"--option=interfaces={address}/8", "--option=bind interfaces only=yes", "--option=ldb:nosync=yes"),
    )


def _delegate(folder: Path, configuration: Path) -> None:
    where = (f"--configfile={configuration}", "-H", str(folder / "private" / "sam.ldb"))
    _tool("ou", "create", PEOPLE, *where)
    _tool("user", "create", "deskward", SERVICE_PASSWORD, *where)
    shown = _tool("user", "show", "deskward", "--attributes=objectSid", *where)
    sid = shown.split("objectSid: ")[1].split()[0]
    _tool("dsacl", "set", f"--objectdn={PEOPLE}", f"--sddl={(RESET + WRITES).format(sid=sid)}", *where)


def _tool(*arguments: str) -> str:
    command = ["samba-tool", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + 120
    while not _answers(address, 636):
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


def _answers(address: str, port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex((address, port)) == 0


def _free_address() -> str:
    """Choose an address of loopback where nobody answers."""
    while True:
        address = f"127.{secrets.randbelow(250) + 2}.{secrets.randbelow(250) + 2}.{secrets.randbelow(250) + 2}"
        if not _answers(address, 636):
            return address
