"""Reads the file of people, TOML or CSV, and says where it is wrong."""

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
)

from deskward.core.destinations import Destination, Kind
from deskward.core.errors import SettingsError, in_words
from deskward.core.people import Person
from deskward.outbound.contacts import MOBILE, PRIVATE, WORK, destination_id, mail_of, phone_of

KEYS = "docs/settings.md lists every key of a person."
CONTACTS = {"private_email": ("mails", "address"), "phone": ("phones", "number")}
ABOUT = ("label", "source", "changed_at", "trusted")


def _moment(value: Any) -> Any:
    """Read a date or a time of day; without a zone it is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as problem:
            raise ValueError("write a date like 2026-01-31") from problem
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and not value.tzinfo else value


def _day(value: Any) -> Any:
    """Read a date; of a moment its day counts."""
    found = _moment(value)
    return found.date() if isinstance(found, datetime) else found


def _phone(value: Any, asked: ValidationInfo) -> str:
    return phone_of(value, (asked.context or {}).get("region") or "")


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Line = Annotated[str, StringConstraints(strip_whitespace=True)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Day = Annotated[date, BeforeValidator(_day)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Contact(_Strict):
    label: str = ""
    source: str = ""
    changed_at: Moment | None = None
    trusted: bool = True


class _Mail(_Contact):
    address: Annotated[str, BeforeValidator(mail_of)]


class _Phone(_Contact):
    number: Annotated[str, BeforeValidator(_phone)]


class _Record(_Strict):
    id: Text
    login: Text
    name: Text
    first_name: str = ""
    email: Annotated[str, BeforeValidator(mail_of)]
    email_changed_at: Moment | None = None
    email_trusted: bool = True
    mails: tuple[_Mail, ...] = ()
    phones: tuple[_Phone, ...] = ()
    manager: Line = ""
    team: Line = ""
    title: Line = ""
    office: Line = ""
    groups: tuple[Line, ...] = ()
    started_on: Day | None = None
    privileged: bool = False
    aal: Annotated[int, Field(ge=1, le=3)] = 1
    enabled: bool = True
    locked: bool = False


def read_people(path: Path, *, source: str, authoritative: bool, region: str) -> Mapping[str, Person]:
    """Read everybody by id; SettingsError names file, record and key.

    `source` names where addresses come from if they do not say so; without `authoritative` none is confirmed.
    """
    found: dict[str, Person] = {}
    logins: set[str] = set()
    for where, written in _written(path):
        record = _record(where, written, region)
        if record.id in found or record.login.casefold() in logins:
            raise SettingsError(
                f"{where}: there is another person with id “{record.id}” or login “{record.login}”.",
                "Give everybody an id and a login of their own.",
            )
        logins.add(record.login.casefold())
        found[record.id] = _person(record, source, authoritative)
    return found


def _written(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(
            f"The roster {path} cannot be read: {problem}", "Give a file in UTF-8 that Deskward may read."
        ) from problem
    return _csv_rows(path, text) if path.suffix.lower() == ".csv" else _toml_people(path, text)


def _toml_people(path: Path, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"{path}: {problem}", "Correct the line, or compare with the example.") from problem
    people = written.pop("people", [])
    if written or not isinstance(people, list):
        raise SettingsError(
            f"{path}: {', '.join(written) or 'people'} cannot be here.", "Write every person as [[people]]."
        )
    for number, person in enumerate(people, 1):
        yield f"{path}, person {number}", person


def _csv_rows(path: Path, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    rows = csv.DictReader(io.StringIO(text, newline=""), restkey="too many cells", strict=True)
    try:
        for row in rows:
            yield f"{path}, line {rows.line_num}", _from_row({k: v for k, v in row.items() if v})
    except csv.Error as problem:
        raise SettingsError(f"{path}, after line {rows.line_num}: {problem}", "Correct the line.") from problem


def _from_row(row: dict[str, Any]) -> Mapping[str, Any]:
    if "groups" in row:
        row["groups"] = [group.strip() for group in row["groups"].split(";")]
    for column, (field, key) in CONTACTS.items():
        contact = {about: row.pop(f"{column}_{about}") for about in ABOUT if f"{column}_{about}" in row}
        if column in row:
            row[field] = [contact | {key: row.pop(column)}]
    return row


def _record(where: str, written: Mapping[str, Any], region: str) -> _Record:
    try:
        return _Record.model_validate(written, context={"region": region})
    except ValidationError as problem:
        mistakes = problem.errors(include_input=False, include_url=False)
        raise SettingsError(f"{where}: {in_words(mistakes)}", KEYS) from problem


def _person(record: _Record, source: str, authoritative: bool) -> Person:
    work = _Mail(
        address=record.email, label=WORK, changed_at=record.email_changed_at, trusted=record.email_trusted
    )
    reached: list[tuple[Kind, str, _Contact, str]] = [
        *((Kind.EMAIL, m.address, m, PRIVATE) for m in (work, *record.mails)),
        *((Kind.SMS, p.number, p, MOBILE) for p in record.phones),
    ]
    return Person(
        id=record.id,
        login=record.login,
        name=record.name,
        email=record.email,
        destinations=tuple(
            Destination(
                id=destination_id(record.id, kind, value),
                kind=kind,
                value=value,
                label=contact.label or usual,
                source=contact.source or source,
                trusted=contact.trusted,
                declared=authoritative,
                changed_at=contact.changed_at,
                same_login=value == record.email,
            )
            for kind, value, contact, usual in reached
        ),
        manager=record.manager,
        team=record.team,
        title=record.title,
        office=record.office,
        groups=record.groups,
        started_on=record.started_on,
        privileged=record.privileged,
        aal=record.aal,
        enabled=record.enabled,
        locked=record.locked,
        first_name=record.first_name,
    )
