"""What docs/adding.md shows works: a channel in one file, from a package of somebody else's."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deskward import plugins
from deskward.core.errors import SettingsError
from deskward.core.people import Person
from deskward.core.ports import Delivery, Message
from deskward.core.questions import QuestionSource
from deskward.core.signals import Seen
from deskward.core.surroundings import Network, Visit
from deskward.settings import read

ROOT = Path(__file__).parents[2]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
    pigeon, meetings, closed_days = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "__init__.py").write_text("")
    (tmp_path / "my_package" / "pigeon.py").write_text(pigeon)
    (tmp_path / "my_package" / "meetings.py").write_text(meetings)
    (tmp_path / "my_package" / "closed_days.py").write_text(closed_days)
    about = tmp_path / "my_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    group = re.findall(r"```toml\n\[project\.entry-points\.\"(.+?)\"\]\n(.*?)```", text, flags=re.DOTALL)[0]
    line = group[1].strip().replace('"', "")
    source = "[deskward.sources]\nmeetings = my_package.meetings:QuestionSource\n"
    signal = "[deskward.signals]\nclosed_days = my_package.closed_days:Signal\n"
    (about / "entry_points.txt").write_text(f"[{group[0]}]\n{line}\n{source}{signal}")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("package")
def test_the_channel_of_the_guide_joins_through_its_entry_point_and_sends(tmp_path: Path) -> None:
    assert "pigeon" in plugins.names("channels")
    channel = plugins.build("channels", "pigeon", {"loft": "roof"}, near=tmp_path)
    assert channel.normalised(" Roof ") == "roof"
    assert channel.send(Message("MS-1", "roof", "", "hello"), again=False).delivery is Delivery.ACCEPTED
    assert [check.well for check in channel.doctor()] == [True]


@pytest.mark.usefixtures("package")
def test_the_question_source_of_the_guide_joins_through_its_entry_point_and_tells(tmp_path: Path) -> None:
    source = plugins.build("sources", "meetings", {"least": 2}, near=tmp_path)
    anna, bo = (Person(name, name, name, f"{name}@example.com") for name in ("anna", "bo"))
    assert isinstance(source, QuestionSource)
    assert [(fact.answers, fact.others) for fact in source.facts(anna)] == [
        (("Cy Ward", "Di Lake"), ("Flo Marsh",))
    ]
    assert list(source.facts(bo)) == []


@pytest.mark.usefixtures("package")
def test_the_signal_of_the_guide_joins_through_its_entry_point_and_looks(tmp_path: Path) -> None:
    signal = plugins.build("signals", "closed_days", {"days": ["2026-12-25"]}, near=tmp_path)
    assert not plugins.needs_settings("signals", "closed_days")
    anna = Person("anna", "anna", "anna", "anna@example.com")
    for day, weight in ((25, 1.5), (24, 0.0)):
        visit = Visit(datetime(2026, 12, day, tzinfo=UTC), "203.0.113.7")
        (finding,) = signal.look(Seen(visit, Network("203.0.113.7"), anna))
        assert (finding.weight, finding.unknown) == (weight, False)
    (finding,) = plugins.build("signals", "closed_days", {}, near=tmp_path).look(Seen(visit, Network(""), anna))
    assert finding.unknown
    with pytest.raises(SettingsError, match="closed_days"):
        plugins.build("signals", "closed_days", {"days": ["Christmas"]}, near=tmp_path)


def test_the_example_settings_are_good_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "deskward.example.toml").read_text(encoding="utf-8")
    for name in re.findall(r'env = "(\w+)"', text):
        monkeypatch.setenv(name, "x" * 32)
    settings = read(ROOT / "docs" / "deskward.example.toml")
    for folder in ("connectors", "channels", "actions", "challenges"):
        for name, table in getattr(settings, folder).items():
            assert plugins.build(folder, name, table, near=tmp_path).name == name
    assert [category.name for category in settings.policy().categories] == list(settings.categories)
