"""The audit log of Microsoft Entra ID: who was given a new password or lost factors, and by whom.

After learn.microsoft.com/graph/api/resources/directoryaudit and “Microsoft Entra audit log categories and
activities”. Rows appear some minutes late. What self-service writes is assumed: a row of its own that names the
person, and near it one of the password, whose actor is an account of Microsoft's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from deskward.core.errors import RejectedError
from deskward.core.resets import Reset, ResetKind
from deskward.directories._entra_graph import Graph, literal, text_of
from deskward.outbound.rest import Query

PATH, PAGE = "auditLogs/directoryAudits", "500"
KINDS = {
    "Reset user password": ResetKind.PASSWORD,
    "Change user password": ResetKind.PASSWORD,
    "User deleted security info": ResetKind.FACTORS,
    "Admin deleted security info": ResetKind.FACTORS,
}
BY_THEMSELVES, AGENT = "Reset password (self-service)", "fim_password_service@"
BESIDE = timedelta(minutes=2)


class AuditLog:
    """The part of the directory that reads the log; a reset of the account that doctor tries is left out."""

    _graph: Graph
    _test_account: str

    def resets(self, since: datetime, until: datetime) -> Iterable[Reset]:
        """Read whose password or factors were reset within this time."""
        rows = [_read(row) for row in self._graph.pages(PATH, _query(since, until))]
        helped = [one for one in rows if one.activity == BY_THEMSELVES]
        for one in rows:
            kind = KINDS.get(one.activity)
            tried = self._test_account and one.login.casefold() == self._test_account.casefold()
            if kind and not one.failed and not tried:
                own = one.actor == one.subject or any(one.goes_with(other) for other in helped)
                yield Reset(one.id, one.at, kind, one.subject, one.login, one.by, own)


@dataclass(frozen=True)
class _Row:
    id: str
    at: datetime
    activity: str
    failed: bool
    subject: str
    login: str
    actor: str
    by: str

    def goes_with(self, other: "_Row") -> bool:
        """Tell whether this is what self-service did for a person: no other person's name is on it."""
        near = self.subject == other.subject == other.actor and abs(self.at - other.at) <= BESIDE
        return near and not other.failed and self.by.startswith(AGENT)


def _query(since: datetime, until: datetime) -> Query:
    names = " or ".join(f"activityDisplayName eq {literal(name)}" for name in (*KINDS, BY_THEMSELVES))
    span = f"activityDateTime ge {_exactly(since)} and activityDateTime le {_exactly(until)}"
    return [("$filter", f"{span} and ({names})"), ("$top", PAGE)]


def _exactly(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _read(row: Mapping[str, Any]) -> _Row:
    try:
        at = datetime.fromisoformat(row["activityDateTime"])
        target: Mapping[str, Any] = next((t for t in row["targetResources"] if t.get("type") == "User"), {})
        started = row["initiatedBy"]
        person, app = started.get("user") or {}, started.get("app") or {}
        return _Row(
            id=text_of(row, "id"),
            at=at if at.tzinfo else at.replace(tzinfo=UTC),
            activity=text_of(row, "activityDisplayName"),
            failed=text_of(row, "result") not in ("", "success"),
            subject=text_of(target, "id"),
            login=text_of(target, "userPrincipalName"),
            actor=text_of(person, "id"),
            by=text_of(person, "userPrincipalName")
            or text_of(person, "displayName")
            or text_of(app, "displayName"),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RejectedError("The audit log gives an answer that cannot be read.", "Look at its API.") from error
