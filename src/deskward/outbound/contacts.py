"""The addresses of people in one spelling, and as destinations of what a directory names."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import phonenumbers
from email_validator import validate_email

from deskward.core.destinations import Destination, Kind

WORK, PRIVATE, MOBILE = "work e-mail", "private e-mail", "mobile phone"


def mail_of(value: Any, *, local: bool = False) -> str:
    """Give the one spelling of an e-mail address; ValueError says what is wrong.

    `local` takes domains that only one's own network knows.
    """
    found = validate_email(
        str(value), check_deliverability=False, allow_smtputf8=False, globally_deliverable=not local
    )
    return (found.ascii_email or found.normalized).casefold()


def phone_of(value: Any, region: str = "") -> str:
    """Give a number in E.164, `region` the ISO country of one without “+”; ValueError says what is wrong."""
    try:
        number = phonenumbers.parse(str(value), region or None)
    except phonenumbers.NumberParseException as problem:
        raise ValueError("write a number like +49 151 12345678") from problem
    if not phonenumbers.is_possible_number(number):
        raise ValueError("this is no phone number; write it like +49 151 12345678")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def destination_id(person_id: str, kind: Kind, value: str) -> str:
    """Name an address by itself, so that a page never sends to another one after a reload."""
    return hashlib.sha256(f"{person_id}\0{kind}\0{value}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Contacts:
    """Makes destinations of a directory that does not tell since when an address is there.

    `authoritative` declares them confirmed (DESIGN 9.6); `region` is the ISO country of numbers without “+”;
    `local` takes e-mail of one's own network.
    """

    source: str
    authoritative: bool
    region: str
    local: bool = False

    def of(
        self, person_id: str, work: str, mails: Iterable[str] = (), phones: Iterable[str] = ()
    ) -> tuple[Destination, ...]:
        """Give work e-mail, private e-mails and mobile phones, each once; what is no address is left out."""
        mail = partial(mail_of, local=self.local)
        made = (
            *self._made(person_id, Kind.EMAIL, mail, WORK, [work]),
            *self._made(person_id, Kind.EMAIL, mail, PRIVATE, mails),
            *self._made(person_id, Kind.SMS, partial(phone_of, region=self.region), MOBILE, phones),
        )
        return tuple({one.id: one for one in reversed(made)}.values())[::-1]

    def _made(
        self, person_id: str, kind: Kind, spell: Callable[[str], str], label: str, values: Iterable[str]
    ) -> Iterator[Destination]:
        for value in values:
            with suppress(ValueError):
                spelt = spell(value)
                yield Destination(
                    id=destination_id(person_id, kind, spelt),
                    kind=kind,
                    value=spelt,
                    label=label,
                    source=self.source,
                    declared=self.authoritative,
                    same_login=label == WORK,
                )
