"""ChangeGear's REST API as the connector speaks it: sessions, arrays of one, pages, PUT with the eTag."""

import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from deskward.core.errors import OutsideError, RejectedError, UncertainError, UnreachableError
from deskward.core.secret import Secret
from deskward.outbound import Answer, Outbound

Row = dict[str, Any]
Query = Sequence[tuple[str, str]]
SMALLEST_PAGE = 10  # the server's own default; a shorter page is the last one
MOST_PAGES = 200
LOGIN_HOLD_SECONDS = 300.0
_REFUSED = {401, 403}
_GONE = {404, 410}
_LATER = {408, 429}
_NOTHING_DONE = "ChangeGear took the change and did nothing with it."


class Rest:
    """One ChangeGear server and one entity type; one session per process, shared by threads (rule 6)."""

    def __init__(
        self,
        out: Outbound,
        entity_type: str,
        *,
        auth_mode: str,
        username: str,
        password: Secret,
        id_field: str,
        own_id: str = "",
    ) -> None:
        self.user_id = own_id
        self._out = out
        self._type = quote(entity_type, safe="")
        self._basic = (username, password) if auth_mode == "basic" else None
        self._username, self._password = username, password
        self._id_field = id_field
        self._lock = threading.Lock()
        self._session = ""
        self._held_until = 0.0
        self._kept: dict[str, tuple[float, Row | None]] = {}

    # Sessions

    def log_in(self) -> str:
        """Give the session, opened on first need; empty with Basic. A refused login is not tried again at once."""
        if self._basic:
            return ""
        with self._lock:
            if not self._session:
                self._hold_back()
                self._session = self._opened()
            return self._session

    def log_out(self) -> None:
        """End the session, if there is one, and the connections; nothing can be asked after this."""
        with self._lock:
            session, self._session = self._session, ""
        with closing(self._out), suppress(OutsideError):
            if session:
                self._out.call("POST", "api/user/logout", headers={"sessionid": session}, repeatable=True)

    def ask(self, method: str, path: str, query: Query = (), body: Row | None = None) -> Answer:
        """Make one authenticated call; on 401 or 403 log in once and repeat it once."""
        session = self.log_in()
        answer = self._call(method, path, query, body, session)
        if answer.status not in _REFUSED:
            return answer
        if not self._basic:
            self._forget(session)
            answer = self._call(method, path, query, body, self.log_in())
        if answer.status not in _REFUSED:
            return answer
        raise RejectedError(
            f"ChangeGear refuses the account ({answer.status} {answer.said})".rstrip() + ".",
            "Give the ChangeGear user the missing privilege, or unlock it; `deskward doctor` shows more.",
        )

    def _call(self, method: str, path: str, query: Query, body: Row | None, session: str) -> Answer:
        headers = {"sessionid": session} if session else {}
        return self._out.call(method, path, query=query, headers=headers, json=body, basic=self._basic)

    def _forget(self, session: str) -> None:
        with self._lock:
            if self._session == session:
                self._session = ""

    def _hold_back(self) -> None:
        wait = self._held_until - time.monotonic()
        if wait > 0:
            raise _no_login("The login was refused a moment ago.", wait)

    def _opened(self) -> str:
        body = {"username": self._username, "password": self._password.reveal()}
        answer = self._out.call("POST", "api/authenticate/user", json=body, repeatable=True)
        told = answer.json()
        if answer.ok and isinstance(told, dict) and told.get("sessionId"):
            self.user_id = str(told.get("userId") or self.user_id)
            return str(told["sessionId"])
        if answer.status >= 500 or answer.status in _LATER | _GONE:  # noqa: PLR2004 - HTTP's own numbers
            raise failure(answer, "the login")
        self._held_until = time.monotonic() + LOGIN_HOLD_SECONDS
        raise _no_login(
            f"ChangeGear answers {answer.status} to the login. {answer.said}".rstrip(), LOGIN_HOLD_SECONDS
        )

    # Reads

    def row(self, path: str) -> Row | None:
        """Read one row, bare or in an array of one; None when it is gone or not visible (rules 1 and 2)."""
        answer = self.ask("GET", path)
        if answer.status in _GONE:
            return None
        rows = _rows_of(answer)
        return rows[0] if rows else None

    def remembered(self, path: str, seconds: float) -> Row | None:
        """Read one row, at most once in so many seconds."""
        with self._lock:
            until, row = self._kept.get(path, (0.0, None))
        if until <= time.monotonic():
            row = self.row(path)
            with self._lock:
                self._kept[path] = (time.monotonic() + seconds, row)
        return row

    def rows(self, path: str, query: Query = (), pagesize: int = 50) -> list[Row]:
        """Read a list whole, page by page, until a short page or one that brings nothing new."""
        found: dict[str, Row] = {}
        for page in range(1, MOST_PAGES + 1):
            size = [("pagesize", str(pagesize)), ("page", str(page))]
            got = _rows_of(self.ask("GET", path, [*query, *size]))
            fresh = {key: row for row in got if (key := self.key(row)) not in found}
            found.update(fresh)
            if not fresh or len(got) < min(SMALLEST_PAGE, pagesize):
                return list(found.values())
        raise RejectedError(f"The list {path} holds more than {len(found)} rows.", "Make the view narrower.")

    def key(self, row: Row) -> str:
        """Give what tells one row of a list from the others."""
        return ident(row.get(self._id_field)) or json.dumps(row, sort_keys=True)

    def ticket(self, ticket_id: str) -> Row | None:
        """Read one ticket whole; None when it is gone or not visible."""
        if not ident(ticket_id):
            return None
        row = self.row(self.address(ticket_id))
        if row is not None and ident(row.get(self._id_field)) != ticket_id:
            raise RejectedError(f"ChangeGear answered with another ticket than {ticket_id}.", "Check `fields.id`.")
        return row

    def need(self, ticket_id: str) -> Row:
        """Read one ticket whole; RejectedError when it is gone or not visible."""
        row = self.ticket(ticket_id)
        if row is None:
            raise RejectedError(f"The ticket {ticket_id} is gone or hidden from the ChangeGear user.")
        return row

    def history(self, row: Row, relation: str) -> list[Row]:
        """Read a ticket's history records; UncertainError where they cannot be read."""
        own = f"{self.address(ident(row[self._id_field]))}/{quote(relation, safe='')}"
        link = str(row.get(f"{relation}_link") or own)
        try:
            return self.rows(link if re.fullmatch(r"[\w/%-]+", link) else own)
        except RejectedError as error:
            raise UncertainError(
                f"The history of the ticket cannot be read, so it is not known what it holds. {error.text}",
                "Look into the ticket and write the note by hand; correct `note_history_relation` or the rights.",
            ) from error

    def address(self, *more: str) -> str:
        """Give the path of the tickets, of one ticket or of a view."""
        return "/".join(("api/entity", self._type, *(quote(part, safe="") for part in more)))

    # Writes

    def change(self, row: Row, body: Row, landed: Callable[[Row, bool], bool]) -> Row:
        """Write by PUT with the eTag just read, at most twice, and prove it by reading (rules 3 to 5).

        After any failure the ticket is read again: `landed` there means done; it is also told whether the
        server said a clear no to the PUT, so that what is new in the ticket is not ours. A second PUT follows only
        where the eTag moved, or where no answer came; of two PUTs with one eTag only one can succeed.
        """
        for _ in range(2):
            refusal = self._put(ident(row[self._id_field]), {"eTag": row.get("eTag"), **body})
            fresh = self.need(ident(row[self._id_field]))
            if landed(fresh, isinstance(refusal, RejectedError)):
                return fresh
            moved = fresh.get("eTag") != row.get("eTag")
            if refusal is None or (isinstance(refusal, RejectedError | UnreachableError) and not moved):
                raise refusal or RejectedError(_NOTHING_DONE, "Check the settings.")
            row = fresh
        if moved and not isinstance(refusal, RejectedError) and self._was_ours(row):
            raise RejectedError(_NOTHING_DONE, "Check the settings.")
        raise UnreachableError("The ticket is being changed all the time, or ChangeGear does not answer writes.")

    def _was_ours(self, row: Row) -> bool:
        modified_by = ident(row.get("LastModifiedBy"))
        return bool(modified_by) and modified_by == self.user_id

    def _put(self, ticket_id: str, body: Row) -> OutsideError | None:
        """Give what went wrong where the server may have seen the PUT; UnreachableError where it has not."""
        try:
            answer = self.ask("PUT", f"api/{self._type}/{ticket_id}", body=body)
        except UncertainError as error:
            return error
        return None if answer.ok else failure(answer, "the change")


