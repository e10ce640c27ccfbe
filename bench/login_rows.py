"""One login in the columns of the open data set (das-group/rba-dataset), and its file."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

COLUMNS = (
    "Login Timestamp",
    "User ID",
    "Round-Trip Time [ms]",
    "IP Address",
    "Country",
    "Region",
    "City",
    "ASN",
    "User Agent String",
    "Browser Name and Version",
    "OS Name and Version",
    "Device Type",
    "Login Successful",
    "Is Attack IP",
    "Is Account Takeover",
)


class Login(NamedTuple):
    """One row, in the order of the columns; `at` sorts as text."""

    at: str
    person: str
    rtt: str
    address: str
    country: str
    region: str
    city: str
    asn: str
    agent: str
    browser: str
    system: str
    kind: str
    successful: bool
    attack_address: bool
    takeover: bool

    @property
    def month(self) -> str:
        """Name the month as counts keep it."""
        return self.at[:7]

    @property
    def features(self) -> dict[str, str]:
        """Give what the score looks at."""
        return {
            "address": self.address,
            "asn": self.asn,
            "country": self.country,
            "agent": self.agent,
            "browser": self.browser,
            "system": self.system,
            "kind": self.kind,
        }

    @property
    def whole(self) -> bool:
        """Tell whether nothing is missing of what the score looks at."""
        return all(self.features.values())


def read(path: Path, most: int) -> list[Login]:
    """Read the first `most` rows, in the order of time."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [_login(row) for row in islice(csv.DictReader(file), most)]
    return sorted(rows, key=lambda login: login.at)


def write(path: Path, logins: Iterable[Login]) -> None:
    """Write a file in the format of the data set."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["index", *COLUMNS])
        writer.writerows(_numbered(logins))


def _numbered(logins: Iterable[Login]) -> Iterator[list[str]]:
    for number, login in enumerate(logins):
        yield [str(number), *map(str, login)]


def _login(row: dict[str, str]) -> Login:
    texts = {field: row[name] for field, name in zip(Login._fields[:-3], COLUMNS[:-3], strict=True)}
    truths = {field: row[name].casefold() == "true" for field, name in zip(Login._fields, COLUMNS, strict=True)}
    successful, attack_address, takeover = (truths[field] for field in Login._fields[-3:])
    return Login(**texts, successful=successful, attack_address=attack_address, takeover=takeover)
