"""Looks addresses up in the files that the operator supplies, in the MMDB format, without asking anybody."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from shutil import copyfile
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import Any

import maxminddb

from deskward.core.errors import SettingsError
from deskward.core.lines import clean
from deskward.core.networks import day_of, inside, read_address
from deskward.core.ports import Clock
from deskward.core.surroundings import Anonymous, Facet, Network, Place, Source
from deskward.core.tickets import Check

LOOKED_EVERY, STALE_DAYS, LETTERS_OF_COUNTRY, LAST_ASN = timedelta(minutes=1), 45, 2, 2**32 - 1
FEEDS = {
    Facet.PLACE: "country and travel stay unknown",
    Facet.OPERATOR: "who operates an address stays unknown",
    Facet.HIDDEN: "hosting companies, VPNs, proxies and Tor stay unknown",
}
KINDS = {
    Anonymous.HOSTING: ("is_hosting_provider", "is_hosting", "hosting"),
    Anonymous.VPN: ("is_anonymous_vpn", "is_vpn", "vpn", "is_relay", "relay"),
    Anonymous.PROXY: ("is_public_proxy", "is_proxy", "proxy"),
    Anonymous.RESIDENTIAL: ("is_residential_proxy", "residential_proxy"),
    Anonymous.TOR: ("is_tor_exit_node", "is_tor", "tor"),
}
NAMES_OF_KINDS = {"is_anonymous", *(name for names in KINDS.values() for name in names)}
UNSOUND = (
    *(maxminddb.InvalidDatabaseError, OSError, OverflowError, MemoryError),
    *(ValueError, TypeError, KeyError, IndexError),
)  # what the reader raises for a file that is none, or is damaged

Address = IPv4Address | IPv6Address
Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Answer:
    """What a file says: no row and `covers` means that the address is in no list of it."""

    source: Source
    row: Row | None = None
    covers: bool = True


class Networks:
    """The operator's files, each of them optional; `own` are the organisation's offices and VPN exits as CIDR.

    A file that is replaced (by renaming) is picked up within a minute. One that cannot be read stops the start
    with SettingsError; later it makes what it told unknown. Ask by any number of threads.
    """

    def __init__(
        self, paths: Mapping[Facet, Path], *, clock: Clock, stale_days: int = STALE_DAYS, own: Sequence[str] = ()
    ) -> None:
        self._clock, self._own = clock, tuple(_network(text) for text in own)
        self._files: dict[Facet, _File] = {}
        try:
            for facet, path in paths.items():
                self._files[facet] = _File(facet, path, clock, timedelta(days=stale_days))
        except SettingsError:
            self.close()
            raise

    def look_up(self, address: str) -> Network:
        """Give what the files say of an address; never raises, what cannot be read is unknown."""
        read = read_address(address)
        if read is None:
            return Network(address)
        public = not inside(read)
        told = {facet: a for facet, f in self._files.items() if (a := f.ask(read)).row is not None or public}
        rows = {facet: a.row or {} for facet, a in told.items()}
        asn, operator = operator_of(rows.get(Facet.OPERATOR, {}))
        return Network(
            address,
            place=place_of(rows.get(Facet.PLACE, {})),
            asn=asn,
            operator=operator,
            hidden=_hidden(told.get(Facet.HIDDEN)),
            sources={facet: a.source for facet, a in told.items()},
            own=any(read in network for network in self._own),
        )

    def doctor(self) -> Iterable[Check]:
        """Say for `doctor` of each file whether it is there and how old it is."""
        for facet in Facet:
            name, file = f"networks.{facet}", self._files.get(facet)
            hint, text = f"Set {name} to a file in the MMDB format.", f"not configured: {FEEDS[facet]}"
            yield file.check(name) if file else Check(name, well=False, text=text, hint=hint)

    def troubles(self) -> Iterable[Check]:
        """Give the checks of files that are set and cannot be relied on."""
        return [check for facet, f in self._files.items() if not (check := f.check(f"networks.{facet}")).well]

    def close(self) -> None:
        """Close the files; what is asked later is unknown."""
        for file in self._files.values():
            file.close()


class _File:
    """One file, mapped from a copy without a name: small in memory, fast, and nobody can cut the copy short."""

    def __init__(self, facet: Facet, path: Path, clock: Clock, lasts: timedelta) -> None:
        self._path, self._clock, self._lasts = path, clock, lasts
        self._lock, self._trouble = Lock(), ""
        try:
            self._stamp = _stamp(path)
            self._reader: maxminddb.Reader | None = _opened(path)
        except UNSOUND as error:
            raise SettingsError(
                f"networks.{facet}: {path} cannot be read.", "It names a file in the MMDB format, or is left out."
            ) from error
        self._name, self._built_at, self._version = _about(self._reader)
        self._next = clock.now() + LOOKED_EVERY

    def ask(self, address: Address) -> _Answer:
        """Look up; a file that cannot be read gives a broken source."""
        with self._lock:
            self._renew()
            if self._reader is None:
                return _Answer(self._source(broken=True))
            if address.version > self._version:
                return _Answer(self._source(), covers=False)
            try:
                row = self._reader.get(address)
            except UNSOUND:
                return _Answer(self._source(broken=True))
        return _Answer(self._source(), row if isinstance(row, dict) else None)

    def check(self, name: str) -> Check:
        """Say how it is."""
        with self._lock:
            self._renew()
        days = (self._clock.now() - self._built_at).days
        text = f"{self._name}, built on {day_of(self._built_at)}, {days} day{'' if days == 1 else 's'} old"
        if self._trouble:
            return Check(name, well=False, text=f"{self._path} {self._trouble}; {text}", hint="Put it back.")
        if self._source().stale:
            return Check(name, well=False, text=f"{text}: too old to be relied on", hint="Get a newer one.")
        return Check(name, well=True, text=text)

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self._drop()

    def _source(self, *, broken: bool = False) -> Source:
        stale = self._clock.now() - self._built_at > self._lasts
        return Source(self._name, self._built_at, stale=stale, broken=broken)

    def _renew(self) -> None:
        """Look once a minute whether there is another file."""
        now = self._clock.now()
        if now < self._next:
            return
        self._next = now + LOOKED_EVERY
        try:
            stamp = _stamp(self._path)
        except OSError:
            self._trouble = "is gone"
            return
        if stamp != self._stamp:
            self._exchange(stamp)
        else:
            self._trouble = ""

    def _exchange(self, stamp: tuple[int, ...]) -> None:
        """Read from the new file; one that cannot be read leaves the old one."""
        try:
            reader = _opened(self._path)
        except UNSOUND:
            self._trouble = "cannot be read"
            return
        self._drop()
        self._reader, self._stamp, self._trouble = reader, stamp, ""
        self._name, self._built_at, self._version = _about(reader)

    def _drop(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = None


def place_of(row: Row) -> Place | None:
    """Read a place in the spellings of MaxMind, DB-IP and IPinfo; None without an ISO country."""
    country = _text(row, "country.iso_code", "country_code", "country")
    if len(country) != LETTERS_OF_COUNTRY or not (country.isascii() and country.isalpha()):
        return None
    return Place(
        country.upper(),
        city=_text(row, "city.names.en", "city"),
        latitude=_number(row, 90, "location.latitude", "latitude", "lat"),
        longitude=_number(row, 180, "location.longitude", "longitude", "lng"),
        radius_km=_number(row, 20_000, "location.accuracy_radius", "accuracy_radius", "radius"),
    )


def operator_of(row: Row) -> tuple[int | None, str]:
    """Read number and name of the operator, such as (64496, "Example Broadband")."""
    number = _text(row, "autonomous_system_number", "asn").upper().removeprefix("AS")
    name = _text(row, "autonomous_system_organization", "as_name", "name")
    asn = int(number) if number.isascii() and number.isdecimal() else 0
    return (asn, name) if 0 < asn <= LAST_ASN else (None, "")


def hidden_of(row: Row) -> frozenset[Anonymous] | None:
    """Read what an address hides behind; None for a row of some other kind of file."""
    names = row.keys() & NAMES_OF_KINDS
    if not names:
        return None
    told = {name for name in names if _yes(row[name])}
    kinds = frozenset(kind for kind, spellings in KINDS.items() if not told.isdisjoint(spellings))
    return kinds or frozenset({Anonymous.PROXY} if told else ())


def _hidden(answer: _Answer | None) -> frozenset[Anonymous] | None:
    if answer is None or answer.source.broken or not answer.covers:
        return None
    return frozenset() if answer.row is None else hidden_of(answer.row)


def _first(row: Row, paths: Iterable[str], kinds: tuple[type, ...]) -> Any:
    """Give the first that is of one of these kinds; None where there is none."""
    for path in paths:
        found: Any = row
        for key in path.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, kinds):
            return found
    return None


def _text(row: Row, *paths: str) -> str:
    """Give the first that is a text or a number."""
    told = _first(row, paths, (str, int))
    return "" if told is None else clean(told)


def _number(row: Row, limit: float, *paths: str) -> float | None:
    """Give the first that is there, as a number within ± `limit`."""
    told = _first(row, paths, (str, int, float))
    try:
        number = math.nan if told is None else float(told)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) <= limit else None


def _yes(told: Any) -> bool:
    return str(told).casefold() in {"true", "yes", "1"}


def _opened(path: Path) -> maxminddb.Reader:
    """Open a copy of a file whose tree ends where it says, in the sixteen zeros of the format, or raise UNSOUND.

    A map of a file that somebody cuts short ends the process, and reading it without a map takes thirty times as
    long. The copy lies in the folder for temporary files until the reader is closed.
    """
    with NamedTemporaryFile(prefix="deskward-") as copy:
        copyfile(path, copy.name)
        reader = maxminddb.open_database(copy.name)
        about = reader.metadata()
        copy.seek(about.node_count * about.record_size // 4)
        gap = copy.read(16)
    if gap != bytes(16):
        reader.close()
        raise maxminddb.InvalidDatabaseError("The file has lost a part.")
    return reader


def _about(reader: maxminddb.Reader) -> tuple[str, datetime, int]:
    """Give name, build time and the version of IP it is for; a file without a sound build time counts as old."""
    about = reader.metadata()
    try:
        built_at = datetime.fromtimestamp(about.build_epoch, UTC)
    except (OverflowError, ValueError, TypeError, OSError):
        built_at = datetime.fromtimestamp(0, UTC)
    return clean(about.database_type), built_at, about.ip_version


def _stamp(path: Path) -> tuple[int, ...]:
    told = path.stat()
    return told.st_ino, told.st_mtime_ns, told.st_size


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise SettingsError(f"networks.own: “{text}” is no network.", "Write one as 203.0.113.0/24.") from error
