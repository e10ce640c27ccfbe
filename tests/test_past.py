"""`deskward risk calibration`, `policy shadow` and `policy replay`: what past verifications tell."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deskward import cli
from deskward.core.errors import SettingsError
from deskward.core.feedback import Calibration
from deskward.core.ports import Change
from deskward.core.replay import Thresholds
from deskward.core.risk import Finding, Section
from deskward.core.verification import Mark, Verification
from deskward.past import calibrated
from deskward.settings import read
from deskward.wiring import build
from sandbox.__main__ import Ground, written
from sandbox.phone import Phone
from tests.core.samples import NOON
from tests.core.test_replay import HOSTED, decided

Run = Callable[..., str]
Strict = Callable[..., Path]
CLEAN = Finding("hosting", Section.NETWORK, 0.0, "No hosting company.", "network file")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write the sandbox's settings."""
    phone = Phone()
    settings, _ = written(Ground(tmp_path, 8080, 2525, "sqlite:///deskward.db"), phone)
    phone.close()
    return settings


@pytest.fixture
def run(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def running(*words: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["deskward", *words])
        monkeypatch.setenv("DESKWARD_SETTINGS", str(path))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert (ended.value.code or 0) == code
        said = capsys.readouterr()
        return said.out + said.err

    return running


@pytest.fixture
def strict(path: Path) -> Strict:
    """Write a second settings file with lines of its own in the category of the resets."""

    def writing(lines: str, end: str = "") -> Path:
        other = path.with_name("other.toml")
        text = path.read_text().replace('[categories."Password Reset"]', f'[categories."Password Reset"]\n{lines}')
        other.write_text(f"{text}\n{end}")
        return other

    return writing


def keep(path: Path, *rows: Verification) -> None:
    house = build(read(path))
    for number, row in enumerate(rows, 1):
        names: dict[str, Any] = {"id": f"DW-{number}", "ticket_id": f"t{number}", "ticket_number": f"IR-{number}"}
        house.opened.store.save(replace(row, ended_at=NOON, **names), Change())
    house.close()


def test_replay_lists_what_other_thresholds_would_have_decided(run: Run, path: Path, strict: Strict) -> None:
    keep(path, decided(HOSTED), decided(CLEAN), decided(HOSTED, category="Gone"))
    said = run("policy", "replay", "--settings", str(strict("medium_from = 2.0\nhigh_from = 9.0")))
    assert "DW-1  IR-1: Not assessed, passed → Medium, review" in said
    assert "1 of 2 would have been decided differently." in said
    assert "1 more were not looked at" in said
    assert "DW-2" not in said


def test_replay_takes_the_weights_of_the_other_file(run: Run, path: Path, strict: Strict) -> None:
    keep(path, decided(replace(HOSTED, weight=5.0)))
    heavy = run("policy", "replay", "--settings", str(strict("", "[signals.hosting]\nweight = 2.0")))
    assert "DW-1  IR-1: Medium, review → High, failed" in heavy
    off = run("policy", "replay", "--settings", str(strict("", "[signals.hosting]\nenabled = false")))
    assert "DW-1  IR-1: Medium, review → Not assessed, passed" in off


def test_replay_of_the_same_rules_changes_nothing_and_can_begin_on_a_day(run: Run, path: Path) -> None:
    keep(path, decided(HOSTED), decided(HOSTED, opened_at=NOON + timedelta(days=3)))
    assert "0 of 2 would" in run("policy", "replay", "--settings", str(path), "--live", str(path))
    day = f"{NOON + timedelta(days=1):%Y-%m-%d}"
    assert "0 of 1 would" in run("policy", "replay", "--settings", str(path), "--since", day)
    assert "There is no settings file" in run("policy", "replay", "--settings", "missing.toml", code=1)


def test_the_shadow_is_counted_where_it_decides_differently(run: Run, path: Path, strict: Strict) -> None:
    row: dict[str, Any] = {"state": "review", "level": "Medium", "score": 3.0, "version": "x"}
    same = {"state": "passed", "level": "Not assessed", "score": 0.0, "version": "x"}
    keep(path, decided(HOSTED, shadow=row), decided(CLEAN, shadow=same), decided(CLEAN))
    said = run("policy", "shadow")
    assert "No shadow policy is set" in said
    assert "DW-1  IR-1: Not assessed, passed → Medium, review" in said
    assert "1 of 2 would have been decided differently." in said
    strict("medium_from = 2.0")
    path.write_text(f'{path.read_text()}\n[shadow]\nfile = "other.toml"\n')
    assert "No shadow policy is set" not in run("policy", "shadow")
    house = build(read(path))
    assert house.house.shadow
    assert house.house.shadow.thresholds["Password Reset"] == Thresholds(2.0, 7.0)
    house.close()


def test_a_shadow_that_is_not_there_stops_the_start(path: Path) -> None:
    path.write_text(f'{path.read_text()}\n[shadow]\nfile = "nowhere.toml"\n')
    with pytest.raises(SettingsError, match="nowhere"):
        build(read(path))


def test_calibration_sets_scores_against_marks(run: Run, path: Path) -> None:
    keep(path, decided(HOSTED, mark=Mark.MISSED), decided(HOSTED), decided(CLEAN, mark=Mark.RIGHT))
    said = run("risk", "calibration")
    assert "3 decided verifications with a score, 2 of them with a telling mark." in said
    assert "Marks: 1 right, 0 false alarm, 1 missed" in said
    assert re.search(r"^ +3 to <4 +2 +1 +1 +100%$", said, re.MULTILINE)
    assert re.search(r"^ +9 to 10 +0 +0 +0 +–$", said, re.MULTILINE)
    assert "Brier score 0.245" in said


def test_without_marks_calibration_says_who_can_mark() -> None:
    assert "Nothing is marked yet." in list(calibrated(Calibration()))[-1]
