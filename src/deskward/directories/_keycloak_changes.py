"""What the directory changes at Keycloak: passwords, temporary passwords, locks and sessions."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from deskward.core.errors import RejectedError
from deskward.core.factors import FactorKind, in_words
from deskward.core.first_passwords import first_password
from deskward.core.proof import ActionClass
from deskward.core.secret import Secret
from deskward.outbound.rest import GONE, Rest

CHOOSE = "UPDATE_PASSWORD"  # the required action of whoever signs in with a temporary password
FACTORS = {"otp": FactorKind.APP, "webauthn": FactorKind.KEY, "webauthn-passwordless": FactorKind.KEY}
CODES = {"recovery-authn-codes": FactorKind.CODES}  # they stand for a factor that is lost
TAKEN = "The password was removed; the account has none until a new one is set."
ENDED = "All sessions of the account were ended."
ID = re.compile(r"(?!.*\.\.)[A-Za-z0-9:_.@+-]{1,255}")  # a UUID, or f:provider:id of a user federation


class Changes:
    """The writing half of the directory."""

    access_class = ActionClass.C2
    _rest: Rest

    def set_password(self, person_id: str, password: Secret) -> None:
        """Set a password that is not temporary; Keycloak's policies of the realm decide.

        The stamp of a password that is kept in a directory behind Keycloak cannot be read, so it is not set here.
        """
        self._set(person_id, password, temporary=False)

    def give_access(self, person_id: str, minutes: int) -> Secret:
        """Set a temporary password, after which Keycloak asks for another one; it has no end of its own."""
        del minutes
        password = first_password()
        self._set(person_id, password, temporary=True)
        return password

    def end_access(self, person_id: str) -> str:
        """Remove a temporary password that nobody has used."""
        row = self._row(person_id)
        if row is None or CHOOSE not in (row.get("requiredActions") or ()):
            return ""
        return TAKEN if self._forget_password(person_id) else ""

    def factors(self, person_id: str) -> Sequence[str]:
        """List authenticator apps, security keys and recovery codes by kind and label."""
        kinds, found = FACTORS | CODES, self._factors(person_id)
        return [in_words(kinds[one["type"]], str(one.get("userLabel") or "")) for one in found]

    def reset_factors(self, person_id: str) -> None:
        """Remove them one by one; the realm asks for new ones where it demands them."""
        self._changeable(person_id)
        for one in self._factors(person_id):
            self._remove(person_id, one)

    def unlock(self, person_id: str) -> None:
        """Forget the failed sign-ins for which the account is locked."""
        self._changeable(person_id)
        path = f"attack-detection/brute-force/users/{quoted(person_id)}"
        self._rest.change("DELETE", path)

    def revoke(self, person_id: str, *, password: bool) -> str:
        """End all sessions, also those that were to last; with `password`, remove the password first (SR-47)."""
        if password:
            self._forget_password(person_id)
        ended = self.end_sessions(person_id)
        return f"{TAKEN} {ended}" if password else ended

    def end_sessions(self, person_id: str) -> str:
        """End all sessions, also those that were to last; tokens of before are not taken any more."""
        self._rest.change("POST", f"users/{quoted(person_id)}/logout", repeatable=True)
        return ENDED

    def _row(self, person_id: str) -> dict[str, Any] | None:
        found = self._rest.read(f"users/{quoted(person_id)}") if ID.fullmatch(person_id) else None
        return None if found is None else self._rest.row_of(found)

    def _changeable(self, person_id: str) -> dict[str, Any]:
        row = self._row(person_id)
        if row is None:
            raise RejectedError(GONE, "Start again with the account that the person has now.")
        if not row.get("enabled"):
            text = "The account is disabled, so nothing was changed."
            raise RejectedError(text, "The administrator of Keycloak can enable it.")
        return row

    def _credentials(self, person_id: str) -> list[dict[str, Any]]:
        return self._rest.rows(f"users/{quoted(person_id)}/credentials")

    def _set(self, person_id: str, password: Secret, *, temporary: bool) -> None:
        row = self._changeable(person_id)
        if row.get("federationLink"):
            raise RejectedError(
                "The password of this account is kept in a directory behind Keycloak, and is not set here.",
                "Connect Deskward to that directory.",
            )
        new = {"type": "password", "value": password.reveal(), "temporary": temporary}
        self._rest.change("PUT", f"users/{quoted(person_id)}/reset-password", json=new)

    def _forget_password(self, person_id: str) -> bool:
        """Remove the password; tells whether there was one."""
        kept = [one for one in self._credentials(person_id) if one.get("type") == "password"]
        for one in kept:
            self._remove(person_id, one)
        return bool(kept)

    def _factors(self, person_id: str) -> list[dict[str, Any]]:
        return [one for one in self._credentials(person_id) if one.get("type") in FACTORS | CODES]

    def _remove(self, person_id: str, credential: Mapping[str, Any]) -> None:
        own = quoted(str(credential.get("id")))
        self._rest.change("DELETE", f"users/{quoted(person_id)}/credentials/{own}")


def quoted(person_id: str) -> str:
    """Write an id into a path."""
    return quote(person_id, safe="")
