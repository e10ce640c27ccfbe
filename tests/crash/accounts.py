"""The people of the stories as accounts of a directory that companies run, and what its server keeps of them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deskward.directories._active_directory_words import password_sets
from tests.servers import samba, slapd
from tests.servers.relay import Relay, running_relay

FIRST = "The very first password 1"
WRONG_TRIES = 3
Row = Mapping[str, list[bytes]]


@dataclass(frozen=True)
class Accounts:
    """One directory: `keys` are its section of the settings, `entry` gives the DN of a person.

    `watched` are the attributes that move with every change of an account, `sets` counts in them how often the
    password was set since the start.
    """

    name: str
    host: str
    port: int
    keys: str
    entry: Callable[[int], str]
    signed_in: Callable[..., AbstractContextManager[Any]]
    watched: tuple[str, ...]
    lock: str
    sets: Callable[[Row], int]

    def row(self, person: int) -> Row:
        """Read as the administrator what moves."""
        with self.signed_in() as administrator:
            administrator.search(self.entry(person), "(objectClass=*)", "BASE", attributes=list(self.watched))
            raw = administrator.response[0]["raw_attributes"]
            return {name: raw.get(name, []) for name in self.watched}

    def is_locked(self, row: Row) -> bool:
        """Tell whether a row says that the account is locked out."""
        return row[self.lock] not in ([], [b"0"])

    def signs_in(self, person: int, password: str) -> bool:
        """Tell whether a password opens the account now."""
        with self.signed_in(self.entry(person), password) as connection:
            return bool(connection.bound)

    def lock_out(self, person: int) -> None:
        """Type wrong passwords until the directory locks the account."""
        for _ in range(WRONG_TRIES):
            assert not self.signs_in(person, "a wrong password")
        assert self.is_locked(self.row(person))

    @contextmanager
    def relayed(self) -> Iterator[tuple[Relay, str]]:
        """Give a relay before the directory, and the section of the settings that leads through it."""
        with running_relay(self.host, self.port) as relay:
            yield relay, f"[directories.{self.name}]\n{self.keys.format(port=relay.port)}"


def serve_from(settings: Path, name: str, section: str) -> None:
    """Have every category of the outside's settings served from this directory in the roster's place."""
    text = settings.read_text(encoding="utf-8").partition('\n[categories."Temporary access"]')[0]
    head, _, rest = text.partition("[directories.roster]\n")
    others = rest.partition("\n\n")[2].replace('directory = "roster"', f'directory = "{name}"')
    settings.write_text(f"{head}{section}\n{others}", encoding="utf-8")


@contextmanager
def openldap(folder: Path, persons: int) -> Iterator[Accounts]:
    """Start slapd with these people."""
    group = (
        f"dn: cn=admins,ou=groups,{slapd.SUFFIX}\nobjectClass: groupOfNames\ncn: admins\nmember: {slapd.ROOT}\n"
    )
    with slapd.running_slapd(folder, "".join(_ldif(n) for n in range(persons)) + group) as server:
        keys = f"""url = "ldaps://localhost:{{port}}"
people_dn = "ou=people,{slapd.SUFFIX}"
groups_dn = "ou=groups,{slapd.SUFFIX}"
bind_dn = "{slapd.SERVICE}"
password = "{slapd.SERVICE_PASSWORD}"
ca_file = "{server.papers.authority}"
privileged_groups = ["admins"]
attributes = {{{{ private_email = "labeledURI" }}}}
policy = "{slapd.POLICY}"
authoritative = true
"""
        yield Accounts(
            name="ldap",
            host="127.0.0.1",
            port=urlsplit(server.ldaps).port or 0,
            keys=keys,
            entry=lambda person: f"uid=person{person},ou=people,{slapd.SUFFIX}",
            signed_in=server.signed_in,
            watched=("pwdChangedTime", "pwdAccountLockedTime", "pwdHistory", "entryCSN"),
            lock="pwdAccountLockedTime",
            sets=lambda row: len(row["pwdHistory"]),
        )


def domain(persons: int) -> Accounts:
    """Give a unit of the domain with these people."""
    server = samba.shared_samba()
    unit = f"OU=crash,{samba.PEOPLE}"
    with server.signed_in() as administrator:
        assert administrator.add(unit, "organizationalUnit"), administrator.result
        for n in range(persons):
            assert administrator.add(f"CN=person{n},{unit}", "user", _account(n)), administrator.result
    keys = f"""url = "ldaps://{server.address}:{{port}}"
domain_dn = "{samba.DOMAIN}"
people_dn = "{unit}"
bind_dn = "{samba.SERVICE}"
password = "{samba.SERVICE_PASSWORD}"
ca_file = "{server.papers.authority}"
privileged_groups = []
attributes = {{{{ private_email = "pager" }}}}
authoritative = true
"""
    return Accounts(
        name="active_directory",
        host=server.address,
        port=636,
        keys=keys,
        entry=lambda person: f"CN=person{person},{unit}",
        signed_in=server.signed_in,
        watched=("pwdLastSet", "lockoutTime", "replPropertyMetaData", "uSNChanged"),
        lock="lockoutTime",
        sets=lambda row: password_sets(row["replPropertyMetaData"][0]) - 1,
    )


def _ldif(n: int) -> str:
    return "\n".join(
        (
            f"dn: uid=person{n},ou=people,{slapd.SUFFIX}",
            *("objectClass: inetOrgPerson", f"uid: person{n}", f"cn: Person Number{n}", f"sn: Number{n}"),
            *(f"mail: person{n}@northwind.example", f"labeledURI: person{n}@home.example"),
            *(f"mobile: +1 202 555 01{n:02}", f"userPassword: {FIRST}"),
            *(f"pwdChangedTime: {slapd.LONG_AGO}", "", ""),
        )
    )


def _account(n: int) -> dict[str, Any]:
    return {
        "sAMAccountName": f"person{n}",
        "mail": f"person{n}@northwind.example",
        "pager": f"person{n}@home.example",
        "mobile": f"+1 202 555 01{n:02}",
        "userAccountControl": "512",
        "unicodePwd": f'"{FIRST}"'.encode("utf-16-le"),
    }
