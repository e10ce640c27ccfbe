"""Passwords that are made for somebody who has to choose another one at once (SR-55)."""

import secrets

from deskward.core.secret import Secret

SMALL, CAPITAL, DIGITS = "abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789"  # none that look alike
GROUPS, LENGTH = 5, 4


def first_password() -> Secret:
    """Make one of 24 signs in groups, with every class of signs that a policy may ask for; 100 bits or more."""
    signs = [secrets.choice(kind) for kind in (SMALL, CAPITAL, DIGITS)]
    signs += [secrets.choice(SMALL + CAPITAL + DIGITS) for _ in range(GROUPS * LENGTH - len(signs))]
    secrets.SystemRandom().shuffle(signs)
    text = "".join(signs)
    return Secret("-".join(text[at : at + LENGTH] for at in range(0, len(text), LENGTH)))
