"""A text that does not show itself."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, repr=False)
class Secret:
    """A password, token or code; `repr` and `str` hide it (SR-54)."""

    _text: str

    def reveal(self) -> str:
        """Give the text to the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __bool__(self) -> bool:
        return bool(self._text)


class Withheld(Secret):
    """Stands in the other processes for what only the gateway holds: it is there, and has no text (SR-53)."""

    def __init__(self) -> None:
        super().__init__("")

    def reveal(self) -> str:
        """Fail: nothing that needs the text belongs into this process."""
        raise AssertionError("Only the gateway holds this secret.")

    def __bool__(self) -> bool:
        return True


def read_secret(value: Any) -> Any:
    """Take a secret as text, as {file = "path"} or as {env = "NAME"}; ValueError says what is wrong."""
    if isinstance(value, str):
        return Secret(value)
    if isinstance(value, Secret) or value is None:
        return value
    match value:
        case {"file": str(path), **rest} if not rest:
            return _from_file(path)
        case {"env": str(name), **rest} if not rest:
            if name not in os.environ:
                raise ValueError(f"the environment variable {name} is not set")
            return Secret(os.environ[name])
    raise ValueError('write a text, {file = "path"} or {env = "NAME"}')


def _from_file(path: str) -> Secret:
    try:
        return Secret(Path(path).read_text(encoding="utf-8").strip())
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        raise ValueError(f"the file {path} holds no UTF-8 text") from None
