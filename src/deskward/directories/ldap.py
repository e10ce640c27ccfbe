"""OpenLDAP and alike: people, the Password Modify operation (RFC 3062), and the lock of the password policy.

State is read as the overlay ppolicy keeps it (slapo-ppolicy(5), draft-behera-ldap-password-policy).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from ldap3 import MODIFY_DELETE, MODIFY_REPLACE

from deskward.core.errors import RejectedError, UnreachableError
from deskward.core.people import Person
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson
from deskward.core.vouching import colleagues_of
from deskward.directories import _ldap_doctor as doctoring
from deskward.directories._ldap_errors import FailedError, refused
from deskward.directories._ldap_line import Entry, Line, Talk, checked_filter, escaped
from deskward.directories._ldap_people import (
    MOST_MEMBERS,
    Managers,
    Parents,
    check_key,
    groups_above,
    groups_read_once,
    groups_searched,
    mapped,
    member_filter,
    same_dn,
)
from deskward.directories._ldap_policy import (
    CONSTRAINT,
    modify_password,
    reason,
    rules_of,
)
from deskward.outbound.doctoring import unknown_password

ATTRIBUTES = {
    "id": "entryUUID",
    "login": "uid",
    "email": "mail",
    "name": "cn",
    "first_name": "givenName",
    "phone": "mobile",
    "private_email": "",
    "manager": "manager",
    "team": "departmentNumber",
    "title": "title",
    "office": "physicalDeliveryOfficeName",
}
STATE = ("pwdChangedTime", "pwdAccountLockedTime", "pwdEndTime", "pwdPolicySubentry", "entryCSN")
FOR_GOOD = "000001010000Z"
NO_ATTRIBUTE = 16
GONE = "The account does not exist or is switched off."
ASK = "Ask the administrator of the directory."
UNUSABLE = "The password set last was made unusable; the account has none until a new one is set."
CLOSED = "The password set last could not be replaced, so the account was locked until an administrator opens it."


class Directory:
    """People under `people_dn` that `people_filter` takes; `key` is what a ticket's requester is found by.

    `attributes` name what yours calls differently, `disabled` (“attribute=value”) how a disabled account is
    marked, `policy` the DN of the usual password policy. Members of `privileged_groups` (name or DN), groups in
    groups included, are never served by link (SR-63). `test_account` is reset by doctor.
    """

    name = "ldap"
    rights = "write, not read, userPassword; write pwdAccountLockedTime; read people and groups. Never the rootdn."

    def __init__(
        self,
        *,
        url: str,
        people_dn: str,
        bind_dn: str,
        password: Secret,
        privileged_groups: list[str],
        ca_file: Path | None = None,
        strict_ca: bool = True,
        timeout: int = 10,
        page_size: int = 500,
        key: str = "email",
        people_filter: str = "(objectClass=inetOrgPerson)",
        attributes: dict[str, str] = ATTRIBUTES,
        groups_dn: str = "",
        disabled: str = "",
        policy: str = "",
        test_account: str = "",
        authoritative: bool = False,
        source: str = "the directory",
        region: str = "",
    ) -> None:
        section = "directories.ldap"
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
        self._people_dn, self._groups_dn, self._page_size = people_dn, groups_dn or people_dn, page_size
        self._filter, self._key, self._policy = checked_filter(section, people_filter), key, policy
        self._privileged = {same_dn(name) for name in privileged_groups}
        self._named, self._test_account = tuple(privileged_groups), test_account
        mark, _, value = disabled.partition("=")
        self._disabled = (mark.strip(), value.strip().casefold())

    def find(self, person: TicketPerson) -> Sequence[Person]:
        """Find everybody with the requester's e-mail or login, letter case aside as the schema has it."""
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
        """Read one person with state and change stamp."""
        with self._line.opened() as talk:
            found = self._entry(talk, person_id)
            return self._person(talk, found) if found else None

    def colleagues(self, person: Person) -> Sequence[Person]:
        """List who may know a person: the manager first, then team, own reports, members of the same groups."""
        with self._line.opened() as talk:
            entry = self._entry(talk, person.id)
            if entry is None:
                return []
            near = [f"({self._map.of('team')}={escaped(person.team)})"] if person.team else []
            near.append(f"({self._map.of('manager')}={escaped(entry.dn)})")
            people = {one.id: one for one in self._read(talk, f"(|{''.join(near)})", whole=False)}
            for dn in (self._map.text(entry, "manager"), *self._members_beside(talk, entry)):
                found = talk.entry(dn, self._names(), self._filter) if dn else None
                if found:
                    other = self._person(talk, found)
                    people[other.id] = other
        return colleagues_of(person, people.values())

    def everyone(self) -> Iterable[Person]:
        """Read everybody with state and change stamp, page by page."""
        with self._line.opened() as talk:
            yield from self._read(talk, "", groups_read_once(talk, self._groups_dn))

    def rules(self, person: Person) -> Sequence[str]:
        """Say what the password policy of this person asks for, as far as it can be read."""
        with self._line.opened() as talk:
            entry = self._entry(talk, person.id)
            dn = (entry.text("pwdPolicySubentry") if entry else "") or self._policy
            policy = talk.entry(dn, ["pwdMinLength", "pwdMaxLength", "pwdInHistory", "pwdMinAge"]) if dn else None
        return tuple(rules_of(policy)) if policy else ()

    def set_password(self, person_id: str, password: Secret) -> None:
        """Set a password under the directory's policy, which also lifts a lock."""
        with self._line.opened() as talk:
            entry = self._changeable(talk, person_id)
            try:
                modify_password(talk, entry, password)
            except FailedError as failed:
                raise reason(failed) from failed

    def unlock(self, person_id: str) -> None:
        """Lift a lock-out after too many wrong passwords; what an administrator locked stays so."""
        with self._line.opened() as talk:
            entry = self._changeable(talk, person_id)
            if entry.text("pwdAccountLockedTime"):
                self._write(talk, entry, {"pwdAccountLockedTime": [(MODIFY_DELETE, [])]})

    def revoke(self, person_id: str, *, password: bool) -> str:
        """Set a password that nobody knows, or lock for good where the policy refuses; there are no sessions."""
        if not password:
            return "This directory keeps no sessions, and nothing was set that could be taken back."
        with self._line.opened() as talk:
            entry = self._entry(talk, person_id)
            if entry is None:
                raise RejectedError(GONE, ASK)
            if entry.text("pwdAccountLockedTime") == FOR_GOOD:
                return CLOSED
            try:
                modify_password(talk, entry, unknown_password())
            except FailedError as failed:
                if failed.code != CONSTRAINT:
                    raise refused(failed) from failed
                self._write(talk, entry, {"pwdAccountLockedTime": [(MODIFY_REPLACE, [FOR_GOOD])]})
                return CLOSED
        return UNUSABLE

    def doctor(self) -> Iterable[Check]:
        """Look at reach, TLS, people, groups and policy; the named test account gets a new password."""
        try:
            with self._line.opened() as talk:
                yield from doctoring.reached(talk)
                yield from self._content(talk)
            yield from doctoring.tried(self, self._test_account)
        except UnreachableError as trouble:
            yield Check("reach", well=False, text=trouble.text, hint=trouble.hint)

    def _content(self, talk: Talk) -> Iterator[Check]:
        name = self._map.of(self._key)
        found = talk.entries(self._people_dn, self._filter, [name, "pwdChangedTime"], page_size=self._page_size)
        told = [(one.text(name), bool(one.text("pwdChangedTime"))) for one in found]
        yield from doctoring.people_and_keys((key for key, _ in told), self._key)
        missing = [one for one in self._named if not self._group_there(talk, one)]
        yield doctoring.groups(self._named, missing)
        kept = sum(known for _, known in told)
        text = f"of {kept} people it is known when their password was changed."
        hint = "Configure the overlay ppolicy and let Deskward read its attributes; see docs/directories.md."
        yield Check("policy", bool(kept), text, "" if kept else hint)

    def _group_there(self, talk: Talk, named: str) -> bool:
        if "=" in named:
            return talk.entry(named, ["cn"]) is not None
        return any(talk.entries(self._groups_dn, f"(cn={escaped(named)})", ["cn"], whole=False))

    def _read(
        self, talk: Talk, also: str, parents: Parents | None = None, *, whole: bool = True
    ) -> Iterator[Person]:
        wanted = f"(&{self._filter}{also})" if also else self._filter
        managers = Managers(talk, self._map)
        for entry in talk.entries(self._people_dn, wanted, self._names(), page_size=self._page_size, whole=whole):
            yield self._person(talk, entry, parents, managers)

    def _entry(self, talk: Talk, person_id: str) -> Entry | None:
        if not person_id:
            return None
        wanted = f"(&{self._filter}({self._map.of('id')}={escaped(person_id)}))"
        return next(talk.entries(self._people_dn, wanted, self._names(), page_size=2, whole=False), None)

    def _changeable(self, talk: Talk, person_id: str) -> Entry:
        entry = self._entry(talk, person_id)
        if entry is None or not self._enabled(entry):
            raise RejectedError(GONE, ASK)
        return entry

    def _person(
        self, talk: Talk, entry: Entry, parents: Parents | None = None, managers: Managers | None = None
    ) -> Person:
        person = self._map.person(entry, self._map.text(entry, "id"))
        above = groups_above(parents or groups_searched(talk, self._groups_dn), entry.dn, person.login)
        groups = [group.text("cn") for group in above.values()]
        lock = entry.text("pwdAccountLockedTime")
        changed = entry.text("pwdChangedTime") or entry.text("entryCSN")
        enabled = self._enabled(entry)
        return replace(
            person,
            manager=(managers or Managers(talk, self._map)).login(entry),
            groups=tuple(sorted(groups)),
            privileged=bool(self._privileged & {*above, *(name.casefold() for name in groups)}),
            enabled=enabled,
            locked=bool(lock) and lock != FOR_GOOD,
            stamp=f"{changed}.{lock}.{int(enabled)}",
        )

    def _names(self) -> list[str]:
        mark = [self._disabled[0]] if self._disabled[0] else []
        return [*self._map.names(), *STATE, *mark]

    def _enabled(self, entry: Entry) -> bool:
        mark, value = self._disabled
        marked = bool(mark) and value in {text.casefold() for text in entry.texts(mark)}
        end = entry.text("pwdEndTime")
        ended = bool(end) and end[:14] <= f"{datetime.now(UTC):%Y%m%d%H%M%S}"
        return not marked and not ended and entry.text("pwdAccountLockedTime") != FOR_GOOD

    def _members_beside(self, talk: Talk, entry: Entry) -> Sequence[str]:
        wanted = member_filter(entry.dn, self._map.text(entry, "login"))
        beside: dict[str, None] = {}
        for group in talk.entries(self._groups_dn, wanted, ["member", "uniqueMember"], whole=False):
            beside |= dict.fromkeys((*group.texts("member"), *group.texts("uniqueMember")))
        return list(beside)[:MOST_MEMBERS]

    def _write(self, talk: Talk, entry: Entry, changes: Mapping[str, Any]) -> None:
        try:
            talk.modify(entry.dn, changes)
        except FailedError as failed:
            if failed.code != NO_ATTRIBUTE:
                raise refused(failed) from failed
