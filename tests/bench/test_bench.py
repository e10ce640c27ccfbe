"""The smallest run of the benchmark prints every line."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (
    "SQLite: CPU per verification",
    "SQLite: CPU per send + answer",
    "SQLite: CPU per idle second",
    "SQLite: webhooks taken in per second",
    "SQLite: CPU per webhook",
    "SQLite: memory after",
    "SQLite: CPU per assessment",
    "SQLite: time per assessment",
    "Start-up until the port answers",
    "CPU of the start-up",
    "First screen, packed",
    "SQL of “open”",
    "SQL of “start, wrong value”",
    "SQL of “start, right value”",
    "SQL of “continue”",
    "SQL of “act”",
    "table, newest",
    "table, surname",
    "table, ticket number",
    "details",
    "dashboard, 30 days",
    "audit, newest",
    "naive     | 0.99",
    "VPN       | 0.995",
    "targeted  | 0.98",
)


def test_the_smallest_run_prints_every_line() -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--no-postgres"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=560)
    assert run.returncode == 0, run.stderr
    for line in LINES:
        assert re.search(rf"^\| {re.escape(line)}.*\| +\d", run.stdout, re.MULTILINE), line
    assert re.search(r"^\| SQLite, 2,000: ms .*Django's admin", run.stdout, re.MULTILINE)
    assert "Python" in run.stdout
    assert str(ROOT) not in run.stdout
