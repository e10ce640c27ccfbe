"""Where each value of the policy is set: in the file, by the environment, or nowhere."""

from pathlib import Path

import pytest

from deskward.policy_values import DEFAULT, LIMITS, values_of
from deskward.settings import read
from tests.test_settings import TEXT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "deskward.toml"
    more = """proof_minutes = 12
closes = false
challenges = [["passkey", "totp"], "saved_code"]
"""
    challenges = "".join(f"\n[challenges.{name}]\n" for name in ("passkey", "totp", "saved_code"))
    path.write_text(TEXT.replace('class = "C2"\n', f'class = "C2"\n{more}', 1) + challenges)
    return path


def told(file: Path, name: str) -> dict[str, tuple[str, str]]:
    return {v.key: (v.text, v.where) for v in values_of(read(file))[name]}


def test_a_value_of_the_file_names_file_and_section(file: Path) -> None:
    values, place = told(file, "Password Reset"), 'deskward.toml, [categories."Password Reset"]'
    assert values["class"] == ("C2", place)
    assert values["match"] == ("17, Passwords", place)
    assert values["closes"] == ("no", place)
    assert values["proof_minutes"] == ("12", place)
    assert values["challenges"] == ("passkey or totp, saved_code", place)
    assert told(file, LIMITS)["code_minutes"] == ("5", "deskward.toml, [limits]")


def test_a_value_that_nobody_sets_is_a_default_or_comes_from_the_limits(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKWARD_LIMITS__HOLD_HOURS", "2")
    values = told(file, "Password Reset")
    assert values["typed"] == ("by class", DEFAULT)
    assert values["links_per_day"] == ("5", DEFAULT)
    assert values["hold_hours"] == ("2", "environment")
    assert told(file, "Identity check")["action"] == ("none", DEFAULT)


def test_the_environment_wins_and_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKWARD_CATEGORIES", '{"Password Reset": {"high_from": 6}}')
    values = told(file, "Password Reset")
    assert values["high_from"] == ("6", "environment")
    assert values["action"][1].startswith("deskward.toml")
