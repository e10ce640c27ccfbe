"""An action of the organisation's own: a signed webhook, called once for each grant and asked how it ended."""

import json
import secrets
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

from deskward.actions._call_webhook_signing import keys_of, signed
from deskward.core.doing import AsksNothing
from deskward.core.errors import OutsideError, RejectedError, SettingsError, UncertainError, UnreachableError
from deskward.core.people import Person
from deskward.core.ports import Directory, Grant
from deskward.core.secret import Secret
from deskward.core.tickets import Check
from deskward.outbound import Answer, Outbound

SECTION = "actions.call_webhook"
PAUSE = 0.5  # seconds between looks
LONGEST_PATIENCE = 30  # seconds; after 45 the house asks by itself how it ended
BROKEN = 500


class Action(AsksNothing):
    """Calls `url`, then asks `status_url` with the id added, at most for `patience` seconds.

    Both get the headers of Standard Webhooks; the id is the grant's, so a repeated call is the same. `secret` is
    the key, `old_secret` the one before while it is replaced. `title`, `button` and `done` are what people read.
    """

    name = "call_webhook"

    def __init__(
        self,
        *,
        url: str,
        status_url: str,
        secret: Secret,
        title: str,
        button: str = "Do it now",
        done: str = "It is done.",
        old_secret: Secret | None = None,
        patience: float = 20.0,
        timeout: float = 10.0,
    ) -> None:
        if not 0 < patience <= LONGEST_PATIENCE:
            text = f"{SECTION}.patience is {patience:g} seconds."
            raise SettingsError(text, f"Choose more than 0 and at most {LONGEST_PATIENCE}.")
        self.title, self.button, self.done = title, button, done
        self._keys = keys_of(SECTION, {"secret": secret, "old_secret": old_secret})
        self._called, self._path = _way_out(url, "url", timeout)
        self._told, self._status_path = _way_out(status_url, "status_url", timeout)
        self._patience = patience
        self.grant: Grant | None = None

    def bound(self, grant: Grant) -> Self:
        """Give the action as it is done with this grant."""
        bound = copy(self)
        bound.grant = grant
        return bound

    def perform(self, directory: Directory, person: Person, answers: Mapping[str, Secret]) -> None:
        """Call it, and look until it has ended; UncertainError where it does not end in time."""
        del directory, answers
        grant = self._granted()
        try:
            self._asked_for(grant, person)
        except UnreachableError as trouble:
            text = "The other system cannot be reached just now. Nothing was done. Try again in a minute."
            raise RejectedError(text) from trouble
        if not self._waited():
            raise RejectedError(f"{self.title}: the other system says that it failed.", "Call the help desk.")

    def _asked_for(self, grant: Grant, person: Person) -> None:
        """Call it, and once more with the same id where the end is unclear; how it ended is asked then."""
        told = _told(grant, person)
        try:
            self._call(grant.id, told)
        except UncertainError:
            with suppress(UncertainError, UnreachableError):
                self._call(grant.id, told)

    def _waited(self) -> bool:
        """Look until it has ended; UncertainError where it has not in time."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return self.ended()
            except UncertainError:
                if time.monotonic() >= until:
                    raise
                time.sleep(PAUSE)

    def achieved(self, before: Person, after: Person) -> bool:
        """Tell whether it is the same account; that it is done was read back before."""
        return before.same_account(after)

    def ended(self) -> bool:
        """Ask how it ended; UncertainError while nobody knows."""
        own = self._granted().id
        try:
            answer = self._told.call("GET", f"{self._status_path}/{own}", headers=signed(own, b"", self._keys))
        except OutsideError as trouble:
            raise UncertainError(trouble.text, trouble.hint) from trouble
        told = answer.json() if answer.ok else None
        match told.get("status") if isinstance(told, dict) else None:
            case "done":
                return True
            case "failed":
                return False
        raise UncertainError(f"{self.title}: the other system does not tell how it ended.")

    def doctor(self) -> Iterable[Check]:
        """Call it with “dry_run”, which must change nothing there."""
        try:
            self._call(f"dry-run-{secrets.token_hex(8)}", {"dry_run": True, "data": {}})
        except OutsideError as trouble:
            yield Check("dry run", well=False, text=trouble.text, hint=trouble.hint or "Look at the other system.")
            return
        yield Check("dry run", well=True, text="The webhook took a call that changes nothing.")

    def log_out(self) -> None:
        """Let go of the connections."""
        self._called.close()
        self._told.close()

    def _granted(self) -> Grant:
        assert self.grant is not None, "the gateway binds it first"
        return self.grant

    def _call(self, own: str, told: Mapping[str, Any]) -> None:
        stamped = {"type": "deskward.action", "timestamp": datetime.now(UTC).isoformat(timespec="seconds"), **told}
        body = json.dumps(stamped).encode()
        headers = {"content-type": "application/json", **signed(own, body, self._keys)}
        answer = self._called.call("POST", self._path, headers=headers, content=body)
        if not answer.ok:
            raise _trouble(answer)


def _told(grant: Grant, person: Person) -> Mapping[str, Any]:
    told = {"grant": grant.id, "verification": grant.verification_id, "ticket": grant.ticket_id}
    account = {"directory": grant.directory, "id": grant.subject_id, "login": person.login}
    return {"dry_run": False, "data": {**told, "agent": grant.agent_id, "account": account}}


def _trouble(answer: Answer) -> OutsideError:
    said = answer.said or f"status {answer.status}"
    if answer.status < BROKEN:
        return RejectedError(f"The other system refuses this: {said}", "Call the help desk.")
    return UncertainError(f"The other system failed: {said}", "It may have been done.")


def _way_out(url: str, key: str, timeout: float) -> tuple[Outbound, str]:
    """Split an address into the one that is configured and its path; https is a must but on this machine."""
    parts = urlsplit(url)
    if (
        parts.query
        or parts.fragment
        or not parts.hostname
        or (parts.scheme != "https" and not _near(parts.hostname))
    ):
        text = f"{SECTION}.{key} cannot be used."
        raise SettingsError(text, "Write a full https address without “?” and “#”.")
    return Outbound(f"{parts.scheme}://{parts.netloc}", timeout=timeout), parts.path.rstrip("/")


def _near(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
