"""A file of people with a state file beside it: for the sandbox, for trials and for imports."""

import fcntl
import json
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from deskward.core.colleagues import facts_among
from deskward.core.errors import RejectedError, SettingsError, UncertainError, UnreachableError
from deskward.core.first_passwords import first_password
from deskward.core.people import Person
from deskward.core.proof import ActionClass
from deskward.core.questions import Fact
from deskward.core.searching import typed_words
from deskward.core.secret import Secret
from deskward.core.tickets import Check, TicketPerson
from deskward.core.vouching import colleagues_of
from deskward.directories._roster_file import read_people

REMEMBERED = 3
BEFORE_VALID = "The password set last was taken back; the one before it is valid again."
NONE_LEFT = "The password set last was taken back; the account has none until a new one is set."
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@dataclass(frozen=True)
class _Account:
    """What changed since the roster was written; `hashes` are argon2id, newest first.

    A `temporary` password is good for one sign-in.
    """

    hashes: tuple[str, ...] = ()
    locked: bool | None = None
    changes: int = 0
    password_changed_at: str = ""
    taken_back: bool = False
    temporary: bool = False


class Directory:
    """Reads people from `path` (TOML or CSV), again when the file changes, and never writes there.

    Passwords and lifted locks are kept in “<path>.state.json”. `key` names what is compared with the
    ticket's requester, email or login. `authoritative` declares the addresses confirmed (DESIGN 9.6);
    `region` is the ISO country of numbers without “+”.
    """

    name, access_class = "roster", ActionClass.C2
    rights = "read its file. Passwords are kept beside it."

    def __init__(
        self,
        *,
        path: Path,
        key: str = "email",
        writable: bool = True,
        authoritative: bool = True,
        source: str = "the roster",
        region: str = "",
    ) -> None:
        if key not in ("email", "login"):
            raise SettingsError(f"directories.roster.key is “{key}”.", "Choose email or login.")
        self._path, self._key, self._writable = path, key, writable
        self._authoritative, self._source, self._region = authoritative, source, region.upper()
        self._state = path.with_name(f"{path.name}.state.json")
        self._read = (_edition(path), self._reading())

    def find(self, person: TicketPerson) -> Sequence[Person]:
        """Find everybody with the requester's e-mail or login, letter case aside."""
        wanted = getattr(person, self._key).strip().casefold()
        accounts = self._accounts()
        return [
            _current(one, accounts)
            for one in self._people().values()
            if wanted and getattr(one, self._key).casefold() == wanted
        ]

    def get(self, person_id: str) -> Person | None:
        """Read one person with state and change stamp."""
        found = self._people().get(person_id)
        return _current(found, self._accounts()) if found else None

    def colleagues(self, person: Person) -> Sequence[Person]:
        """List who may know a person, the manager first, with their state."""
        accounts = self._accounts()
        return [_current(one, accounts) for one in colleagues_of(person, self._people().values())]

    def facts(self, person: Person) -> Sequence[Fact]:
        """Give what may be asked about one of these people, none about a namesake of somewhere else."""
        known = self._people()
        found = known.get(person.id)
        return facts_among(found, known.values()) if found and found.same_account(person) else ()

    def everyone(self) -> Iterable[Person]:
        """Read everybody with state and change stamp."""
        accounts = self._accounts()
        return (_current(one, accounts) for one in self._people().values())

    def search(self, text: str, limit: int) -> Sequence[Person]:
        """Find people whose name, login or e-mail has every word of a text, case and accents aside."""
        wanted = typed_words(text)
        return list(islice((one for one in self.everyone() if wanted and one.has_words(text)), limit))

    def set_password(self, person_id: str, password: Secret) -> None:
        """Set a password that none of the last three was, and lift a lock."""
        with self._changing(person_id) as (account, accounts):
            if _is_among(password, account.hashes):
                raise RejectedError(
                    f"This password was used before; choose one that none of your last {REMEMBERED} was."
                )
            hashed = HASHER.hash(_plain(password))
            accounts[person_id] = _Account(
                hashes=(hashed, *account.hashes)[:REMEMBERED],
                locked=False,
                changes=account.changes + 1,
                password_changed_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )

    def unlock(self, person_id: str) -> None:
        """Lift a lock-out."""
        with self._changing(person_id) as (account, accounts):
            accounts[person_id] = replace(account, locked=False, changes=account.changes + 1)

    def revoke(self, person_id: str, *, password: bool) -> str:
        """Take back the password set last: the one before it is valid again; a roster has no sessions."""
        if not password:
            return "Nothing was set that could be taken back."
        with self._changing(person_id) as (account, accounts):
            if not account.taken_back:
                before = replace(account, hashes=account.hashes[1:], changes=account.changes + 1)
                accounts[person_id] = replace(before, taken_back=True, temporary=False)
            kept = bool(accounts.get(person_id, _Account()).hashes)
        return BEFORE_VALID if kept else NONE_LEFT

    def give_access(self, person_id: str, minutes: int) -> Secret:
        """Set a password that is good for one sign-in; it is ended in time from outside."""
        del minutes
        password = first_password()
        self.set_password(person_id, password)
        with self._changing(person_id) as (account, accounts):
            accounts[person_id] = replace(account, temporary=True)
        return password

    def end_access(self, person_id: str) -> str:
        """Take back a password for one sign-in that was not used."""
        given = self.get(person_id) is not None and self._accounts().get(person_id, _Account()).temporary
        return self.revoke(person_id, password=True) if given else ""

    def check_password(self, person_id: str, password: Secret) -> bool:
        """Tell whether this is the person's password, for a sign-in; one that is good once is spent by it."""
        account = self._accounts().get(person_id, _Account())
        right = _is_among(password, account.hashes[:1])
        if right and account.temporary:
            self.revoke(person_id, password=True)
        return right

    def doctor(self) -> Iterable[Check]:
        """Read the roster, and look at its keys and rights."""
        try:
            people = [_current(one, self._accounts()) for one in self._people().values()]
        except UnreachableError as trouble:
            yield Check("roster", well=False, text=trouble.text, hint=trouble.hint)
            return
        yield Check("roster", bool(people), f"{len(people)} people.", "" if people else "Add people.")
        yield self._keys(people)
        yield self._rights()

    def _reading(self) -> Mapping[str, Person]:
        return read_people(self._path, source=self._source, authoritative=self._authoritative, region=self._region)

    def _people(self) -> Mapping[str, Person]:
        edition = _edition(self._path)
        if edition != self._read[0]:
            try:
                self._read = (edition, self._reading())
            except SettingsError as problem:
                raise UnreachableError(problem.text, problem.hint) from problem
        return self._read[1]

    def _accounts(self) -> dict[str, _Account]:
        try:
            written = json.loads(self._state.read_text(encoding="utf-8"))
            return {i: _Account(**kept | {"hashes": tuple(kept["hashes"])}) for i, kept in written.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
            raise UnreachableError(
                f"The state file {self._state} cannot be read ({type(problem).__name__}).",
                "Restore it, or remove it to start with the roster's own state.",
            ) from problem

    @contextmanager
    def _changing(self, person_id: str) -> Iterator[tuple[_Account, dict[str, _Account]]]:
        """Give account and accounts to change, alone among all processes; kept unless something is raised."""
        if not self._writable:
            raise RejectedError("This directory is read-only here.", "Change the account where it lives.")
        person = self._people().get(person_id)
        if person is None or not person.enabled:
            raise RejectedError(
                "The account does not exist or is switched off.", "Ask the administrator of the directory."
            )
        with self._alone():
            accounts = self._accounts()
            yield accounts.get(person_id, _Account()), accounts
            self._keep(accounts)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            gate = os.open(self._state.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as problem:
            raise UnreachableError(
                f"Nothing can be written beside {self._path} ({problem.strerror}).",
                "Give Deskward the right to write in this folder.",
            ) from problem
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield
        finally:
            os.close(gate)

    def _keep(self, accounts: Mapping[str, _Account]) -> None:
        written = json.dumps({i: asdict(one) for i, one in accounts.items()}, indent=1)
        try:
            with tempfile.NamedTemporaryFile("w", dir=self._state.parent, delete=False) as fresh:
                fresh.write(written)
                fresh.flush()
                os.fsync(fresh.fileno())
            Path(fresh.name).replace(self._state)
            _sync(self._state.parent)
        except OSError as problem:
            raise UncertainError(
                f"The state file {self._state} may not be written ({problem.strerror}).", "Check the disk."
            ) from problem

    def _keys(self, people: Sequence[Person]) -> Check:
        keys = [str(getattr(one, self._key)).casefold() for one in people]
        shared = sum(1 for key in keys if keys.count(key) > 1)
        text = f"{shared} people share their {self._key}." if shared else f"Every {self._key} is unique."
        hint = "They cannot be verified: a ticket must lead to one account." if shared else ""
        return Check("roster keys", not shared, text, hint)

    def _rights(self) -> Check:
        well = not self._writable or os.access(self._state.parent, os.W_OK)
        text = "Passwords can be kept." if well else f"Nothing can be written in {self._state.parent}."
        return Check("roster rights", well, text, "" if well else "Give Deskward the right to write there.")


def _current(person: Person, accounts: Mapping[str, _Account]) -> Person:
    account = accounts.get(person.id, _Account())
    locked = person.locked if account.locked is None else account.locked
    return replace(person, locked=locked, stamp=f"{account.changes}.{int(person.enabled)}{int(locked)}")


def _is_among(password: Secret, hashes: Iterable[str]) -> bool:
    return any(_fits(password, hashed) for hashed in hashes)


def _fits(password: Secret, hashed: str) -> bool:
    try:
        return HASHER.verify(hashed, _plain(password))
    except (VerificationError, InvalidHashError):
        return False


def _plain(password: Secret) -> str:
    return unicodedata.normalize("NFC", password.reveal())


def _edition(path: Path) -> tuple[int, int, int]:
    """Tell one writing of the file from another; zeros when it is gone."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
