"""A real OpenLDAP server on loopback, with TLS and the password policy overlay, thrown away after a test."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3

from deskward.directories._ldap_line import Tls
from tests.servers.certificates import Papers, papers

SUFFIX = "dc=example,dc=com"
ROOT, SERVICE = f"cn=admin,{SUFFIX}", f"cn=deskward,ou=services,{SUFFIX}"
ROOT_PASSWORD, SERVICE_PASSWORD = "root of all", "service account's own"
POLICY = f"cn=default,ou=policies,{SUFFIX}"
LONG_AGO = "20240101000000Z"

CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/pid
argsfile {folder}/arguments
TLSCACertificateFile {papers.authority}
TLSCertificateFile {papers.certificate}
TLSCertificateKeyFile {papers.key}
database mdb
suffix "{suffix}"
rootdn "{root}"
rootpw "{root_password}"
directory {folder}/database
maxsize 67108864
index entryUUID,uid,mail,member eq
limits dn.exact="{service}" size={limit}
{readonly}
access to attrs=userPassword by dn.exact="{service}" {rights} by anonymous auth by * none
access to attrs=pwdAccountLockedTime by dn.exact="{service}" write by * none
access to attrs=pwdHistory,pwdFailureTime by * none
access to * by dn.exact="{service}" read by self read by * none
{overlay}
"""
OVERLAY = f"overlay ppolicy\nppolicy_default {POLICY}\n"
GROUND = f"""dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,{SUFFIX}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{SUFFIX}
objectClass: organizationalUnit
ou: groups

dn: ou=services,{SUFFIX}
objectClass: organizationalUnit
ou: services

dn: ou=policies,{SUFFIX}
objectClass: organizationalUnit
ou: policies

dn: {SERVICE}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: deskward
userPassword: {SERVICE_PASSWORD}

dn: {POLICY}
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdMinLength: 10
pwdCheckQuality: 2
pwdInHistory: 3
pwdLockout: TRUE
pwdMaxFailure: 3
"""


@dataclass(frozen=True)
class Slapd:
    """A running server; `ldaps` and `ldap` are its addresses."""

    folder: Path
    papers: Papers
    ldaps: str
    ldap: str

    @contextmanager
    def signed_in(self, dn: str = ROOT, password: str = ROOT_PASSWORD) -> Iterator[Any]:
        """Give a connection of that account; its `bound` tells whether the password was right."""
        tls = Tls(ssl.create_default_context(cafile=self.papers.authority), "localhost")
        server = ldap3.Server(self.ldaps, tls=tls, get_info=ldap3.NONE, connect_timeout=10)
        connection = ldap3.Connection(server, dn, password, receive_timeout=10, check_names=False)
        try:
            connection.bind()
            yield connection
        finally:
            connection.unbind()


@contextmanager
def running_slapd(
    folder: Path,
    people: str,
    *,
    policy: bool = True,
    readonly: str = "",
    rights: str = "=w",
    limit: str = "unlimited",
) -> Iterator[Slapd]:
    """Start a server that holds these people (LDIF) beside what it needs itself.

    `readonly` is one more line of its configuration, `rights` what the service account may do with passwords,
    `limit` how many entries it may read in one search.
    """
    made = papers(folder / "papers", "localhost")
    (folder / "database").mkdir()
    configuration = folder / "slapd.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            papers=made,
            suffix=SUFFIX,
            root=ROOT,
            root_password=ROOT_PASSWORD,
            service=SERVICE,
            rights=rights,
            readonly=readonly,
            limit=limit,
            overlay=OVERLAY if policy else "",
        )
    )
    # A copy has no AppArmor profile, which would keep the server out of the folder of a test.
    program = shutil.copy(shutil.which("slapd") or "/usr/sbin/slapd", folder / "slapd")
    _add(program, configuration, GROUND + "\n" + people)
    ports = _free_ports()
    ldaps, ldap = f"ldaps://localhost:{ports[0]}", f"ldap://localhost:{ports[1]}"
    command = [program, "-f", configuration, "-h", f"{ldaps} {ldap}", "-d", "0"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _wait(server, folder, ports)
            yield Slapd(folder, made, ldaps, ldap)
        finally:
            server.terminate()
            server.wait(timeout=20)


def _add(program: str | Path, configuration: Path, ldif: str) -> None:
    command = [program, "-T", "add", "-f", configuration, "-q"]
    done = subprocess.run(command, input=ldif, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def _wait(server: subprocess.Popen[bytes], folder: Path, ports: tuple[int, int]) -> None:
    """Wait until the server wrote its file, so that both ports are its own, and listens at both."""
    until = time.monotonic() + 30
    while not ((folder / "pid").exists() and all(_answers(port) for port in ports)):
        assert server.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.02)


def _answers(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for server in (one, other):
            server.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])
