"""The times of `[retention]` are those of SR-121, and none may make another one untrue."""

from datetime import timedelta
from pathlib import Path

import pytest

from deskward.core.retention import Retention
from deskward.settings import read
from tests.test_settings import TEXT, mistake


def text_with(keys: str) -> str:
    return TEXT.replace("[limits]", f"[retention]\n{keys}\n\n[limits]")


def test_sr_121_the_defaults_are_30_days_6_months_12_months_and_7_years(tmp_path: Path) -> None:
    path = tmp_path / "deskward.toml"
    path.write_text(TEXT)
    kept = read(path).retention.retention()
    assert kept == Retention(timedelta(days=30), 6, timedelta(days=365), timedelta(days=2557))
    assert kept.visits == timedelta(days=183)


def test_sr_121_each_time_is_taken_from_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "deskward.toml"
    path.write_text(text_with("raw_days = 7\nfamiliarity_months = 3\nresults_days = 120\naudit_days = 120"))
    kept = read(path).retention.retention()
    assert kept == Retention(timedelta(days=7), 3, timedelta(days=120), timedelta(days=120))
    assert kept.visits == timedelta(days=91)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("raw_days = 0", "retention.raw_days: Input should be greater than or equal to 1"),
        ("raw_days = -1", "retention.raw_days: Input should be greater than or equal to 1"),
        ("familiarity_months = 0", "retention.familiarity_months: Input should be greater than or equal to 1"),
        ("familiarity_months = 25", "retention.familiarity_months: Input should be less than or equal to 24"),
        ("results_days = 89", "retention.results_days: Input should be greater than or equal to 90"),
        ("audit_days = 0", "retention.audit_days: Input should be greater than or equal to 1"),
        ('audit_days = "long"', "retention.audit_days: Input should be a valid integer"),
        (
            "results_days = 182",
            "results are kept at least as long as raw values and familiarity; write 183 or more",
        ),
        ("raw_days = 400", "results are kept at least as long as raw values and familiarity; write 400 or more"),
        (
            "audit_days = 364",
            "audit log is kept at least as long as the results it tells of; write 365 or more",
        ),
        ("results_days = 3000", "the audit log is kept at least as long as the results it tells of; write 3000"),
        ("years = 7", "retention.years: this key is unknown"),
    ],
)
def test_sr_121_a_time_that_cannot_be_is_refused_with_what_to_write(tmp_path: Path, keys: str, said: str) -> None:
    assert said in str(mistake(tmp_path / "deskward.toml", text_with(keys)))
