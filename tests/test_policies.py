"""`deskward policy`: what the policy asks for, and what it would let through."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deskward import cli
from deskward.core.decision import Verdict
from deskward.core.errors import SettingsError
from deskward.core.proof import ProofLevel
from deskward.core.risk import assess
from deskward.core.verification import Outcome, State
from deskward.settings import read
from deskward.wiring import build
from sandbox.__main__ import Ground, written
from sandbox.phone import Phone

SOURCE = """
from deskward.core.proof import Evidence


class App:
    name, title, evidence, ease = "app_code", "Code of an app", Evidence.AUTHENTICATOR, 1


class Quiz:
    name, title, evidence, ease = "quiz", "A quiz", Evidence.NOTHING, 2


class Letter:
    name, title, evidence, ease = "letter", "A letter", Evidence.ISSUED, 3
"""
SECTIONS = "[challenges.app_code]\n[challenges.quiz]\n[challenges.letter]\n\n[categories."

Run = Callable[..., str]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package with three challenges and write the sandbox's settings with them."""
    dist = tmp_path / "proofs-1.0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: proofs\nVersion: 1.0\n")
    names = "app_code = proofs:App\nquiz = proofs:Quiz\nletter = proofs:Letter\n"
    (dist / "entry_points.txt").write_text(f"[deskward.challenges]\n{names}")
    (tmp_path / "proofs.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "proofs", raising=False)
    phone = Phone()
    settings, _ = written(Ground(tmp_path, 8080, 2525, "sqlite:///deskward.db"), phone)
    phone.close()
    settings.write_text(settings.read_text().replace("[categories.", SECTIONS, 1))
    return settings


@pytest.fixture
def run(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def running(*words: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["deskward", "policy", *words])
        monkeypatch.setenv("DESKWARD_SETTINGS", str(path))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert (ended.value.code or 0) == code
        said = capsys.readouterr()
        return said.out + said.err

    return running


def test_explain_says_what_is_met_and_what_passes(run: Run, path: Path) -> None:
    said = run("explain", "Password Reset")
    assert "Password Reset (class C2" in said
    assert "AAL1: link to an established address → P2 → passed" in said
    assert "link to an established address + one of: code of an app" in said
    assert not (path.parent / "deskward.db").exists()


def test_explain_of_a_category_that_is_not_there_lists_those_that_are(run: Run) -> None:
    said = run("explain", "Coffee", code=1)
    assert "There is no category “Coffee”." in said
    assert "“Password Reset”, “Account Unlock”, “Identity check”" in said


def test_check_prints_every_category_and_ends_well(run: Run) -> None:
    said = run("check")
    assert [line for line in said.splitlines() if line.startswith("### ")] == [
        "### Password Reset", "### Account Unlock", "### Identity check", "### Temporary access",
    ]  # fmt: skip
    assert said.count("no rule of the standards is broken") == 4


def test_check_ends_with_1_where_a_standard_is_broken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deskward.core.policy_table.verdict_of", _lenient)
    said = run("check", code=1)
    assert "BROKEN: SR-66: no approval replaces a missing proof" in said
    assert "The policy lets through what a standard forbids" in said


def _lenient(*_: object) -> Verdict:
    """Decide as a broken engine would."""
    return Verdict(State.PASSED, Outcome.PASSED, "", assess(()), ProofLevel.P4)


@pytest.mark.parametrize(
    ("steps", "row"), [('["quiz"]', "SR-23"), ('["letter"]', "SR-26"), ('["letter", "quiz"]', "SR-26")]
)
def test_sr_23_steps_that_cannot_prove_a_factor_reset_stop_the_start(path: Path, steps: str, row: str) -> None:
    text = path.read_text().replace('class = "C2"', f'class = "C3"\nchallenges = {steps}', 1)
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        build(read(path))
    assert str(caught.value).startswith(f"{path}: categories.Password Reset.challenges: {row}")
    assert not (path.parent / "deskward.db").exists()


def test_sr_26_a_factor_reset_with_an_app_among_the_alternatives_starts(path: Path) -> None:
    text = path.read_text().replace('class = "C2"', 'class = "C3"\nchallenges = [["app_code", "letter"]]', 1)
    path.write_text(text)
    build(read(path)).close()
