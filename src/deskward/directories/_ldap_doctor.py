"""What doctor looks at in every directory that is reached by LDAP, and the reset that it tries."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from deskward.core.errors import OutsideError, RejectedError
from deskward.core.people import Person
from deskward.core.ports import Directory
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson
from deskward.directories._ldap_line import Talk
from deskward.outbound.doctoring import clock_check, unknown_password

SOON = timedelta(days=14)
TOO_SHORT = Secret("x")


def reached(talk: Talk) -> Iterator[Check]:
    """Tell how the server was reached, whether its certificate ends soon, and whether its clock is ours."""
    well = talk.expires_at - datetime.now(UTC) > SOON
    text = f"signed in over {talk.version}; the server's certificate is valid until {talk.expires_at:%Y-%m-%d}."
    yield Check("reach", well, text, "" if well else "Renew the certificate of the directory server.")
    yield clock_check("clock", _ahead(talk))


def _ahead(talk: Talk) -> float | None:
    """Compare the time of the rootDSE, which Active Directory tells, with our clock."""
    root = talk.entry("", ["currentTime"])
    if root is None or not root.text("currentTime"):
        return None
    return (root.moment("currentTime") - datetime.now(UTC)).total_seconds()


def people_and_keys(values: Iterable[str], key: str) -> Iterator[Check]:
    """Count the people, and those who share what they are found by or have none; `values` are theirs."""
    counts = Counter(value.strip().casefold() for value in values)
    total, without = counts.total(), counts.pop("", 0)
    yield Check(
        "people",
        bool(total),
        f"{total} people.",
        "" if total else "Check people_dn, people_filter and the rights.",
    )
    shared = sum(count for count in counts.values() if count > 1)
    told = [f"{shared} people share their {key}."] if shared else []
    told += [f"{without} have none."] if without else []
    hint = "They cannot be verified: a ticket must lead to one account." if told else ""
    yield Check("keys", not told, " ".join(told) or f"Every {key} is there and unique.", hint)


def groups(named: Sequence[str], missing: Sequence[str]) -> Check:
    """Tell whether the privileged groups of the settings are there."""
    if missing:
        text = f"There is no group “{missing[0]}”, so nobody counts as privileged by it."
        return Check("groups", well=False, text=text, hint="Correct privileged_groups.")
    if not named:
        text = "No privileged groups are named, so administrators could be served by link."
        return Check("groups", well=False, text=text, hint="Name the groups of administrators: privileged_groups.")
    return Check("groups", well=True, text=f"{len(named)} privileged groups are known.")


def tried(directory: Directory, login: str) -> Iterator[Check]:
    """Reset the password of the test account to one that nobody knows, after one that every policy refuses."""
    if not login:
        text = "not tried; name a test_account to have its password reset here."
        yield Check("test reset", well=True, text=text)
        return
    account = _account(directory, login)
    if account is None:
        hint = "Make an account for this, or correct test_account."
        yield Check("test reset", well=False, text=f"There is no one account “{login}”.", hint=hint)
        return
    try:
        yield _policy_holds(directory, account)
        directory.set_password(account.id, unknown_password())
        directory.unlock(account.id)
        after = directory.get(account.id)
    except OutsideError as trouble:
        yield Check("test reset", well=False, text=trouble.text, hint=trouble.hint)
        return
    well = after is not None and after.stamp != account.stamp
    text = "a new password was set and read back." if well else "the reset was accepted, but cannot be read back."
    hint = "" if well else "Give Deskward the right to read when a password was changed; see docs/directories.md."
    yield Check("test reset", well, text, hint)


def _account(directory: Directory, login: str) -> Person | None:
    found = directory.find(TicketPerson("", "", login, login))
    return found[0] if len(found) == 1 else None


def _policy_holds(directory: Directory, account: Person) -> Check:
    try:
        directory.set_password(account.id, TOO_SHORT)
    except RejectedError:
        return Check("rights", well=True, text="the password policy holds for what Deskward sets.")
    text = "a password of one sign was taken: no policy holds for what Deskward sets."
    hint = "Set a policy, and give Deskward's account write access only, not manage; see docs/directories.md."
    return Check("rights", well=False, text=text, hint=hint)
