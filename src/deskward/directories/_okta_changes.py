"""What the directory changes at Okta: passwords, temporary passwords, locks and sessions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deskward.core.errors import RejectedError, UncertainError
from deskward.core.factors import FactorKind, in_words, phone_in_words
from deskward.core.proof import ActionClass
from deskward.core.secret import Secret
from deskward.outbound.doctoring import unknown_password
from deskward.outbound.rest import GONE, Rest

LOCKED, EXPIRED = "LOCKED_OUT", "PASSWORD_EXPIRED"
LIVING = frozenset({"ACTIVE", "RECOVERY", EXPIRED, LOCKED})
OWN = frozenset({"OKTA", "IMPORT"})  # providers whose passwords Okta keeps itself
NO_FACTORS = frozenset({"question", "email"})
PHONES = frozenset({"sms", "call"})
KINDS = {
    "push": FactorKind.APP,
    "signed_nonce": FactorKind.DEVICE,
    "token": FactorKind.TOKEN,
    "token:hardware": FactorKind.TOKEN,
    "token:hotp": FactorKind.TOKEN,
    "token:software:totp": FactorKind.APP,
    "u2f": FactorKind.KEY,
    "webauthn": FactorKind.KEY,
}
ENDED = "All sessions of the account were ended, and its tokens revoked."
TAKEN = "The password was replaced by one that nobody knows, so a new one has to be set."
ID = re.compile(r"[0-9A-Za-z]{1,64}")


class Changes:
    """The writing half of the directory."""

    access_class = ActionClass.C2
    _rest: Rest

    def set_password(self, person_id: str, password: Secret) -> None:
        """Set a password as an administrator does; the policy of the organisation decides."""
        self._passworded(person_id)
        self._set(person_id, password)

    def give_access(self, person_id: str, minutes: int) -> Secret:
        """Let Okta make a temporary password, after which another one must be chosen; time does not end it.

        Whether the time of the last change moves with it is not documented, the status does: so one that waits
        already is replaced before.
        """
        del minutes
        if self._passworded(person_id).get("status") == EXPIRED:
            self._set(person_id, unknown_password())
        path = f"users/{person_id}/lifecycle/expire_password_with_temp_password"
        told = self._rest.change("POST", path, query=[("revokeSessions", "true")]).json()
        given = text_of(told if isinstance(told, dict) else {}, "tempPassword")
        if not given:
            raise UncertainError(
                "Okta made a temporary password, but does not tell it.", "Look at the account there."
            )
        return Secret(given)

    def end_access(self, person_id: str) -> str:
        """Replace a temporary password that nobody has used."""
        row = self._row(person_id)
        if row is None or row.get("status") != EXPIRED:
            return ""
        self._set(person_id, unknown_password())
        return TAKEN

    def factors(self, person_id: str) -> Sequence[str]:
        """List the active factors by their kind, and by their name or else who provides them."""
        rows = self._rest.rows(f"users/{checked(person_id)}/factors")
        return [_in_words(one) for one in strong(rows)]

    def reset_factors(self, person_id: str) -> None:
        """Let Okta forget all factors at once; the account stays active, and sets up new ones at its sign-in."""
        self._changeable(person_id)
        self._rest.change("POST", f"users/{person_id}/lifecycle/reset_factors", repeatable=True)

    def unlock(self, person_id: str) -> None:
        """Lift a lock-out; Okta refuses that for an account that is open, so then it is not asked."""
        if self._changeable(person_id).get("status") == LOCKED:
            self._rest.change("POST", f"users/{person_id}/lifecycle/unlock")

    def revoke(self, person_id: str, *, password: bool) -> str:
        """End all sessions and tokens; with `password`, first set one that nobody knows (SR-47)."""
        if password:
            self._set(checked(person_id), unknown_password())
        ended = self.end_sessions(person_id)
        return f"{TAKEN} {ended}" if password else ended

    def end_sessions(self, person_id: str) -> str:
        """End all sessions, and revoke the tokens that applications hold."""
        path, tokens = f"users/{checked(person_id)}/sessions", [("oauthTokens", "true")]
        self._rest.change("DELETE", path, query=tokens, repeatable=True)
        return ENDED

    def _row(self, person_id: str) -> dict[str, Any] | None:
        """Read one account by its id; Okta also takes login names there, which are no ids."""
        found = self._rest.read(f"users/{person_id}") if ID.fullmatch(person_id) else None
        row = None if found is None else self._rest.row_of(found)
        return row if row and row["id"] == person_id else None

    def _changeable(self, person_id: str) -> dict[str, Any]:
        row = self._row(person_id)
        if row is None:
            raise RejectedError(GONE, "Start again with the account that the person has now.")
        if row.get("status") not in LIVING:
            text = "The account is not active, so nothing was changed."
            raise RejectedError(text, "The administrator of Okta can activate it.")
        return row

    def _set(self, person_id: str, password: Secret) -> None:
        new = {"credentials": {"password": {"value": password.reveal()}}}
        self._rest.change("POST", f"users/{person_id}", json=new)

    def _passworded(self, person_id: str) -> dict[str, Any]:
        """Give an account whose password Okta keeps itself."""
        row = self._changeable(person_id)
        provider = text_of(part(part(row, "credentials"), "provider"), "type")
        if provider not in OWN:
            raise RejectedError(
                f"The password of this account is kept outside Okta ({provider}), and is not set here.",
                "Connect Deskward to the directory that keeps it.",
            )
        return row


def strong(factors: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Keep the active factors that count as a second one."""
    return [one for one in factors if one.get("status") == "ACTIVE" and one.get("factorType") not in NO_FACTORS]


def _in_words(factor: Mapping[str, Any]) -> str:
    kind, profile = text_of(factor, "factorType"), part(factor, "profile")
    if kind in PHONES:
        return phone_in_words(text_of(profile, "phoneNumber"))
    name = text_of(profile, "name") or text_of(profile, "authenticatorName")
    return in_words(KINDS.get(kind, FactorKind.OTHER), name or text_of(factor, "provider").title())


def checked(person_id: str) -> str:
    """Let nothing but an id into a path."""
    if not ID.fullmatch(person_id):
        raise RejectedError(GONE, "Look at the account there.")
    return person_id


def part(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Give a part of a row, empty where there is none."""
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def text_of(row: Mapping[str, Any], name: str) -> str:
    """Give a value as text, empty where there is none."""
    return str(row.get(name) or "").strip()
