"""Plugins: files in the folders, and other people's packages."""

import sys
from pathlib import Path

import pytest

from deskward import plugins
from deskward.core.errors import SettingsError

SOURCE = """
from pathlib import Path

from deskward.core.secret import Secret


class Channel:
    kind = "email"

    def __init__(self, *, token: Secret, book: Path, other: Secret | None = None, mixed: Secret | str = "x",
                 rate: int = 3) -> None:
        self.name, self.token, self.book, self.other, self.rate = "pigeon", token, book, other, rate


class Plain:
    pass
"""


@pytest.fixture
def pigeon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package with a channel and a signal, as pip would leave it."""
    dist = tmp_path / "pigeon_post-1.0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon-post\nVersion: 1.0\n")
    (dist / "entry_points.txt").write_text(
        "[deskward.channels]\npigeon = pigeon_post:Channel\n[deskward.signals]\nplain = pigeon_post:Plain\n"
        "broken = pigeon_post:Missing\n"
    )
    (tmp_path / "pigeon_post.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pigeon_post", raising=False)
    return tmp_path


def test_own_files_are_the_plugins_of_a_folder() -> None:
    assert {"smtp", "sms"} <= set(plugins.names("channels"))
    assert plugins.find("channels", "smtp").__name__ == "Channel"
    assert "_changegear_rest" not in plugins.names("connectors")


def test_another_package_adds_a_channel_without_touching_the_source(pigeon: Path) -> None:
    assert "pigeon" in plugins.names("channels")
    table = {"token": "coo", "book": "birds.txt", "other": {"env": "PATH"}}
    built = plugins.build("channels", "pigeon", table, near=Path("/etc/deskward"))
    assert built.token.reveal() == "coo"
    assert built.book == Path("/etc/deskward/birds.txt")
    assert built.other
    assert built.rate == 3
    assert plugins.build("channels", "pigeon", table | {"other": None, "book": "/b"}, near=pigeon).other is None
    assert plugins.build("signals", "plain", {}, near=pigeon)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"token": "hush-hush", "book": "b", "tokn": "hush-hush"}, "channels.pigeon.tokn: this key is unknown"),
        ({"token": "hush-hush"}, "channels.pigeon.book: this key is missing"),
        ({"token": {"hush-hush": 1}, "book": "b"}, "channels.pigeon.token: write a text"),
        ({"token": "hush-hush", "book": "b", "rate": "hush-hush"}, "channels.pigeon.rate"),
    ],
)
def test_a_mistake_names_the_key_and_never_a_value(pigeon: Path, table: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        plugins.build("channels", "pigeon", table, near=pigeon)
    assert words in str(caught.value)
    assert "hush-hush" not in f"{caught.value} {caught.value.__cause__}"
    assert "docs/settings.md" in caught.value.hint


def test_sr_53_without_its_secrets_a_plugin_is_made_whole_and_no_secret_of_it_can_be_read(pigeon: Path) -> None:
    table = {"book": "birds.txt"}
    assert plugins.secrets_of("channels", "pigeon") == {"token", "other", "mixed"}
    assert plugins.secrets_of("signals", "plain") == frozenset()
    built = plugins.build("channels", "pigeon", table, near=pigeon, withheld=True)
    assert built.book == pigeon / "birds.txt"
    for secret in (built.token, built.other):
        assert secret
        assert "Secret" in repr(secret)
        with pytest.raises(AssertionError, match="Only the gateway"):
            secret.reveal()
    for key in ("token", "other", "mixed"):
        with pytest.raises(SettingsError, match=rf"channels\.pigeon\.{key}: leave this key out") as refusal:
            plugins.build("channels", "pigeon", table | {key: "hush-hush"}, near=pigeon, withheld=True)
        assert "hush-hush" not in str(refusal.value)


def test_an_unknown_plugin_is_told_with_those_that_are_there(pigeon: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[channels.owl\] names a plugin that does not exist") as caught:
        plugins.find("channels", "owl")
    assert "pigeon" in caught.value.hint
    with pytest.raises(SettingsError) as caught:
        plugins.find("challenges", "owl")
    assert caught.value.hint


def test_a_package_that_cannot_be_loaded_is_told(pigeon: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[signals.broken\] cannot be loaded"):
        plugins.find("signals", "broken")
