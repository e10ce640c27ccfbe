import csv
import io

import pytest

from deskward.core.cells import csv_line, safe_cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\0", "\r", " ="])
def test_sr_109_a_21_a_cell_that_a_spreadsheet_would_run_gets_a_quote(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1".replace("\0", "")


@pytest.mark.parametrize("text", ["", "Rita", "a=b", "3 - 4", "rita@example.com", "Ünïcode", "1,5"])
def test_an_ordinary_cell_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


def test_sr_109_a_second_parser_reads_back_what_was_written() -> None:
    cells = ["plain", 'with "quotes"', "with, comma", "two\r\nlines", "=cmd()"]
    assert next(csv.reader(io.StringIO(csv_line(cells), newline=""))) == [*cells[:4], "'=cmd()"]
