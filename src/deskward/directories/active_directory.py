"""Active Directory over TLS: people, privileged groups, passwords (MS-ADTS 3.1.1.3.1.5), lock-outs, policies."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from uuid import UUID

from ldap3 import MODIFY_REPLACE

from deskward.core.errors import RejectedError, UnreachableError
from deskward.core.first_passwords import first_password
from deskward.core.people import Person
from deskward.core.proof import ActionClass
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson
from deskward.core.vouching import colleagues_of
from deskward.directories import _ldap_doctor as doctoring
from deskward.directories._active_directory_groups import (
    Memberships,
    ReadOnce,
    Searched,
    is_built_in,
    makes_privileged,
    sid_of,
)
from deskward.directories._active_directory_log import PasswordMarks
from deskward.directories._active_directory_words import (
    STATE,
    is_enabled,
    is_locked,
    password_change,
    reason,
    rules_of,
    stamp_of,
)
from deskward.directories._ldap_errors import FailedError, refused
from deskward.directories._ldap_line import Changes, Entry, Line, Talk, checked_filter, escaped
from deskward.directories._ldap_people import Managers, check_key, mapped, same_dn
from deskward.outbound.doctoring import unknown_password

ATTRIBUTES = {
    "login": "sAMAccountName",
    "email": "mail",
    "name": "cn",
    "first_name": "givenName",
    "phone": "mobile",
    "private_email": "",
    "manager": "manager",
    "team": "department",
    "title": "title",
    "office": "physicalDeliveryOfficeName",
}
PEOPLE = "(&(objectCategory=person)(objectClass=user))"
HINTS = ("1.2.840.113556.1.4.2239", False, b"\x30\x03\x02\x01\x01")  # a reset, too, keeps the password history
GONE = "The account does not exist or is switched off."
ASK = "Ask the administrator of the domain."
UNUSABLE = "The password set last was made unusable; the account has none until a new one is set."


class Directory(PasswordMarks):
    """People of the domain `domain_dn` that `people_filter` takes under `people_dn`, found by `key`.

    Administrators of the domain are known by themselves; members of `privileged_groups` (name or DN), groups in
    groups included, are never served by link either (SR-63). `change_at_next_logon` makes the owner choose another
    password at the next sign-in. `test_account` is reset by doctor.
    """

    name, access_class = "active_directory", ActionClass.C2
    rights = (
        "an ordinary domain user with three rights on the unit of the people: Reset Password, write lockoutTime, "
        "write pwdLastSet (for change_at_next_logon and temporary_access only)."
    )

    def __init__(
        self,
        *,
        url: str,
        domain_dn: str,
        bind_dn: str,
        password: Secret,
        privileged_groups: list[str],
        ca_file: Path | None = None,
        strict_ca: bool = True,
        timeout: int = 10,
        page_size: int = 500,
        key: str = "email",
        people_dn: str = "",
        people_filter: str = PEOPLE,
        attributes: dict[str, str] = ATTRIBUTES,
        change_at_next_logon: bool = False,
        test_account: str = "",
        authoritative: bool = False,
        source: str = "Active Directory",
        region: str = "",
    ) -> None:
        section = "directories.active_directory"
        check_key(section, key)
        self._line = Line(
            section,
            url=url,
            bind_dn=bind_dn,
            password=password,
            ca_file=ca_file,
            strict_ca=strict_ca,
            timeout=timeout,
        )
        self._map = mapped(
            section, ATTRIBUTES, attributes, source=source, authoritative=authoritative, region=region
        )
        self._domain_dn, self._people_dn, self._page_size = domain_dn, people_dn or domain_dn, page_size
        self._filter, self._key = checked_filter(section, people_filter), key
        self._privileged = {same_dn(name) for name in privileged_groups}
        self._named, self._test_account = tuple(privileged_groups), test_account
        self._once, self._bind_dn = change_at_next_logon, bind_dn

    def find(self, person: TicketPerson) -> Sequence[Person]:
        """Find everybody with the requester's e-mail or login, letter case aside."""
        wanted = str(getattr(person, self._key)).strip()
        if not wanted:
            return []
        with self._line.opened() as talk:
            return list(self._read(talk, f"({self._map.of(self._key)}={escaped(wanted)})"))

    def search(self, text: str, limit: int) -> Sequence[Person]:
        """Find people whose name, login or e-mail has every word of a text, compared as the schema does."""
        wanted = self._map.holding(text)
        if not wanted:
            return []
        with self._line.opened() as talk:
            return list(islice(self._read(talk, wanted, whole=False), limit))

    def get(self, person_id: str) -> Person | None:
        """Read one person by objectGUID, with state and change stamp."""
        with self._line.opened() as talk:
            found = self._entry(talk, person_id)
            return (
                self._person(found, Searched(talk, self._domain_dn), Managers(talk, self._map)) if found else None
            )

    def colleagues(self, person: Person) -> Sequence[Person]:
        """List who may know a person: the manager first, then department, own reports, and shared groups."""
        with self._line.opened() as talk:
            entry = self._entry(talk, person.id)
            if entry is None:
                return []
            near = [f"({self._map.of('manager')}={escaped(entry.dn)})"]
            near += [f"({self._map.of('team')}={escaped(person.team)})"] if person.team else []
            near += [f"(memberOf={escaped(dn)})" for dn in entry.texts("memberOf")]
            people = list(self._read(talk, f"(|{''.join(near)})", whole=False))
            if person.manager and all(one.login != person.manager for one in people):
                people += self._read(talk, f"({self._map.of('login')}={escaped(person.manager)})")
        return colleagues_of(person, people)

    def everyone(self) -> Iterable[Person]:
        """Read everybody with state and change stamp, page by page."""
        with self._line.opened() as talk:
            yield from self._read(talk, "", ReadOnce(talk, self._domain_dn))

    def rules(self, person: Person) -> Sequence[str]:
        """Say what the policy for this person's password asks for, as far as it can be read."""
        with self._line.opened() as talk:
            entry = self._entry(talk, person.id, "msDS-ResultantPSO")
            return tuple(rules_of(talk, self._domain_dn, entry)) if entry else ()

    def give_access(self, person_id: str, minutes: int) -> Secret:
        """Set a password that is good for one sign-in, where another one must be chosen; time does not end it."""
        del minutes
        password = first_password()
        self._set(person_id, password, once=True)
        return password

    def end_access(self, person_id: str) -> str:
        """Make a password unusable after which nobody has chosen another one."""
        with self._line.opened() as talk:
            entry = self._entry(talk, person_id)
            waits = entry is not None and entry.text("pwdLastSet") == "0"
        return self.revoke(person_id, password=True) if waits else ""

    def set_password(self, person_id: str, password: Secret) -> None:
        """Set a password under the domain's policy, which also lifts a lock-out in the same step."""
        self._set(person_id, password, once=self._once)

    def _set(self, person_id: str, password: Secret, *, once: bool) -> None:
        with self._line.opened() as talk:
            entry = self._changeable(talk, person_id)
            changes = password_change(password, once=once, unlocks=is_locked(entry))
            try:
                talk.modify(entry.dn, changes, [HINTS])
            except FailedError as failed:
                raise reason(failed, " ".join(rules_of(talk, self._domain_dn, entry))) from failed

    def unlock(self, person_id: str) -> None:
        """Lift a lock-out."""
        with self._line.opened() as talk:
            entry = self._changeable(talk, person_id)
            _write(talk, entry, {"lockoutTime": [(MODIFY_REPLACE, ["0"])]})

    def revoke(self, person_id: str, *, password: bool) -> str:
        """Set a password that nobody knows; tickets of Kerberos that were given out end by themselves."""
        if not password:
            return "Nothing was set that could be taken back; sign-ins in the domain end by themselves."
        with self._line.opened() as talk:
            entry = self._entry(talk, person_id)
            if entry is None:
                raise RejectedError(GONE, ASK)
            _write(talk, entry, password_change(unknown_password()))
        return UNUSABLE

    def doctor(self) -> Iterable[Check]:
        """Look at reach, TLS, people, groups and own rights; the named test account gets a new password."""
        try:
            with self._line.opened() as talk:
                yield from doctoring.reached(talk)
                name = self._map.of(self._key)
                found = talk.entries(self._people_dn, self._filter, [name], page_size=self._page_size)
                yield from doctoring.people_and_keys((one.text(name) for one in found), self._key)
                yield from self._groups(talk)
                yield self._own_rights(talk)
            yield from doctoring.tried(self, self._test_account)
        except UnreachableError as trouble:
            yield Check("reach", well=False, text=trouble.text, hint=trouble.hint)

    def _groups(self, talk: Talk) -> Iterator[Check]:
        missing = [one for one in self._named if not self._group_there(talk, one)]
        if self._named:
            yield doctoring.groups(self._named, missing)
        else:
            yield Check("groups", well=True, text="the domain's own administrators are known.")

    def _group_there(self, talk: Talk, named: str) -> bool:
        if "=" in named:
            return talk.entry(named, ["cn"]) is not None
        wanted = f"(&(objectClass=group)(cn={escaped(named)}))"
        return any(talk.entries(self._domain_dn, wanted, ["cn"], whole=False))

    def _own_rights(self, talk: Talk) -> Check:
        """Tell whether Deskward's own account is an administrator, which it must not be."""
        own = escaped(self._bind_dn)
        wanted = f"(&(objectClass=user)(|(distinguishedName={own})(userPrincipalName={own})))"
        entry = next(talk.entries(self._domain_dn, wanted, STATE, whole=False), None)
        groups = Searched(talk, self._domain_dn).of(entry).values() if entry else ()
        if entry and any(makes_privileged(sid_of(group)) for group in groups):
            hint = "Take it out of the groups of administrators, and delegate what docs/directories.md lists."
            return Check("own rights", well=False, text="Deskward's own account is an administrator.", hint=hint)
        text = (
            "Deskward's own account is no administrator." if entry else "not known: bind_dn is no DN and no UPN."
        )
        return Check("own rights", bool(entry), text, "" if entry else "Give bind_dn as a DN or as name@domain.")

    def _read(
        self, talk: Talk, also: str, memberships: Memberships | None = None, *, whole: bool = True
    ) -> Iterator[Person]:
        wanted = f"(&{self._filter}{also})" if also else self._filter
        known, managers = memberships or Searched(talk, self._domain_dn), Managers(talk, self._map)
        for entry in talk.entries(self._people_dn, wanted, self._names(), page_size=self._page_size, whole=whole):
            yield self._person(entry, known, managers)

    def _entry(self, talk: Talk, person_id: str, *more: str) -> Entry | None:
        try:
            octets = UUID(person_id).bytes_le
        except ValueError:
            return None
        written = "".join(rf"\{octet:02x}" for octet in octets)
        wanted = f"(&{self._filter}(objectGUID={written}))"
        names = [*self._names(), *more]
        return next(talk.entries(self._people_dn, wanted, names, page_size=2, whole=False), None)

    def _names(self) -> list[str]:
        return [*self._map.names(), "objectGUID", *STATE]

    def _changeable(self, talk: Talk, person_id: str) -> Entry:
        entry = self._entry(talk, person_id, "msDS-ResultantPSO")
        if entry is None or not is_enabled(entry):
            raise RejectedError(GONE, ASK)
        return entry

    def _person(self, entry: Entry, memberships: Memberships, managers: Managers) -> Person:
        groups = memberships.of(entry)
        names = sorted(group.text("cn") for group in groups.values())
        named = self._privileged & {*groups, *(name.casefold() for name in names)}
        known = any(makes_privileged(sid_of(group)) for group in groups.values())
        return replace(
            self._map.person(entry, str(UUID(bytes_le=bytes(entry.values["objectguid"][0])))),
            manager=managers.login(entry),
            groups=tuple(names),
            privileged=bool(named) or known or is_built_in(entry),
            enabled=is_enabled(entry),
            locked=is_locked(entry),
            stamp=stamp_of(entry),
        )


def _write(talk: Talk, entry: Entry, changes: Changes) -> None:
    try:
        talk.modify(entry.dn, changes)
    except FailedError as failed:
        raise refused(failed) from failed
