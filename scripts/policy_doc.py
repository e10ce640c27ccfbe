"""Writes the table of the sandbox's policy into docs/policy.md: `make policy`."""

import sys
import tempfile
from pathlib import Path

from deskward.policies import checked
from deskward.settings import read
from sandbox.__main__ import Ground, written
from sandbox.phone import Phone

DOC = Path(__file__).parents[1] / "docs" / "policy.md"
BEGIN, END = "<!-- table: begin, made by `make policy` -->", "<!-- table: end -->"


def table() -> str:
    """Give what `deskward policy check` prints for the sandbox's settings."""
    phone = Phone()
    try:
        with tempfile.TemporaryDirectory() as folder:
            path, _ = written(Ground(Path(folder), 8080, 2525, "sqlite:///deskward.db"), phone)
            text, wrong = checked(read(path))
    finally:
        phone.close()
    if wrong:
        sys.exit(f"The sandbox's policy is broken: {'; '.join(wrong)}")
    return text


def renewed(document: str) -> str:
    """Put the table of today between the marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    DOC.write_text(renewed(DOC.read_text(encoding="utf-8")), encoding="utf-8")
