"""What Active Directory's attributes tell of resets: a password after which its owner has to choose another.

`pwdLastSet` is 0 from then on until the next sign-in (MS-ADA3 2.175); nobody's own change leaves that. The
replication metadata tell when both were written, and how often. A reset without that mark looks like a change by
the owner, and who did either is in the security log only (events 4723 and 4724), which is not read over LDAP.
"""

import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from deskward.core.resets import Reset, ResetKind
from deskward.directories._active_directory_words import EPOCH, UNICODE_PWD
from deskward.directories._ldap_line import Entry, Line
from deskward.directories._ldap_people import Map

NAMES = ("objectGUID", "replPropertyMetaData", "whenCreated")
NEW = timedelta(minutes=1)  # the first password of an account is no reset
BESIDE = timedelta(minutes=1)  # a mark that is set later is no part of a reset
PWD_LAST_SET = 0x90060  # the attribute's number in replication metadata
HEAD, RECORD = 16, 48  # octets of replPropertyMetaData (MS-DRSR 5.160)


class PasswordMarks:
    """The part of the directory that reads them; a reset of the account that doctor tries is left out."""

    _line: Line
    _map: Map
    _people_dn: str
    _filter: str
    _page_size: int
    _test_account: str

    def resets(self, since: datetime, until: datetime) -> Iterable[Reset]:
        """Read whose password was set within this time and has to be changed at the next sign-in."""
        wanted = f"(&{self._filter}(pwdLastSet=0)(whenChanged>={since.astimezone(UTC):%Y%m%d%H%M%S}.0Z))"
        named = self._map.of("login")
        with self._line.opened() as talk:
            for entry in talk.entries(self._people_dn, wanted, [*NAMES, named], page_size=self._page_size):
                login = entry.text(named)
                for at, times in _password_set(entry):
                    if since <= at < until and login.casefold() != self._test_account.casefold():
                        own = str(UUID(bytes_le=bytes(entry.values["objectguid"][0])))
                        yield Reset(f"{own}:{times}", at, ResetKind.PASSWORD, own, login)


def _password_set(entry: Entry) -> Iterator[tuple[datetime, int]]:
    """Give when the password was set and marked, and which time that was; nothing for the first one, or untold."""
    raw = next(iter(entry.values.get("replpropertymetadata", ())), b"")
    records = (struct.unpack("<IIQ", raw[at : at + 16]) for at in range(HEAD, len(raw) - RECORD + 1, RECORD))
    written = {attribute: (EPOCH + timedelta(seconds=at), times) for attribute, times, at in records}
    if UNICODE_PWD in written and PWD_LAST_SET in written:
        at, times = written[UNICODE_PWD]
        if written[PWD_LAST_SET][0] - at <= BESIDE and at - entry.moment("whenCreated") > NEW:
            yield at, times
