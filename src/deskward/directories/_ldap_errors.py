"""What an LDAP server said no with, in our own errors (RFC 4511 section 4.1.9)."""

import re
from collections.abc import Mapping
from typing import Any

from deskward.core.errors import RejectedError, UnreachableError

TOO_MANY, REFERRAL, NO_SUCH, DENIED, BUSY, UNAVAILABLE, UNWILLING = 4, 10, 32, 50, 51, 52, 53
REASON = re.compile(r"\bdata ([0-9a-f]{3})\b")
# Active Directory's reasons for a sign-in that failed: Win32 error codes in the diagnostic message.
SIGN_IN = {
    "525": "there is no such account",
    "52e": "the password is wrong",
    "530": "the account may not sign in at this hour",
    "531": "the account may not sign in from here",
    "532": "its password has expired",
    "533": "the account is disabled",
    "701": "the account has expired",
    "773": "its password must be changed first",
    "775": "the account is locked out",
}


class FailedError(Exception):
    """The server said no: its result code, its words and its controls."""

    def __init__(self, result: Mapping[str, Any]) -> None:
        super().__init__(result["description"])
        self.code: int = result["result"]
        self.words = str(result["message"] or "")
        self.controls: Mapping[str, Any] = result.get("controls") or {}


class MissingError(UnreachableError):
    """The place to look at does not exist."""


def refused(failed: FailedError) -> RejectedError | UnreachableError:
    """Say why a change was refused, where the password policy is not the reason."""
    told = {
        NO_SUCH: ("The account is not in the directory any more.", "Ask the administrator of the directory."),
        REFERRAL: ("This directory server holds a copy and takes no changes.", "Set url to the one that does."),
        DENIED: (
            "Deskward's own account may not change this account in the directory.",
            "Give it the rights that docs/directories.md lists, no more.",
        ),
    }
    if failed.code in {BUSY, UNAVAILABLE}:
        return UnreachableError("The directory server is busy or shutting down.", "Try again in a minute.")
    if failed.code == UNWILLING and "shadow" in failed.words:
        return RejectedError(*told[REFERRAL])
    text, hint = told.get(failed.code, (f"The directory refused the change ({failed}).", "See the server's log."))
    return RejectedError(text, hint)


def credential_trouble(failed: FailedError, why: str = "") -> UnreachableError:
    """Say that the server does not let Deskward sign in."""
    if failed.code in {BUSY, UNAVAILABLE}:
        return UnreachableError("The directory server is busy or shutting down.", "Try again in a minute.")
    told = REASON.search(failed.words)
    reason = why or SIGN_IN.get(told[1] if told else "", f"the server says “{failed}”")
    return UnreachableError(
        f"The directory does not take Deskward's credentials: {reason}.",
        "Check bind_dn and password, and that this account is enabled, not locked and its password not expired.",
    )


def unread(failed: FailedError, under: str) -> UnreachableError:
    """Say why nothing can be read there."""
    if failed.code == NO_SUCH:
        return MissingError(
            f"“{under}” is not in the directory, or not to be seen.", "Check people_dn and the rights."
        )
    if failed.code == REFERRAL:
        return UnreachableError(f"This server does not hold “{under}”.", "Set url to the server that does.")
    if failed.code == TOO_MANY:
        hint = "Lift the size limit for Deskward's account; see docs/directories.md."
        return UnreachableError("The directory shows Deskward a part of its entries only.", hint)
    if failed.code == DENIED and "restricted to bind" in failed.words:
        return credential_trouble(failed, "the password must be changed first")
    return UnreachableError(
        f"The directory does not let Deskward read ({failed}).", "Check its rights; see docs/directories.md."
    )
