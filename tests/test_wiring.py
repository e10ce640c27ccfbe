"""The house is put together, or says what cannot be."""

import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deskward.core.errors import SettingsError
from deskward.core.signals import Connected
from deskward.settings import Settings, ShadowSettings, SignalSettings, read
from deskward.wiring import Deskward, build
from sandbox.__main__ import Ground, written
from sandbox.phone import Phone
from tests.web.browsing import Looking


class Fixed:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Holding(Looking):
    """Holds connections."""

    ended = 0

    def log_out(self) -> None:
        self.ended += 1


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    phone = Phone()
    path, _ = written(Ground(tmp_path, 8080, 2525, "sqlite:///deskward.db"), phone)
    phone.close()
    return read(path)


def test_the_key_is_made_once_and_readable_by_its_owner_only(settings: Settings, tmp_path: Path) -> None:
    build(settings).close()
    key = tmp_path / "deskward.key"
    first = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    build(settings).close()
    assert key.read_text() == first


@pytest.mark.parametrize("content", ["zz", "00", ""])
def test_a_key_file_that_is_none_stops_the_start(settings: Settings, tmp_path: Path, content: str) -> None:
    (tmp_path / "deskward.key").write_text(content)
    with pytest.raises(SettingsError, match="key_file"):
        build(settings)


def test_sr_17_a_clock_far_from_the_database_stops_the_start(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="seconds apart"):
        build(settings, Fixed(datetime.now(UTC) - timedelta(minutes=5)))


@pytest.mark.parametrize("make", [Deskward.desk, Deskward.portal, Deskward.hooks])
def test_each_part_has_its_app(settings: Settings, make: Callable[[Deskward], object]) -> None:
    house = build(settings)
    assert make(house) is not None
    house.close()


def test_sr_23_questions_are_off_unless_they_are_switched_on(settings: Settings) -> None:
    house = build(settings)
    assert "questions" not in house.house.challenges
    assert list(house.house.sources) == ["roster"]
    house.close()
    on = build(settings.model_copy(update={"challenges": {"questions": {"ask": 3}}}))
    assert on.house.challenges["questions"].name == "questions"
    on.close()


def test_a_second_policy_that_is_none_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[shadow")
    with pytest.raises(SettingsError, match="other"):
        build(settings.model_copy(update={"shadow": ShadowSettings(file=Path("other.toml"))}))


def test_the_end_ends_the_connections_of_signals_that_hold_some(settings: Settings) -> None:
    keys = {"base_url", "token_url", "client_id", "client_secret"}
    outside = SignalSettings.model_validate(dict.fromkeys(keys, "https://phone.example/sim-swap"))
    house = build(settings.model_copy(update={"signals": {"sim_swap": outside}}))
    assert [n for n, signal in house.house.signals.items() if isinstance(signal, Connected)] == ["sim_swap"]
    held = Holding()
    near = replace(house.house, signals={**house.house.signals, "looking": held})
    replace(house, house=near).close()
    assert held.ended == 1


SIGN_INS = {"token_url": "https://x.example/t", "client_id": "c", "client_secret": "s", "learn": True}


def test_familiarity_learns_from_the_log_of_a_directory_that_is_there(settings: Settings) -> None:
    def on(**own: object) -> Settings:
        told = SignalSettings.model_validate(SIGN_INS | own)
        return settings.model_copy(update={"signals": {"sign_ins": told}})

    house = build(on(directory="roster"))
    assert list(house.house.sign_ins) == ["roster"]
    assert house.house.sign_ins["roster"].teaches == "roster"
    house.close()
    house = build(on(directory="roster", enabled=False))
    assert house.house.sign_ins == {}
    house.close()
    with pytest.raises(SettingsError, match="“elsewhere”"):
        build(on(directory="elsewhere"))


def test_a_running_house_takes_back_what_it_held_before_it_died(settings: Settings) -> None:
    house = build(settings)
    with house.running():
        assert house.errands.holder == "embedded"
    house.close()
