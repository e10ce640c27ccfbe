"""Accounts in a realm of Keycloak, over its Admin REST API (keycloak.org/docs-api, version 26)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deskward.core.errors import OutsideError, RejectedError, SettingsError
from deskward.core.people import Person
from deskward.core.searching import typed_words
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson
from deskward.core.vouching import colleagues_of
from deskward.directories._keycloak_changes import FACTORS, Changes, quoted
from deskward.outbound.contacts import Contacts
from deskward.outbound.doctoring import clock_check, reset_check, rights_check
from deskward.outbound.rest import Rest
from deskward.outbound.tokens import TokenOutbound

PAGE, MOST_IN_CROWD, MOST_COLLEAGUES = 100, 50, 30
LONGEST_KEY = 254
WILD = frozenset('*"')
ATTRIBUTES = ("phone", "private_email", "manager", "team", "office", "title")
ADMINISTERS = frozenset({"admin", "create-realm"})  # Keycloak's own realm roles with power over others
NEEDED = frozenset({"view-users", "manage-users"})
RIGHTS = "the roles view-users and manage-users of the client realm-management."


class Directory(Changes):
    """The realm `realm` at `base_url`; `client_id` is a confidential client with a service account.

    `admin_client` is the internal id (a UUID) of the realm's client “realm-management”: whoever has one of its
    roles is privileged (SR-63), as are `privileged_roles` and members of `privileged_groups`, given by name or
    path. `attributes` names the user attributes that hold phone, private_email, manager, team, office and title.
    `ca_file` is a bundle in PEM. Addresses count as confirmed only where `authoritative` says so (DESIGN 9.6).
    """

    name, rights = "keycloak", RIGHTS

    def __init__(
        self,
        *,
        base_url: str,
        realm: str,
        client_id: str,
        client_secret: Secret,
        admin_client: str,
        key: str = "email",
        attributes: Mapping[str, str] | None = None,
        privileged_roles: Sequence[str] = (),
        privileged_groups: Sequence[str] = (),
        authoritative: bool = False,
        source: str = "Keycloak",
        region: str = "",
        ca_file: Path | None = None,
        timeout: float = 5.0,
        test_account: str = "",
    ) -> None:
        if key not in ("email", "login"):
            raise SettingsError(f"directories.keycloak.key is “{key}”.", "Choose email or login.")
        if unknown := set(attributes or {}) - set(ATTRIBUTES):
            text = f"directories.keycloak.attributes has “{min(unknown)}”."
            raise SettingsError(text, f"There are: {', '.join(ATTRIBUTES)}.")
        self._key, self._attributes, self._client = key, attributes or {}, client_id
        self._admins = f"role-mappings/clients/{quote(admin_client, safe='')}/composite"
        self._roles = ADMINISTERS | set(privileged_roles)
        self._groups = {name.casefold() for name in privileged_groups}
        self._test_account = test_account
        self._contacts = Contacts(source, authoritative, region.upper())
        there = f"{base_url.rstrip('/')}/realms/{quote(realm, safe='')}"
        out = TokenOutbound(
            f"{base_url.rstrip('/')}/admin/realms/{quote(realm, safe='')}",
            token_url=f"{there}/protocol/openid-connect/token",
            client_id=client_id,
            client_secret=client_secret,
            verify=str(ca_file) if ca_file else True,
            timeout=timeout,
        )
        self._rest = Rest(out, name="Keycloak", rights=RIGHTS, said=_said)

    def find(self, person: TicketPerson) -> Sequence[Person]:
        """Find the accounts with the requester's e-mail or user name, letter case aside."""
        wanted = getattr(person, self._key).strip()
        if not wanted or len(wanted) > LONGEST_KEY or not wanted.isprintable():
            return ()
        named = {"email": "email", "login": "username"}[self._key]
        rows = self._rest.rows("users", [(named, wanted), ("exact", "true")])
        return [self._person(row) for row in rows if _text(row, named).casefold() == wanted.casefold()]

    def search(self, text: str, limit: int) -> Sequence[Person]:
        """Find people of whose names, user name or e-mail one begins with each word; nobody has a sign of WILD."""
        wanted = " ".join(typed_words(text))
        if not wanted or set(wanted) & WILD:
            return []
        rows = self._rest.rows("users", [("search", wanted), ("max", str(limit))])
        return [one for one in map(self._listed, rows) if one.has_words(text)]

    def get(self, person_id: str) -> Person | None:
        """Read one account with its state, groups, roles and change stamp."""
        row = self._row(person_id)
        return self._person(row) if row else None

    def colleagues(self, person: Person) -> Sequence[Person]:
        """List who may know a person: manager, team and small groups, the manager first."""
        found: dict[str, Person] = {}
        for row, group in self._near(person):
            one = self._listed(row)
            before = found.get(one.id, one).groups
            found[one.id] = replace(one, groups=(*before, *([group] if group else ())))
        return colleagues_of(person, found.values())[:MOST_COLLEAGUES]

    def everyone(self) -> Iterable[Person]:
        """Read all accounts, in pages."""
        first = 0
        while True:
            answer = self._rest.page("users", [("first", str(first)), ("max", str(PAGE))])
            rows = self._rest.rows_of(answer.json())
            yield from (self._person(row) for row in rows)
            first += len(rows)
            if len(rows) < PAGE:
                return

    def doctor(self) -> Iterable[Check]:
        """Check reach and credentials, then that the rights are there, and no more than needed."""
        try:
            count = self._rest.read("users/count")
            roles = self._own_roles()
        except OutsideError as trouble:
            yield Check("keycloak", well=False, text=trouble.text, hint=trouble.hint or "Check the settings.")
            return
        yield Check("keycloak", well=True, text=f"{count} accounts.")
        if not roles & NEEDED:
            text = "admin_client is not the id of realm-management, or Deskward has no role there that it needs."
            yield Check("keycloak rights", well=False, text=text, hint=f"Grant {RIGHTS}")
        else:
            yield rights_check("keycloak rights", NEEDED, roles, {"query-users", "query-groups"})
        yield clock_check("keycloak clock", self._rest.ahead)
        yield reset_check(self, self._test_account)

    def log_out(self) -> None:
        """Let go of the connections."""
        self._rest.close()

    def _own_roles(self) -> frozenset[str]:
        """Name the roles of our own service account; its user name is documented."""
        query = [("username", f"service-account-{self._client.lower()}"), ("exact", "true")]
        found = self._rest.rows("users", query)
        return frozenset(n for own in found for n in _names(self._rest.rows(f"users/{own['id']}/{self._admins}")))

    def _person(self, row: Mapping[str, Any]) -> Person:
        """Complete what a list or a look-up tells of an account."""
        listed, own = self._listed(row), quoted(str(row["id"]))
        credentials, groups = self._credentials(own), self._rest.rows(f"users/{own}/groups")
        locked = bool(self._rest.one(f"attack-detection/brute-force/users/{own}").get("disabled"))
        return replace(
            listed,
            groups=tuple(_names(groups)),
            privileged=self._is_privileged(own, groups),
            aal=2 if any(one.get("type") in FACTORS for one in credentials) else 1,
            locked=locked,
            stamp=f"{_set_at(credentials)}.{int(listed.enabled)}{int(locked)}",
        )

    def _listed(self, row: Mapping[str, Any]) -> Person:
        first, last = _text(row, "firstName"), _text(row, "lastName")
        kept = {told: self._attribute(row, told) for told in ATTRIBUTES}
        own = str(row["id"])
        return Person(
            id=own,
            login=_text(row, "username"),
            name=f"{first} {last}".strip() or _text(row, "username"),
            first_name=first,
            email=_text(row, "email").casefold(),
            destinations=self._contacts.of(own, _text(row, "email"), kept["private_email"], kept["phone"]),
            enabled=bool(row.get("enabled")),
            manager=next(iter(kept["manager"]), ""),
            team=next(iter(kept["team"]), ""),
            office=next(iter(kept["office"]), ""),
            title=next(iter(kept["title"]), ""),
        )

    def _attribute(self, row: Mapping[str, Any], told: str) -> list[str]:
        values = (row.get("attributes") or {}).get(self._attributes.get(told), ())
        return [str(value).strip() for value in values if str(value).strip()]

    def _is_privileged(self, own: str, groups: Iterable[Mapping[str, Any]]) -> bool:
        """Look at what the account can do in the end: composite roles, and roles and names of groups above."""
        paths = [_text(group, "path").casefold() for group in groups]
        parts = {part for path in paths for part in path.split("/")}
        above = {
            path[:end] for path in paths for end in range(1, len(path) + 1) if path[end : end + 1] in {"", "/"}
        }
        if self._groups & (parts | above):
            return True
        admin = self._rest.read(f"users/{own}/{self._admins}")
        if admin is None:
            raise RejectedError(
                "Keycloak knows no client of that id, so nobody can tell who is privileged.",
                "Set directories.keycloak.admin_client to the id of the client realm-management.",
            )
        realm = self._rest.rows(f"users/{own}/role-mappings/realm/composite")
        return bool(admin) or bool(self._roles & set(_names(realm)))

    def _near(self, person: Person) -> Iterator[tuple[dict[str, Any], str]]:
        """Give rows of manager, team and groups, each with its group; a crowd does not tell who knows whom."""
        if person.manager:
            yield from ((row, "") for row in self._managers(person.manager))
        team = self._attributes.get("team")
        if team and person.team and '"' not in person.team:
            yield from ((row, "") for row in self._crowd("users", [("q", f'"{team}":"{person.team}"')]))
        for group in self._rest.rows(f"users/{quoted(person.id)}/groups"):
            rows = self._crowd(f"groups/{quoted(str(group['id']))}/members", [("briefRepresentation", "false")])
            yield from ((row, _text(group, "name")) for row in rows)

    def _managers(self, named: str) -> Iterator[dict[str, Any]]:
        """Find by id, user name, names or e-mail; `colleagues_of` decides who of them is meant, if anybody."""
        if row := self._row(named):
            yield row
        yield from self._rest.rows("users", [("search", named), ("max", str(MOST_IN_CROWD))])

    def _crowd(self, path: str, query: list[tuple[str, str]]) -> list[dict[str, Any]]:
        rows = self._rest.rows(path, [*query, ("max", str(MOST_IN_CROWD + 1))])
        return rows if len(rows) <= MOST_IN_CROWD else []


def _text(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "").strip()


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return [_text(row, "name") for row in rows]


def _set_at(credentials: Iterable[Mapping[str, Any]]) -> str:
    """Give id and time of the password; Keycloak makes a new time with each new password (in milliseconds)."""
    kept = [one for one in credentials if one.get("type") == "password"]
    return "-".join(f"{one.get('id')}@{one.get('createdDate')}" for one in kept) or "none"


def _said(told: Any) -> str:
    """Take the sentence of an error: “error_description” of policies, “errorMessage” or “error” of others."""
    named = told if isinstance(told, dict) else {}
    words = next((str(named[key]) for key in ("error_description", "errorMessage", "error") if named.get(key)), "")
    return words.removeprefix("Invalid password: ")[:200]
