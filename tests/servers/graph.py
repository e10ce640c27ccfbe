"""A small Microsoft Graph: the parts that the directory uses, after learn.microsoft.com/graph/api, v1.0.

Only what is selected is told, as there. Passwords need eight characters of three kinds.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from tests.servers.tokens import Asked, Reply, told

FIRST_DAY = datetime(2026, 1, 31, 8, tzinfo=UTC)
DONE = Reply(204, b"")
DENIED = "Insufficient privileges to complete the operation."
WEAK = (
    "The specified password does not comply with password complexity requirements. "
    "Please provide a different password."
)
SYNCED = (
    "Unable to update the specified properties for on-premises mastered Directory Sync objects "
    "or objects currently undergoing migration."
)
UNLICENSED = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license."
PASSWORD = {
    "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
    "id": "28c10230-6103-485e-b985-444c60001490",
}
PASS = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"
Row = dict[str, Any]


def refused(status: int, code: str, message: str) -> Reply:
    inner = {"date": "2026-01-31T08:00:00", "request-id": str(uuid4()), "client-request-id": str(uuid4())}
    return told({"error": {"code": code, "message": message, "innerError": inner}}, status)


@dataclass
class Graph:
    """A tenant; `above` holds groups and roles of people, also those of groups within groups."""

    people: dict[str, Row] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    above: dict[str, list[Row]] = field(default_factory=dict)
    methods: dict[str, list[Row]] = field(default_factory=dict)
    groups: dict[str, Row] = field(default_factory=dict)
    assigned: list[str] = field(default_factory=list)
    eligible: list[str] = field(default_factory=list)
    eligible_members: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    operations: dict[str, tuple[str, str]] = field(default_factory=dict)
    audits: list[Row] = field(default_factory=list)
    moment: Callable[[], datetime] = lambda: datetime.now(UTC)
    looks: int = 3
    licensed: bool = True
    passes: dict[str, str] = field(default_factory=dict)
    allows_passes: bool = True
    default_method: str = ""
    lag: int = 0
    page: int = 4
    url: str = ""
    _clock: datetime = FIRST_DAY
    _before: dict[str, str | None] = field(default_factory=dict)
    _old: int = 0

    def add(self, name: str, mail: str | None = None, **more: Any) -> str:
        own = str(uuid4())
        self.people[own] = {
            "id": own,
            "userPrincipalName": f"{name}@staff.example",
            "displayName": name.title(),
            "givenName": name.title(),
            "surname": None,
            "mail": mail,
            "otherMails": [],
            "mobilePhone": None,
            "jobTitle": None,
            "department": None,
            "officeLocation": None,
            "employeeHireDate": None,
            "accountEnabled": True,
            "lastPasswordChangeDateTime": None,
            "onPremisesSyncEnabled": None,
            "userType": "Member",
            "manager": None,
            **more,
        }
        return own

    def signs_in(self, who: str, password: str) -> bool:
        return bool(self.people[who]["accountEnabled"]) and self.passwords.get(who) == password

    def group(self, name: str, *members: str, assignable: bool = False) -> str:
        own = str(uuid4())
        row = {
            "@odata.type": "#microsoft.graph.group",
            "id": own,
            "displayName": name,
            "isAssignableToRole": assignable,
        }
        self.groups[own] = row
        for who in members:
            self.above.setdefault(who, []).append(row)
        return own

    def role(self, who: str) -> None:
        named = {
            "@odata.type": "#microsoft.graph.directoryRole",
            "id": str(uuid4()),
            "displayName": "User Administrator",
        }
        self.above.setdefault(who, []).append(named)
        self.assigned.append(who)

    def audit(self, activity: str, who: str, by: str = "", *, name: str = "Deskward", **more: Any) -> Row:
        """Write a row of the audit log; `by` is a person's id, else it is the application of that name."""
        named = {"displayName": None, "id": by, "userPrincipalName": name, "ipAddress": ""}
        if by in self.people:
            named["userPrincipalName"] = self.people[by]["userPrincipalName"]
        app = {
            "appId": None,
            "displayName": name,
            "servicePrincipalId": str(uuid4()),
            "servicePrincipalName": None,
        }
        row = {
            "id": f"Directory_{uuid4()}",
            "category": "UserManagement",
            "correlationId": str(uuid4()),
            "result": "success",
            "resultReason": "",
            "activityDisplayName": activity,
            "activityDateTime": self.moment().strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
            "loggedByService": "Core Directory",
            "initiatedBy": {"user": named, "app": None} if by else {"user": None, "app": app},
            "targetResources": [
                {
                    "id": who,
                    "displayName": None,
                    "type": "User",
                    "userPrincipalName": self.people[who]["userPrincipalName"],
                }
            ],
            "additionalDetails": [],
            **more,
        }
        self.audits.append(row)
        return row

    def logged(self, asked: Asked) -> Reply:
        """List the audit log, newest first: between two times, of some activities."""
        found = re.fullmatch(
            r"activityDateTime ge (\S+) and activityDateTime le (\S+) and \((.*)\)", asked.query["$filter"]
        )
        assert found is not None
        terms = re.findall("activityDisplayName eq '([^']*)'", found[3])
        assert found[3] == " or ".join(f"activityDisplayName eq '{name}'" for name in terms)
        since, until = (datetime.fromisoformat(told) for told in found.groups()[:2])
        rows = [row for row in reversed(self.audits) if row["activityDisplayName"] in terms]
        timed = [r for r in rows if since <= datetime.fromisoformat(r["activityDateTime"]) <= until]
        return self.pages(asked, timed)

    def __call__(self, asked: Asked) -> Reply:
        routes: dict[str, Callable[..., Reply]] = {
            "GET users": self.listing,
            "GET users/([^/]+)": self.one,
            "PATCH users/([^/]+)": self.update,
            "POST users/([^/]+)/revokeSignInSessions": self.revoke,
            "GET users/([^/]+)/transitiveMemberOf": lambda a, who: self.pages(
                a, self.above.get(self.known(who), [])
            ),
            "GET users/([^/]+)/authentication/methods": lambda a, who: self.pages(
                a, [PASSWORD, *self.methods.get(self.known(who), [])]
            ),
            "GET users/([^/]+)/authentication/temporaryAccessPassMethods": lambda a, who: self.pages(
                a, self.passes_of(who)
            ),
            "POST users/([^/]+)/authentication/temporaryAccessPassMethods": self.make_pass,
            "DELETE users/([^/]+)/authentication/temporaryAccessPassMethods/([^/]+)": self.delete_pass,
            "DELETE users/([^/]+)/authentication/(\\w+)Methods/([^/]+)": self.delete_method,
            "GET users/([^/]+)/directReports": self.reports,
            f"POST users/([^/]+)/authentication/methods/{PASSWORD['id']}/resetPassword": self.reset,
            "GET users/([^/]+)/authentication/operations/([^/]+)": self.operation,
            "GET auditLogs/directoryAudits": self.logged,
            "GET groups": self.mighty,
            "GET groups/([^/]+)/transitiveMembers": self.members,
            "GET roleManagement/directory/roleAssignments": lambda a: self.pages(a, _principals(self.assigned)),
            "GET roleManagement/directory/roleEligibilityScheduleInstances": lambda a: self.may(a, self.eligible),
            "GET identityGovernance/privilegedAccess/group/eligibilityScheduleInstances": lambda a: self.may(
                a, self.eligible_members
            ),
        }
        call = f"{asked.method} {asked.path.removeprefix('/v1.0/')}"
        if any(part in call for part in self.denied):
            return refused(403, "Authorization_RequestDenied", DENIED)
        for route, answer in routes.items():
            if found := re.fullmatch(route, call):
                try:
                    return answer(asked, *found.groups())
                except KeyError:
                    missing = "does not exist or one of its queried reference-property objects are not present."
                    text = f"Resource '{found[1]}' {missing}"
                    return refused(404, "Request_ResourceNotFound", text)
        return refused(400, "BadRequest", f"Resource not found for the segment '{asked.path}'.")

    def known(self, who: str) -> str:
        return str(self.people[who]["id"])

    def pages(self, asked: Asked, rows: Iterable[Row]) -> Reply:
        names = {*asked.query["$select"].split(","), "manager"} if "$select" in asked.query else None
        rows = [{k: v for k, v in r.items() if names is None or k in names or k[0] == "@"} for r in rows]
        first = int(asked.query.get("$skiptoken", "0"))
        size = min(self.page, int(asked.query.get("$top", self.page)))
        body: Row = {"@odata.context": f"{self.url}/v1.0/$metadata", "value": rows[first : first + size]}
        if first + size < len(rows):
            body["@odata.nextLink"] = (
                f"{self.url}{asked.path}?{urlencode({**asked.query, '$skiptoken': str(first + size)})}"
            )
        return told(body)

    def shown(self, row: Row, asked: Asked) -> Row:
        names = asked.query.get(
            "$select", "id,userPrincipalName,displayName,givenName,mail,mobilePhone,jobTitle"
        ).split(",")
        told = {name: row[name] for name in names}
        if asked.query.get("$expand") == "manager($select=id)" and row["manager"]:
            told["manager"] = {"@odata.type": "#microsoft.graph.user", "id": row["manager"]}
        return told

    def listing(self, asked: Asked) -> Reply:
        rows = list(self.people.values())
        if "$filter" in asked.query:
            sought = re.findall(r"\(((?:startswith\(\w+,'(?:[^']|'')*'\)(?: or )?)+)\)", asked.query["$filter"])
            if " and ".join(f"({one})" for one in sought) == asked.query["$filter"]:
                rows = [row for row in rows if all(_begins(row, one) for one in sought)]
                return told({"value": [self.shown(row, asked) for row in rows[: int(asked.query["$top"])]]})
            found = re.fullmatch(
                r"(mail|userPrincipalName|department) eq '((?:[^']|'')*)'", asked.query["$filter"]
            )
            if found is None:
                return refused(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause.")
            wanted = found[2].replace("''", "'").casefold()
            rows = [row for row in rows if str(row[found[1]] or "").casefold() == wanted]
        return self.pages(asked, (self.shown(row, asked) for row in rows))

    def one(self, asked: Asked, who: str) -> Reply:
        row = dict(self.people[who])
        if self._old and who in self._before:
            self._old -= 1
            row["lastPasswordChangeDateTime"] = self._before[who]
        return told(self.shown(row, asked))

    def update(self, asked: Asked, who: str) -> Reply:
        row, profile = self.people[who], asked.body["passwordProfile"]
        assert profile == {"password": profile["password"], "forceChangePasswordNextSignIn": False}
        if row["onPremisesSyncEnabled"]:
            return refused(400, "Request_BadRequest", SYNCED)
        if not _strong(profile["password"]):
            return refused(400, "Request_BadRequest", WEAK)
        self.took(who, profile["password"])
        return DONE

    def reset(self, asked: Asked, who: str) -> Reply:
        """Begin an operation, in the name of somebody who is signed in only; it ends after `looks` looks."""
        if not asked.signed_in:
            return refused(403, "accessDenied", "Request Authorization failed")
        assert asked.body == {"newPassword": asked.body["newPassword"], "requireChangeOnNextSignIn": False}
        self.operations["op-1"] = (self.known(who), asked.body["newPassword"])
        where = f"https://graph.microsoft.com/v1.0/users/{who}/authentication/operations/op-1?aadgdc=DUB&aadgsu=a"
        return Reply(202, b"", {"Location": where})

    def operation(self, asked: Asked, who: str, operation: str) -> Reply:
        assert asked.query == {"aadgdc": "DUB", "aadgsu": "a"}
        body: Row = {"id": operation, "createdDateTime": "2026-01-31T08:00:00Z", "status": "running"}
        self.looks -= 1
        if self.looks > 0:
            return told(body)
        owner, password = self.operations[operation]
        assert owner == who
        if not _strong(password):
            return told({**body, "status": "failed", "statusDetail": WEAK})
        self.took(owner, password)
        return told({**body, "status": "succeeded"})

    def took(self, who: str, password: str) -> None:
        row = self.people[who]
        self._clock += timedelta(seconds=1)
        self._before[who], self._old = row["lastPasswordChangeDateTime"], self.lag
        row["lastPasswordChangeDateTime"] = self._clock.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.passwords[who] = password
        self.audit("Reset user password", who)

    def revoke(self, _: Asked, who: str) -> Reply:
        self.revoked.append(self.known(who))
        return told({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean", "value": True})

    def passes_of(self, who: str) -> list[Row]:
        return [m for m in self.methods.get(self.known(who), []) if m["@odata.type"] == PASS]

    def make_pass(self, asked: Asked, who: str) -> Reply:
        """A new pass takes the place of the one before; it is told in this answer only."""
        assert asked.body == {"lifetimeInMinutes": asked.body["lifetimeInMinutes"], "isUsableOnce": True}
        if not self.allows_passes:
            return refused(400, "badRequest", "The Temporary Access Pass policy does not allow this.")
        kept = [m for m in self.methods.get(self.known(who), []) if m["@odata.type"] != PASS]
        row = {
            "@odata.type": PASS,
            "id": str(uuid4()),
            "isUsable": True,
            "isUsableOnce": True,
            "lifetimeInMinutes": asked.body["lifetimeInMinutes"],
            "methodUsabilityReason": "EnabledByPolicy",
        }
        self.methods[who] = [*kept, row]
        self.passes[who] = f"TAP+{uuid4().hex[:8]}"
        return told({**row, "temporaryAccessPass": self.passes[who]}, 201)

    def delete_pass(self, _: Asked, who: str, own: str) -> Reply:
        if all(row["id"] != own for row in self.passes_of(who)):
            raise KeyError(own)
        self.methods[who] = [m for m in self.methods[who] if m["id"] != own]
        del self.passes[who]
        return DONE

    def method(self, who: str, kind: str) -> str:
        own = str(uuid4())
        row = {"@odata.type": f"#microsoft.graph.{kind}AuthenticationMethod", "id": own}
        self.methods.setdefault(who, []).append(row)
        return own

    def delete_method(self, _: Asked, who: str, kind: str, own: str) -> Reply:
        """Delete one; the default method only when it is the last."""
        mine, named = self.methods[self.known(who)], f"#microsoft.graph.{kind}AuthenticationMethod"
        if all((row["@odata.type"], row["id"]) != (named, own) for row in mine):
            raise KeyError(own)
        if own == self.default_method and len(mine) > 1:
            text = (
                "Cannot delete default method with other methods configured. Please change default method before."
            )
            return refused(400, "badRequest", text)
        self.methods[who] = [row for row in mine if row["id"] != own]
        return DONE

    def enters(self, who: str, given: str) -> bool:
        """Sign in with a pass, which is good once and stays on the list."""
        usable = [row for row in self.passes_of(who) if row["isUsable"]]
        if not usable or self.passes.get(who) != given:
            return False
        usable[0]["isUsable"] = False
        return True

    def reports(self, asked: Asked, who: str) -> Reply:
        return self.pages(
            asked, (self.shown(r, asked) for r in self.people.values() if r["manager"] == self.known(who))
        )

    def mighty(self, asked: Asked) -> Reply:
        assert asked.query["$filter"] == "isAssignableToRole eq true"
        return self.pages(asked, [{"id": g["id"]} for g in self.groups.values() if g["isAssignableToRole"]])

    def members(self, asked: Asked, group: str) -> Reply:
        row = self.groups[group]
        return self.pages(asked, [{"id": who} for who, above in self.above.items() if row in above])

    def may(self, asked: Asked, people: list[str]) -> Reply:
        if not self.licensed:
            return refused(400, "AadPremiumLicenseRequired", UNLICENSED)
        named = re.fullmatch("principalId eq '(.*)'", asked.query.get("$filter", ""))
        return self.pages(asked, _principals(who for who in people if named is None or who == named[1]))


def _principals(people: Iterable[str]) -> list[Row]:
    return [{"id": f"i-{who}", "principalId": who} for who in people]


def _strong(password: str) -> bool:
    kinds = sum(bool(re.search(kind, password)) for kind in ("[a-z]", "[A-Z]", "[0-9]", r"[^a-zA-Z0-9]"))
    return 8 <= len(password) <= 256 and kinds >= 3


def _begins(row: Row, sought: str) -> bool:
    """Tell whether one of the named properties begins with its text, letter case aside."""
    asked = re.findall(r"startswith\((\w+),'((?:[^']|'')*)'\)", sought)
    return any(str(row[n] or "").casefold().startswith(t.replace("''", "'").casefold()) for n, t in asked)
