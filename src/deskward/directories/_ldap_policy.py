"""The Password Modify operation (RFC 3062) and the password policy of OpenLDAP (slapo-ppolicy(5)) in words."""

from collections.abc import Iterator
from unicodedata import normalize

from ldap3.protocol.rfc3062 import PasswdModifyRequestValue

from deskward.core.errors import RejectedError, UnreachableError
from deskward.core.secret import Secret
from deskward.directories._ldap_errors import FailedError, refused
from deskward.directories._ldap_line import Entry, Talk

PASSWORD_MODIFY, PASSWORD_POLICY = "1.3.6.1.4.1.4203.1.11.1", "1.3.6.1.4.1.42.2.27.8.5.1"
ASK_WHY = (PASSWORD_POLICY, False, None)
CONSTRAINT = 19
WHY = {
    3: "This account's password cannot be changed here.",
    4: "This directory sets no password without the one before; ask its administrator.",
    5: "The password policy does not take this password: it is too short, too simple or used before.",
    6: "This password is too short for the password policy. Use a longer one.",
    7: "The password was changed a short time ago; the policy takes no other one yet.",
    8: "This password was used before. Choose one that you have not used here.",
    9: "This password is too long for the password policy. Use a shorter one.",
}


def modify_password(talk: Talk, entry: Entry, password: Secret) -> None:
    """Set a password under the policy; FailedError carries the server's no."""
    asked = PasswdModifyRequestValue()
    asked["userIdentity"] = entry.dn
    asked["newPasswd"] = normalize("NFC", password.reveal()).encode()
    talk.extended(PASSWORD_MODIFY, asked, [ASK_WHY])


def reason(failed: FailedError) -> RejectedError | UnreachableError:
    """Give the policy's reason, from the last three octets of its control: tag 81, length 1, number."""
    told = bytes((failed.controls.get(PASSWORD_POLICY) or {}).get("value") or b"")
    if told[-3:-1] == b"\x81\x01" and told[-1] in WHY:
        return RejectedError(WHY[told[-1]], "Choose another password.")
    if failed.code == CONSTRAINT:
        return RejectedError(WHY[5], "Choose another password.")
    return refused(failed)


def rules_of(policy: Entry) -> Iterator[str]:
    """Say what a pwdPolicy entry asks of a new password."""
    least, most, remembered = (policy.number(n) for n in ("pwdMinLength", "pwdMaxLength", "pwdInHistory"))
    if least > 1:
        yield f"At least {least} characters."
    if most:
        yield f"At most {most} characters."
    if remembered:
        yield f"None of your last {remembered} passwords." if remembered > 1 else "Not the password you have now."
    if policy.number("pwdMinAge"):
        yield f"No new one within {said_time(policy.number('pwdMinAge'))} of the last change."


def said_time(seconds: int) -> str:
    """Say a time as people do, in its largest whole unit."""
    units = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next((size, unit) for size, unit in units if seconds % size == 0)
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'}"
