"""Passwords of local accounts: argon2id, with the same work for logins that do not exist."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from deskward.core.secret import Secret

LONGEST = 256
# OWASP's smallest argon2id setting: 19 MiB, two passes, one lane; one at a time bounds the memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_ONE_AT_A_TIME = threading.Lock()


def hashed(password: Secret) -> str:
    """Hash a new password."""
    with _ONE_AT_A_TIME:
        return _HASHER.hash(password.reveal())


def matches(known: str, password: Secret) -> bool:
    """Compare with a hash; an empty hash costs the same and never matches."""
    stand_in = known or _nobody()
    try:
        with _ONE_AT_A_TIME:
            return _HASHER.verify(stand_in, password.reveal()[:LONGEST]) and bool(known)
    except (VerificationError, InvalidHashError):
        return False


def outdated(known: str) -> bool:
    """Tell whether a hash was made with other settings than today's."""
    return _HASHER.check_needs_rehash(known)


@cache
def _nobody() -> str:
    return hashed(Secret("nobody has this password"))
