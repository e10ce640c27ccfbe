"""What Active Directory keeps in its attributes, and its refusals, in words."""

import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from unicodedata import normalize

from ldap3 import MODIFY_REPLACE

from deskward.core.errors import RejectedError, UnreachableError
from deskward.core.secret import Secret
from deskward.directories._ldap_errors import FailedError, refused
from deskward.directories._ldap_line import Changes, Entry, Talk

DISABLED, LOCKED_OUT = 0x2, 0x10  # userAccountControl, and its computed companion (MS-ADTS 2.2.16, 3.1.1.4.5.17)
EPOCH, NEVER = datetime(1601, 1, 1, tzinfo=UTC), 0x7FFFFFFFFFFFFFFF
UNICODE_PWD = 0x9005A  # the attribute's number in replication metadata
CONSTRAINT, RESTRICTED, COMPLEX = 19, "0000052D", 0x1
DOMAIN_POLICY = {"minPwdLength": "least", "pwdHistoryLength": "kept", "minPwdAge": "age", "pwdProperties": "signs"}
OWN_POLICY = {
    "msDS-MinimumPasswordLength": "least",
    "msDS-PasswordHistoryLength": "kept",
    "msDS-MinimumPasswordAge": "age",
    "msDS-PasswordComplexityEnabled": "signs",
}
STATE = (
    *("userAccountControl", "msDS-User-Account-Control-Computed", "lockoutTime", "pwdLastSet", "accountExpires"),
    *("replPropertyMetaData", "objectSid", "primaryGroupID", "adminCount", "memberOf"),
)


def is_enabled(entry: Entry) -> bool:
    """Tell whether the account is switched on and has not ended."""
    ends = entry.number("accountExpires")
    over = ends not in (0, NEVER) and EPOCH + timedelta(microseconds=ends // 10) <= datetime.now(UTC)
    return not entry.number("userAccountControl") & DISABLED and not over


def is_locked(entry: Entry) -> bool:
    """Tell a lock-out that still holds, as the domain computes it."""
    if entry.values.get("msds-user-account-control-computed"):
        return bool(entry.number("msDS-User-Account-Control-Computed") & LOCKED_OUT)
    return entry.number("lockoutTime") > 0


def stamp_of(entry: Entry) -> str:
    """Give what moves with password, lock and state only.

    How often the password was set is in the replication metadata; where that cannot be read, pwdLastSet must do.
    """
    times = password_sets(next(iter(entry.values.get("replpropertymetadata", ())), b""))
    password = f"set {times} times" if times else entry.text("pwdLastSet")
    return f"{password}.{entry.number('lockoutTime')}.{int(is_enabled(entry))}"


def password_sets(raw: bytes) -> int:
    """Read how often unicodePwd was set from replPropertyMetaData: 16 octets, then 48 each (MS-DRSR 5.160)."""
    records = (raw[at : at + 48] for at in range(16, len(raw) - 47, 48))
    versions = dict(struct.unpack("<II", record[:8]) for record in records)
    return int(versions.get(UNICODE_PWD, 0))


def reason(failed: FailedError, rules: str) -> RejectedError | UnreachableError:
    """Say why a password was refused; `rules` are those of the policy in words."""
    if RESTRICTED in failed.words.upper() or failed.code == CONSTRAINT:
        text = f"The password policy does not take this password. {rules}".strip()
        return RejectedError(text, "Choose another password.")
    return refused(failed)


def rules_of(talk: Talk, domain_dn: str, entry: Entry) -> Iterator[str]:
    """Say what the fine-grained policy of the account, or else the domain's, asks of a new password."""
    own = entry.text("msDS-ResultantPSO")
    names = OWN_POLICY if own else DOMAIN_POLICY
    policy = talk.entry(own or domain_dn, list(names))
    if policy is None or not any(policy.values.values()):
        if own:
            yield "A password policy of its own holds for your account."
        return
    yield from _sentences({what: _number(policy, name) for name, what in names.items()})


def _sentences(asked: Mapping[str, int]) -> Iterator[str]:
    if asked["least"] > 1:
        yield f"At least {asked['least']} characters."
    if asked["signs"] & COMPLEX:
        yield "Three kinds of: capital letters, small letters, digits, other signs. Without your name in it."
    if asked["kept"]:
        yield f"None of your last {asked['kept']} passwords." if asked["kept"] > 1 else "Not the one you have now."


def _number(policy: Entry, name: str) -> int:
    return int(policy.text(name).upper() == "TRUE") or policy.number(name)


def password_change(password: Secret, *, once: bool = False, unlocks: bool = False) -> Changes:
    """Write a password as the domain takes it (MS-ADTS 3.1.1.3.1.5).

    `once` asks for another one at the next logon, `unlocks` lifts a lock-out, in one step (MS-SAMS 3.2.4.2).
    """
    quoted = '"' + normalize("NFC", password.reveal()) + '"'
    changes: Changes = {"unicodePwd": [(MODIFY_REPLACE, [quoted.encode("utf-16-le")])]}
    more = {"pwdLastSet": once, "lockoutTime": unlocks}
    return {**changes, **{name: [(MODIFY_REPLACE, ["0"])] for name, wanted in more.items() if wanted}}
