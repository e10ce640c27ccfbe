"""The house keeps its style."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for folder in ("src", "sandbox", "scripts", "bench") for p in (ROOT / folder).rglob("*.py"))
TESTS = sorted(p for p in (ROOT / "tests").rglob("*.py") if "house" not in p.parts)
LEFTOVERS = re.compile(
    r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|pragma: no cover|(mark|pytest)\.(skip|xfail|importorskip)"
)
LONGEST = 300
WITH_SESSIONS = {"web", "accounts", "_changegear_rest"}  # the web's, and the ticketing system's over the web
FORBIDDEN = frozenset(
    {"data", "info", "item", "items", "object", "objects", "process", "handle", "handler", "manager", "helper"}
    | {"helpers", "util", "utils", "common", "base", "impl", "service", "factory", "user", "users"}
)
OUTSIDE_TERMS = {
    "user_agent",  # the header of that name
    "base_url",  # the field's own word for the address that paths are added to
    "impl",  # SQLAlchemy
    "process_bind_param",  # SQLAlchemy
    "process_result_value",  # SQLAlchemy
    "messaging_service_sid",  # the SMS provider's own name
    "user_id",  # the ticketing system's own login
    "webhook_basic_user",  # as HTTP's Basic calls it
    "manager",  # whom a person reports to
    "OutboundToData",  # addresses that arrive as data
}


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=short)
def test_nothing_is_left_for_later(path: Path) -> None:
    assert not LEFTOVERS.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_a_file_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def named(tree: ast.AST) -> Iterator[str]:
    """Give the names that a file itself makes: not those it calls by their owner's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def words(name: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return [word.casefold() for word in apart.split("_") if word]


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.py")), ids=short)
def test_names_use_the_words_of_the_house(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    made = {name for name in named(tree) if name not in OUTSIDE_TERMS} | {path.stem}
    assert not [name for name in made if FORBIDDEN & set(words(name))]
    if not WITH_SESSIONS & {*path.parts, path.stem}:
        assert not [name for name in made if "session" in words(name)]
