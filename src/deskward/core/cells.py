"""Lines of a CSV file that no spreadsheet runs (SR-109)."""

import csv
import io
from collections.abc import Iterable

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def safe_cell(text: str) -> str:
    """Put a quote before what a spreadsheet would take for a formula; NUL is taken out."""
    kept = text.replace("\0", "")
    return f"'{kept}" if text.startswith(_DANGEROUS) or text.lstrip().startswith(_DANGEROUS[:4]) else kept


def csv_line(cells: Iterable[str]) -> str:
    """Write one line by RFC 4180, ended by CR LF."""
    line = io.StringIO()
    csv.writer(line).writerow([safe_cell(cell) for cell in cells])
    return line.getvalue()
