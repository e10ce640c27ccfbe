"""Mail over SMTP: at least once, always under the same Message-ID (DESIGN 6)."""

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, localtime, parseaddr
from functools import cache
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import aiosmtplib
from email_validator import EmailNotValidError, validate_email

from deskward.core.destinations import Kind
from deskward.core.errors import InvalidError, SettingsError, UncertainError, UnreachableError
from deskward.core.ports import Delivery, Message, Posted, Receipt
from deskward.core.secret import Secret
from deskward.core.tickets import Check

ACCEPTED = "accepted by the mail server"
PERMANENT = 500
POLICY = SMTP.clone(cte_type="7bit")
REASONS = {
    "5.1.1": "there is no such mailbox",
    "5.1.2": "there is no such mail domain",
    "5.2.1": "the mailbox is switched off",
    "5.2.2": "the mailbox is full",
    "5.7.1": "the mail server does not let us send there",
}
ENHANCED = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b")
SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
TROUBLE = (aiosmtplib.SMTPException, OSError)


class Channel:
    """Sends mail through one server; `tls` is “starttls”, “tls” or, for loopback only, “none”.

    `sender` is written “Name <address>”; `helpdesk_domains` holds domains or whole addresses of the help
    desk itself, which nobody may type as a requester's (SR-39); `timeout` is in seconds.
    """

    name = "smtp"
    rights = "a login of the mail server that may send as the sender's address."
    kind = Kind.EMAIL

    def __init__(
        self,
        *,
        host: str,
        sender: str,
        port: int = 587,
        tls: str = "starttls",
        username: str = "",
        password: Secret | None = None,
        ca_bundle: Path | None = None,
        timeout: float = 20.0,
        helpdesk_domains: Sequence[str] = (),
    ) -> None:
        if tls not in ("starttls", "tls", "none"):
            raise SettingsError(f"channels.smtp.tls is “{tls}”.", "Choose starttls, tls or none.")
        self._host, self._port, self._tls, self._timeout = host, port, tls, timeout
        self._username, self._password = username, password.reveal() if password else ""
        self._sender, self._address = _sender(sender)
        self._context = _context(ca_bundle) if tls != "none" or ca_bundle else None
        self._helpdesk = frozenset(d.casefold().lstrip("@") for d in helpdesk_domains)

    def normalised(self, typed: str) -> str:
        """Give the address in lower case; InvalidError for what is no address of a requester (SR-39)."""
        try:
            address = _checked(typed.strip())
        except EmailNotValidError as problem:
            raise InvalidError(
                f"This is not an e-mail address: {problem}", "Write it like name@example.com.", "address"
            ) from problem
        domain = address.rpartition("@")[2]
        if domain in _disposable():
            raise InvalidError(
                f"{domain} hands out throw-away addresses.", "Ask for an address the person keeps.", "address"
            )
        if address in self._helpdesk | {self._address.casefold()} or _within(domain, self._helpdesk):
            raise InvalidError(
                "This address belongs to the help desk.", "Enter the requester's own address.", "address"
            )
        return address

    def country(self, value: str) -> str:
        """Give nothing: a mailbox has no country."""
        del value
        return ""

    def send(self, message: Message, *, again: bool) -> Receipt:
        """Send; a second try is the same mail under the same Message-ID, so `again` changes nothing."""
        del again
        try:
            to = _checked(message.to)
        except EmailNotValidError:
            return Receipt(Delivery.REFUSED, text="This is not an e-mail address, nothing was sent.")
        mail = self._written(message, to)
        return asyncio.run(self._send(to, mail))

    def reported(self, posted: Posted) -> tuple[str, Receipt] | None:
        """Give nothing: mail servers do not call back."""
        del posted
        return None

    def log_out(self) -> None:
        """Nothing stays open between two messages."""

    def doctor(self) -> Iterable[Check]:
        """Connect, log in and offer the sender, then take it back; no mail is sent."""
        plain = self._tls == "none" and not _is_loopback(self._host)
        yield Check(
            "smtp encryption",
            not plain,
            "Mail would leave unencrypted." if plain else "Mail leaves encrypted or stays on this machine.",
            "Set channels.smtp.tls to starttls or tls." if plain else "",
        )
        try:
            asyncio.run(self._probe())
        except UnreachableError as trouble:
            yield Check("smtp server", well=False, text=trouble.text, hint=trouble.hint)
        else:
            yield Check("smtp server", well=True, text=f"{self._host}:{self._port} takes our mail.")

    def _written(self, message: Message, to: str) -> EmailMessage:
        mail = EmailMessage(policy=POLICY)
        mail["From"] = self._sender
        mail["To"] = Address(addr_spec=to)
        mail["Subject"] = one_line(message.subject)
        mail["Date"] = localtime()
        mail["Message-ID"] = self._message_id(message.id)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        if message.html:
            mail.add_alternative(message.html, subtype="html")
        return mail

    def _message_id(self, message_id: str) -> str:
        safe = SAFE_ID.fullmatch(message_id)
        local = message_id if safe else hashlib.sha256(message_id.encode()).hexdigest()
        return f"<{local}@{self._address.rpartition('@')[2]}>"

    async def _send(self, to: str, mail: EmailMessage) -> Receipt:
        try:
            async with self._connected() as client:
                await client.mail(self._address)
                await client.rcpt(to)
                return await self._hand_over(client, mail)
        except aiosmtplib.SMTPRecipientRefused as refusal:
            return self._answered(refusal)
        except TROUBLE as trouble:
            raise self._unreachable(trouble) from trouble

    async def _hand_over(self, client: aiosmtplib.SMTP, mail: EmailMessage) -> Receipt:
        try:
            await client.data(mail.as_bytes())
        except aiosmtplib.SMTPResponseException as refusal:
            return self._answered(refusal)
        except TROUBLE as trouble:
            raise UncertainError(
                "The mail server was lost after it took the mail.", "It is sent again under the same Message-ID."
            ) from trouble
        return Receipt(Delivery.ACCEPTED, ref=mail["Message-ID"], text=ACCEPTED)

    def _answered(self, refusal: aiosmtplib.SMTPResponseException) -> Receipt:
        if refusal.code < PERMANENT:
            raise self._unreachable(refusal)
        found = ENHANCED.search(refusal.message)
        code = f"{refusal.code} {found[0]}" if found else str(refusal.code)
        reason = REASONS.get(found[0], "it gives no known reason") if found else "it gives no known reason"
        return Receipt(Delivery.REFUSED, text=f"Refused by the mail server ({code}): {reason}.")

    async def _probe(self) -> None:
        try:
            async with self._connected() as client:
                await client.noop()
                await client.mail(self._address)
                await client.rset()
        except TROUBLE as trouble:
            raise self._unreachable(trouble) from trouble

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Open one conversation; its socket is closed here, for the loop ends before TLS says good-bye."""
        client = self._client()
        await client.connect()
        transport = cast("asyncio.WriteTransport", client.transport)
        try:
            async with client:
                await self._enter(client)
                yield client
        finally:
            transport.abort()
            await asyncio.sleep(0)

    async def _enter(self, client: aiosmtplib.SMTP) -> None:
        if self._tls == "starttls":
            await client.starttls()
        if self._username:
            await client.login(self._username, self._password)

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            local_hostname=self._address.rpartition("@")[2],
            hostname=self._host,
            port=self._port,
            timeout=self._timeout,
            use_tls=self._tls == "tls",
            start_tls=False,
            tls_context=None if self._tls == "none" else self._context,
        )

    def _unreachable(self, trouble: Exception) -> UnreachableError:
        where = f"{self._host}:{self._port}"
        if isinstance(trouble, aiosmtplib.SMTPAuthenticationError):
            return UnreachableError(
                f"The mail server {where} refuses our login ({trouble.code}).",
                "Correct channels.smtp.username and channels.smtp.password.",
            )
        if isinstance(trouble, aiosmtplib.SMTPResponseException):
            return UnreachableError(
                f"The mail server {where} takes no mail now ({trouble.code}).",
                "It is tried again; if this lasts, run “deskward doctor” and read the server's log.",
            )
        return UnreachableError(
            f"The mail server {where} cannot be reached ({type(trouble).__name__}).",
            "It is tried again; check host, port, tls and the server's certificate.",
        )


def one_line(text: str) -> str:
    """Make one line of printable characters, so that a value adds no header (SR-110)."""
    return "".join(c if c.isprintable() else " " for c in text).strip()


def _checked(typed: str) -> str:
    found = validate_email(typed, check_deliverability=False, allow_smtputf8=False)
    return (found.ascii_email or found.normalized).casefold()


@cache
def _disposable() -> frozenset[str]:
    """Load the list at its first use: it costs start-up nothing."""
    return frozenset(import_module("disposable_email_domains").blocklist)


def _within(domain: str, names: Iterable[str]) -> bool:
    return any(f".{domain}".endswith(f".{name}") for name in names)


def _sender(written: str) -> tuple[str, str]:
    name, address = parseaddr(one_line(written))
    try:
        return formataddr((name, _checked(address))), _checked(address)
    except EmailNotValidError as problem:
        raise SettingsError(
            f"channels.smtp.sender is “{one_line(written)}”: {problem}",
            "Write it like “Help desk <no-reply@example.com>”.",
        ) from problem


def _context(ca_bundle: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except OSError as problem:
        raise SettingsError(
            f"channels.smtp.ca_bundle {ca_bundle} holds no certificates that can be read.",
            "Name a PEM file with the certificate of the mail server's authority.",
        ) from problem


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
