"""docs/threats.md is true: every row once, every test that it names exists, none is claimed without a test."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ((?:A|SR)-\d+) \|(.*)\|$", TEXT, flags=re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_attack_and_every_requirement_is_there_once_and_in_order() -> None:
    wanted = [*(f"A-{n:02}" for n in range(1, 39)), *(f"SR-{n:02}" for n in range(1, 142))]
    assert [row for row, _ in ROWS] == wanted


@pytest.mark.parametrize(("row", "cells"), ROWS, ids=[row for row, _ in ROWS])
def test_a_row_names_tests_that_exist_or_says_not_yet(row: str, cells: str) -> None:
    named = NAMED.findall(cells)
    assert named or "not yet" in cells.lower(), row
    assert len(named) == cells.count("::")
    for path, name in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^\s*def {name}\(", text, flags=re.MULTILINE), f"{path}::{name}"


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md", "docs/story.md"])
def test_the_page_is_linked_where_people_look(page: str) -> None:
    assert "threats.md)" in (ROOT / page).read_text(encoding="utf-8")
