"""A small Okta: the parts of its Users, Roles, Groups and Factors APIs that the directory uses.

After developer.okta.com/docs/api. The password policy asks for eight characters, an upper and a lower case letter
and a number, and for no part of the login.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from tests.servers.tokens import Asked, Reply, told

FIRST_DAY = datetime(2026, 1, 31, 8, tzinfo=UTC)
DONE = Reply(204, b"")
SW = r'([\w.]+) sw ("(?:[^"\\]|\\.)*")'
POLICY = (
    "password: Password requirements were not met. Password requirements: at least 8 characters, "
    "a lowercase letter, an uppercase letter, a number, no parts of your username."
)
Row = dict[str, Any]


def refused(status: int, code: str, summary: str, *causes: str) -> Reply:
    listed = [{"errorSummary": cause} for cause in causes]
    error_id = f"oae{secrets.token_urlsafe(16)}"
    return told(
        {
            "errorCode": code,
            "errorSummary": summary,
            "errorLink": code,
            "errorId": error_id,
            "errorCauses": listed,
        },
        status,
    )


@dataclass
class Okta:
    """An organisation; roles, factors and groups are kept by the id of who has them."""

    people: dict[str, Row] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    roles: dict[str, list[Row]] = field(default_factory=dict)
    factors: dict[str, list[Row]] = field(default_factory=dict)
    groups: dict[str, tuple[Row, list[str]]] = field(default_factory=dict)
    cleared: list[tuple[str, str]] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    logs: list[Row] = field(default_factory=list)
    moment: Callable[[], datetime] = lambda: datetime.now(UTC)
    page: int = 4
    url: str = ""
    me: str = ""
    _count: int = 0

    def add(
        self, login: str, email: str = "", status: str = "ACTIVE", provider: str = "OKTA", **profile: Any
    ) -> str:
        self._count += 1
        own = f"00u{self._count:017}"
        self.people[own] = {
            "id": own,
            "status": status,
            "created": _moment(0),
            "lastUpdated": _moment(0),
            "passwordChanged": None,
            "type": {"id": "oty1"},
            "profile": {
                "login": login,
                "email": email or login,
                "firstName": login.title(),
                "lastName": "",
                **profile,
            },
            "credentials": {"password": {}, "provider": {"type": provider, "name": provider}},
            "_links": {"self": {"href": f"{self.url}/api/v1/users/{own}"}},
        }
        return own

    def role(self, who: str, kind: str = "HELP_DESK_ADMIN", by: str = "USER") -> None:
        row = {
            "id": f"ra{len(self.roles)}",
            "label": kind.title(),
            "type": kind,
            "status": "ACTIVE",
            "assignmentType": by,
        }
        self.roles.setdefault(who, []).append(row)

    def group(self, name: str, *members: str, kind: str = "OKTA_GROUP") -> str:
        own = f"00g{len(self.groups):017}"
        self.groups[own] = (
            {"id": own, "type": kind, "profile": {"name": name, "description": None}},
            list(members),
        )
        return own

    def signs_in(self, who: str, password: str) -> bool:
        """Try to sign in; the third wrong password in a row locks the account."""
        right = self.people[who]["status"] == "ACTIVE" and self.passwords.get(who) == password
        self.failures[who] = 0 if right else self.failures.get(who, 0) + 1
        if self.failures[who] >= 3 and self.people[who]["status"] == "ACTIVE":
            self.people[who]["status"] = "LOCKED_OUT"
        return right

    def log(self, event: str, who: str, by: str = "", *, kind: str = "User", **more: Any) -> Row:
        """Write a row of the System Log; `by` is the id of who did it, else it is ours."""
        actor = self.people.get(by or self.me, {"id": by or "app-1", "profile": {"login": "deskward"}})
        login = self.people[who]["profile"]["login"]
        row = {
            "actor": {"id": actor["id"], "type": kind, "alternateId": actor["profile"]["login"]},
            "uuid": secrets.token_hex(8),
            "published": self.moment().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "eventType": event,
            "outcome": {"result": "SUCCESS", "reason": None},
            "transaction": {"type": "WEB", "id": secrets.token_hex(8), "detail": {}},
            "target": [
                {"id": who, "type": "User", "alternateId": login, "displayName": login, "detailEntry": None}
            ],
            **more,
        }
        self.logs.append(row)
        return row

    def logged(self, asked: Asked) -> Reply:
        """List the System Log, oldest first: between two times, what succeeded, of some types."""
        found = re.fullmatch(r'outcome\.result eq "SUCCESS" and \((.*)\)', asked.query["filter"])
        assert found is not None
        terms = re.findall('eventType eq "([^"]*)"', found[1])
        assert found[1] == " or ".join(f'eventType eq "{name}"' for name in terms)
        since, until = (datetime.fromisoformat(asked.query[name]) for name in ("since", "until"))
        rows = [r for r in self.logs if r["eventType"] in terms and r["outcome"]["result"] == "SUCCESS"]
        return self.pages(asked, [r for r in rows if since <= datetime.fromisoformat(r["published"]) < until])

    def __call__(self, asked: Asked) -> Reply:
        routes: dict[str, Callable[..., Reply]] = {
            "GET users": self.listing,
            "GET users/([^/]+)": lambda _, who: told(self.known(who)),
            "GET users/([^/]+)/groups": self.groups_of,
            "GET users/([^/]+)/roles": lambda _, who: told(self.roles.get(self.known(who)["id"], [])),
            "GET users/([^/]+)/factors": lambda _, who: told(self.factors.get(self.known(who)["id"], [])),
            "POST users/([^/]+)": self.update,
            "POST users/([^/]+)/lifecycle/unlock": self.unlock,
            "POST users/([^/]+)/lifecycle/expire_password_with_temp_password": self.expire,
            "POST users/([^/]+)/lifecycle/reset_factors": self.reset_factors,
            "DELETE users/([^/]+)/sessions": self.clear,
            "GET groups/([^/]+)/users": lambda a, group: self.pages(
                a, [self.people[m] for m in self.groups[group][1]]
            ),
            "GET iam/assignees/users": self.assignees,
            "GET logs": self.logged,
        }
        call = f"{asked.method} {asked.path.removeprefix('/api/v1/')}"
        if any(part in call for part in self.denied):
            return refused(403, "E0000006", "You do not have permission to perform the requested action")
        for route, answer in routes.items():
            if found := re.fullmatch(route, call):
                try:
                    return answer(asked, *found.groups())
                except KeyError:
                    return refused(404, "E0000007", f"Not found: Resource not found: {found[1]} (User)")
        return refused(404, "E0000022", "The endpoint does not support the provided HTTP method")

    def known(self, who: str) -> Row:
        """Find by id, “me”, or login, as Okta does."""
        named = (row for row in self.people.values() if row["profile"]["login"] in {who, f"{who}@staff.example"})
        return self.people[self.me if who == "me" else who] if who in {*self.people, "me"} else _only(named)

    def pages(self, asked: Asked, rows: Iterable[Row]) -> Reply:
        rows, first = list(rows), int(asked.query.get("after", "0"))
        size = min(self.page, int(asked.query.get("limit", self.page)))
        link = f'<{self.url}{asked.path}?{urlencode(asked.query)}>; rel="self"'
        if first + size < len(rows):
            link += (
                f', <{self.url}{asked.path}?{urlencode({**asked.query, "after": str(first + size)})}>; rel="next"'
            )
        return told(rows[first : first + size], Link=link)

    def listing(self, asked: Asked) -> Reply:
        rows = [row for row in self.people.values() if row["status"] != "DEPROVISIONED"]
        if "search" in asked.query:
            sought = [one[0] for one in re.findall(rf"\(((?:{SW}(?: or )?)+)\)", asked.query["search"])]
            if " and ".join(f"({one})" for one in sought) == asked.query["search"]:
                found = (row for row in rows if all(_begins(row, one) for one in sought))
                return told(list(found)[: int(asked.query["limit"])])
            terms = re.findall(r'([\w.]+) eq ("(?:[^"\\]|\\.)*")', asked.query["search"])
            if " or ".join(f"{name} eq {value}" for name, value in terms) != asked.query["search"]:
                return refused(400, "E0000031", "Invalid search criteria.")
            wanted = [(name, str(json.loads(value)).casefold()) for name, value in terms]
            rows = [row for row in self.people.values() if any(_told(row, n) == v for n, v in wanted)]
            return told(rows[: int(asked.query.get("limit", "200"))])
        return self.pages(asked, rows)

    def groups_of(self, asked: Asked, who: str) -> Reply:
        own = self.known(who)["id"]
        everybody = {"id": "00geveryone", "type": "BUILT_IN", "profile": {"name": "Everyone", "description": None}}
        return self.pages(asked, [everybody, *(row for row, members in self.groups.values() if own in members)])

    def update(self, asked: Asked, who: str) -> Reply:
        row, password = self.known(who), asked.body["credentials"]["password"]["value"]
        assert asked.body == {"credentials": {"password": {"value": password}}}
        if not _allowed(row, password):
            return refused(400, "E0000001", "Api validation failed: password", POLICY)
        self._count += 1
        row["passwordChanged"] = _moment(self._count)
        row["status"] = "ACTIVE" if row["status"] == "PASSWORD_EXPIRED" else row["status"]
        self.passwords[row["id"]] = password
        self.log("user.account.update_password", row["id"])
        return told(row)

    def unlock(self, _: Asked, who: str) -> Reply:
        row = self.known(who)
        if row["status"] != "LOCKED_OUT":
            return refused(403, "E0000032", "Unlock is not allowed for this user.")
        row["status"], self.failures[row["id"]] = "ACTIVE", 0
        self.log("user.account.unlock_by_admin", row["id"])
        return told({})

    def expire(self, asked: Asked, who: str) -> Reply:
        """Okta makes the temporary password, and asks for another one at the next sign-in."""
        row, given = self.known(who), f"Tmp{secrets.token_hex(6)}"
        assert asked.query == {"revokeSessions": "true"}
        row["status"] = "PASSWORD_EXPIRED"
        self.passwords[row["id"]] = given
        return told({"tempPassword": given})

    def enters(self, who: str, given: str, chosen: str) -> bool:
        """Sign in with a temporary password, and choose the next one where it is asked for."""
        row = self.people[who]
        if row["status"] != "PASSWORD_EXPIRED":
            return self.signs_in(who, given)
        if self.passwords[who] != given:
            return False
        self._count += 1
        row["status"], row["passwordChanged"] = "ACTIVE", _moment(self._count)
        self.passwords[who] = chosen
        return True

    def reset_factors(self, _: Asked, who: str) -> Reply:
        self.factors[self.known(who)["id"]] = []
        return told({})

    def clear(self, asked: Asked, who: str) -> Reply:
        self.cleared.append((self.known(who)["id"], asked.query.get("oauthTokens", "false")))
        return DONE

    def assignees(self, asked: Asked) -> Reply:
        rows = [{"id": who, "orn": f"orn:okta:directory:00o1:users:{who}"} for who in self.roles]
        first, size = int(asked.query.get("after", "0")), min(self.page, int(asked.query["limit"]))
        body: Row = {"value": rows[first : first + size], "_links": {}}
        if first + size < len(rows):
            query = urlencode({**asked.query, "after": str(first + size)})
            body["_links"] = {"next": {"href": f"{self.url}/api/v1/iam/assignees/users?{query}"}}
        return told(body)


def _only(rows: Iterable[Row]) -> Row:
    for row in rows:
        return row
    raise KeyError


def _told(row: Row, name: str) -> str:
    within, _, key = name.rpartition(".")
    return str((row[within] if within else row).get(key, "")).casefold()


def _moment(count: int) -> str:
    return (FIRST_DAY + timedelta(milliseconds=count)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _allowed(row: Row, password: str) -> bool:
    kinds = all(re.search(kind, password) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    part = str(row["profile"]["login"]).partition("@")[0].casefold()
    return kinds and 8 <= len(password) <= 72 and part not in password.casefold()


def _begins(row: Row, sought: str) -> bool:
    """Tell whether one of the named properties begins with its text, letter case aside."""
    asked = ((name, str(json.loads(value)).casefold()) for name, value in re.findall(SW, sought))
    return any(_told(row, name).startswith(value) for name, value in asked)
