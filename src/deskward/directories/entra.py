"""Accounts in Microsoft Entra ID, over Microsoft Graph v1.0 (learn.microsoft.com/graph/api/resources/user).

Graph does not tell whether smart lockout has locked an account, lets nobody lift it, and takes no password of a
guest, and of an account that is synchronised from Active Directory by the operation only that writes it back.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from deskward.core.errors import OutsideError, RejectedError, SettingsError
from deskward.core.people import Person
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson
from deskward.core.vouching import colleagues_of
from deskward.directories import _entra_access, _entra_factors
from deskward.directories._entra_access import Passes, pass_mark
from deskward.directories._entra_factors import Factors, strong
from deskward.directories._entra_graph import FIELDS, ID, SELECT, Graph, checked, day_of, literal, said, text_of
from deskward.directories._entra_log import AuditLog
from deskward.directories._entra_operation import reset
from deskward.directories._entra_search import Search
from deskward.outbound.contacts import Contacts
from deskward.outbound.doctoring import clock_check, reset_check, rights_check, unknown_password
from deskward.outbound.rest import GONE
from deskward.outbound.tokens import TokenOutbound

PAGE, MOST_NEAR, MOST_COLLEAGUES = 999, 50, 30
LONGEST_KEY = 254
LAG, LOOKS = 0.5, 8  # seconds between looks for a change, and how many; how long a read may lag is not documented
TYPE = "@odata.type"
ROLE = "#microsoft.graph.directoryRole"
OPTIONAL = frozenset({_entra_access.RIGHT, _entra_factors.RIGHT})
ELIGIBLE = "roleManagement/directory/roleEligibilityScheduleInstances"
ELIGIBLE_MEMBERS = "identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
NEEDED = frozenset(
    {
        "AuditLog.Read.All",
        "User.Read.All",
        "GroupMember.Read.All",
        "RoleManagement.Read.Directory",
        "PrivilegedEligibilitySchedule.Read.AzureADGroup",
        "UserAuthenticationMethod.Read.All",
        "User-PasswordProfile.ReadWrite.All",
        "User.RevokeSessions.All",
    }
)
RIGHTS = f"the application permissions {', '.join(sorted(NEEDED))}."
BACK_RIGHTS = "the role Authentication Administrator for the account that resets passwords."
NO_UNLOCK = (
    "Microsoft Entra ID ends a lock by itself after a while, and nobody can lift it before. "
    "Wait some minutes, then sign in with the right password."
)
ENDED = "All sign-in sessions were revoked; what is open may live on for some minutes."
TAKEN = "The password was replaced by one that nobody knows, so a new one has to be set."


class Directory(Passes, Factors, Search, AuditLog):
    """The tenant `tenant` (id or domain), reached as the application `client_id` with its own permissions.

    Who has a directory role, may activate one, or is in a group that roles can be assigned to is privileged
    (SR-63), as are members of `privileged_groups`, given by object id. With `refresh_token`, of an account kept
    for it, passwords are set by the operation that writes them back to Active Directory too. `login_url` and
    `base_url` differ in national clouds. Addresses count as confirmed only where `authoritative` says so
    (DESIGN 9.6).
    """

    name, rights = "entra", RIGHTS

    def __init__(
        self,
        *,
        tenant: str,
        client_id: str,
        client_secret: Secret,
        refresh_token: Secret | None = None,
        key: str = "email",
        privileged_groups: Sequence[str] = (),
        authoritative: bool = False,
        source: str = "Microsoft Entra ID",
        region: str = "",
        base_url: str = "https://graph.microsoft.com/v1.0",
        login_url: str = "https://login.microsoftonline.com",
        timeout: float = 5.0,
        test_account: str = "",
    ) -> None:
        if key not in ("email", "login"):
            raise SettingsError(f"directories.entra.key is “{key}”.", "Choose email or login.")
        self._key = {"email": "mail", "login": "userPrincipalName"}[key]
        self._wanted = "email" if key == "email" else "login"
        self._groups = {group.casefold() for group in privileged_groups}
        self._test_account = test_account
        self._contacts = Contacts(source, authoritative, region.upper())
        parts = urlsplit(base_url)
        graph = partial(Graph, name="Microsoft Entra ID", said=said)
        outbound = partial(
            TokenOutbound,
            base_url,
            token_url=f"{login_url.rstrip('/')}/{quote(tenant, safe='')}/oauth2/v2.0/token",
            client_id=client_id,
            client_secret=client_secret,
            scope=f"{parts.scheme}://{parts.netloc}/.default",
            timeout=timeout,
        )
        self._out = outbound()
        self._graph = graph(self._out, rights=RIGHTS)
        self._writing_back: Graph | None = None
        if refresh_token:
            self._writing_back = graph(outbound(refresh_token=refresh_token), rights=BACK_RIGHTS)

    def find(self, person: TicketPerson) -> Sequence[Person]:
        """Find the accounts with the requester's e-mail or user principal name, letter case aside."""
        wanted = getattr(person, self._wanted).strip()
        if not wanted or len(wanted) > LONGEST_KEY or not wanted.isprintable():
            return ()
        rows = self._graph.all("users", [*FIELDS, ("$filter", f"{self._key} eq {literal(wanted)}")])
        return [self._person(row) for row in rows if text_of(row, self._key).casefold() == wanted.casefold()]

    def get(self, person_id: str) -> Person | None:
        """Read one account with groups, roles, factors and change stamp."""
        return self._person(row) if (row := self._row(person_id)) else None

    def colleagues(self, person: Person) -> Sequence[Person]:
        """List who may know a person: manager, the manager's and the own reports, and a small department."""
        if not ID.fullmatch(person.id):
            return ()
        found = {row["id"]: self._listed(row) for row in self._near(person)}
        return colleagues_of(person, found.values())[:MOST_COLLEAGUES]

    def everyone(self) -> Iterable[Person]:
        """Read all accounts, in pages; who is privileged is read once before."""
        privileged = self._privileged()
        for row in self._graph.pages("users", [*FIELDS, ("$top", str(PAGE))]):
            one = self._listed(row)
            yield replace(one, privileged=one.id in privileged)

    def set_password(self, person_id: str, password: Secret) -> None:
        """Set the password of the user password profile, and wait a little until a look-up shows it."""
        row = self._changeable(person_id)
        self._set(person_id, password)
        with suppress(OutsideError):  # it is set, and whoever called looks again
            for _ in range(LOOKS):
                found = self._row(person_id)
                if found is None or _set_at(found) != _set_at(row):
                    return
                time.sleep(LAG)

    def unlock(self, person_id: str) -> None:
        """Say that nobody can; RejectedError always."""
        self._changeable(person_id)
        raise RejectedError(NO_UNLOCK, "Take this action out of the category, or set a new password.")

    def revoke(self, person_id: str, *, password: bool) -> str:
        """Revoke all sign-in sessions; with `password`, first set one that nobody knows (SR-47)."""
        if password:
            self._set(person_id, unknown_password())
        ended = self.end_sessions(person_id)
        return f"{TAKEN} {ended}" if password else ended

    def end_sessions(self, person_id: str) -> str:
        """Revoke all sign-in sessions; Microsoft needs some minutes for it."""
        self._graph.change("POST", f"users/{checked(person_id)}/revokeSignInSessions", repeatable=True)
        return ENDED

    def doctor(self) -> Iterable[Check]:
        """Check reach and credentials, then that the permissions are there, and no more than needed."""
        try:
            self._graph.read("users", [("$select", "id"), ("$top", "1")])
            granted = self._out.claims().get("roles")
            privileged = self._privileged()
        except OutsideError as trouble:
            yield Check("entra", well=False, text=trouble.text, hint=trouble.hint or "Check the settings.")
            return
        yield Check("entra", well=True, text=f"People can be read; {len(privileged)} accounts are privileged.")
        if isinstance(granted, list):
            yield rights_check("entra rights", NEEDED, frozenset(map(str, granted)), OPTIONAL)
        else:
            text = "Accounts, groups and roles can be read; the token does not tell whether passwords can be set."
            yield Check("entra rights", well=True, text=text)
        yield clock_check("entra clock", self._graph.ahead)
        yield reset_check(self, self._test_account)

    def log_out(self) -> None:
        """Let go of the connections."""
        self._graph.close()
        if self._writing_back:
            self._writing_back.close()

    def _row(self, person_id: str) -> dict[str, Any] | None:
        found = self._graph.read(f"users/{person_id}", FIELDS) if ID.fullmatch(person_id) else None
        return None if found is None else self._graph.row_of(found)

    def _changeable(self, person_id: str) -> dict[str, Any]:
        row = self._row(person_id)
        refusals = {
            GONE: row is None,
            "The account is disabled, so nothing was changed.": bool(row and not row.get("accountEnabled")),
            "This is a guest; the password belongs to the organisation they come from.": bool(
                row and row.get("userType") == "Guest"
            ),
            "The password of this account is kept in Active Directory, and is not set here.": bool(
                row and row.get("onPremisesSyncEnabled") and not self._writing_back
            ),
        }
        if why := next((text for text, holds in refusals.items() if holds), ""):
            raise RejectedError(why, "The administrator of Microsoft Entra ID can look at the account.")
        return row or {}

    def _set(self, person_id: str, password: Secret) -> None:
        if self._writing_back:
            reset(self._writing_back, checked(person_id), password)
            return
        profile = {"password": password.reveal(), "forceChangePasswordNextSignIn": False}
        self._graph.change("PATCH", f"users/{checked(person_id)}", json={"passwordProfile": profile})

    def _person(self, row: Mapping[str, Any]) -> Person:
        listed = self._listed(row)
        above = self._graph.all(
            f"users/{listed.id}/transitiveMemberOf", [("$select", "id,displayName,isAssignableToRole")]
        )
        methods = self._graph.all(f"users/{listed.id}/authentication/methods")
        return replace(
            listed,
            groups=tuple(text_of(one, "displayName") for one in above if text_of(one, TYPE).endswith(".group")),
            privileged=any(self._has_power(one) for one in above) or self._may_have_power(listed.id),
            aal=2 if strong(methods) else 1,
            stamp=listed.stamp + pass_mark(methods),
        )

    def _listed(self, row: Mapping[str, Any]) -> Person:
        own, enabled = str(row["id"]), bool(row.get("accountEnabled"))
        phones = [text_of(row, "mobilePhone")]
        return Person(
            id=own,
            login=text_of(row, "userPrincipalName"),
            name=text_of(row, "displayName") or text_of(row, "userPrincipalName"),
            first_name=text_of(row, "givenName"),
            email=text_of(row, "mail").casefold(),
            destinations=self._contacts.of(own, text_of(row, "mail"), row.get("otherMails") or (), phones),
            manager=text_of(row.get("manager") or {}, "id"),
            title=text_of(row, "jobTitle"),
            team=text_of(row, "department"),
            office=text_of(row, "officeLocation"),
            started_on=day_of(row.get("employeeHireDate")),
            enabled=enabled,
            stamp=f"{_set_at(row)}.{int(enabled)}",
        )

    def _has_power(self, above: Mapping[str, Any]) -> bool:
        role = above.get(TYPE) == ROLE or bool(above.get("isAssignableToRole"))
        return role or text_of(above, "id").casefold() in self._groups

    def _may_have_power(self, own: str) -> bool:
        """Tell who may activate a role, or membership in any group that is managed like one."""
        named = [("$filter", f"principalId eq '{own}'")]
        return any(self._graph.eligible(path, named) for path in (ELIGIBLE, ELIGIBLE_MEMBERS))

    def _privileged(self) -> frozenset[str]:
        """Name all who have a role or may activate one, and the members of groups that have power."""
        held = self._graph.all(
            "roleManagement/directory/roleAssignments", [("$select", "id,principalId")], patient=True
        )
        principals = {
            text_of(one, "principalId") for one in (*held, *self._graph.eligible(ELIGIBLE, patient=True))
        }
        mighty = self._graph.all(
            "groups", [("$filter", "isAssignableToRole eq true"), ("$select", "id")], patient=True
        )
        groups = {text_of(one, "id") for one in mighty} | self._groups
        members = (
            self._graph.all(f"groups/{checked(group)}/transitiveMembers", [("$select", "id")], patient=True)
            for group in sorted(groups)
        )
        return frozenset(principals | {text_of(one, "id") for rows in members for one in rows})

    def _near(self, person: Person) -> Iterator[dict[str, Any]]:
        if boss := self._row(person.manager):
            yield boss
            yield from self._reports(person.manager)
        yield from self._reports(person.id)
        if person.team:
            named = [("$filter", f"department eq {literal(person.team)}"), ("$top", str(MOST_NEAR + 1))]
            rows = self._graph.first("users", [*FIELDS, *named])
            yield from rows if len(rows) <= MOST_NEAR else ()

    def _reports(self, person_id: str) -> list[dict[str, Any]]:
        query = [("$select", SELECT), ("$top", str(MOST_NEAR))]
        rows = self._graph.first(f"users/{person_id}/directReports", query)
        return [{**row, "manager": {"id": person_id}} for row in rows if row.get("userPrincipalName")]


def _set_at(row: Mapping[str, Any]) -> str:
    return text_of(row, "lastPasswordChangeDateTime") or "never"
