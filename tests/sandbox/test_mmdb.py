"""The files that the sandbox writes are read by the reader of everybody."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import maxminddb
import pytest

from sandbox.mmdb import Value, mmdb

BUILT = datetime(2026, 11, 1, 9, tzinfo=UTC)
MODES = [maxminddb.MODE_AUTO, maxminddb.MODE_FILE]
RICH: dict[str, Value] = {
    "text": "Zürich",
    "empty": "",
    "long": "x" * 28 + "é",
    "longer": "y" * 284,
    "longest": "z" * 5_000,
    "edge": "e" * 285,
    "number": 64_496,
    "nothing": 0,
    "point": -33.87,
    "yes": True,
    "no": False,
    "list": ["en", 1, ["deep"]],
    "inner": {"country": {"iso_code": "CH"}},
}


@pytest.fixture(params=MODES)
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[maxminddb.Reader]:
    path = tmp_path / "some.mmdb"
    rows: dict[str, Value] = {
        "192.0.2.0/24": {"who": "around"},
        "192.0.2.128/25": {"who": "within"},
        "192.0.2.129/32": RICH,
        "198.51.100.0/24": {"who": "around"},
        "2001:db8::/32": {"who": "six"},
        "127.0.0.0/8": {},
    }
    path.write_bytes(mmdb("Some-Kind", rows, BUILT))
    with maxminddb.open_database(path, request.param) as opened:
        yield opened


@pytest.mark.parametrize(
    ("address", "row"),
    [
        ("192.0.2.1", {"who": "around"}),
        ("192.0.2.127", {"who": "around"}),
        ("192.0.2.128", {"who": "within"}),
        ("192.0.2.129", RICH),
        ("192.0.2.130", {"who": "within"}),
        ("192.0.3.0", None),
        ("198.51.100.255", {"who": "around"}),
        ("127.255.0.1", {}),
        ("2001:db8:ffff::1", {"who": "six"}),
        ("2001:db9::", None),
        ("::", None),
    ],
)
def test_what_is_written_is_read(reader: maxminddb.Reader, address: str, row: Value | None) -> None:
    assert reader.get(address) == row


def test_a_file_says_what_it_is_and_when_it_was_built(reader: maxminddb.Reader) -> None:
    about = reader.metadata()
    assert (about.database_type, about.ip_version, about.record_size) == ("Some-Kind", 6, 24)
    assert datetime.fromtimestamp(about.build_epoch, UTC) == BUILT


def test_equal_values_are_written_once() -> None:
    row: Value = {"who": "x" * 200}
    two, many = ({f"192.0.2.{n}/32": row for n in range(count)} for count in (2, 3))
    assert mmdb("Some-Kind", many, BUILT).count(b"x" * 200) == mmdb("Some-Kind", two, BUILT).count(b"x" * 200) == 1


def test_the_smaller_network_wins_whatever_the_order() -> None:
    rows: dict[str, Value] = {"192.0.2.1/32": "in", "192.0.2.0/24": "out"}
    assert mmdb("Some-Kind", rows, BUILT) == mmdb("Some-Kind", dict(reversed(rows.items())), BUILT)
