"""Groups of Active Directory: groups in groups, the primary group, and which of them make privileged."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from deskward.directories._ldap_line import Entry, Talk, escaped
from deskward.directories._ldap_people import groups_above, same_dn

IN_CHAIN = "1.2.840.113556.1.4.1941"  # LDAP_MATCHING_RULE_IN_CHAIN, MS-ADTS 3.1.1.3.4.4.3
NAMES = ("cn", "objectSid")
# Well-known (MS-DTYP 2.4.2.4): domain controllers, administrators of domain, schema, enterprise, policies, keys.
DOMAIN_RIDS = frozenset({512, 516, 518, 519, 520, 521, 526, 527})
# Administrators, operators of accounts, servers and printers, backup operators, replicators.
BUILTIN = frozenset(f"S-1-5-32-{rid}" for rid in (544, 548, 549, 550, 551, 552))
ADMINISTRATOR, KRBTGT = 500, 502
SID_HEAD = 8  # octets before the numbers, of four octets each


class Memberships(Protocol):
    """Tells all groups of an account, groups in groups and the primary group included, by DN."""

    def of(self, entry: Entry) -> Mapping[str, Entry]:
        """Give the groups with name and SID."""
        ...


class Searched:
    """Looks for the groups of one account at a time, in two or three searches."""

    def __init__(self, talk: Talk, domain_dn: str) -> None:
        self._talk, self._domain_dn = talk, domain_dn

    def of(self, entry: Entry) -> Mapping[str, Entry]:
        """Give the groups with name and SID."""
        found = list(self._above(entry.dn))
        for primary in self._groups(f"(objectSid={escaped(primary_group(entry))})"):
            found += [primary, *self._above(primary.dn)]
        return {same_dn(group.dn): group for group in found}

    def _above(self, dn: str) -> Iterable[Entry]:
        return self._groups(f"(member:{IN_CHAIN}:={escaped(dn)})")

    def _groups(self, wanted: str) -> Iterable[Entry]:
        return self._talk.entries(self._domain_dn, f"(&(objectClass=group){wanted})", NAMES)


class ReadOnce:
    """Reads every group with its members, to answer for many accounts."""

    def __init__(self, talk: Talk, domain_dn: str) -> None:
        self._above: dict[str, list[Entry]] = {}
        self._by_sid: dict[str, Entry] = {}
        for group in talk.entries(domain_dn, "(objectClass=group)", (*NAMES, "member")):
            kept = Entry(group.dn, {name.lower(): group.values.get(name.lower(), ()) for name in NAMES})
            self._by_sid[sid_of(kept)] = kept
            for member in group.texts("member"):
                self._above.setdefault(same_dn(member), []).append(kept)

    def of(self, entry: Entry) -> Mapping[str, Entry]:
        """Give the groups with name and SID."""
        found = dict(groups_above(self._parents, entry.dn, ""))
        primary = self._by_sid.get(primary_group(entry))
        if primary:
            found |= {same_dn(primary.dn): primary, **groups_above(self._parents, primary.dn, "")}
        return found

    def _parents(self, dn: str, login: str) -> Sequence[Entry]:
        del login
        return self._above.get(same_dn(dn), ())


def sid_of(entry: Entry) -> str:
    """Read objectSid as text, such as S-1-5-32-544 (MS-DTYP 2.4.2.2); empty where it cannot be read."""
    raw = next(iter(entry.values.get("objectsid", ())), b"")
    if len(raw) < SID_HEAD or len(raw) != SID_HEAD + 4 * raw[1]:
        return ""
    parts = struct.unpack(f"<{raw[1]}I", raw[SID_HEAD:])
    return "-".join(map(str, ("S", raw[0], int.from_bytes(raw[2:8], "big"), *parts)))


def primary_group(entry: Entry) -> str:
    """Give the SID of the primary group: the domain of the account, with the group's own number."""
    domain = sid_of(entry).rpartition("-")[0]
    return f"{domain}-{entry.number('primaryGroupID')}"


def makes_privileged(sid: str) -> bool:
    """Tell a group whose members administer the domain or its controllers."""
    domain, _, rid = sid.rpartition("-")
    return sid in BUILTIN or (domain.startswith("S-1-5-21-") and int(rid) in DOMAIN_RIDS)


def is_built_in(entry: Entry) -> bool:
    """Tell the domain's own Administrator and krbtgt, and what the domain protects as an administrator."""
    rid = sid_of(entry).rpartition("-")[2]
    return rid in {str(ADMINISTRATOR), str(KRBTGT)} or entry.number("adminCount") > 0
