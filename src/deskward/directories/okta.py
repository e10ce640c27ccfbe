"""Accounts in Okta, over its Users, Roles, Groups and Factors APIs (developer.okta.com/docs/api).

Setting a password as an administrator is held to the password policy but for its history. Whether Okta takes one
for an account that is locked out is not documented; it is assumed, and a refusal is told in Okta's words.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from deskward.core.errors import OutsideError, SettingsError
from deskward.core.people import Person
from deskward.core.searching import typed_words
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson
from deskward.core.vouching import colleagues_of
from deskward.directories._okta_changes import EXPIRED, LIVING, LOCKED, Changes, part, strong, text_of
from deskward.directories._okta_log import NEXT_PAGE, SystemLog
from deskward.outbound.assertions import Assertion
from deskward.outbound.contacts import Contacts
from deskward.outbound.doctoring import clock_check, reset_check, rights_check
from deskward.outbound.rest import Query, Rest
from deskward.outbound.tokens import KeyOutbound, TokenOutbound

PAGE, MOST_NEAR, MOST_COLLEAGUES = 200, 50, 30
LONGEST_KEY = 254
NAMED = tuple(f"profile.{name}" for name in ("firstName", "lastName", "displayName", "login", "email"))
SCOPES = frozenset(
    {"okta.logs.read", "okta.users.read", "okta.users.manage", "okta.groups.read", "okta.roles.read"}
)
MIGHTY = frozenset({"SUPER_ADMIN", "ORG_ADMIN"})
RIGHTS = "a role that may read the log, people, groups and roles, manage credentials, unlock, and clear sessions."


class Directory(Changes, SystemLog):
    """The organisation at `base_url`, reached as the service application `client_id` or with `api_token`.

    The application has scopes and a `private_key` (RSA, in PEM; `key_id` names it); that is the better way, since
    its tokens live an hour and may do no more than their scopes. An API token may do what its account may.
    Whoever has an administrator's role is privileged (SR-63), as are members of `privileged_groups`, given by id.
    Addresses count as confirmed only where `authoritative` says so (DESIGN 9.6).
    """

    name, rights = "okta", RIGHTS

    def __init__(
        self,
        *,
        base_url: str,
        client_id: str = "",
        private_key: Secret | None = None,
        key_id: str = "",
        api_token: Secret | None = None,
        key: str = "email",
        privileged_groups: Sequence[str] = (),
        authoritative: bool = False,
        source: str = "Okta",
        region: str = "",
        timeout: float = 5.0,
        test_account: str = "",
    ) -> None:
        if key not in ("email", "login"):
            raise SettingsError(f"directories.okta.key is “{key}”.", "Choose email or login.")
        self._key, self._groups = key, frozenset(privileged_groups)
        self._test_account = test_account
        self._contacts = Contacts(source, authoritative, region.upper())
        root = base_url.rstrip("/")
        self._out: KeyOutbound | TokenOutbound
        if api_token and not (client_id or private_key):
            self._out = KeyOutbound(f"{root}/api/v1", scheme="SSWS", key=api_token, timeout=timeout)
        elif client_id and private_key and not api_token:
            issuer = f"{root}/oauth2/v1/token"
            self._out = TokenOutbound(
                f"{root}/api/v1",
                token_url=issuer,
                client_id=client_id,
                assertion=Assertion(private_key, client_id=client_id, audience=issuer, key_id=key_id),
                scope=" ".join(sorted(SCOPES)),
                timeout=timeout,
            )
        else:
            text = "directories.okta needs either client_id and private_key, or api_token."
            raise SettingsError(text, "Set exactly one of the two.")
        self._rest = Rest(self._out, name="Okta", rights=RIGHTS, said=_said)

    def find(self, person: TicketPerson) -> Sequence[Person]:
        """Find the accounts with the requester's e-mail or login, letter case aside.

        The index that is searched may lag behind, so each account found is read.
        """
        wanted = getattr(person, self._key).strip()
        if not wanted or len(wanted) > LONGEST_KEY or not wanted.isprintable():
            return ()
        rows = self._rest.rows("users", [("search", f"profile.{self._key} eq {_literal(wanted)}")])
        found = (self.get(str(row["id"])) for row in rows)
        return [one for one in found if one and getattr(one, self._key).casefold() == wanted.casefold()]

    def search(self, text: str, limit: int) -> Sequence[Person]:
        """Find people of whose names, login or e-mail one begins with each word; the index may lag behind."""
        each = (" or ".join(f"{name} sw {_literal(word)}" for name in NAMED) for word in typed_words(text))
        asked = " and ".join(f"({one})" for one in each)
        rows = self._rest.rows("users", [("search", asked), ("limit", str(limit))]) if asked else ()
        return [one for one in map(self._listed, rows) if one.has_words(text)]

    def get(self, person_id: str) -> Person | None:
        """Read one account with groups, roles, factors and change stamp."""
        row = self._row(person_id)
        return self._person(row) if row else None

    def colleagues(self, person: Person) -> Sequence[Person]:
        """List who may know a person: manager, own reports, and a small department."""
        found = {row["id"]: self._listed(row) for row in self._near(person)}
        return colleagues_of(person, found.values())[:MOST_COLLEAGUES]

    def everyone(self) -> Iterable[Person]:
        """Read all accounts but those that were deactivated, in pages; who is privileged is read once before."""
        privileged = self._privileged()
        for row in self._pages("users"):
            one = self._listed(row)
            yield replace(one, privileged=one.id in privileged)

    def doctor(self) -> Iterable[Check]:
        """Check reach and credentials, then that roles can be read, and that our rights are not too mighty."""
        try:
            privileged = self._privileged()
            granted = self._out.claims().get("scp")
            scoped = isinstance(self._out, TokenOutbound)
            me = {} if scoped else self._rest.row_of(self._rest.read("users/me"))
            roles = {text_of(role, "type") for role in (self._rest.rows(f"users/{me['id']}/roles") if me else ())}
        except OutsideError as trouble:
            yield Check("okta", well=False, text=trouble.text, hint=trouble.hint or "Check the settings.")
            return
        yield Check("okta", well=True, text=f"People can be read; {len(privileged)} accounts are privileged.")
        if isinstance(granted, list):
            yield rights_check("okta rights", SCOPES, frozenset(map(str, granted)))
        elif mighty := sorted(roles & MIGHTY):
            text = f"The token's account has more power than it needs: {', '.join(mighty)}."
            yield Check("okta rights", well=False, text=text, hint=f"Give it {RIGHTS}")
        else:
            yield Check("okta rights", well=True, text="Deskward's account is no administrator of all of Okta.")
        yield clock_check("okta clock", self._rest.ahead)
        yield reset_check(self, self._test_account)

    def log_out(self) -> None:
        """Let go of the connections."""
        self._rest.close()

    def _person(self, row: Mapping[str, Any]) -> Person:
        listed = self._listed(row)
        groups = list(self._pages(f"users/{listed.id}/groups", patient=False))
        roles = self._rest.rows(f"users/{listed.id}/roles")
        factors = strong(self._rest.rows(f"users/{listed.id}/factors"))
        return replace(
            listed,
            groups=tuple(text_of(part(one, "profile"), "name") for one in groups if one.get("type") != "BUILT_IN"),
            privileged=bool(roles) or any(one["id"] in self._groups for one in groups),
            aal=2 if factors else 1,
        )

    def _listed(self, row: Mapping[str, Any]) -> Person:
        profile, status = part(row, "profile"), row.get("status")
        enabled, locked = status in LIVING, status == LOCKED
        first = ".first" if status == EXPIRED else ""
        whole = f"{text_of(profile, 'firstName')} {text_of(profile, 'lastName')}".strip()
        mails, phones = [text_of(profile, "secondEmail")], [text_of(profile, "mobilePhone")]
        return Person(
            id=str(row["id"]),
            login=text_of(profile, "login"),
            name=text_of(profile, "displayName") or whole or text_of(profile, "login"),
            first_name=text_of(profile, "firstName"),
            email=text_of(profile, "email").casefold(),
            destinations=self._contacts.of(str(row["id"]), text_of(profile, "email"), mails, phones),
            manager=text_of(profile, "managerId") or text_of(profile, "manager"),
            title=text_of(profile, "title"),
            team=text_of(profile, "department"),
            enabled=enabled,
            locked=locked,
            stamp=f"{text_of(row, 'passwordChanged') or 'never'}.{int(enabled)}{int(locked)}{first}",
        )

    def _privileged(self) -> frozenset[str]:
        """Name all who have a role, and the members of groups that have power.

        Okta does not say whether its list names those who have a role through a group; `get` asks for each.
        """
        found, path = set[str](), "iam/assignees/users"
        query: Query = [("limit", str(PAGE))]
        while path:
            told = self._rest.page(path, query).json()
            page = told if isinstance(told, dict) else {}
            found |= {str(one["id"]) for one in self._rest.rows_of(page.get("value"))}
            after = text_of(part(part(page, "_links"), "next"), "href")
            path, query = self._rest.linked(after) if after else ("", ())
        for group in sorted(self._groups):
            found |= {str(one["id"]) for one in self._pages(f"groups/{group}/users")}
        return frozenset(found)

    def _near(self, person: Person) -> Iterator[dict[str, Any]]:
        boss = [f"{name} eq {_literal(person.manager)}" for name in ("id", "profile.login", "profile.displayName")]
        own = [f"profile.managerId eq {_literal(key)}" for key in (person.id, person.login)]
        yield from self._searched([*(boss if person.manager else ()), *own])
        if person.team:
            yield from self._searched([f"profile.department eq {_literal(person.team)}"])

    def _searched(self, terms: Iterable[str]) -> list[dict[str, Any]]:
        """Find who fits one of these; a crowd does not tell who knows whom."""
        rows = self._rest.rows("users", [("search", " or ".join(terms)), ("limit", str(MOST_NEAR + 1))])
        return rows if len(rows) <= MOST_NEAR else []

    def _pages(self, path: str, *, patient: bool = True) -> Iterator[dict[str, Any]]:
        query: Query = [("limit", str(PAGE))]
        while path:
            answer = self._rest.page(path, query, patient=patient)
            yield from self._rest.rows_of(answer.json())
            after = NEXT_PAGE.search(answer.headers.get("link", ""))
            path, query = self._rest.linked(after[1]) if after else ("", ())


def _literal(text: str) -> str:
    """Write a text into a search expression (SCIM, RFC 7644 3.4.2.2: a JSON string)."""
    return json.dumps(text, ensure_ascii=False)


def _said(told: Any) -> str:
    """Take the sentence out of an error: its first cause, or what it says itself."""
    error = told if isinstance(told, dict) else {}
    causes = error.get("errorCauses")
    first = causes[0] if isinstance(causes, list) and causes and isinstance(causes[0], dict) else {}
    words = text_of(first, "errorSummary") or text_of(error, "errorSummary")
    return words.removeprefix("password: ")[:300]
