"""Every security row and attack that binds has a test named after it."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = [
    *range(1, 53), 54, *range(56, 61), *range(62, 68), 69, 70, 71, *range(73, 91),
    *range(92, 95), 100, 101, *range(103, 106), *range(107, 111), 112, *range(119, 122),
    *range(124, 127), *range(134, 138),
]  # fmt: skip
ATTACKS = [*range(1, 12), *range(14, 32), 33, 34, 37, 38]
NAMES = "\n".join(
    name
    for file in sorted(TESTS.rglob("test_*.py"))
    for name in re.findall(r"^\s*def (test_\w+)\(", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
)


@pytest.mark.parametrize("row", ROWS)
def test_every_security_row_has_a_test_of_its_name(row: int) -> None:
    assert re.search(rf"_sr_0*{row}_", NAMES)


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_a_test_of_its_name(attack: int) -> None:
    assert re.search(rf"_a_0*{attack}_", NAMES)
