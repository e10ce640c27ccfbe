"""What doctor asks of every directory that is reached with rights of ours: that they suffice, and no more."""

import secrets
from collections.abc import Set as AbstractSet

from deskward.core.errors import OutsideError
from deskward.core.ports import Directory
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson

MOST_AHEAD = 60.0  # seconds


def rights_check(
    name: str, needed: AbstractSet[str], granted: AbstractSet[str], harmless: AbstractSet[str] = frozenset()
) -> Check:
    """Compare what an account of ours may do with what it needs, for the doctor: no less, and no more."""
    missing, more = sorted(needed - granted), sorted(granted - needed - harmless)
    if missing:
        return Check(name, well=False, text=f"Deskward lacks {', '.join(missing)}.", hint="Grant it.")
    if more:
        text = f"Deskward has more power than it needs: {', '.join(more)}."
        return Check(name, well=False, text=text, hint="Take it away.")
    return Check(name, well=True, text="Deskward may do what it needs, and no more.")


def clock_check(name: str, ahead: float | None) -> Check:
    """Compare the other side's clock with ours, `ahead` seconds: tokens, logs and holds go by them (SR-17)."""
    if ahead is None:
        return Check(name, well=True, text="It does not tell its time.")
    well = abs(ahead) <= MOST_AHEAD
    hint = "" if well else "Set both clocks by NTP."
    return Check(name, well, f"The clocks differ by {abs(ahead):.0f} seconds.", hint)


def reset_check(directory: Directory, login: str) -> Check:
    """Set a password that nobody knows on the account named for that, and look whether the directory shows it."""
    name = f"{directory.name} reset"
    if not login:
        return Check(name, well=True, text="Not tried; name a test_account to have its password reset here.")
    try:
        found = directory.find(TicketPerson("", "", login, login))
        if len(found) != 1:
            hint = "Make an account for this, or correct test_account."
            return Check(name, well=False, text=f"There is no one account “{login}”.", hint=hint)
        directory.set_password(found[0].id, unknown_password())
        after = directory.get(found[0].id)
    except OutsideError as trouble:
        return Check(name, well=False, text=trouble.text, hint=trouble.hint)
    if after is None or after.stamp == found[0].stamp:
        hint = "Look at the account there, and at the rights in docs/directories.md."
        return Check(name, well=False, text="The reset was accepted, but cannot be read back.", hint=hint)
    return Check(name, well=True, text="A new password was set and read back.")


def unknown_password() -> Secret:
    """Make a password that nobody knows, with every class of signs that a policy may ask for."""
    return Secret(f"aA1!{secrets.token_urlsafe(36)}")
