"""An API where accounts live, as directories call it: its statuses become our errors."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, Protocol
from urllib.parse import parse_qsl

from deskward.core.errors import OutsideError, RejectedError, UncertainError, UnreachableError
from deskward.outbound import Answer
from deskward.outbound.line import LONGEST_WAIT

Query = Sequence[tuple[str, str]]
PATIENCE, LONGEST_PAUSE = 5, 60.0  # times and seconds that a long list waits where it is throttled
GONE = "The account is not there any more, so nothing was changed."
_NOT_FOUND, _TIMED_OUT, _THROTTLED, _BROKEN = 404, 408, 429, 500


class RefusalError(RejectedError):
    """The API refused; `told` is the JSON of its answer."""

    def __init__(self, text: str, hint: str = "", told: Any = None) -> None:
        super().__init__(text, hint)
        self.told = told


class Credentialed(Protocol):
    """A way out that brings its own credentials; `call` is as `Outbound.call`."""

    base_url: str

    def call(
        self, method: str, path: str, *, query: Query = (), json: Any = None, repeatable: bool | None = None
    ) -> Answer:
        """Make one call."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class Rest:
    """Reads and changes at the API of the product `name`; `said` takes its own words from the JSON of an error.

    `rights` says what the administrator must grant where a call is forbidden.
    """

    def __init__(self, out: Credentialed, *, name: str, rights: str, said: Callable[[Any], str]) -> None:
        self._out, self._name, self._rights, self._said = out, name, rights, said
        self._told_at = ("", 0.0)  # “Date” of the last answer, and when it came

    @property
    def ahead(self) -> float | None:
        """Give the seconds of the other side's clock before ours; None where the last answer tells none."""
        date, came_at = self._told_at
        with suppress(ValueError):  # RFC 9110, 6.6.1
            return parsedate_to_datetime(date).timestamp() - came_at
        return None

    def read(self, path: str, query: Query = ()) -> Any:
        """Read JSON, None where there is nothing at that path; UnreachableError or RejectedError else."""
        answer = self._out.call("GET", path, query=query)
        if answer.status == _NOT_FOUND:
            return None
        told = self._checked(answer, changes=False).json()
        if told is None:
            self._garbled()
        return told

    def one(self, path: str, query: Query = ()) -> dict[str, Any]:
        """Read one object, empty where there is nothing at that path."""
        told = self.read(path, query)
        return {} if told is None else told if isinstance(told, dict) else self._garbled()

    def rows(self, path: str, query: Query = ()) -> list[dict[str, Any]]:
        """Read a short list, empty where there is nothing at that path."""
        told = self.read(path, query)
        return [] if told is None else self.rows_of(told)

    def page(self, path: str, query: Query = (), *, patient: bool = True) -> Answer:
        """Read a page of a list as it is; who is patient waits where the other side asks for it."""
        for _ in range(PATIENCE if patient else 0):
            try:
                return self._checked(self._out.call("GET", path, query=query), changes=False)
            except UnreachableError as trouble:
                if not 0 < trouble.retry_after <= LONGEST_PAUSE:
                    raise
                time.sleep(trouble.retry_after)
        return self._checked(self._out.call("GET", path, query=query), changes=False)

    def change(
        self, method: str, path: str, *, query: Query = (), json: Any = None, repeatable: bool = False
    ) -> Answer:
        """Change something; UncertainError where it may have happened, RejectedError where it was refused.

        A `repeatable` change is the same done twice, so an unclear end of it is UnreachableError: do it again.
        """
        answer = self._out.call(method, path, query=query, json=json, repeatable=repeatable)
        if answer.status == _NOT_FOUND:
            raise RejectedError(GONE, "Start again with the account that the person has now.")
        return self._checked(answer, changes=not repeatable)

    def linked(self, link: str) -> tuple[str, Query]:
        """Take path and query from the address of a next page; RejectedError where it leads elsewhere."""
        address, _, query = link.partition("?")
        above = f"{self._out.base_url}/"
        if not address.casefold().startswith(above.casefold()) or not query:
            raise RejectedError(f"{self._name} names a next page that is not below {self._out.base_url}.")
        return address[len(above) :], parse_qsl(query, keep_blank_values=True)

    def close(self) -> None:
        """Let go of the connections."""
        self._out.close()

    def rows_of(self, told: Any) -> list[dict[str, Any]]:
        """Take what was told as a list of things with an id; RejectedError where it is none."""
        return [self.row_of(row) for row in told] if isinstance(told, list) else self._garbled()

    def row_of(self, told: Any) -> dict[str, Any]:
        """Take what was told as one thing with an id; RejectedError where it is none."""
        return told if isinstance(told, dict) and told.get("id") else self._garbled()

    def _garbled(self) -> NoReturn:
        text = f"{self._name} gives an answer that cannot be read."
        raise RejectedError(text, "Check the address in the settings.")

    def _checked(self, answer: Answer, *, changes: bool) -> Answer:
        self._told_at = answer.headers.get("date", ""), time.time()
        if answer.ok:
            return answer
        raise self._trouble(answer, changes=changes)

    def _trouble(self, answer: Answer, *, changes: bool) -> OutsideError:
        match answer.status:
            case 401:
                text = f"{self._name} does not accept Deskward's credentials."
                return UnreachableError(text, "Renew them, and put them into the settings.")
            case 403:
                text = f"{self._name} does not allow this. Its administrator must grant Deskward: {self._rights}"
                return RejectedError(text, "See docs/directories.md.")
            case 429:
                text = f"{self._name} has too much to do just now."
                return UnreachableError(text, "Try again in a minute.", retry_after=_reset_in(answer))
        words = self._said(answer.json()) or f"status {answer.status}"
        if answer.status != _TIMED_OUT and answer.status < _BROKEN:
            return RefusalError(f"{self._name} refuses this: {words}", "Look at the account there.", answer.json())
        text = f"{self._name} failed: {words}"
        if changes:
            return UncertainError(text, "It may have been done: look before doing it again.")
        return UnreachableError(text, "It is tried again.")


def _reset_in(answer: Answer) -> float:
    """Read in how many seconds a limit begins anew, from “X-Rate-Limit-Reset” (a Unix time); 0 if nobody tells."""
    with suppress(KeyError, ValueError, OverflowError):
        now = parsedate_to_datetime(answer.headers["date"]).timestamp()
        return min(max(int(answer.headers["x-rate-limit-reset"]) - now + 1, 0.0), LONGEST_WAIT)
    return 0.0
