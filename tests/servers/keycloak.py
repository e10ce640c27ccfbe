"""A small Keycloak: the parts of its Admin REST API that the directory uses, after keycloak.org/docs-api 26.

Passwords have the policies length(8), notUsername and passwordHistory(3). Ids of clients and roles are made up.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from tests.servers.tokens import Asked, Reply, told

ADMIN_CLIENT = "5c2f7d7e-0000-4000-8000-00000000c11e"
OTHER_CLIENT = "5c2f7d7e-0000-4000-8000-0000000acc0e"
ACCOUNT = "service-account-desk ward"
DONE = Reply(204, b"")
FIRST_DAY = 1_700_000_000_000
Row = dict[str, Any]
Route = Callable[..., Reply]


@dataclass
class Account:
    """One user: `row` as the API shows it, and what it never shows."""

    row: Row
    passwords: list[str] = field(default_factory=list)
    credentials: list[Row] = field(default_factory=list)
    failures: int = 0
    admin_roles: list[str] = field(default_factory=list)
    realm_roles: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    logged_out: int = 0


@dataclass
class Keycloak:
    """The realm “staff”; `key` ids are those of `people`."""

    people: dict[str, Account] = field(default_factory=dict)
    clock: int = FIRST_DAY
    forbids: set[str] = field(default_factory=set)

    def add(self, login: str, email: str = "", enabled: bool = True, **more: Any) -> str:
        """Add a user and give the id."""
        attributes = {name: [value] for name, value in more.pop("attributes", {}).items()}
        row = {
            "id": str(uuid4()),
            "username": login,
            "firstName": more.pop("first", login.title()),
            "lastName": more.pop("last", ""),
            "email": email,
            "emailVerified": True,
            "enabled": enabled,
            "createdTimestamp": FIRST_DAY,
            "totp": False,
            "requiredActions": [],
            "notBefore": 0,
            **({"attributes": attributes} if attributes else {}),
            **{name: more.pop(name) for name in ("federationLink",) if name in more},
        }
        self.people[str(row["id"])] = Account(row, **more)
        return str(row["id"])

    def signs_in(self, person_id: str, password: str) -> bool:
        """Try to sign in; the third wrong password in a row locks the account for a while."""
        account = self.people[person_id]
        right = account.row["enabled"] and account.failures < 3 and account.passwords[-1:] == [password]
        account.failures = 0 if right else account.failures + 1
        return bool(right)

    def __call__(self, asked: Asked) -> Reply:
        routes: Mapping[str, Route] = {
            "GET users": self.listing,
            "GET users/count": lambda _: told(len(self.people)),
            "GET users/([^/]+)": lambda _, who: told(self.account(who).row),
            "GET users/([^/]+)/credentials": lambda _, who: told(self.account(who).credentials),
            "GET users/([^/]+)/groups": self.groups_of,
            "GET users/([^/]+)/role-mappings/realm/composite": self.realm_roles,
            "GET users/([^/]+)/role-mappings/clients/([^/]+)/composite": self.client_roles,
            "PUT users/([^/]+)/reset-password": self.reset_password,
            "POST users/([^/]+)/logout": self.logout,
            "DELETE users/([^/]+)/credentials/([^/]+)": self.remove_credential,
            "GET attack-detection/brute-force/users/([^/]+)": self.status,
            "DELETE attack-detection/brute-force/users/([^/]+)": self.clear,
            "GET groups/([^/]+)/members": self.members,
        }
        call = f"{asked.method} {asked.path.removeprefix('/admin/realms/staff/')}"
        for route, answer in routes.items():
            if found := re.fullmatch(route, call):
                if any(part in call for part in self.forbids):
                    return told({"error": "HTTP 403 Forbidden"}, 403)
                try:
                    return answer(asked, *map(unquote, found.groups()))
                except KeyError:
                    return told({"error": "User not found"}, 404)
        return told({"error": "HTTP 404 Not Found"}, 404)

    def account(self, who: str) -> Account:
        return self.people[who]

    def listing(self, asked: Asked) -> Reply:
        query = asked.query
        rows = [
            account.row for account in self.people.values() if not account.row["username"].startswith("service-")
        ]
        for key in ("email", "username"):
            if key in query:
                same = query.get("exact") == "true"
                everyone = [account.row for account in self.people.values()]
                rows = [r for r in everyone if _fits(str(r[key]), query[key], same=same)]
        if "search" in query:
            terms = query["search"].casefold().split()
            rows = [r for r in rows if all(any(word.startswith(t) for word in _words(r)) for t in terms)]
        if "q" in query:
            name, value = re.fullmatch(r'"(.*)":"(.*)"', query["q"]).groups()  # type: ignore[union-attr]
            rows = [r for r in rows if value in r.get("attributes", {}).get(name, ())]
        first = int(query.get("first", 0))
        return told(rows[first : first + int(query.get("max", 100))])

    def groups_of(self, _: Asked, who: str) -> Reply:
        return told([{"id": path.strip("/").replace("/", "-"), "name": path.rpartition("/")[2], "path": path}
                     for path in self.account(who).groups])  # fmt: skip

    def members(self, asked: Asked, group: str) -> Reply:
        rows = [a.row for a in self.people.values() if f"/{group.replace('-', '/')}" in a.groups]
        return told(rows[: int(asked.query["max"])])

    def realm_roles(self, _: Asked, who: str) -> Reply:
        names = ["default-roles-staff", *self.account(who).realm_roles]
        return told([{"id": f"r-{name}", "name": name, "composite": False, "clientRole": False} for name in names])

    def client_roles(self, _: Asked, who: str, client: str) -> Reply:
        if client not in {ADMIN_CLIENT, OTHER_CLIENT}:
            return told({"error": "Client not found"}, 404)
        names = self.account(who).admin_roles if client == ADMIN_CLIENT else ["manage-account"]
        return told(
            [{"id": f"c-{name}", "name": name, "clientRole": True, "containerId": client} for name in names]
        )

    def reset_password(self, asked: Asked, who: str) -> Reply:
        account, password = self.account(who), asked.body["value"]
        assert asked.body == {"type": "password", "value": password, "temporary": asked.body["temporary"]}
        if not password.strip():
            return told({"error": "Empty password not allowed"}, 400)
        if account.row.get("federationLink"):
            return told({"error": "Can't reset password as account is read only"}, 400)
        if refusal := _refused(account, password):
            return told({"error": refusal[0], "error_description": f"Invalid password: {refusal[1]}"}, 400)
        self.clock += 1
        kept = [one for one in account.credentials if one["type"] != "password"]
        new = {"id": str(uuid4()), "type": "password", "createdDate": self.clock}
        old = [one for one in account.credentials if one["type"] == "password"]
        account.credentials = [*kept, {**(old or [new])[0], "createdDate": self.clock}]
        account.passwords.append(password)
        account.row["requiredActions"] = ["UPDATE_PASSWORD"] if asked.body["temporary"] else []
        return DONE

    def enters(self, person_id: str, given: str, chosen: str) -> bool:
        """Sign in, and choose the next password where Keycloak asks for it."""
        account = self.people[person_id]
        if not self.signs_in(person_id, given):
            return False
        if account.row["requiredActions"]:
            account.passwords.append(chosen)
            account.row["requiredActions"] = []
        return True

    def remove_credential(self, _: Asked, who: str, credential: str) -> Reply:
        account = self.account(who)
        kept = [one for one in account.credentials if one["id"] != credential]
        if len(kept) == len(account.credentials):
            return told({"error": "Credential not found"}, 404)
        if any(one["type"] == "password" for one in account.credentials if one["id"] == credential):
            account.passwords = []
        account.credentials = kept
        return DONE

    def logout(self, _: Asked, who: str) -> Reply:
        self.account(who).logged_out += 1
        return DONE

    def status(self, _: Asked, who: str) -> Reply:
        failures = self.people[who].failures if who in self.people else 0
        return told(
            {
                "failedLoginNotBefore": 0,
                "numFailures": failures,
                "numTemporaryLockouts": 0,
                "disabled": failures >= 3,
                "lastIPFailure": "198.51.100.9" if failures else "n/a",
                "lastFailure": FIRST_DAY if failures else 0,
            }
        )

    def clear(self, _: Asked, who: str) -> Reply:
        if who in self.people:
            self.people[who].failures = 0
        return DONE


def _fits(value: str, wanted: str, *, same: bool) -> bool:
    value, wanted = value.casefold(), wanted.casefold()
    return value == wanted if same else wanted.strip("*") in value


def _words(row: Row) -> list[str]:
    return [str(row[key]).casefold() for key in ("username", "firstName", "lastName", "email")]


def _refused(account: Account, password: str) -> tuple[str, str] | None:
    if len(password) < 8:
        return "invalidPasswordMinLengthMessage", "minimum length 8."
    if password == account.row["username"]:
        return "invalidPasswordNotUsernameMessage", "must not be equal to the username."
    if password in account.passwords[-3:]:
        return "invalidPasswordHistoryMessage", "must not be equal to any of last 3 passwords."
    return None
