"""A message as the mailbox keeps it, in memory and in a folder."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Mail:
    """One accepted message, with the envelope it came in; times in UTC."""

    number: int
    sender: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)
    received: datetime

    @cached_property
    def parsed(self) -> EmailMessage:
        """Give the message as the standard library reads it."""
        return message_from_bytes(self.raw, policy=default)

    @property
    def subject(self) -> str:
        """Give the subject line, empty when there is none."""
        return str(self.parsed.get("Subject", ""))

    @property
    def written_by(self) -> str:
        """Give the From line, which may differ from the envelope's sender."""
        return str(self.parsed.get("From", self.sender))

    @property
    def message_id(self) -> str:
        """Give the Message-ID with its angle brackets, empty when there is none."""
        return str(self.parsed.get("Message-ID", "")).strip()

    @property
    def text(self) -> str:
        """Give the plain text part, empty when there is none."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """Give the HTML part, empty when there is none."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.parsed.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number:06}.eml"


def write(folder: Path, mail: Mail, forget: Mail | None) -> None:
    """Write a message with its envelope, and erase the one that made room for it."""
    folder.mkdir(parents=True, exist_ok=True)
    envelope = f"X-Envelope-From: {mail.sender}\r\nX-Envelope-To: {', '.join(mail.recipients)}\r\n"
    _file(folder, mail.number).write_bytes(envelope.encode() + mail.raw)
    if forget is not None:
        erase(folder, forget)


def erase(folder: Path, mail: Mail) -> None:
    """Take a message out of a folder."""
    _file(folder, mail.number).unlink(missing_ok=True)


def read(folder: Path | None) -> Iterator[Mail]:
    """Give the messages of a folder by number, their envelopes taken off again."""
    for file in sorted(folder.glob("*.eml")) if folder is not None else ():
        sender, recipients, raw = file.read_bytes().split(b"\r\n", 2)
        yield Mail(
            number=int(file.stem),
            sender=sender.partition(b": ")[2].decode(),
            recipients=tuple(recipients.partition(b": ")[2].decode().split(", ")),
            raw=raw,
            received=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        )
