"""A text that does not show itself."""

from dataclasses import dataclass


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