def failure(answer: Answer, what: str) -> OutsideError:
    """Put an answer that is not 2xx into our errors: the server's own trouble passes, a no stays a no."""
    text = f"ChangeGear refuses {what} ({answer.status}). {answer.said}".rstrip()
    if answer.status >= 500 or answer.status in _LATER:  # noqa: PLR2004 - HTTP's own numbers
        return UnreachableError(text, "It is tried again.")
    return RejectedError(text, "`deskward doctor` checks address, settings and rights.")


def ident(value: Any) -> str:
    """Give an object id as text; empty for whatever is not a whole number above zero."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    text = str(value)
    return text if re.fullmatch(r"[1-9][0-9]{0,17}", text) else ""


def moment(text: Any) -> datetime | None:
    """Read a date with offset and any fraction in UTC; None for year 1, which means empty (rule 8)."""
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    if read.year in {1, 9999}:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _rows_of(answer: Answer) -> list[Row]:
    if not answer.ok:
        raise failure(answer, "the read")
    told = [] if answer.body.strip() in {b"", b"null"} else answer.json()
    rows = told if isinstance(told, list) else [told]
    if not all(isinstance(row, dict) for row in rows):
        raise UnreachableError("ChangeGear answers with something that is not JSON.", "Check `base_url`.")
    return rows


def _no_login(text: str, wait: float) -> UnreachableError:
    return UnreachableError(text, "Check `username` and `password`, and that the account is not locked.", wait)
