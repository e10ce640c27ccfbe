"""Hold the floors of test coverage, lines and branches: `coverage_floor.py COVERAGE.json`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WHOLE = ("src/deskward/core/", "src/deskward/lifecycle/", "src/deskward/store/")
FLOOR_ELSEWHERE = 95.0  # per cent of lines and branches together


def share(summaries: list[Mapping[str, int]]) -> float:
    """Give the covered share of lines and branches, in per cent; nothing to cover counts as covered."""
    there = sum(one["num_statements"] + one["num_branches"] for one in summaries)
    covered = sum(one["covered_lines"] + one["covered_branches"] for one in summaries)
    return 100 * covered / there if there else 100.0


def shortfalls(files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say, a line each, where coverage is below its floor."""
    whole = {name: file for name, file in files.items() if name.startswith(WHOLE)}
    rest = {name: file for name, file in files.items() if name not in whole}
    found = [line for name, file in whole.items() if (line := gaps(name, file))]
    elsewhere = share([file["summary"] for file in rest.values()])
    if elsewhere < FLOOR_ELSEWHERE:
        found.append(
            f"Outside core, lifecycle and store {elsewhere:.1f} % is covered, not {FLOOR_ELSEWHERE:.0f} %:"
        )
        found += [line for name, file in rest.items() if (line := gaps(name, file))]
    return found


def gaps(name: str, file: Mapping[str, Any]) -> str:
    """Say what of a file is not covered, empty when all of it is."""
    lines = [str(line) for line in file["missing_lines"]]
    branches = [f"{start}->{end if end > 0 else 'exit'}" for start, end in file["missing_branches"]]
    if not lines and not branches:
        return ""
    return f"  {name}: {share([file['summary']]):.1f} %, not covered: {', '.join(lines + branches)}"


def main(report: str) -> int:
    """Print the verdict on a report of `coverage json`; 1 when a floor is not held."""
    files = json.loads(Path(report).read_text())["files"]
    found = shortfalls(files)
    total = share([file["summary"] for file in files.values()])
    print("\n".join(found) if found else f"Coverage holds its floors: {total:.1f} % in {len(files)} files.")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
