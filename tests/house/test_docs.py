"""The documents are true: every setting is there, and links are alive."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from deskward import plugins
from deskward.policy_settings import CategorySettings, LimitSettings
from deskward.settings import Settings, SignalSettings

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
INNER = {"file"}


def sections() -> dict[str, str]:
    """Give the text under each heading of docs/settings.md."""
    parts = re.split(r"^#+ (.+)$", SETTINGS, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def core_keys() -> Iterator[tuple[str, str]]:
    for name, field in Settings.model_fields.items():
        if name not in INNER:
            yield "Top level", name
            yield from keys_in(name, field.annotation)
    yield from (("[categories.NAME]", f.alias or n) for n, f in CategorySettings.model_fields.items())
    yield from (("[signals.NAME]", name) for name in SignalSettings.model_fields)


def keys_in(section: str, annotation: Any) -> Iterator[tuple[str, str]]:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel) and get_origin(annotation) is not dict:
            for name, field in kind.model_fields.items():
                yield f"[{section}]", field.alias or name
                yield from keys_in(f"{section}.{name}", field.annotation)


def plugin_keys() -> Iterator[tuple[str, str]]:
    for folder in plugins.PORTS:
        for name in plugins.names(folder):
            keys = inspect.signature(plugins.find(folder, name)).parameters
            yield from ((f"[{folder}.{name}]", key) for key in keys)


@pytest.mark.parametrize(("section", "key"), sorted({*core_keys(), *plugin_keys()}))
def test_every_setting_is_documented_in_its_section(section: str, key: str) -> None:
    assert f"| `{key}` |" in sections()[section]


def test_sr_134_nothing_is_documented_that_is_not_there() -> None:
    real = {*core_keys(), *plugin_keys()}
    row = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
    assert {(section, key) for section, text in sections().items() for key in row.findall(text)} <= real


def test_sr_134_limits_are_documented_with_their_defaults() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `?(.*?)`? \|", sections()["[limits]"], re.MULTILINE))
    for name, field in LimitSettings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        assert rows[field.alias or name] == str(default).removesuffix(".0")


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("path", documents(), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_documents_are_alive(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        target, _, _ = link.partition("#")
        if target and not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), link
