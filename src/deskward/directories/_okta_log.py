"""The System Log of Okta: who was given a new password, was unlocked or lost factors, and by whom.

After developer.okta.com/docs/reference/system-log-query and its catalog of event types. What one request did to
one account is one reset, however many rows tell of it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from deskward.core.errors import RejectedError
from deskward.core.resets import Reset, ResetKind
from deskward.outbound.rest import Query, Rest

PATH, PAGE = "logs", "1000"
KINDS = {
    "user.account.reset_password": ResetKind.PASSWORD,
    "user.account.update_password": ResetKind.PASSWORD,
    "user.account.unlock": ResetKind.UNLOCK,
    "user.account.unlock_by_admin": ResetKind.UNLOCK,
    "user.mfa.factor.deactivate": ResetKind.FACTORS,
    "user.mfa.factor.reset_all": ResetKind.FACTORS,
}
ITSELF = "SystemPrincipal"  # Okta, which ends a lock after a while
NEXT_PAGE = re.compile(r'<([^>]+)>\s*;\s*rel="next"')
_GARBLED = "The System Log gives an answer that cannot be read."


class SystemLog:
    """The part of the directory that reads the log; a reset of the account that doctor tries is left out."""

    _rest: Rest
    _test_account: str

    def resets(self, since: datetime, until: datetime) -> Iterable[Reset]:
        """Read whose password, lock or factors were reset within this time."""
        for row in _rows(self._rest, _query(since, until)):
            one = _read(row)
            if one and not (self._test_account and one.login.casefold() == self._test_account.casefold()):
                yield one


def _query(since: datetime, until: datetime) -> Query:
    kinds = " or ".join(f'eventType eq "{name}"' for name in KINDS)
    span = [("since", _exactly(since)), ("until", _exactly(until))]
    return [*span, ("filter", f'outcome.result eq "SUCCESS" and ({kinds})'), ("limit", PAGE)]


def _rows(rest: Rest, query: Query) -> Iterator[Any]:
    path = PATH
    while path:
        answer = rest.page(path, query)
        page = answer.json()
        if not isinstance(page, list):
            raise RejectedError(_GARBLED, "Look at its API.")
        yield from page
        after = NEXT_PAGE.search(answer.headers.get("link", "")) if page else None
        path, query = rest.linked(after[1]) if after else ("", ())


def _exactly(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(row: Mapping[str, Any]) -> Reset | None:
    """Read one row; None for one that is no reset by anybody."""
    try:
        kind, actor = KINDS.get(row["eventType"]), row["actor"]
        subject = next((one for one in row["target"] or () if one["type"] == "User"), None)
        if kind is None or subject is None or (kind is ResetKind.UNLOCK and actor["type"] == ITSELF):
            return None
        request = (row.get("transaction") or {}).get("id")
        return Reset(
            id=f"{request or row['uuid']}:{subject['id']}:{kind.value}",
            at=datetime.fromisoformat(row["published"]).astimezone(UTC),
            kind=kind,
            subject_id=str(subject["id"]),
            login=str(subject.get("alternateId") or ""),
            by=str(actor.get("alternateId") or actor.get("displayName") or ""),
            own=actor["id"] == subject["id"],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RejectedError(_GARBLED, "Look at its API.") from error
