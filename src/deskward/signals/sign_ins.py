"""Sign-ins: whether somebody elsewhere is signed in just now, and what is ordinary (form of Microsoft Graph)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from deskward.core.errors import OutsideError, RejectedError, SettingsError
from deskward.core.networks import read_address
from deskward.core.risk import Finding, Section, unknown
from deskward.core.secret import Secret
from deskward.core.sign_ins import SignIn
from deskward.core.signals import Seen
from deskward.core.surroundings import LONGEST_TEXT, Device
from deskward.outbound.tokens import TokenOutbound

ABROAD = 3.0
PATH = "auditLogs/signIns"
NEXT = "@odata.nextLink"
PAGE, LONG_PAGE, MOST_PAGES = "50", "999", 5
SOURCE = "sign-in log of the directory"
LEARNING = "Your earlier sign-ins also tell which network and browser are ordinary for you."
RISKY = frozenset({"atRisk", "confirmedCompromised"})
# What User-Agents call the log's systems: name, and the version where they always say the same one.
SYSTEMS = {"macos": ("Mac OS X", "10"), "windows 11": ("Windows", "10"), "ios": ("iOS", "")}
_NAMED = re.compile(r"(.*?[^\d\s.])\s*(\d+)?[\d.]*")
_GARBLED = "The sign-in log gives an answer that cannot be read."


@dataclass(frozen=True)
class _SignIn:
    at: datetime
    country: str
    address: str


class Signal:
    """Reads the sign-ins of the last `minutes` that succeeded; one from another country raises the risk.

    That is another person, or the device that is said to be lost. With `learn` familiarity learns from the log;
    `directory` names whose people have its ids. `timeout` is in seconds.
    """

    name = "sign_ins"
    section = Section.PERSONA
    title = "Sign-ins of the account"
    about = "We look at where your account was signed in to lately, to notice somebody who uses it elsewhere."
    reads: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        token_url: str,
        client_id: str,
        client_secret: Secret,
        base_url: str = "https://graph.microsoft.com/v1.0",
        scope: str = "https://graph.microsoft.com/.default",
        minutes: int = 60,
        timeout: float = 3.0,
        learn: bool = False,
        directory: str = "",
    ) -> None:
        if minutes < 1:
            raise SettingsError(f"signals.sign_ins.minutes is {minutes}.", "Choose 1 or more.")
        if learn and not directory:
            raise SettingsError("signals.sign_ins.learn needs signals.sign_ins.directory.", "Name a directory.")
        self._span, self.teaches = timedelta(minutes=minutes), directory if learn else ""
        self.about = f"{self.about} {LEARNING}" if learn else self.about
        self._out = TokenOutbound(
            base_url,
            token_url=token_url,
            client_id=client_id,
            client_secret=client_secret,
            scope=scope,
            timeout=timeout,
        )

    def look(self, seen: Seen) -> Iterable[Finding]:
        """Compare the country of each sign-in with the country of the visit."""
        place = seen.network.place
        if place is None or not place.country:
            return [self._unknown("nobody knows which country the requester is in")]
        try:
            return [self._compared(seen, place.country.upper())]
        except OutsideError:
            return [self._unknown("the sign-in log gives no answer")]

    def sign_ins(self, since: datetime, until: datetime) -> Iterator[SignIn]:
        """Read everybody's, oldest first; what the log itself calls risky is left out, and what has no address."""
        span = f"createdDateTime ge {_exactly(since)} and createdDateTime le {_exactly(until)}"
        query = [("$filter", f"{span} and status/errorCode eq 0"), ("$orderby", "createdDateTime")]
        last = since
        for row in self._rows([*query, ("$top", LONG_PAGE)]):
            one = _read(row)
            if one is None or not since <= one.at < until:
                continue
            if one.at < last:
                raise RejectedError("The sign-in log is not in the order that was asked for.")
            last = one.at
            if known := _known(row, one):
                yield known

    def log_out(self) -> None:
        """Close the connections."""
        self._out.close()

    def _compared(self, seen: Seen, here: str) -> Finding:
        """Stop at the first sign-in elsewhere, so that what follows it cannot hide it."""
        countries = set()
        for one in self._recent(seen):
            if one.country and one.country != here:
                return _abroad(one, seen.visit.at)
            countries.add(one.country)
        if "" in countries:
            return self._unknown("the sign-in log does not name the country of a sign-in")
        return Finding(self.name, self.section, 0.0, _quiet(bool(countries)), SOURCE)

    def _recent(self, seen: Seen) -> Iterator[_SignIn]:
        since = seen.visit.at - self._span
        quoted = seen.person.id.replace("'", "''")
        wanted = f"userId eq '{quoted}' and createdDateTime ge {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        for row in self._rows([("$filter", f"{wanted} and status/errorCode eq 0"), ("$top", PAGE)]):
            one = _read(row)
            if one is not None and one.at >= since:
                yield one

    def _rows(self, query: list[tuple[str, str]]) -> Iterator[Any]:
        for _ in range(MOST_PAGES):
            told = self._page(query)
            yield from told["value"]
            if NEXT not in told:
                return
            query = self._next(told[NEXT])
        raise RejectedError("The sign-in log has more pages than are read.")

    def _page(self, query: list[tuple[str, str]]) -> Mapping[str, Any]:
        answer = self._out.call("GET", PATH, query=query)
        told = answer.json() if answer.ok else None
        if not isinstance(told, dict) or not isinstance(told.get("value"), list):
            raise RejectedError(_GARBLED)
        return told

    def _next(self, link: Any) -> list[tuple[str, str]]:
        """Take the query out of a link to the next page; the token goes to the configured address only."""
        address, _, query = str(link).partition("?")
        if address.casefold() != f"{self._out.base_url}/{PATH}".casefold() or not query:
            raise RejectedError(_GARBLED)
        return parse_qsl(query, keep_blank_values=True)

    def _unknown(self, why: str) -> Finding:
        return unknown(self.name, self.section, f"Sign-ins were not checked: {why}.", SOURCE)


