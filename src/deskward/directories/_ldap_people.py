"""Reads people from entries of an LDAP server: names, addresses, manager, groups."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ldap3.core.exceptions import LDAPInvalidDnError
from ldap3.utils.dn import parse_dn

from deskward.core.errors import SettingsError
from deskward.core.people import Person
from deskward.directories._ldap_line import Entry, Talk, escaped
from deskward.outbound.contacts import Contacts, mail_of

KEYS = ("email", "login")
MEMBERS = ("cn", "member", "uniqueMember", "memberUid")
MOST_MEMBERS = 60


@dataclass(frozen=True)
class Map:
    """Which attribute holds what, and where its addresses come from; an empty name means none."""

    attributes: Mapping[str, str]
    contacts: Contacts

    def of(self, what: str) -> str:
        """Give the attribute that holds this."""
        return self.attributes[what]

    def holding(self, text: str) -> str:
        """Write the filter for who has each word of a text in name, login or e-mail; empty where that is nobody.

        Servers end a word at a zero octet, and would find what begins like it.
        """
        names = [self.attributes[what] for what in ("name", "login", "email") if self.attributes[what]]
        words = text.split() if text.isprintable() else ()
        return "".join(f"(|{''.join(f'({name}=*{escaped(word)}*)' for name in names)})" for word in words)

    def names(self) -> list[str]:
        """List the attributes to ask for."""
        return sorted({name for name in self.attributes.values() if name})

    def text(self, entry: Entry, what: str) -> str:
        """Read one text, empty where there is none."""
        name = self.attributes[what]
        return entry.text(name) if name else ""

    def person(self, entry: Entry, person_id: str) -> Person:
        """Make the person, as yet without manager, groups and state."""
        email = _mail(self.text(entry, "email"))
        mails, phones = self._texts(entry, "private_email"), self._texts(entry, "phone")
        return Person(
            id=person_id,
            login=self.text(entry, "login"),
            name=self.text(entry, "name") or self.text(entry, "login"),
            email=email,
            destinations=self.contacts.of(person_id, email, mails, phones),
            first_name=self.text(entry, "first_name"),
            title=self.text(entry, "title"),
            office=self.text(entry, "office"),
            team=self.text(entry, "team"),
        )

    def _texts(self, entry: Entry, what: str) -> Sequence[str]:
        name = self.attributes[what]
        return entry.texts(name) if name else ()


def mapped(
    section: str,
    usual: Mapping[str, str],
    given: Mapping[str, str],
    *,
    source: str,
    authoritative: bool,
    region: str,
) -> Map:
    """Take the attributes that are set over the usual ones; SettingsError names one that is unknown."""
    if unknown := sorted(given.keys() - usual.keys()):
        raise SettingsError(
            f"{section}.attributes names “{unknown[0]}”.", f"There are: {', '.join(sorted(usual))}."
        )
    return Map({**usual, **given}, Contacts(source, authoritative, region.upper(), local=True))


def check_key(section: str, key: str) -> None:
    """Refuse a key that nobody is found by."""
    if key not in KEYS:
        raise SettingsError(f"{section}.key is “{key}”.", "Choose email or login.")


@dataclass
class Managers:
    """Finds the login of a manager that an entry names by its DN; each is read once."""

    talk: Talk
    attributes: Map
    known: dict[str, str] = field(default_factory=dict)

    def login(self, entry: Entry) -> str:
        """Give the login, empty where no manager is named or to be seen."""
        dn = self.attributes.text(entry, "manager")
        if dn and dn not in self.known:
            name = self.attributes.of("login")
            found = self.talk.entry(dn, [name])
            self.known[dn] = found.text(name) if found else ""
        return self.known.get(dn, "")


Parents = Callable[[str, str], Iterable[Entry]]


def groups_above(parents: Parents, dn: str, login: str) -> Mapping[str, Entry]:
    """Follow groups upwards, groups of groups included, by DN; a circle ends by itself."""
    found: dict[str, Entry] = {}
    waiting = [(dn, login)]
    while waiting:
        for group in parents(*waiting.pop()):
            key = same_dn(group.dn)
            if key not in found:
                found[key] = group
                waiting.append((group.dn, ""))
    return found


def groups_searched(talk: Talk, under: str) -> Parents:
    """Look for the groups above one member at a time."""
    return lambda dn, login: talk.entries(under, member_filter(dn, login), ["cn"])


def groups_read_once(talk: Talk, under: str) -> Parents:
    """Read every group with its members, to answer for many people."""
    above: dict[str, list[Entry]] = {}
    for group in talk.entries(under, "(|(member=*)(uniqueMember=*)(memberUid=*))", MEMBERS):
        for member in _members(group):
            above.setdefault(member, []).append(Entry(group.dn, {"cn": group.values.get("cn", ())}))
    return lambda dn, login: (*above.get(same_dn(dn), ()), *above.get(f"login {login}", ()))


def member_filter(dn: str, login: str) -> str:
    """Write the filter for groups that name this member, by DN or (RFC 2307) by login."""
    by_login = f"(memberUid={escaped(login)})" if login else ""
    return f"(|(member={escaped(dn)})(uniqueMember={escaped(dn)}){by_login})"


def same_dn(dn: str) -> str:
    """Give the one spelling of a DN: letter case and spaces aside."""
    try:
        return ",".join(f"{name}={value}" for name, value, _ in parse_dn(dn.casefold(), strip=True))
    except LDAPInvalidDnError:
        return dn.casefold()


def _members(group: Entry) -> Iterator[str]:
    yield from (same_dn(dn) for name in ("member", "uniqueMember") for dn in group.texts(name))
    yield from (f"login {login}" for login in group.texts("memberUid"))


def _mail(text: str) -> str:
    try:
        return mail_of(text, local=True)
    except ValueError:
        return ""
