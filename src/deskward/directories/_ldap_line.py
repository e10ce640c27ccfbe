"""The line to an LDAP server: always over TLS with a checked certificate, every failure in our own errors."""

import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ldap3
from ldap3.core.exceptions import LDAPException
from ldap3.operation.search import parse_filter
from ldap3.utils.conv import escape_filter_chars
from pyasn1.error import PyAsn1Error

from deskward.core.errors import SettingsError, UncertainError, UnreachableError
from deskward.core.secret import Secret
from deskward.directories._ldap_errors import FailedError, MissingError, credential_trouble, unread

PORTS = {"ldaps": 636, "ldap": 389}
BROKEN = (LDAPException, PyAsn1Error, LookupError, ValueError)
PAGED = "1.2.840.113556.1.4.319"
Changes = Mapping[str, Sequence[tuple[str, Sequence[str | bytes]]]]


@dataclass(frozen=True)
class Entry:
    """One entry; `values` are raw, by attribute in lower case."""

    dn: str
    values: Mapping[str, Sequence[bytes]]

    def texts(self, name: str) -> tuple[str, ...]:
        """Give all values that are text."""
        return tuple(value.decode("utf-8", "replace").strip() for value in self.values.get(name.lower(), ()))

    def text(self, name: str) -> str:
        """Give the first value, empty where there is none."""
        return next(iter(self.texts(name)), "")

    def moment(self, name: str) -> datetime:
        """Give the first value as a time (RFC 4517 3.3.13), to the second; ValueError where it is none."""
        return datetime.strptime(self.text(name)[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)

    def number(self, name: str) -> int:
        """Give the first value as a number, 0 where there is none."""
        text = self.text(name)
        return int(text) if text.lstrip("-").isdigit() else 0


class Tls(ldap3.Tls):  # type: ignore[misc]
    """Checks chain and host name as OpenSSL does, and keeps why it refused."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context, self._host = context, host
        self.refused = ""
        self.expires_at = datetime.max.replace(tzinfo=UTC)
        self.version_met = ""

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Put TLS on the connection's socket."""
        try:
            met = self._context.wrap_socket(
                connection.socket, do_handshake_on_connect=do_handshake, server_hostname=self._host
            )
        except ssl.SSLCertVerificationError as problem:
            self.refused = problem.verify_message
            raise
        certificate = met.getpeercert() or {}
        self.expires_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
        self.version_met = met.version() or ""
        connection.socket = met


class Line:
    """Where the server is and who we are there; a connection is opened for each task.

    `url` begins with ldaps:// (TLS at once) or ldap:// (StartTLS, RFC 4511 section 4.14); nothing is ever sent
    without TLS. `timeout` is in whole seconds. SettingsError says what cannot be.
    """

    def __init__(
        self,
        section: str,
        *,
        url: str,
        bind_dn: str,
        password: Secret,
        ca_file: Path | None,
        strict_ca: bool,
        timeout: int,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise SettingsError(f"{section}.url is “{url}”.", "Write ldaps://host, or ldap://host for StartTLS.")
        if not bind_dn or not password:
            raise SettingsError(
                f"{section} has no bind_dn or no password.", "Give Deskward an account of its own there."
            )
        if timeout < 1:
            raise SettingsError(f"{section}.timeout is {timeout}.", "Choose whole seconds, 1 or more.")
        self._host, self._scheme, self._timeout = parts.hostname, parts.scheme, timeout
        self._port = parts.port or PORTS[parts.scheme]
        self._name, self._password = bind_dn, password
        self._context = _context(section, ca_file, strict_ca)

    @contextmanager
    def opened(self) -> Iterator["Talk"]:
        """Connect and sign in; UnreachableError says why not, and nothing happened then."""
        with ExitStack() as stack:
            connection, tls = self._connected(stack)
            try:
                signed_in, result, _, _ = connection.bind(read_server_info=False)
            except LDAPException as problem:
                raise self._not_reached(tls) from problem
            if not signed_in:
                raise credential_trouble(FailedError(result))
            yield Talk(connection, tls.version_met, tls.expires_at)

    def _connected(self, stack: ExitStack) -> tuple[Any, Tls]:
        """Try the addresses of the server in turn; what is open is closed with the stack."""
        tls, last = Tls(self._context, self._host), None
        for address in self._addresses():
            connection = self._connection(address, tls)
            stack.callback(_close, connection)
            try:
                connection.open(read_server_info=False)
                if self._scheme == "ldap":
                    connection.start_tls(read_server_info=False)
            except LDAPException as problem:
                last = problem
                if tls.refused:
                    break
            else:
                return connection, tls
        raise self._not_reached(tls) from last

    def _addresses(self) -> Sequence[str]:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError:
            return ()
        return [str(address[0]) for *_, address in found]

    def _connection(self, address: str, tls: Tls) -> Any:
        server = ldap3.Server(
            address,
            port=self._port,
            use_ssl=self._scheme == "ldaps",
            tls=tls,
            get_info=ldap3.NONE,
            connect_timeout=self._timeout,
        )
        return ldap3.Connection(
            server,
            user=self._name,
            password=self._password.reveal(),
            client_strategy=ldap3.SAFE_SYNC,
            auto_referrals=False,
            check_names=False,
            receive_timeout=self._timeout,
        )

    def _not_reached(self, tls: Tls) -> UnreachableError:
        where = f"{self._host}:{self._port}"
        if tls.refused:
            return UnreachableError(
                f"The certificate of the directory server {where} is not accepted: {tls.refused}.",
                "Set ca_file to the authority that signed it, and url to the name that it was made for.",
            )
        return UnreachableError(
            f"The directory server {where} cannot be reached over TLS.",
            "Check url, firewall and that the server is up and offers TLS; Deskward sends nothing without it.",
        )


class Talk:
    """One open, signed-in connection: reads raise UnreachableError, writes FailedError or UncertainError."""

    def __init__(self, connection: Any, version: str, expires_at: datetime) -> None:
        self._connection = connection
        self.version, self.expires_at = version, expires_at

    def entries(
        self, under: str, wanted: str, names: Sequence[str], *, page_size: int = 500, whole: bool = True
    ) -> Iterator[Entry]:
        """Read every entry under `under` that the filter wants, page by page (RFC 2696).

        `whole` False takes one page only.
        """
        cookie = b""
        while True:
            controls = {"paged_size": page_size, "paged_cookie": cookie}
            result, found = self._search(under, wanted, ldap3.SUBTREE, names, **controls)
            yield from found
            told = (result.get("controls") or {}).get(PAGED)
            cookie = told["value"]["cookie"] if told else b""
            if not cookie or not whole:
                return

    def entry(self, dn: str, names: Sequence[str], wanted: str = "(objectClass=*)") -> Entry | None:
        """Read one entry by its name; None where it is not there or not to be seen."""
        try:
            _, found = self._search(dn, wanted, ldap3.BASE, names)
        except MissingError:
            return None
        return next(iter(found), None)

    def modify(self, dn: str, changes: Changes, controls: Sequence[Any] = ()) -> None:
        """Change one entry in one step."""
        self._write(lambda: self._connection.modify(dn, changes, controls=list(controls) or None))

    def extended(self, name: str, value: Any, controls: Sequence[Any] = ()) -> None:
        """Do an extended operation that changes something."""
        self._write(lambda: self._connection.extended(name, value, list(controls) or None))

    def _write(self, call: Any) -> None:
        # The fast decoder knows no referral in the answer to an extended operation.
        self._connection.fast_decoder = False
        try:
            done, result, _, _ = call()
        except BROKEN as problem:
            raise UncertainError(
                "The directory broke off while it changed the account.", "Look at the account before a new try."
            ) from problem
        if not done:
            raise FailedError(result)

    def _search(
        self, under: str, wanted: str, scope: str, names: Sequence[str], **paging: Any
    ) -> tuple[Mapping[str, Any], list[Entry]]:
        try:
            _, result, found, _ = self._connection.search(under, wanted, scope, attributes=list(names), **paging)
        except BROKEN as problem:
            raise UnreachableError(
                "The directory broke off while it was read.", "Try again; raise timeout where it is slow."
            ) from problem
        if result["result"]:
            raise unread(FailedError(result), under)
        entries = [one for one in found or () if one["type"] == "searchResEntry"]
        return result, [Entry(one["dn"], _lowered(one["raw_attributes"])) for one in entries]


def _close(connection: Any) -> None:
    connection.strategy.close()
    if connection.socket:
        connection.socket.close()


def escaped(value: str) -> str:
    """Make a value safe inside a filter (RFC 4515 section 3)."""
    return str(escape_filter_chars(value))


def checked_filter(section: str, written: str) -> str:
    """Give a filter of the settings back; SettingsError when it is none."""
    try:
        parse_filter(written, None, auto_escape=False, auto_encode=False, validator=None, check_names=False)
    except LDAPException as problem:
        raise SettingsError(
            f"{section}.people_filter is no filter: “{written}”.", "Write one like (objectClass=person)."
        ) from problem
    return written


def _lowered(raw: Mapping[str, Sequence[bytes]]) -> dict[str, Sequence[bytes]]:
    return {name.lower().partition(";")[0]: values for name, values in raw.items()}


def _context(section: str, ca_file: Path | None, strict_ca: bool) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as problem:
        raise SettingsError(
            f"{section}.ca_file {ca_file} cannot be read as certificates.", "Give a file in PEM form."
        ) from problem
    if not strict_ca:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