def _read(row: Any) -> _SignIn | None:
    """Read one row; None for a sign-in that failed."""
    try:
        if row["status"]["errorCode"] != 0:
            return None
        country = str((row["location"] or {}).get("countryOrRegion") or "").upper()
        at = datetime.fromisoformat(row["createdDateTime"])
        return _SignIn(at if at.tzinfo else at.replace(tzinfo=UTC), country, str(row.get("ipAddress") or ""))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RejectedError(_GARBLED) from error


def _known(row: Mapping[str, Any], one: _SignIn) -> SignIn | None:
    """Give what can be learned of a row; None where it names no person or address, or is risky."""
    person, address = row.get("userId"), read_address(one.address)
    if not person or address is None or row.get("riskState") in RISKY:
        return None
    told = row.get("deviceDetail")
    detail = told if isinstance(told, Mapping) else {}
    browser, version = _named(detail.get("browser"))
    system = _named(detail.get("operatingSystem"))
    device = Device(browser, version, *system)
    agent = row.get("userAgent")
    text = agent if isinstance(agent, str) else ""
    return SignIn(str(person), one.at.astimezone(UTC), str(address), device, text[:LONGEST_TEXT])


def _named(told: Any) -> tuple[str, str]:
    """Take “Edge 140.0.0” or “Windows10” apart as a User-Agent is read, into name and first number."""
    text = told.strip()[:LONGEST_TEXT] if isinstance(told, str) else ""
    found = _NAMED.fullmatch(text)
    name, version = (found[1], found[2] or "") if found else (text, "")
    fixed = SYSTEMS.get(f"{name} {version}".casefold()) or SYSTEMS.get(name.casefold(), (name, ""))
    return fixed[0], fixed[1] or version


def _exactly(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _abroad(one: _SignIn, now: datetime) -> Finding:
    minutes = max(0, int((now - one.at).total_seconds() // 60))
    ago = "just now" if not minutes else f"{minutes} minute{'s' if minutes > 1 else ''} ago"
    text = f"Somebody signed in to the account from another country ({one.country}) {ago}."
    raw = {"at": one.at.isoformat(), "country": one.country, "address": one.address}
    return Finding("sign_ins", Section.PERSONA, ABROAD, text, SOURCE, raw=raw)


def _quiet(recent: bool) -> str:
    if recent:
        return "The account was signed in to lately, from the country of the requester."
    return "Nobody signed in to the account lately."
