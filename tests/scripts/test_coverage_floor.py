import json
import runpy
from pathlib import Path
from typing import Any

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "coverage_floor.py"))


def measured(
    statements: int, missing: list[int], missing_branches: list[list[int]] | None = None
) -> dict[str, Any]:
    branches = missing_branches or []
    summary = {
        "num_statements": statements,
        "covered_lines": statements - len(missing),
        "num_branches": 2,
        "covered_branches": 2 - len(branches),
    }
    return {"summary": summary, "missing_lines": missing, "missing_branches": branches}


def verdict(tmp_path: Path, **files: dict[str, Any]) -> int:
    report = tmp_path / "coverage.json"
    named = {f"src/deskward/{name.replace('__', '/')}.py": file for name, file in files.items()}
    report.write_text(json.dumps({"files": named}))
    code: int = SCRIPT["main"](str(report))
    return code


def test_floors_that_hold_pass(tmp_path: Path) -> None:
    assert verdict(tmp_path, core__risk=measured(10, []), cli=measured(98, [1, 2, 3])) == 0


@pytest.mark.parametrize("name", ["core__risk", "lifecycle", "store__sql"])
def test_one_branch_missing_in_the_heart_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert verdict(tmp_path, **{name: measured(10, [], [[4, -1]])}) == 1
    assert "4->exit" in capsys.readouterr().out


def test_too_little_elsewhere_fails_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(tmp_path, cli=measured(10, [7]), core__risk=measured(90, [])) == 1
    assert "cli.py: 91.7 %, not covered: 7" in capsys.readouterr().out


def test_nothing_measured_is_not_a_pass(tmp_path: Path) -> None:
    assert verdict(tmp_path) == 1
